"""When things are asked for in a day: Poisson arrivals whose rate follows the hours. Knows not what is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from clawlocal.errors import ConfigError

HOUR, DAY = 3600.0, 86400.0

PROFILES: dict[str, Sequence[float]] = {
    "flat": (1.0,) * 24,
    "evening": (3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 8, 7, 7, 7, 8, 9, 11, 13, 14, 13, 10, 6),
    "office": (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 15, 12, 15, 17, 16, 14, 9, 5, 3, 2, 2, 1, 1),
}
"""Weights of the hours from midnight on; made up, with 2.1 and 2.4 times the mean at their peaks."""


def weights(profile: str) -> npt.NDArray[np.float64]:
    """Of 24 hours, with mean 1: a profile's name, or 24 numbers with commas between. Raises `ConfigError`."""
    try:
        hours = np.array(PROFILES.get(profile) or [float(each) for each in profile.split(",")], dtype=np.float64)
    except ValueError as e:
        raise ConfigError(f"{profile} is no profile of a day: {', '.join(PROFILES)}, or 24 numbers.") from e
    if len(hours) != 24 or not np.isfinite(hours).all() or hours.min() < 0 or hours.sum() <= 0:
        raise ConfigError("A day's profile has 24 numbers from 0 on, one an hour, and not all of them 0.")
    mean: float = hours.mean()
    return hours / mean


def peak(profile: str) -> tuple[int, float]:
    """The busiest hour, and how many times the mean it has. Raises `ConfigError`."""
    hours = weights(profile)
    return int(hours.argmax()), float(hours.max())


def times(
    rng: np.random.Generator, per_day: float, profile: str, first_hour: int = 0, hours: int = 24
) -> npt.NDArray[np.float64]:
    """Seconds since midnight of the first day, in order, of so many hours from `first_hour` on; it may be of the day
    before. Raises `ConfigError`.
    """
    rates = weights(profile) * per_day / 24
    counts = [(hour, int(rng.poisson(rates[hour % 24]))) for hour in range(first_hour, first_hour + hours)]
    return np.concatenate([np.sort(rng.uniform(hour * HOUR, (hour + 1) * HOUR, n)) for hour, n in counts])
