"""A reply in the making, whichever transcript shows it, and the messages that it sends.

Knows no widgets. The assistant calls back on its own threads; all that these callbacks do is post.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from textual.message import Message
from textual.message_pump import MessagePump

from clawlocal.assistant import Answer, Reply
from tui.background import post

OnText = Callable[[str], None]
OnDone = Callable[[Answer | BaseException], None]
Start = Callable[[OnText, OnDone], Reply]


@dataclass
class Running:
    """What is known of it so far."""

    prompt: str
    session: str | None
    temporary: bool = False
    again: bool = False
    """A retry: when it fails, the old reply is shown again."""
    text: str = ""
    reply: Reply | None = None
    cancelled: bool = False
    since: float = field(default_factory=monotonic)

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
    """Some more text."""

    def __init__(self, running: Running, text: str) -> None:
        super().__init__()
        self.running = running
        self.text = text


class Finished(Message):
    """It is over: with an answer, or with what went wrong."""

    def __init__(self, running: Running, outcome: Answer | BaseException) -> None:
        super().__init__()
        self.running = running
        self.outcome = outcome


def callbacks(running: Running, pump: MessagePump) -> tuple[OnText, OnDone]:
    """`on_text` and `on_done` for the assistant."""
    return (
        lambda text: post(pump, Piece(running, text)),
        lambda outcome: post(pump, Finished(running, outcome)),
    )
