"""How many threads the engine computes with, and why. Knows no model.

llama.cpp's threads wait for one another after every operation. As long as each has a core of its own that
is quick; when one has to share its core, all wait for it, and two threads are slower than one. So no more
threads are used than there are cores that nothing else needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import psutil

from trainers.cores import allowed

MOST = 8
"""More threads rarely decode faster: memory is the limit."""
WINDOW_SECONDS = 0.25
"""How often the load is read while a reply is made."""
_LONG_AGO = 2.0
"""Seconds: a mean over more says little about this moment."""
_LITTLE_DECODE, _LITTLE_PREFILL = 0.3, 0.7
"""Load in cores that costs less than a thread: a prefill gains nearly all of a second thread, a decode less."""


@dataclass(frozen=True)
class ThreadChoice:
    """Threads for one token at a time, threads for a prompt, and the reason in words."""

    decode: int
    prefill: int
    reason: str


@dataclass(frozen=True)
class Load:
    """Seconds since some moment: by the clock, of all cores' work, and of one's own: a thread's, or a program's."""

    clock: float
    busy: float
    own: float


class ThreadChooser:
    """Chooses from the load of the last moments. Belongs to the engine's thread."""

    def __init__(self, wanted: int, cores: int | None = None, read: Callable[[], Load] | None = None) -> None:
        self._wanted = wanted
        self._cores = usable_cores() if cores is None else cores
        self._read = read_load if read is None else read
        self._last: Load | None = None
        self._helping = 1
        """Threads of the last batch."""
        self.choice = self._choose(0.0)

    def fix(self, decode: int, prefill: int) -> None:
        """Take these, whatever runs; 0, 0 chooses again."""
        self._wanted = decode
        self.choice = ThreadChoice(decode, prefill or decode, "set by hand") if decode else self._choose(0.0)

    def look(self, tokens: int = 1) -> ThreadChoice:
        """The choice for now, and a batch of so many tokens. Reads the load only when the last reading is old."""
        choice = self._at_this_moment() if not self._wanted and self._cores > 1 else self.choice
        self._helping = choice.decode if tokens == 1 else choice.prefill
        return choice

    def _at_this_moment(self) -> ThreadChoice:
        then = self._last
        if then is not None and time.monotonic() - then.clock < WINDOW_SECONDS:
            return self.choice
        self._last = now = self._read()
        if then is None or now.clock - then.clock > _LONG_AGO:
            return self.choice
        # The threads that help this one work as long as it does.
        self.choice = self._choose(others(then, now, self._helping))
        return self.choice

    def _choose(self, taken: float) -> ThreadChoice:
        """`taken`: how many cores something else keeps busy."""
        if self._wanted:
            return ThreadChoice(self._wanted, self._wanted, "as the settings say")
        decode = self._left(taken - _LITTLE_DECODE)
        prefill = self._left(taken - _LITTLE_PREFILL)
        if self._cores == 1:
            reason = "there is one core"
        elif decode == min(MOST, self._cores):
            reason = "nothing else needs a core" if taken < 1 else "enough cores are free"
        else:
            reason = f"other work keeps {taken:.1f} of {self._cores} cores busy"
        return ThreadChoice(decode, prefill, reason)

    def _left(self, taken: float) -> int:
        return max(1, min(MOST, self._cores - max(0, ceil(taken))))


def usable_cores() -> int:
    """Physical cores that we may run on: threads that share a core only wait for one another."""
    logical = psutil.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or logical
    return min(allowed(), max(physical, min(2, logical)))


def others(then: Load, now: Load, helping: int = 1) -> float:
    """How many cores something else kept busy between two readings, where `helping` threads worked as its own did."""
    ours = (now.own - then.own) * helping
    return max(0.0, (now.busy - then.busy - ours) / (now.clock - then.clock))


def read_load(own: Callable[[], float] = time.thread_time) -> Load:
    """All work but idling, waiting and what gives way anyway (low priority, as the trainer's)."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "nice", 0.0) + getattr(times, "steal", 0.0)
    # Time of guests is counted as user's time already.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return Load(time.monotonic(), total - idle, own())
