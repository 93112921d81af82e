"""Which hidden states a question about replies needs, each computed once. Knows no framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from trainers.items import Distilled, Ids, Item, Replied, View, packs
from trainers.plan import EVALUATED_AT_ONCE

H = TypeVar("H")
"""Hidden states at a reply's tokens, [T, width], in whatever framework."""

S = TypeVar("S")

Forward = Callable[[list[Replied], bool], Sequence[H]]
"""Hidden states of some replies, of the base (True) or of the student."""


def seen(replies: Sequence[tuple[View, Ids]], forward: Forward[H], make: Callable[[H, H | None, float], S]) -> list[S]:
    """`make(hidden, plain, amplify)` for each view of a reply; `plain` is None where nothing is amplified."""
    contrasts = [bool(view.plain) and view.amplify != 0.0 for view, _ in replies]
    wanted = [(view.prompt, response, view.base) for view, response in replies]
    wanted += [(view.plain or (), r, view.base) for (view, r), on in zip(replies, contrasts, strict=True) if on]
    hidden = iter(each_once(wanted, forward))
    own = [next(hidden) for _ in replies]
    return [
        make(h, next(hidden), view.amplify) if on else make(h, None, 0.0)
        for h, (view, _), on in zip(own, replies, contrasts, strict=True)
    ]


def each_once(replies: Sequence[tuple[Ids, Ids, bool]], forward: Forward[H]) -> list[H]:
    """Of (prompt, response, base), as many together as is planned for; what is asked twice is computed once."""
    wanted = [(tuple(prompt), tuple(response), base) for prompt, response, base in replies]
    found: dict[tuple[tuple[int, ...], tuple[int, ...], bool], H] = {}
    for base in (True, False):
        keys = [key for key in dict.fromkeys(wanted) if key[2] == base]
        for pack in packs([key[:2] for key in keys], EVALUATED_AT_ONCE):
            parts = forward([keys[i][:2] for i in pack], base)
            found |= {keys[i]: part for i, part in zip(pack, parts, strict=True)}
    return [found[key] for key in wanted]


def targets(items: Sequence[Item], look: Callable[[list[tuple[View, Ids]]], Sequence[S]]) -> list[S | None]:
    """What each item is distilled on; None for those that are not."""
    found = iter(look([(item.target, item.response) for item in items if isinstance(item, Distilled)]))
    return [next(found) if isinstance(item, Distilled) else None for item in items]
