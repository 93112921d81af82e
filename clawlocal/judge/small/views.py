"""What the small judge sees of an exchange: three views, as token ids. Knows no weights and no verdicts.

A view is `<s> request </s> reply </s> next </s>`; the second leaves the reply out, the third the request. What
came next is in all of them. Long texts keep their beginning and their end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

BEGIN, END = 0, 2
"""Ids of the control tokens, as XLM-R numbers them."""

REQUEST = (24, 16)
"""Tokens kept from the beginning and from the end."""
REPLY = (36, 20)
NEXT = (56, 32)

MOST = 4 + sum(REQUEST) + sum(REPLY) + sum(NEXT)
"""Tokens of the longest view."""

Encode = Callable[[str], Sequence[int]]
"""Plain text to ids, without control tokens."""


class Part(IntEnum):
    """What a view holds beside what came next."""

    ALL = 0
    """The request and the reply."""
    NO_REPLY = 1
    """The request alone: what is said next speaks for itself."""
    NO_REQUEST = 2
    """The reply alone."""


@dataclass(frozen=True)
class Seen:
    """The texts of an exchange. `by_tool` says who speaks next."""

    request: str
    reply: str
    after: str
    by_tool: bool


@dataclass(frozen=True)
class View:
    """`ids` of all, and where in them what came next begins."""

    ids: tuple[int, ...]
    after: int


def view(seen: Seen, part: Part, encode: Encode) -> View:
    """One view of an exchange."""
    request = [] if part is Part.NO_REQUEST else _cut(encode(f"Request: {seen.request}"), REQUEST)
    reply = [] if part is Part.NO_REPLY else _cut(encode(f"Reply: {seen.reply}"), REPLY)
    after = _cut(encode(f"{'Tool' if seen.by_tool else 'User'}: {seen.after}"), NEXT)
    before = [BEGIN, *request, END, *reply, END]
    return View((*before, *after, END), len(before))


def _cut(ids: Sequence[int], most: tuple[int, int]) -> list[int]:
    """The first and the last of them, if they are too many."""
    head, tail = most
    return list(ids) if len(ids) <= head + tail else [*ids[:head], *ids[len(ids) - tail :]]
