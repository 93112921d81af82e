"""How a training run tells of itself: one callback of two methods. Knows neither torch nor processes."""

from __future__ import annotations

from typing import Protocol


class Callback(Protocol):
    """Either method may raise to end the run: between two calls nothing is written."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` units of a stage are finished. Called at least once a second or so."""
        ...

    def step(self, number: int, figures: dict[str, float]) -> None:
        """An optimiser step was made; figures are means over the batch."""
        ...


class Silent:
    """For whoever does not want to know."""

    def progress(self, stage: str, done: int, total: int) -> None:
        pass

    def step(self, number: int, figures: dict[str, float]) -> None:
        pass
