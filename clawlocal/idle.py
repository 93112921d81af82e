"""Why now, or why not: the conditions for training, each with its reading and its reason.

Knows nothing of samples: whether there is something to learn is the learner's question.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from clawlocal.config import Settings

RESUME_SECONDS = 3.0
"""A suspended trainer goes on after this long without a key, shorter than the wait for a first start."""
REST_SECONDS = 600.0
"""After an update that failed, the next one starts by itself only then: the reason rarely goes away at once."""


@dataclass(frozen=True)
class Reading:
    """One condition: its name, what it reads in words, and whether it allows training."""

    name: str
    text: str
    holds: bool


class Idleness:
    """Watches the user and the machine. `touch` is cheap: it is called for every key."""

    def __init__(
        self,
        settings: Settings,
        memory_needed: Callable[[], int],
        busy: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._memory_needed = memory_needed
        self._busy = busy
        self._clock = clock
        self._last_key = clock()
        self._rest_until = clock()
        self._rest_reason = ""

    def rest(self, reason: str) -> None:
        """Let nothing start by itself for a while, because of `reason`."""
        self._rest_until, self._rest_reason = self._clock() + REST_SECONDS, reason

    def end_rest(self) -> None:
        """What was the reason may be different now."""
        self._rest_until = self._clock()

    def touch(self) -> None:
        self._last_key = self._clock()

    @property
    def quiet_seconds(self) -> float:
        """Seconds since the last key or request."""
        return self._clock() - self._last_key

    def may_resume(self) -> bool:
        """Whether a suspended trainer may go on."""
        return not self._busy() and self.quiet_seconds >= RESUME_SECONDS

    def readings(self) -> list[Reading]:
        """All conditions; training starts by itself when every one holds."""
        return [self._keys(), self._reply(), self._power(), self._memory(), self._rested()]

    def _keys(self) -> Reading:
        quiet, wait = self.quiet_seconds, self._settings.idle_seconds
        text = f"last key {quiet:.0f} s ago, training starts after {wait:.0f} s"
        return Reading("nobody is typing", text, quiet >= wait)

    def _reply(self) -> Reading:
        busy = self._busy()
        return Reading("no reply is being made", "a reply is being made" if busy else "the model is free", not busy)

    def _power(self) -> Reading:
        # psutil has no battery reading on some systems, where the attribute itself is missing.
        read = getattr(psutil, "sensors_battery", lambda: None)
        battery = read()
        if battery is None:
            return Reading("power", "no battery", True)
        if battery.power_plugged:
            return Reading("power", "on mains", True)
        text = f"on battery, {battery.percent:.0f} % left"
        return Reading("power", text, not self._settings.quiet_on_battery)

    def _memory(self) -> Reading:
        free, needed = psutil.virtual_memory().available, self._memory_needed()
        text = f"{free / 1e9:.1f} GB free, training needs {needed / 1e9:.1f} GB"
        return Reading("memory", text, free >= needed)

    def _rested(self) -> Reading:
        left = self._rest_until - self._clock()
        if left <= 0:
            return Reading("no failure just now", "the last update did not fail just now", True)
        text = f"next try in {left / 60:.0f} min, since the last one ended so: {self._rest_reason}"
        return Reading("no failure just now", text, False)


def first_reason(readings: list[Reading]) -> str:
    """The first condition that does not hold, in words; empty when all do."""
    return next((r.text for r in readings if not r.holds), "")
