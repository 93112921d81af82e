"""`clawlocal bench personalize`: does a person notice after two corrections? Real model, judge, trainer and gate.

Three columns over the same held-out questions and seeds: the frozen model, the frozen model with the lesson in
the prompt (memory alone), and the weights that learned it, without a line in the prompt.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from benchmarks.answering import on_topic
from benchmarks.home import assistant_in_empty_home
from benchmarks.report import report
from benchmarks.terse import HELD_OUT, QUESTIONS, WISH, obeys, sentences
from clawlocal.assistant import Assistant
from clawlocal.errors import TrainerError
from clawlocal.records import Receipt, UpdateStatus

CORRECTIONS = 2
REPLIES_PER_QUESTION = 2


@dataclass(frozen=True)
class Score:
    """Shares over sampled replies, and the mean length in sentences."""

    obeys: float
    obeys_on_topic: float
    on_topic: float
    sentences: float


def run(seeds: int) -> dict[str, Any]:
    """One simulated user per seed, each with a data folder of their own."""
    users = [_user(seed) for seed in range(seeds)]
    columns = ("frozen", "in_the_prompt", "learned")
    results: dict[str, Any] = {
        name: {key: mean(user[name][key] for user in users) for key in users[0][name]} for name in columns
    }
    results |= {
        "obeys_on_topic_per_seed": [user["learned"]["obeys_on_topic"] for user in users],
        "kl_base_per_seed": [user["kl_base"] for user in users],
        "update_seconds_per_seed": [user["update_seconds"] for user in users],
        "corrections": CORRECTIONS,
        "replies_per_column_and_seed": len(HELD_OUT) * REPLIES_PER_QUESTION,
    }
    prompted, learned = (results[name]["obeys_on_topic"] for name in ("in_the_prompt", "learned"))
    return report("personalize", results, {"learned_to_in_the_prompt": learned / prompted if prompted else 0.0})


def _user(seed: int) -> dict[str, Any]:
    with assistant_in_empty_home(max_tokens=160) as assistant:
        frozen = _score(assistant, seed, lessons=False)
        _correct(assistant, seed)
        prompted = _score(assistant, seed, lessons=True)
        receipt = _learn(assistant)
        learned = _score(assistant, seed, lessons=False)
    return {
        "frozen": asdict(frozen),
        "in_the_prompt": asdict(prompted),
        "learned": asdict(learned),
        "kl_base": receipt.metrics["kl_base"],
        "update_seconds": receipt.seconds,
    }


def _correct(assistant: Assistant, seed: int) -> None:
    """Ask until `CORRECTIONS` replies were too long; correct those."""
    given = 0
    for question in QUESTIONS:
        reply = assistant.chat(question, lessons=False, overrides={"seed": seed}).result()
        if given < CORRECTIONS and sentences(reply.text) > 2 and reply.turn is not None:
            assistant.correct(reply.turn, WISH)
            given += 1


def _learn(assistant: Assistant) -> Receipt:
    began = time.monotonic()
    receipt = assistant.learn_now(wait=True)
    if receipt is None or receipt.status is not UpdateStatus.PUBLISHED:
        raise TrainerError(f"No adapter after {time.monotonic() - began:.0f} s: {receipt and receipt.reason}")
    return receipt


def _score(assistant: Assistant, seed: int, lessons: bool) -> Score:
    replies = []
    for question in HELD_OUT:
        for i in range(REPLIES_PER_QUESTION):
            wish: dict[str, float | int | None] = {"seed": 1000 * seed + i}
            answer = assistant.chat(question, temporary=True, lessons=lessons, overrides=wish).result()
            replies.append((question, answer))
    good = [obeys(a.text, a.stopped) for _, a in replies]
    near = [on_topic(q, a.text) for q, a in replies]
    return Score(
        obeys=mean(good),
        obeys_on_topic=mean(a and b for a, b in zip(good, near, strict=True)),
        on_topic=mean(near),
        sentences=mean(sentences(a.text) for _, a in replies),
    )
