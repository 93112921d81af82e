"""Chats of one length with an assistant, each heard piece by piece. Knows no statistics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.fresh import Fresh
from benchmarks.serving import GREEDY
from benchmarks.terse import QUESTIONS
from benchmarks.timeline import Timeline, Watch
from clawlocal import paths
from clawlocal.assistant import Assistant
from clawlocal.engine.protocol import ChatMessage
from clawlocal.errors import ClawlocalError
from clawlocal.records import SignalKind
from clawlocal.store import Store

PROMPT = 40
"""Tokens of a message that are its own."""
JUDGED = 100
"""Tokens of what the judge reads as a next message."""


@dataclass(frozen=True)
class Heard:
    """One chat, and how many cores' worth of time the trainer got meanwhile."""

    timeline: Timeline
    trainer_cores: float | None = None


@dataclass(frozen=True)
class Chats:
    """Chats of the same length under one assistant, no two of them alike."""

    assistant: Assistant
    fresh: Fresh
    tokens: int
    turn: str
    """One that signals can be about."""
    signals: int
    """To queue before each chat: enough to keep the judge at work until its end."""

    @classmethod
    def begin(cls, assistant: Assistant, tokens: int, signals: int) -> Chats:
        """With a first turn, which the later ones are not compared with."""
        turn = assistant.chat(QUESTIONS[-1], lessons=False, overrides={"max_tokens": 16}).result().turn
        assert turn is not None
        return cls(assistant, Fresh(assistant.engine), tokens, turn, signals)

    def chat(self) -> Heard:
        """As a person asks: the trainer is suspended, the turn is kept. The base answers, whatever was learned."""
        wish: dict[str, float | int | None] = {"temperature": 0, "max_tokens": self.tokens}
        watch = Watch()
        text = self._message()
        self.assistant.chat(text, adapter="base", lessons=False, overrides=wish, on_text=watch.tick).result()
        return Heard(watch.timeline())

    def direct(self) -> Heard:
        """Of the engine itself, which suspends nothing."""
        engine = self.assistant.engine
        prompt = engine.encode([ChatMessage("user", self._message())])
        watch = Watch()
        engine.generate(prompt, replace(GREEDY, max_tokens=self.tokens), on_text=watch.tick).result()
        return Heard(watch.timeline())

    def with_learning(self, on: bool) -> Heard:
        self.assistant.set_learning(on)
        return self.chat()

    def while_judging(self) -> Heard:
        """With so many signals to judge that the judge is at work when the chat begins, and when it ends."""
        self.assistant.set_learning(True)
        with Store.open(paths.find().database) as store:
            for _ in range(self.signals):
                store.add_signal(self.turn, SignalKind.MESSAGE, 0, self.fresh.text(JUDGED))
            _wait_until(lambda: self.assistant.status().state == "judging")
            heard = self.chat()
            _wait_until(lambda: not store.unjudged())
        return heard

    def _message(self) -> str:
        return f"Tell me a long story with these words: {self.fresh.text(PROMPT)}"


def _wait_until(holds: Callable[[], bool], patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise ClawlocalError("The judge did not get on with its work. Is anything else running here?")
        time.sleep(0.005)
