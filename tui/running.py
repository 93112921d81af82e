"""A reply in the making, whichever transcript shows it, and the messages that it sends.

Knows no widgets. The assistant calls back on its own threads; all that these callbacks do is post.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypedDict

from textual.message import Message
from textual.message_pump import MessagePump

from clawlocal.assistant import Answer, Reply
from tui.background import post

OnText = Callable[[str], None]
OnDone = Callable[[Answer | BaseException], None]


class Callbacks(TypedDict):
    """What the assistant calls while a reply is made."""

    on_text: OnText
    on_thought: OnText
    on_done: OnDone


Start = Callable[[Callbacks], Reply]


@dataclass
class Running:
    """What is known of it so far."""

    prompt: str
    session: str | None
    temporary: bool = False
    again: bool = False
    """A retry: when it fails, the old reply is shown again."""
    text: str = ""
    thought: str = ""
    reply: Reply | None = None
    cancelled: bool = False
    since: float = field(default_factory=monotonic)
    thought_seconds: float = 0.0
    _thinks_since: float = 0.0

    def think(self, piece: str) -> None:
        """Some more of the thought."""
        now = monotonic()
        if not self.thought:
            self._thinks_since = now
        self.thought += piece
        self.thought_seconds = now - self._thinks_since

    def cancel(self) -> None:
        """Stop it, now or as soon as it has begun."""
        self.cancelled = True
        if self.reply is not None:
            self.reply.cancel()

    def begun(self, reply: Reply) -> None:
        self.reply = reply
        self.session = reply.session
        if self.cancelled:
            reply.cancel()


class Piece(Message):
    """Some more text of the answer, or of the thought before it."""

    def __init__(self, running: Running, text: str, *, thought: bool = False) -> None:
        super().__init__()
        self.running = running
        self.text = text
        self.thought = thought


class Finished(Message):
    """It is over: with an answer, or with what went wrong."""

    def __init__(self, running: Running, outcome: Answer | BaseException) -> None:
        super().__init__()
        self.running = running
        self.outcome = outcome


def callbacks(running: Running, pump: MessagePump) -> Callbacks:
    """For the assistant."""
    return {
        "on_text": lambda text: post(pump, Piece(running, text)),
        "on_thought": lambda text: post(pump, Piece(running, text, thought=True)),
        "on_done": lambda outcome: post(pump, Finished(running, outcome)),
    }
