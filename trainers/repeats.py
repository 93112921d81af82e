"""Keeping a reply from saying its own phrases again. Knows no model and no framework.

Small models fall into loops, where each round makes the next one likelier. A token that would carry on a phrase that
the reply has said before is made less likely, by more the longer the phrase already is (DRY, "don't repeat
yourself", text-generation-webui #5637). What the prompt says may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STRENGTH, GROWTH = 0.8, 1.75
"""Taken from the logit of a token that carries on a phrase of the shortest length; factor for each token more."""
MOST = 8
"""Tokens more, at which it has grown enough: it is then beyond any logit."""


class Repeats:
    """What one reply has said so far."""

    def __init__(self, after: int, room: int = 512) -> None:
        """Phrases count from `after` tokens on."""
        self._after, self._count = after, 0
        self._said, self._matched = np.zeros(room, np.int64), np.zeros(room + 1, np.int64)

    def take(self, token: int) -> None:
        """The reply goes on with it."""
        n = self._count
        if n == len(self._said):
            self._said, self._matched = (np.concatenate([a, np.zeros_like(a)]) for a in (self._said, self._matched))
        # _matched[i]: how many of the last tokens before place i are also the last ones of the reply.
        self._matched[1 : n + 1] = np.where(self._said[:n] == token, self._matched[:n] + 1, 0)
        self._said[n] = token
        self._count = n + 1

    def penalties(self) -> dict[int, float]:
        """What to take from the logits of tokens that would carry on a phrase."""
        n = self._count
        found: dict[int, float] = {}
        for place in np.flatnonzero(self._matched[:n] >= self._after):
            more = min(MOST, int(self._matched[place]) - self._after)
            token, penalty = int(self._said[place]), STRENGTH * GROWTH**more
            found[token] = max(penalty, found.get(token, 0.0))
        return found


def penalised(rows: Sequence[Repeats]) -> tuple[list[int], list[int], list[float]]:
    """Of several replies: rows, tokens, and what to take from each logit."""
    found = [(row, token, by) for row, said in enumerate(rows) for token, by in said.penalties().items()]
    return [f[0] for f in found], [f[1] for f in found], [f[2] for f in found]
