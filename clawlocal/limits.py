"""The numbers that a person may choose, each with its range: the one list for settings, flags and requests.

Knows neither where a number comes from nor which error it becomes.
"""

from __future__ import annotations

LIMITS: dict[str, tuple[int, int]] = {
    "temperature": (0, 5),
    "top_p": (0, 1),
    "top_k": (0, 1_000_000),
    "min_p": (0, 1),
    "repeat_after": (0, 1_000_000),
    "max_tokens": (1, 1_000_000),
    "seed": (0, 2**32 - 2),
    "context": (0, 10_000_000),
    "threads": (0, 1024),
    "idle_seconds": (0, 86400),
    "training_memory_gb": (0, 100_000),
    "battery_percent": (0, 100),
    "daily_minutes": (0, 1440),
    "learning_max_minutes": (0, 1440),
    "votes": (1, 3),
}
FRACTIONS = frozenset({"temperature", "top_p", "min_p", "idle_seconds", "training_memory_gb"})
"""The others are whole numbers."""
MOST_STOPS = 16
LONGEST_STOP = 256
"""Letters of a stop string."""

_SHOWN = 40


def amiss(name: str, value: object) -> str:
    """What is wrong with `value`, as a clause: "temperature is -3: it must be from 0 to 5". Empty if nothing is."""
    low, high = LIMITS[name]
    kinds = (int, float) if name in FRACTIONS else (int,)
    # A bool is an int to Python; and what is no number at all is never between two.
    if isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high:
        return ""
    kind = "" if name in FRACTIONS else "a whole number "
    return f"{name} is {_short(value)}: it must be {kind}from {low} to {high}"


def stops_amiss(stops: object) -> str:
    """The same for stop strings."""
    if not isinstance(stops, tuple) or not all(isinstance(stop, str) for stop in stops):
        return f"stop is {_short(stops)}: it must be a list of texts"
    if len(stops) > MOST_STOPS:
        return f"stop has {len(stops)} texts: it must have at most {MOST_STOPS}"
    for stop in stops:
        if not 1 <= len(stop) <= LONGEST_STOP:
            return f"stop has a text of {len(stop)} letters: each must be of 1 to {LONGEST_STOP}"
    return ""


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
