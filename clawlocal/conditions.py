"""The conditions for training on the machine's side, in words. Knows neither the user's keys nor the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time

from clawlocal.config import Settings
from clawlocal.quiet_hours import QuietHours
from clawlocal.sensors import Sensors

LEAST_LOAD = 0.5
LOAD_SHARE = 0.25
"""Other programs may keep this share of the cores busy, and half a core always."""
RUNNING_LOAD = 2.0
"""Times that, while a trainer runs: it runs at the lowest priority, and to stop and go all the time helps nobody."""
SQUEEZED = 0.8
"""A trainer goes on with this share of the memory that it needs: what is planned is a little high."""
MARGIN, RUNNING_MARGIN = 10.0, 5.0
"""°C that a sensor must be away from its limit for a trainer to start, and to go on."""


@dataclass(frozen=True)
class Reading:
    """One condition: its name, what it reads in words, and whether it allows training."""

    name: str
    text: str
    holds: bool


def missing(readings: Iterable[Reading]) -> Reading | None:
    """The first condition that does not hold."""
    return next((reading for reading in readings if not reading.holds), None)


def first_reason(readings: Iterable[Reading]) -> str:
    """The first condition that does not hold, in words; empty when all do."""
    found = missing(readings)
    return found.text if found else ""


class Conditions:
    """Each against its setting or its limit. A trainer that is `running` may go on for longer than one may start."""

    def __init__(
        self,
        settings: Settings,
        sensors: Sensors,
        memory_needed: Callable[[], int],
        trained: Callable[[datetime], float],
        now: Callable[[], datetime],
        takes: Callable[[], float | None] = lambda: None,
    ) -> None:
        """`trained` says how many seconds were trained since a local time, `takes` how many an update takes."""
        self._settings = settings
        self._sensors = sensors
        self._memory_needed = memory_needed
        self._trained = trained
        self._now = now
        self._takes = takes
        self._quiet = QuietHours.parse(settings.quiet_hours)

    def load(self, running: bool = False) -> Reading:
        others, cores = self._sensors.others(), self._sensors.cores
        if others is None:
            return Reading("load", "the load of other programs is being measured", running)
        limit = max(LEAST_LOAD, LOAD_SHARE * cores) * (RUNNING_LOAD if running else 1.0)
        busy = f"other programs keep {others:.1f} of {cores} {'core' if cores == 1 else 'cores'} busy"
        holds = others <= limit
        return Reading("load", busy if holds else f"{busy}, training waits until it is {limit:.1f} or less", holds)

    def power(self) -> Reading:
        battery = self._sensors.battery()
        if battery is None:
            return Reading("power", "no battery", True)
        if battery.mains:
            return Reading("power", "on mains", True)
        text = f"on battery, {battery.percent:.0f} % left"
        return Reading("power", text, battery.percent > self._settings.battery_percent)

    def heat(self, running: bool = False) -> Reading:
        heat = self._sensors.heat()
        if heat is None:
            return Reading("heat", "no sensor", True)
        return Reading("heat", heat.text, heat.room > (RUNNING_MARGIN if running else MARGIN))

    def memory(self) -> Reading:
        free, needed = self._sensors.free_memory(), self._memory_needed()
        text = f"{free / 1e9:.1f} GB free, training needs {needed / 1e9:.1f} GB"
        allowed = int(self._settings.training_memory_gb * 1e9)
        if allowed and allowed < min(free, needed):
            return Reading("memory", f"{text}, and training_memory_gb allows it {allowed / 1e9:.1f} GB", False)
        return Reading("memory", text, free >= needed)

    def time(self) -> Reading:
        """Of one update against what the user gives it."""
        seconds, limit = self._takes(), self._settings.learning_max_minutes
        if seconds is None:
            return Reading("time", "how long an update takes here is not known yet", True)
        text = f"an update takes about {max(1, round(seconds / 60))} min here"
        if not limit:
            return Reading("time", f"{text}, without a limit", True)
        return Reading("time", f"{text}, learning_max_minutes allows it {limit}", seconds <= 60 * limit)

    def memory_left(self, held: int, planned: int) -> Reading:
        """Of a trainer that has `held` bytes, and fitted when it planned to use `planned`: others may have come."""
        free, needed = self._sensors.free_memory(), min(planned, self._memory_needed())
        text = f"{free / 1e9:.1f} GB free beside the {held / 1e9:.1f} GB of training, which needs {needed / 1e9:.1f} GB"
        return Reading("memory", text, free + held >= SQUEEZED * needed)

    def quiet_hours(self) -> Reading:
        if self._quiet is None:
            return Reading("quiet hours", "none are set", True)
        if self._quiet.hold(self._now().time()):
            return Reading("quiet hours", f"quiet hours until {self._quiet.end:%H:%M}", False)
        return Reading("quiet hours", f"not now: {self._quiet}", True)

    def budget(self) -> Reading:
        used = self._trained(datetime.combine(self._now(), time.min)) / 60
        limit = self._settings.daily_minutes
        if not limit:
            return Reading("minutes today", f"{int(used)} {_minutes(int(used))} used today, without a limit", True)
        # Rounded down: "60 of 60" is said when they are used up.
        return Reading("minutes today", f"{int(used)} of {limit} {_minutes(limit)} used today", used < limit)


def _minutes(n: int) -> str:
    return "minute" if n == 1 else "minutes"
