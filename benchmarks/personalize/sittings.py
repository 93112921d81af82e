"""A user's days with the assistant: questions in sittings, a reaction to each reply, learning afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.personalize.feedback import Feedback
from benchmarks.personas import Persona
from clawlocal import paths
from clawlocal.assistant import Assistant
from clawlocal.records import Receipt, UpdateStatus
from clawlocal.store import Store

SITTING = 6
"""Questions in one chat, after which the user goes away and the machine is idle."""

JUDGED_SECONDS = 120.0
"""How long to wait for a verdict before the next question: a person reads and thinks longer than the judge does."""

FIGURES = ("trainer_seconds", "kl_base", "probes_base", "probes_before", "probes_after")
"""Of a receipt, what tells how an update went."""


@dataclass
class Life:
    """One user over one data folder. An interaction is a question that they ask."""

    assistant: Assistant
    persona: Persona
    questions: Sequence[str]
    feedback: Feedback
    seed: int
    say: Callable[[str], None]
    pleased: list[bool] = field(default_factory=list)
    """Of each first reply to a question, in order."""
    updates: list[dict[str, Any]] = field(default_factory=list)
    session: str | None = None
    waiting: bool = False
    """There was a correction, or an update did not end well, since the last one that did."""

    def until(self, interactions: int) -> None:
        """Ask on until so many questions were asked, and learn what waits."""
        while len(self.pleased) < interactions:
            self._ask(self.questions[len(self.pleased)])
            if len(self.pleased) % SITTING == 0:
                self.session = None
                self.learn()
        self.learn()

    def learn(self) -> None:
        """What waits, if anything does."""
        if not self.waiting:
            return
        self.say(f"learning after {len(self.pleased)} interactions")
        known = {receipt.update for receipt in self.assistant.history()}
        receipt = self.assistant.learn_now(wait=True)
        assert receipt is not None
        self.waiting = receipt.status in (UpdateStatus.REJECTED, UpdateStatus.FAILED)
        for each in [r for r in reversed(self.assistant.history()) if r.update not in known] or [receipt]:
            self.updates.append(_told(each, len(self.pleased)))
            self.say(outcome(each))

    def _ask(self, question: str) -> None:
        wish: dict[str, float | int | None] = {"seed": 1000 * self.seed + len(self.pleased)}
        answer = self.assistant.chat(question, session=self.session, overrides=wish).result()
        self.session = answer.session
        pleased = self.persona.obeys(question, answer.text, answer.stopped)
        self.pleased.append(pleased)
        self.say(f"question {len(self.pleased)}: {'content' if pleased else 'not content'}")
        self.waiting |= self.feedback.give(self.assistant, question, answer, pleased)
        _judged()


def outcome(receipt: Receipt) -> str:
    """In a line, for who watches."""
    return f"{receipt.version or receipt.status}, {receipt.seconds:.0f} s {receipt.reason}".rstrip()


def _told(receipt: Receipt, after: int) -> dict[str, Any]:
    return {
        "after": after,
        "status": str(receipt.status),
        "version": receipt.version,
        "reason": receipt.reason,
        "seconds": receipt.seconds,
        **{name: receipt.metrics.get(name) for name in FIGURES},
        "samples": {name: value for name, value in receipt.samples.items() if value},
        "failed_checks": [check["name"] for check in receipt.gate["checks"] if not check["passed"]],
    }


def _judged() -> None:
    """Return when nothing waits for the judge; after a while, an update judges the rest itself."""
    deadline = time.monotonic() + JUDGED_SECONDS
    with Store.open(paths.find().database) as store:
        while store.unjudged() and time.monotonic() < deadline:
            time.sleep(0.01)
