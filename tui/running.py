"""A reply in the making, whichever transcript shows it, and the messages that it sends.

Knows no widgets. The assistant calls back on its own threads; all that these callbacks do is post. Tokens
come faster than a screen needs drawing, and what the interface computes the model waits for: pieces are
gathered, and one message says that there are some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from threading import Lock
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


@dataclass(frozen=True)
class Piece:
    """Some more text of the answer, or of the thought before it."""

    text: str
    thought: bool = False


class Arrivals:
    """Pieces that nobody has drawn yet: written on the engine's thread, taken on the interface's."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._pieces: list[Piece] = []

    def add(self, piece: Piece) -> bool:
        """Whether it is the first one since they were taken: then somebody must be told."""
        with self._guard:
            self._pieces.append(piece)
            return len(self._pieces) == 1

    def take(self) -> list[Piece]:
        """All of them; neighbours of a kind in one piece."""
        with self._guard:
            pieces, self._pieces = self._pieces, []
        return [
            Piece("".join(piece.text for piece in group), thought)
            for thought, group in groupby(pieces, key=lambda piece: piece.thought)
        ]


@dataclass(frozen=True)
class Rival:
    """The reply that another one is to be compared with."""

    turn: str
    text: str


@dataclass
class Running:
    """What is known of it so far."""

    prompt: str
    session: str | None
    temporary: bool = False
    again: bool = False
    """Another reply to an old message: when it fails, the old reply is shown again."""
    rival: Rival | None = None
    """When it is there, the user is asked which is better."""
    text: str = ""
    thought: str = ""
    reply: Reply | None = None
    cancelled: bool = False
    since: float = field(default_factory=monotonic)
    thought_seconds: float = 0.0
    arrivals: Arrivals = field(default_factory=Arrivals)
    drawn: float = 0.0
    """When what had arrived was drawn last."""
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


class Arrived(Message):
    """Some more of the reply is there to be taken."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self.running = running


class Finished(Message):
    """It is over: with an answer, or with what went wrong."""

    def __init__(self, running: Running, outcome: Answer | BaseException) -> None:
        super().__init__()
        self.running = running
        self.outcome = outcome


def callbacks(running: Running, pump: MessagePump) -> Callbacks:
    """For the assistant."""

    def arrive(piece: Piece) -> None:
        if running.arrivals.add(piece):
            post(pump, Arrived(running))

    return {
        "on_text": lambda text: arrive(Piece(text)),
        "on_thought": lambda text: arrive(Piece(text, thought=True)),
        "on_done": lambda outcome: post(pump, Finished(running, outcome)),
    }
