"""`clawlocal bench lessons`: how many lessons the weights hold at the same time, and what that costs the model.

Lessons are added as a user adds them, all at once, and learned by the updates of the product. Replies to questions that
nobody practised on are then checked without a lesson in the prompt, beside the base's replies to the same questions.
The checks are those that the trainer mends by: what is measured is whether lessons hold beside each other, and not
whether a rule means what its words do, as `clawlocal bench personalize` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from benchmarks.answering import answers
from benchmarks.home import assistant_in_empty_home
from benchmarks.personalize.exam import perplexity
from benchmarks.personalize.sittings import outcome
from benchmarks.personas import PERSONAS
from benchmarks.report import report
from clawlocal.assistant import Assistant
from clawlocal.engine.protocol import BASE
from clawlocal.records import LessonState, Receipt, UpdateStatus
from trainers import rules

LESSONS = (
    "Answer in at most three sentences.",
    "Use British spelling.",
    "Do not use exclamation marks.",
    "Do not use bullet points. Write in full sentences.",
    "Do not use bold text.",
    "Do not add an introduction.",
    "Do not use emoji.",
    "End every reply with a question to the user.",
    "Do not use headings.",
    "Do not apologise.",
)
"""None contradicts another."""
UPDATES = 3
"""At most: what is on its way is practised again."""
MAX_TOKENS = 160
FIGURES = ("kl_base", "probes_base", "probes_after", "obedience_before", "obedience_after", "part")


def run(*, count: int, questions: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The first `count` of `LESSONS`, checked on so many questions."""
    lessons = LESSONS[:count]
    asked = PERSONAS["terse"].held_out[:questions]
    with assistant_in_empty_home(MAX_TOKENS) as assistant:
        plain = perplexity(assistant.engine, None)
        say("measuring base")
        base = _replies(assistant, asked, BASE)
        for lesson in lessons:
            assistant.add_lesson(lesson)
        receipts = _learned(assistant, say)
        version = assistant.status().live_version or BASE
        say(f"measuring {version}")
        after = _replies(assistant, asked, version)
        learned = [x.text for x in assistant.lessons() if x.state is LessonState.LEARNED]
        ratio = perplexity(assistant.engine, assistant.live_file()) / plain
    results = {
        "lessons": {x: _obeyed(x, base, after) | {"learned": x in learned} for x in lessons},
        "all_obeyed": {"base": _all(lessons, base), "after": _all(lessons, after)},
        "answers": {"base": _answers(asked, base), "after": _answers(asked, after)},
        "learned": len(learned),
        "updates": [_told(receipt) for receipt in receipts],
    }
    return report("lessons", results, {"perplexity_after_to_before": ratio})


def _learned(assistant: Assistant, say: Callable[[str], None]) -> list[Receipt]:
    receipts: list[Receipt] = []
    for number in range(1, UPDATES + 1):
        say(f"update {number}")
        receipt = assistant.learn_now(wait=True)
        assert receipt is not None
        if receipt.status is UpdateStatus.NOTHING:
            break
        receipts.append(receipt)
        say(outcome(receipt))
    return receipts


def _told(receipt: Receipt) -> dict[str, Any]:
    figures = {name: receipt.metrics[name] for name in FIGURES if name in receipt.metrics}
    return {"status": str(receipt.status), "reason": receipt.reason, "seconds": receipt.seconds, **figures}


def _replies(assistant: Assistant, asked: Sequence[str], adapter: str) -> list[str]:
    """With the same seeds, whoever speaks, and no lesson in the prompt."""
    return [
        assistant.chat(text, adapter=adapter, temporary=True, lessons=False, overrides={"seed": 500 + i}).result().text
        for i, text in enumerate(asked)
    ]


def _obeyed(lesson: str, base: Sequence[str], after: Sequence[str]) -> dict[str, float | bool]:
    return {"base": _all([lesson], base), "after": _all([lesson], after)}


def _all(lessons: Sequence[str], replies: Sequence[str]) -> float:
    """Share of replies that obey every one of them."""
    asked = rules.of_all(lessons)
    return fmean(rules.obeyed(asked, text) for text in replies)


def _answers(asked: Sequence[str], replies: Sequence[str]) -> float:
    return fmean(answers(question, text, "") for question, text in zip(asked, replies, strict=True))
