"""What the machine reads: the load of other programs, battery, heat, free memory. Knows no setting and no limit."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import psutil

from clawlocal.engine.threads import WINDOW_SECONDS, Load, others, read_load, usable_cores

LOAD_SECONDS = 2.0
"""The load is a mean over about this long: what is busy for a moment is not busy."""
OLD_SECONDS = 10.0
"""A mean over more says little about this moment."""
HEAT_SECONDS = 5.0
"""How often the temperature is read: some sensors take a while."""
BELIEVABLE = (40.0, 130.0)
"""°C: limits outside of this are what drivers write where they know none."""
NOT_THE_PROCESSOR = ("drivetemp", "nvme", "iwlwifi", "BAT")
"""Sensors of disks and the like, by the beginnings of their names: they may be warm, and not by training."""


@dataclass(frozen=True)
class Battery:
    percent: float
    mains: bool


@dataclass(frozen=True)
class Heat:
    """The sensor that is the nearest to its limit, in words, and how many °C it is away from it."""

    text: str
    room: float


class Sensors:
    """Readings of this machine. Every method may be called from any thread."""

    def __init__(self, read: Callable[[], Load] | None = None) -> None:
        self.cores = usable_cores()
        self._read = read or (lambda: read_load(own_seconds))
        self._last: Load | None = None
        self._others: float | None = None
        self._heat: Heat | None = None
        self._heat_until = -inf
        self._guard = threading.Lock()

    def settle(self) -> None:
        """Until the load can be told, a quarter of a second at the most."""
        if self.others() is None:
            time.sleep(WINDOW_SECONDS)

    def others(self) -> float | None:
        """How many cores other programs keep busy; None as long as it is not known."""
        with self._guard:
            now, then = self._read(), self._last
            if then is None or now.clock - then.clock > OLD_SECONDS:
                self._last, self._others = now, None
            elif now.clock - then.clock >= (WINDOW_SECONDS if self._others is None else LOAD_SECONDS):
                self._last, self._others = now, others(then, now)
            return self._others

    def battery(self) -> Battery | None:
        """None where there is none."""
        # psutil has no battery reading on some systems, where the attribute itself is missing.
        found = getattr(psutil, "sensors_battery", lambda: None)()
        return None if found is None else Battery(found.percent, bool(found.power_plugged))

    def heat(self) -> Heat | None:
        """None where no sensor has a limit."""
        with self._guard:
            if time.monotonic() >= self._heat_until:
                self._heat = _mac_heat() if sys.platform == "darwin" else _heat()
                self._heat_until = time.monotonic() + HEAT_SECONDS
            return self._heat

    def free_memory(self) -> int:
        """Bytes."""
        return int(psutil.virtual_memory().available)


def own_seconds() -> float:
    """CPU seconds of this process, and of the trainer's as far as it is not counted as giving way."""
    seconds = time.process_time()
    gives_way = hasattr(psutil.cpu_times(), "nice") and sys.platform != "darwin"
    for child in psutil.Process().children():
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        # What the kernel does for a process of low priority is counted as the kernel's.
        seconds += times.system + (0.0 if gives_way else times.user)
    return seconds


def _heat() -> Heat | None:
    # Missing where psutil knows no sensors.
    read = getattr(psutil, "sensors_temperatures", dict)
    found = [
        Heat(f"{name} at {sensor.current:.0f} °C, its limit is {sensor.high:.0f} °C", sensor.high - sensor.current)
        for name, sensors in read().items()
        if not name.startswith(NOT_THE_PROCESSOR)
        for sensor in sensors
        if sensor.high is not None and BELIEVABLE[0] <= sensor.high <= BELIEVABLE[1]
    ]
    return min(found, key=lambda heat: heat.room, default=None)


def _mac_heat() -> Heat | None:
    try:
        ran = subprocess.run(["pmset", "-g", "therm"], capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return mac_heat(ran.stdout)


def mac_heat(said: str) -> Heat | None:
    """From what `pmset -g therm` prints: macOS slows the processor down when it is hot."""
    found = re.search(r"CPU_Speed_Limit\s*=\s*(\d+)", said)
    if found is None:
        # "No CPU power status has been recorded": it was never hot.
        return Heat("not hot", inf) if "recorded" in said else None
    speed = int(found[1])
    return Heat("not hot", inf) if speed >= 100 else Heat(f"hot: macOS slows the processor to {speed} %", 0.0)
