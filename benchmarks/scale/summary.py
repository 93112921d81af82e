"""Figures of simulated runs: quantiles that know of what never ended, and their spread over seeds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isinf
from statistics import median
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]


def quantile(values: Iterable[float], share: float) -> float:
    """The least value that so many are not above; infinite where too many never ended."""
    found = np.fromiter(values, dtype=np.float64)
    return float(np.quantile(found, share, method="inverted_cdf")) if found.size else 0.0


def mean(values: Iterable[float]) -> float:
    found = np.fromiter(values, dtype=np.float64)
    return float(found.mean()) if found.size else 0.0


def over_seeds(found: Sequence[float]) -> float | None:
    """The median; None is infinite."""
    middle = median(found)
    return None if isinf(middle) else round(middle, 4)


def between(found: Sequence[float]) -> list[float | None]:
    """Least and most of the seeds."""
    return [None if isinf(each) else round(each, 2) for each in (min(found), max(found))]


def least(enough: Callable[[int], bool], start: int, most: int) -> int | None:
    """The smallest number from 1 on that is enough, where all above it are; None if `most` is not.

    `start` is a guess, from which it is looked for in steps that double. Above 50 it may be too large by 2 %.
    """
    low, high = 0, max(min(start, most), 1)
    step = max(high // 8, 1)
    while not enough(high):
        if high >= most:
            return None
        low, high, step = high, min(high + step, most), 2 * step
    while high - low > max(high // 50, 1):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
