"""Why now, or why not: with a clock that is turned by hand."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import psutil
import pytest

from clawlocal.config import Settings
from clawlocal.idle import REST_SECONDS, RESUME_SECONDS, Idleness, first_reason

Battery = namedtuple("Battery", ["percent", "secsleft", "power_plugged"])
Memory = namedtuple("Memory", ["available"])


class Desk:
    """The user and the machine."""

    def __init__(self, **settings: Any) -> None:
        self.time = 1000.0
        self.busy = False
        self.idle = Idleness(Settings(**settings), lambda: 10**9, lambda: self.busy, lambda: self.time)

    def reason(self) -> str:
        return first_reason(self.idle.readings())


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(4 * 10**9))


def test_nobody_has_typed_for_long_enough() -> None:
    desk = Desk(idle_seconds=60.0)
    desk.time += 59
    assert desk.reason() == "last key 59 s ago, training starts after 60 s"
    desk.time += 1
    assert desk.reason() == ""
    desk.idle.touch()
    assert "last key 0 s ago" in desk.reason()
    assert all(reading.name and reading.text for reading in desk.idle.readings())


def test_a_reply_is_being_made() -> None:
    desk = Desk(idle_seconds=0.0)
    desk.busy = True
    assert desk.reason() == "a reply is being made"


@pytest.mark.parametrize(
    ("battery", "quiet", "reason"),
    [
        (Battery(41.6, 100, False), True, "on battery, 42 % left"),
        (Battery(41.6, 100, False), False, ""),
        (Battery(41.6, 100, True), True, ""),
        (None, True, ""),
    ],
)
def test_power(monkeypatch: pytest.MonkeyPatch, battery: Battery | None, quiet: bool, reason: str) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert Desk(idle_seconds=0.0, quiet_on_battery=quiet).reason() == reason


def test_a_system_that_knows_no_batteries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert Desk(idle_seconds=0.0).reason() == ""


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(5 * 10**8))
    assert Desk(idle_seconds=0.0).reason() == "0.5 GB free, training needs 1.0 GB"


def test_after_a_failure_it_rests_and_says_why() -> None:
    desk = Desk(idle_seconds=0.0)
    desk.idle.rest("the disk is full")
    desk.time += REST_SECONDS - 61
    assert desk.reason() == "next try in 1 min, since the last one ended so: the disk is full"
    desk.time += 61
    assert desk.reason() == ""
    desk.idle.rest("the disk is full")
    desk.idle.end_rest()
    assert desk.reason() == ""


def test_a_suspended_trainer_goes_on_sooner_than_a_new_one_starts() -> None:
    desk = Desk(idle_seconds=60.0)
    assert not desk.idle.may_resume()
    desk.time += RESUME_SECONDS
    assert desk.idle.may_resume()
    assert desk.reason() != ""
    desk.busy = True
    assert not desk.idle.may_resume()
