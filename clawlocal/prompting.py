"""What the policy reads: messages with their notes, cut to the context at a message boundary.

The one place that renders a conversation, so that what is trained is what was served. Knows no store.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clawlocal.engine.protocol import ChatMessage, Engine
from clawlocal.errors import PromptError
from clawlocal.judge.lessons import with_note
from clawlocal.records import Tool, ToolCall

MIN_REPLY = 64
"""Tokens that are left for the reply to one long message, at least."""
REPLY_SHARE = 8
"""One in so many tokens of the context is left for the reply before history is."""
STEPS = 4
"""History is left out in so many parts of the context: seldom, so that most prompts begin as the last one did."""
LETTERS_PER_TOKEN = 128
"""No vocabulary makes so few tokens of a text; longer ones need not be counted."""


@dataclass(frozen=True)
class Line:
    """One message of a conversation. `note` holds the lessons that were appended when it was sent."""

    role: str
    content: str
    note: str = ""
    token_ids: tuple[int, ...] | None = None
    tool_calls: tuple[ToolCall, ...] = ()

    def rendered(self) -> ChatMessage:
        said = self.content if self.note else None
        return ChatMessage(self.role, with_note(self.content, self.note), self.token_ids, self.tool_calls, said)


@dataclass(frozen=True)
class Prompt:
    """Ids to evaluate, and how many of the oldest messages had to stay out."""

    ids: tuple[int, ...]
    left_out: int


def build(
    engine: Engine, system: str, lines: Sequence[Line], *, tools: Sequence[Tool] = (), thinking: bool = True
) -> Prompt:
    """The prompt for a reply to the last of `lines`.

    The oldest messages stay out when it gets too long, a user's message always first: the model never
    reads a reply without its question. Raises `PromptError` when the last message alone is too long.
    """
    head = [ChatMessage("system", system)] if system else []
    _check_letters(engine, lines[-1])

    def encoded(first: int) -> tuple[int, ...]:
        return engine.encode([*head, *(line.rendered() for line in lines[first:])], tools, thinking)

    whole = encoded(0)
    # Only now: before the model is loaded, its context is what was asked for.
    limit = engine.n_ctx - _reserved(engine.n_ctx)
    if len(whole) <= limit:
        return Prompt(whole, 0)
    first = _cut(_starts(lines), len(whole), limit, lambda start: len(encoded(start)))
    ids = encoded(first)
    _check_tokens(engine, len(ids))
    return Prompt(ids, first)


def _cut(starts: Sequence[int], whole: int, limit: int, length: Callable[[int], int]) -> int:
    """Which of `starts` the prompt begins at, where `length(start)` is how many tokens it then has.

    What must be left out is rounded up to a part of the limit. Messages that are appended then move the
    cut once in many turns, and never back. The last message stays alone only if no other fits beside it.
    """
    part = max(1, limit // STEPS)
    excess = whole - limit
    for least in (-(-excess // part) * part, excess):
        # Fewer messages are fewer tokens, so a long history needs few tries.
        found = bisect_left(starts, True, lo=1, key=lambda start: length(start) <= whole - least)
        if found < len(starts) - 1:
            return starts[found]
    return starts[-1]


def _reserved(n_ctx: int) -> int:
    return min(max(MIN_REPLY, n_ctx // REPLY_SHARE), n_ctx // 4)


def _check_tokens(engine: Engine, length: int) -> None:
    most = engine.n_ctx - min(MIN_REPLY, engine.n_ctx // 4)
    if length > most:
        raise PromptError(
            f"Your message is {length} tokens long with what surrounds it; {engine.name} reads at most "
            f"{most} and answers in the rest. Shorten it or send it in parts."
        )


def _check_letters(engine: Engine, line: Line) -> None:
    most = engine.n_ctx * LETTERS_PER_TOKEN
    if len(line.content) > most:
        raise PromptError(
            f"Your message is {len(line.content)} letters long; {engine.name} reads at most {engine.n_ctx} tokens, "
            "which are a few letters each. Shorten it or send it in parts."
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
