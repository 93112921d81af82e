"""What the policy reads: messages with their notes, cut to the context at a message boundary.

The one place that renders a conversation, so that what is trained is what was served. Knows no store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawlocal.engine.protocol import ChatMessage, Engine
from clawlocal.errors import PromptError
from clawlocal.judge.lessons import with_note

MIN_REPLY = 64
"""Tokens that must be left for the reply, at least."""


@dataclass(frozen=True)
class Line:
    """One message of a conversation. `note` holds the lessons that were appended when it was sent."""

    role: str
    content: str
    note: str = ""
    token_ids: tuple[int, ...] | None = None

    def rendered(self) -> ChatMessage:
        return ChatMessage(self.role, with_note(self.content, self.note), self.token_ids)


@dataclass(frozen=True)
class Prompt:
    """Ids to evaluate, and how many of the oldest messages had to stay out."""

    ids: tuple[int, ...]
    left_out: int


def build(engine: Engine, system: str, lines: Sequence[Line], *, room: int = MIN_REPLY) -> Prompt:
    """The prompt for a reply to the last of `lines`, with `room` tokens left for it.

    The oldest messages stay out when it gets too long, a user's message always first: the model never
    reads a reply without its question. Raises `PromptError` when the last message alone is too long.
    """
    head = [ChatMessage("system", system)] if system else []
    for first in _starts(lines):
        ids = engine.encode([*head, *(line.rendered() for line in lines[first:])])
        if len(ids) + min(room, engine.n_ctx // 4) <= engine.n_ctx:
            return Prompt(ids, first)
    limit = engine.n_ctx - min(room, engine.n_ctx // 4)
    raise PromptError(
        f"Your message is {len(ids)} tokens long with what surrounds it; {engine.name} reads at most {limit} and "
        "answers in the rest. Shorten it or send it in parts."
    )


def hinted(lines: Sequence[Line], hint: str) -> list[Line]:
    """The same conversation with a hint after the last user message: the teacher's view."""
    last = max(i for i, line in enumerate(lines) if line.role == "user")
    old = lines[last]
    # The hint takes the place of the note: it was made from the same lessons, and more.
    return [*lines[:last], Line(old.role, old.content, hint, old.token_ids), *lines[last + 1 :]]


def _starts(lines: Sequence[Line]) -> list[int]:
    """Where a prompt may begin: at the beginning, else at a user's message."""
    later = [i for i, line in enumerate(lines) if i > 0 and line.role == "user"]
    return [0, *later]
