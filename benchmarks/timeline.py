"""When the pieces of one reply came, and what follows from it. Knows no engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Timeline:
    """Seconds of one clock: when a reply was asked for, and when each piece of it arrived. A piece is a token."""

    asked: float
    stamps: tuple[float, ...]

    @property
    def first(self) -> float:
        """Seconds to the first token. Raises `ValueError` when none came."""
        if not self.stamps:
            raise ValueError("no token came")
        return self.stamps[0] - self.asked

    @property
    def per_token(self) -> float:
        """Seconds a token after the first; not a number when there was only one."""
        if len(self.stamps) < 2:
            return float("nan")
        return (self.stamps[-1] - self.stamps[0]) / (len(self.stamps) - 1)

    @property
    def rate(self) -> float:
        """Tokens a second after the first."""
        return 1 / self.per_token

    @property
    def worst_gap(self) -> float:
        """The longest wait between two tokens, in seconds; 0 when there was only one."""
        return max(gaps(self.stamps), default=0.0)


class Watch:
    """Notes when pieces come. `tick` is an `on_text`."""

    def __init__(self) -> None:
        self._stamps: list[float] = []
        self._asked = time.perf_counter()

    def tick(self, _piece: object = None) -> None:
        self._stamps.append(time.perf_counter())

    def timeline(self) -> Timeline:
        return Timeline(self._asked, tuple(self._stamps))


def gaps(stamps: Sequence[float]) -> list[float]:
    """Between each stamp and the next."""
    return [after - before for before, after in pairwise(stamps)]
