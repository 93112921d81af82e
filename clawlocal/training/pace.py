"""Holds a running trainer back while a condition does not hold, and lets it go on. Knows not what it computes."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

from clawlocal.conditions import Reading
from clawlocal.idle import Idleness
from clawlocal.training.process import TrainerProcess

LOOK_SECONDS = 2.0
"""How often the conditions are looked at while it trains; a key does not wait for it."""
PAUSE = "training paused"
"""The key in the store under which other processes read why the update that runs waits."""
TYPING = Reading("nobody is typing", "you are typing", False)


class Pace:
    """Of one update. `urgent` says whether the user asked for it."""

    def __init__(self, idle: Idleness, urgent: Callable[[], bool]) -> None:
        self._idle = idle
        self._urgent = urgent
        self._held: Reading | None = None
        self._looked = -inf
        self._told: str | None = None
        self._then = time.monotonic()
        self._was_suspended = False
        self.planned = 0
        """Bytes of memory that the trainer has planned to use; 0 before it has."""
        self.paused_seconds = 0.0
        """How much of the time since its start the trainer was suspended."""
        self.why = ""
        """What it waits for, in words; empty while it computes."""

    def keep(self, process: TrainerProcess) -> bool:
        """Suspend or resume it as the conditions say; to be called often. Whether there is something new to say."""
        now = time.monotonic()
        if self._was_suspended:
            self.paused_seconds += now - self._then
        self._then = now
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._held = self._idle.holding_back(self._urgent(), process.memory(), self.planned, process.suspended)
        if self._held is not None:
            process.suspend()
        elif process.suspended and self._idle.may_resume():
            process.resume()
            # A key between the look and the signal found it suspended still.
            if not self._idle.may_resume():
                process.suspend()
        self._was_suspended = process.suspended
        reading = (self._held or TYPING) if self._was_suspended else None
        self.why = reading.text if reading else ""
        told, self._told = self._told, reading.name if reading else ""
        return told != self._told
