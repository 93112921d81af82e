"""Runs that are compared take turns, each on a machine that the one before has left alone. Knows no engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")

WINDOW_SECONDS = 0.03
QUIET_SHARE = 0.2
"""Of one core in a window: below it nothing is computed and no thread spins."""
PATIENCE_SECONDS = 10.0


def interleaved(repeats: int, runs: Mapping[str, Callable[[], T]], *, warm_up: bool = True) -> dict[str, list[T]]:
    """`repeats` rounds of every run: A B C, then C B A, and so on. The warm-up round does not count."""
    found: dict[str, list[T]] = {name: [] for name in runs}
    for number in range(-1 if warm_up else 0, repeats):
        for name in list(runs)[:: 1 if number % 2 == 0 else -1]:
            until_quiet()
            value = runs[name]()
            if number >= 0:
                found[name].append(value)
    return found


def until_quiet(patience: float = PATIENCE_SECONDS) -> None:
    """Wait for this process to do nothing: an engine tidies up after a reply, OpenMP threads spin for a while."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        used, began = time.process_time(), time.perf_counter()
        time.sleep(WINDOW_SECONDS)
        if time.process_time() - used < QUIET_SHARE * (time.perf_counter() - began):
            return
