"""What the machine reads: with psutil's own records, and once as this machine is."""

from __future__ import annotations

import sys
from collections import namedtuple
from math import inf

import psutil
import pytest

from clawlocal import sensors
from clawlocal.engine.threads import Load
from clawlocal.sensors import LOAD_SECONDS, OLD_SECONDS, Battery, Heat, Sensors, mac_heat, own_seconds

Percent = namedtuple("Percent", ["percent", "secsleft", "power_plugged"])
Celsius = namedtuple("Celsius", ["label", "current", "high", "critical"])


class Meter:
    """A machine of which other programs use `others` cores, and this one a core."""

    def __init__(self) -> None:
        self.others = 1.5
        self.now = Load(100.0, 0.0, 0.0)

    def read(self) -> Load:
        return self.now

    def wait(self, seconds: float) -> None:
        now = self.now
        self.now = Load(now.clock + seconds, now.busy + (self.others + 1) * seconds, now.own + seconds)


def test_the_load_of_others_is_a_mean_over_a_while() -> None:
    meter = Meter()
    reading = Sensors(meter.read)
    assert reading.others() is None
    meter.wait(0.5)
    assert reading.others() == pytest.approx(1.5)
    meter.others = 0.0
    meter.wait(LOAD_SECONDS / 2)
    assert reading.others() == pytest.approx(1.5), "not of a moment"
    meter.wait(LOAD_SECONDS / 2)
    assert reading.others() == pytest.approx(0.0)
    meter.wait(OLD_SECONDS + 1)
    assert reading.others() is None, "a mean over so long says little"


def test_batteries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: Percent(41.6, 100, False), raising=False)
    assert Sensors().battery() == Battery(41.6, False)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: Percent(41.6, 100, None), raising=False)
    assert Sensors().battery() == Battery(41.6, False)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert Sensors().battery() is None
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert Sensors().battery() is None, "a system that knows no batteries"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS is asked otherwise")
def test_the_sensor_that_is_the_nearest_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "coretemp": [Celsius("Package", 91.4, 100.0, 100.0), Celsius("Core 0", 80.0, 100.0, 100.0)],
        "acpitz": [Celsius("", 27.8, 105.0, 105.0)],
        "k10temp": [Celsius("Tctl", 95.0, None, None)],
        "iwlwifi_1": [Celsius("", 79.0, 80.0, None)],
        "nvme": [Celsius("Composite", 80.0, 81.8, 84.8), Celsius("Sensor 1", 80.0, 65261.8, 65261.8)],
        "broken": [Celsius("", 50.0, 0.0, 0.0), Celsius("", 50.0, -273.1, None)],
    }
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: found, raising=False)
    heat = Sensors().heat()
    assert heat is not None
    assert (heat.text, heat.room) == ("coretemp at 91 °C, its limit is 100 °C", pytest.approx(8.6))
    monkeypatch.setattr(psutil, "sensors_temperatures", dict, raising=False)
    assert Sensors().heat() is None
    monkeypatch.delattr(psutil, "sensors_temperatures", raising=False)
    assert Sensors().heat() is None


def test_the_temperature_is_not_read_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    for name in ("_heat", "_mac_heat"):
        monkeypatch.setattr(sensors, name, lambda: read.append(1))
    here = Sensors()
    here.heat()
    here.heat()
    assert len(read) == 1


@pytest.mark.parametrize(
    ("said", "heat"),
    [
        (
            "Note: No thermal warning level has been recorded\nNote: No CPU power status has been recorded\n",
            Heat("not hot", inf),
        ),
        ("CPU_Scheduler_Limit \t= 100\n\tCPU_Available_CPUs \t= 8\n\tCPU_Speed_Limit \t= 100\n", Heat("not hot", inf)),
        ("\tCPU_Speed_Limit \t= 62\n", Heat("hot: macOS slows the processor to 62 %", 0.0)),
        ("", None),
    ],
)
def test_what_macos_says(said: str, heat: Heat | None) -> None:
    assert mac_heat(said) == heat


def test_this_machine() -> None:
    here = Sensors()
    here.settle()
    others = here.others()
    assert others is not None and 0 <= others <= (psutil.cpu_count() or 1) + 1
    assert here.free_memory() > 0
    assert own_seconds() > 0
    here.battery()
    here.heat()
