"""How many threads are worth having now. Knows no torch.

Threads meet at a barrier after every matrix product. At the lowest priority a thread whose core is taken
by somebody else hardly runs, and the others wait for it: one thread on a free core beats two.
"""

from __future__ import annotations

import os
import time

SPAN = 0.25
"""Seconds to look at the machine for, at first."""


class Cores:
    """Watches what the other processes use, from one call to the next."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.mark = _reading()
        time.sleep(SPAN)

    def threads(self) -> int:
        """Cores that others left free since the last call, at least 1 and at most `most`."""
        now = _reading()
        total, idle, own = (b - a for a, b in zip(self.mark, now, strict=True))
        self.mark = now
        count = os.cpu_count() or 1
        return threads(count, (idle + own) / total if total > 0.0 else 1.0, min(self.most, allowed()))


def allowed() -> int:
    """Cores that this process may run on: `taskset`, a container or a batch system may give it a few of them only."""
    import psutil

    # macOS and some BSDs have no such thing.
    ask = getattr(psutil.Process(), "cpu_affinity", None)
    return len(ask()) if ask else os.cpu_count() or 1


def threads(cores: int, free: float, most: int) -> int:
    """`free` is the share of all cores that is idle or ours."""
    return max(1, min(most, round(cores * free)))


def _reading() -> tuple[float, float, float]:
    """CPU seconds of all cores since boot: in total, idle, and this process's."""
    import psutil

    times, mine = psutil.cpu_times(), psutil.Process().cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Linux counts a guest's time as its host's as well.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total, idle, mine.user + mine.system
