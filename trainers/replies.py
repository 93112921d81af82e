"""When a sampled reply is broken. Plain Python over token ids; knows no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

GRAM = 4
"""Tokens in a phrase."""

REPEATS = 4
"""A phrase this often in one reply comes again and again."""

LOOPED = 0.25
"""Share of a reply that such phrases make up where it is a loop. Below, they are its subject ("the Great Wall of"), or
the like beginnings of a list's items.
"""

PERIODS = 24
"""Tokens of the longest phrase that may follow upon itself."""

WINDOW = 48
DISTINCT = 0.3
"""Least share of different tokens within a window: shorter loops than a phrase."""


def degenerate(reply: Sequence[int], stop_ids: Collection[int]) -> bool:
    """Whether a reply is empty or goes round in circles."""
    return _broken(reply, stop_ids, LOOPED)


def repetitive(reply: Sequence[int], stop_ids: Collection[int]) -> bool:
    """Whether it is degenerate, or says any phrase again and again: no example to learn from."""
    return _broken(reply, stop_ids, 0.0)


def share(replies: Sequence[Sequence[int]], stop_ids: Collection[int]) -> float:
    """Share of degenerate replies, 0 for none."""
    return sum(degenerate(r, stop_ids) for r in replies) / len(replies) if replies else 0.0


def mean_length(replies: Sequence[Sequence[int]]) -> float:
    """In tokens."""
    return sum(map(len, replies)) / len(replies) if replies else 0.0


def _broken(reply: Sequence[int], stop_ids: Collection[int], looped: float) -> bool:
    """`looped` is the share that phrases which come again and again may not reach; 0 lets no such phrase be."""
    body = [token for token in reply if token not in stop_ids]
    again = _again(body)
    return not body or (again > 0 and again >= looped * len(body)) or _circles(body) or _monotonous(body)


def _again(body: Sequence[int]) -> int:
    """How many tokens belong to phrases that come again and again."""
    grams = [tuple(body[i : i + GRAM]) for i in range(len(body) - GRAM + 1)]
    count = Counter(grams)
    return len({i + k for i, gram in enumerate(grams) if count[gram] >= REPEATS for k in range(GRAM)})


def _circles(body: Sequence[int]) -> bool:
    """Whether a phrase follows upon itself until it was said `REPEATS` times."""
    for period in range(1, PERIODS + 1):
        same = 0
        for i in range(period, len(body)):
            same = same + 1 if body[i] == body[i - period] else 0
            if same + period >= max(REPEATS * period, REPEATS + GRAM):
                return True
    return False


def _monotonous(body: Sequence[int]) -> bool:
    starts = range(0, len(body) - WINDOW + 1, WINDOW // 2)
    return any(len(set(body[i : i + WINDOW])) < DISTINCT * WINDOW for i in starts)
