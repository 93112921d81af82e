"""Which rows of one pass through a decoder belong to which text, and what each may see. Knows no framework.

A prompt's rows stand there once for all replies to it, and no row is padding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trainers.items import Ids, Replied

EMPTY = slice(0, 0)


@dataclass(frozen=True)
class Span:
    """Rows that see what is before them in the span, and a prompt."""

    own: slice
    prompt: slice
    """Rows of the same pass; empty where there is none, or where it was computed before."""
    past: slice
    """Rows of an earlier pass, where the prompt was computed before."""


@dataclass
class Rows:
    """Of each row its token, and where in its text it stands."""

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def add(self, ids: Ids, start: int = 0, prompt: slice = EMPTY, past: slice = EMPTY) -> slice:
        """Rows more, the first at position `start`."""
        own = slice(len(self.ids), len(self.ids) + len(ids))
        self.ids.extend(ids)
        self.positions.extend(range(start, start + len(ids)))
        if ids:
            self.spans.append(Span(own, prompt, past))
        return own


def of_prompts(prompts: Sequence[Ids]) -> tuple[Rows, list[slice]]:
    """All of their tokens, and which rows are whose."""
    rows = Rows()
    return rows, [rows.add(prompt) for prompt in prompts]


def of_replies(replies: Sequence[Replied], before: Mapping[tuple[int, ...], slice]) -> tuple[Rows, list[slice]]:
    """Prompts and replies, and which rows say each reply's tokens: its prompt's last and all of its own but the last.

    `before` tells where a prompt, without its last token, was computed in an earlier pass.
    """
    rows, own = Rows(), list[slice]()
    places = {prompt: (EMPTY, past) for prompt, past in before.items()}
    for prompt, reply in replies:
        key = tuple(prompt)
        if key not in places:
            places[key] = rows.add(prompt[:-1]), EMPTY
        own.append(rows.add([prompt[-1], *reply[:-1]] if reply else [], len(prompt) - 1, *places[key]))
    return rows, own
