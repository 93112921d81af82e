"""Medians with their spread, ratios and slopes. Pure: knows no clock and no engine."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import linear_regression, median, quantiles

Spread = dict[str, float]


def spread(values: Sequence[float]) -> Spread:
    """Median, minimum, maximum and interquartile range of at least one value, and how many there are."""
    quarters = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {
        "median": median(values),
        "min": min(values),
        "max": max(values),
        "iqr": quarters[2] - quarters[0],
        "n": len(values),
    }


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Round by round: what was measured side by side is compared, so that drift falls out."""
    return [a / b for a, b in zip(over, under, strict=True)]


def differences(more: Sequence[float], less: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a - b for a, b in zip(more, less, strict=True)]


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the least-squares line through the points; 0 for fewer than two."""
    return linear_regression(xs, ys).slope if len(xs) > 1 else 0.0
