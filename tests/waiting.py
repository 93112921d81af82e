"""Waiting for what will be: on a predicate, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 120.0
"""Only a hang reaches it: the machine may be busy, and a test that passes never waits for it."""


def until(predicate: Callable[[], object], deadline: float = DEADLINE) -> None:
    """Return when `predicate()` holds; fail after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not predicate():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)
