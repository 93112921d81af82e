"""When a sampled reply is broken. Plain Python over token ids; knows no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

GRAM = 4
"""Tokens in a phrase."""

REPEATS = 4
"""A phrase this often in one reply is a loop; lists and tables of the base stay below."""

WINDOW = 48
DISTINCT = 0.3
"""Least share of different tokens within a window: shorter loops than a phrase."""


def degenerate(reply: Sequence[int], stop_ids: Collection[int]) -> bool:
    """Whether a reply is empty or repeats itself."""
    body = [token for token in reply if token not in stop_ids]
    return not body or _loops(body) or _monotonous(body)


def share(replies: Sequence[Sequence[int]], stop_ids: Collection[int]) -> float:
    """Share of degenerate replies, 0 for none."""
    return sum(degenerate(r, stop_ids) for r in replies) / len(replies) if replies else 0.0


def mean_length(replies: Sequence[Sequence[int]]) -> float:
    """In tokens."""
    return sum(map(len, replies)) / len(replies) if replies else 0.0


def _loops(body: Sequence[int]) -> bool:
    grams = Counter(tuple(body[i : i + GRAM]) for i in range(len(body) - GRAM + 1))
    return bool(grams) and max(grams.values()) >= REPEATS


def _monotonous(body: Sequence[int]) -> bool:
    starts = range(0, len(body) - WINDOW + 1, WINDOW // 2)
    return any(len(set(body[i : i + WINDOW])) < DISTINCT * WINDOW for i in starts)
