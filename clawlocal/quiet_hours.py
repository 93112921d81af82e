"""Quiet hours: a part of every day in which nothing is trained. Knows no clock but the time that it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)


@dataclass(frozen=True)
class QuietHours:
    """From `start` until just before `end`, in local time; over midnight where `end` is the earlier one."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> QuietHours | None:
        """`22:00-07:00`; None for an empty text. Raises `ValueError` with a clause that says what is wrong."""
        if not text.strip():
            return None
        found = _SPAN.fullmatch(text.strip())
        try:
            if found is None:
                raise ValueError
            h, m, until_h, until_m = map(int, found.groups())
            hours = cls(time(h, m), time(until_h, until_m))
        except ValueError:
            raise ValueError("it must be two times of the day, as in 22:00-07:00, or empty") from None
        if hours.start == hours.end:
            raise ValueError("its two times must differ; leave it empty for no quiet hours")
        return hours

    def hold(self, at: time) -> bool:
        """Whether `at` is within them."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}"
