"""The main job, end to end on the real model: chat, correct, learn, see it changed, take it back.

A scripted user wants at most two sentences and says so in their own words. Nothing is faked: the embedded
model, the judge, the trainer's process, the gate, the hot swap.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.terse import QUESTIONS, WISH, obeys, sentences
from clawlocal.assistant import Answer, Assistant
from clawlocal.config import Settings
from clawlocal.engine.protocol import ChatMessage, Engine
from clawlocal.records import LessonState, TurnUse, UpdateStatus
from clawlocal.training import learner
from clawlocal.training.holdings import ENOUGH
from tests.waiting import until

PAIRS = {
    "Why do leaves change colour in autumn?": (
        "Leaves change colour because chlorophyll breaks down. The other pigments then become visible.",
        " Carotenoids make them yellow. Anthocyanins make them red. The weather decides how bright it gets.",
    ),
    "What is a black hole?": (
        "A black hole is a place where gravity is so strong that light cannot escape. It forms when a star collapses.",
        " The edge is called the event horizon. Nothing that crosses it returns. Some are millions of suns heavy.",
    ),
    "How do I keep bread fresh?": (
        "Keep bread in a paper bag or a bread box at room temperature. Freeze what you do not eat in two days.",
        " Do not put it in the fridge. It goes stale faster there. You can toast slices from the freezer.",
    ),
    "Why is the sea salty?": (
        "Rivers carry minerals from rocks into the sea. Water evaporates and the salt stays behind.",
        " This has gone on for millions of years. Vents on the sea floor add more. Lakes with an outlet stay fresh.",
    ),
    "How can I learn to swim as an adult?": (
        "Take lessons with a teacher in a shallow pool. Practise floating and breathing first.",
        " Go twice a week if you can. Do not rush into deep water. Most adults need about ten lessons.",
    ),
    "What does a central bank do?": (
        "A central bank sets interest rates and issues money. It tries to keep prices stable.",
        " It also watches over commercial banks. It lends to them in a crisis. Most are independent of the government.",
    ),
}
"""Prompts that nothing is trained on, each with two sentences that obey and more that would not."""

SAMPLES = 2
DEADLINE = 3000.0
"""Alone it takes some minutes; the trainer steps back behind every other test that runs beside it."""


@pytest.fixture
def assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Assistant]:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path))
    # One update is enough to be noticed.
    monkeypatch.setattr(learner, "IN_A_ROW", 1)
    # Never by itself: the test says when.
    with Assistant.open(Settings(idle_seconds=86400, max_tokens=90)) as opened:
        opened.wait_ready(DEADLINE)
        yield opened


@pytest.mark.minutes
@pytest.mark.timeout(2 * DEADLINE)
def test_two_corrections_are_learned_noticed_and_taken_back(assistant: Assistant) -> None:
    before = ask(assistant, greedy=True)
    margin_of_base, obeying_of_base = margin(assistant), obeying(assistant)

    corrected = correct_until_heard(assistant)
    until(lambda: len([x for x in assistant.lessons() if x.state is LessonState.ACTIVE]) == 1, DEADLINE)
    receipt = assistant.learn_now(wait=True, timeout=DEADLINE)
    assert receipt is not None and receipt.status is UpdateStatus.PUBLISHED, receipt
    receipt = assistant.history()[-1]
    assert receipt.version == "v1" and receipt.gate["passed"]
    assert receipt.samples["opd"] >= 2 and receipt.samples["demonstrated"] > 0
    assert [lesson["text"] for lesson in receipt.lessons] == ["Answer in at most two sentences."]
    assert all(assistant.turn(turn).use is TurnUse.USED for turn in corrected)
    live = ask(assistant, greedy=True)
    assert live.adapter == assistant.status().live_version and live.text != before.text
    assert margin(assistant) > margin_of_base + 0.5, "log-probability of stopping after two sentences"
    assert obeying(assistant) > obeying_of_base, "share of sampled replies with at most two sentences"
    [lesson] = assistant.lessons()
    assert lesson.share is not None and lesson.share >= 0.4
    assert (lesson.state is LessonState.LEARNED) is (lesson.share >= ENOUGH)
    assert assistant.status().queue["queued"] == 0, "samples are used once"

    assistant.rollback("base")
    after = ask(assistant, greedy=True)
    assert (after.adapter, after.text) == ("base", before.text)
    assert tokens(assistant, after) == tokens(assistant, before)


def correct_until_heard(assistant: Assistant) -> list[str]:
    """Two corrections: one as the next message of the chat, one outright."""
    turns: list[str] = []
    for question in QUESTIONS:
        reply = assistant.chat(question, overrides={"seed": 7}, lessons=False).result(DEADLINE)
        if sentences(reply.text) <= 2:
            continue
        assert reply.turn is not None
        if not turns:
            assistant.chat(WISH, session=reply.session, overrides={"seed": 7, "max_tokens": 40}).result(DEADLINE)
        else:
            assistant.correct(reply.turn, WISH)
        turns.append(reply.turn)
        if len(turns) == 2:
            return turns
    raise AssertionError("the base model gave no reply worth correcting")


def ask(assistant: Assistant, *, greedy: bool) -> Answer:
    """A held-out question, to the weights alone."""
    overrides: dict[str, float | int | None] = {"temperature": 0.0 if greedy else None}
    return assistant.chat("What is a glacier?", lessons=False, overrides=overrides).result(DEADLINE)


def tokens(assistant: Assistant, answer: Answer) -> tuple[int, ...]:
    assert answer.turn is not None
    return assistant.turn(answer.turn).token_ids


def margin(assistant: Assistant) -> float:
    """Mean over held-out prompts of log P(two sentences, end) − log P(the same two, then more, end)."""
    engine = assistant.engine
    adapter = assistant.live_file()
    values = []
    for question, (short, more) in PAIRS.items():
        prompt = engine.encode([ChatMessage("user", question)])
        end = end_of_turn(engine)
        obey, disobey = (engine.tokenize(text) + end for text in (short, short + more))
        first, second = engine.score(prompt, [obey, disobey], adapter)
        values.append(first - second)
    return sum(values) / len(values)


def end_of_turn(engine: Engine) -> tuple[int, ...]:
    """The token that the template writes after a reply."""
    closed = engine.encode([ChatMessage("user", "a"), ChatMessage("assistant", "b"), ChatMessage("user", "c")])
    return next((token,) for token in closed if token in engine.stop_ids)


def obeying(assistant: Assistant) -> float:
    """Share of sampled replies to held-out prompts with at most two sentences, ended by the model itself."""
    replies = [
        assistant.chat(question, temporary=True, lessons=False, overrides={"seed": seed}).result(DEADLINE)
        for question in list(PAIRS)[:4]
        for seed in range(SAMPLES)
    ]
    return sum(obeys(r.text, r.stopped) for r in replies) / len(replies)
