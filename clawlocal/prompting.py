"""What the policy reads: messages with their notes, cut to the context at a message boundary.

The one place that renders a conversation, so that what is trained is what was served. Knows no store.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from clawlocal.engine.protocol import ChatMessage, Engine
from clawlocal.errors import PromptError
from clawlocal.judge.lessons import with_note
from clawlocal.records import Tool, ToolCall

MIN_REPLY = 64
"""Tokens that must be left for the reply, at least."""


@dataclass(frozen=True)
class Line:
    """One message of a conversation. `note` holds the lessons that were appended when it was sent."""

    role: str
    content: str
    note: str = ""
    token_ids: tuple[int, ...] | None = None
    tool_calls: tuple[ToolCall, ...] = ()

    def rendered(self) -> ChatMessage:
        return ChatMessage(self.role, with_note(self.content, self.note), self.token_ids, self.tool_calls)


@dataclass(frozen=True)
class Prompt:
    """Ids to evaluate, and how many of the oldest messages had to stay out."""

    ids: tuple[int, ...]
    left_out: int


def build(
    engine: Engine,
    system: str,
    lines: Sequence[Line],
    *,
    tools: Sequence[Tool] = (),
    thinking: bool = True,
    room: int = MIN_REPLY,
) -> Prompt:
    """The prompt for a reply to the last of `lines`, with `room` tokens left for it.

    The oldest messages stay out when it gets too long, a user's message always first: the model never
    reads a reply without its question. Raises `PromptError` when the last message alone is too long.
    """
    head = [ChatMessage("system", system)] if system else []
    limit = engine.n_ctx - min(room, engine.n_ctx // 4)

    def encoded(first: int) -> tuple[int, ...]:
        return engine.encode([*head, *(line.rendered() for line in lines[first:])], tools, thinking)

    starts = _starts(lines)
    whole = encoded(0)
    if len(whole) <= limit:
        return Prompt(whole, 0)
    # Fewer messages are fewer tokens, so a long history needs few tries.
    fits = bisect_left(starts, True, lo=1, key=lambda first: len(encoded(first)) <= limit)
    if fits < len(starts):
        return Prompt(encoded(starts[fits]), starts[fits])
    raise PromptError(
        f"Your message is {len(encoded(starts[-1]))} tokens long with what surrounds it; {engine.name} reads at most "
        f"{limit} and answers in the rest. Shorten it or send it in parts."
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
