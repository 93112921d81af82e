"""Why now, or why not: with clocks that are turned by hand, and a machine that reads what the test says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from clawlocal.conditions import MARGIN, RUNNING_MARGIN, Reading, first_reason
from clawlocal.config import Settings
from clawlocal.idle import PAUSED, REST_SECONDS, RESUME_SECONDS, Idleness
from clawlocal.records import UpdateStatus
from clawlocal.sensors import Battery, Heat
from clawlocal.store import Store, stamp
from tests.machine import Machine

GB = 10**9


class Desk:
    """The user and the machine."""

    def __init__(self, store: Store | None = None, idle_seconds: float = 0.0, **settings: Any) -> None:
        self.time = 1000.0
        self.now = datetime(2026, 3, 14, 12, 0)
        self.busy = self.paused = False
        self.takes: float | None = None
        self.machine = Machine()
        self.idle = Idleness(
            Settings(idle_seconds=idle_seconds, **settings),
            lambda: GB,
            lambda: self.busy,
            lambda: self.time,
            sensors=self.machine,
            trained=store.trained_seconds if store else lambda since: 0.0,
            paused=lambda: self.paused,
            now=lambda: self.now,
            takes=lambda: self.takes,
        )

    def reason(self) -> str:
        return first_reason(self.idle.readings())

    def reading(self, name: str) -> Reading:
        return next(reading for reading in self.idle.readings() if reading.name == name)

    def held(self, asked: bool = False, suspended: bool = False, held: int = 0, planned: int = 0) -> str:
        """Why a trainer that was started has to wait."""
        found = self.idle.holding_back(asked, held, planned, suspended)
        return found.text if found else ""


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
    desk = Desk()
    desk.busy = True
    assert desk.reason() == desk.held() == desk.held(asked=True) == "a reply is being made"


def test_paused_by_the_user() -> None:
    desk = Desk()
    desk.paused = True
    assert desk.reason() == desk.held() == PAUSED
    assert desk.held(asked=True) == ""


def test_other_programs_need_the_processor() -> None:
    desk = Desk()
    desk.machine.busy_cores = 0.6
    said = "other programs keep 0.6 of 2 cores busy, training waits until it is 0.5 or less"
    assert desk.reason() == desk.held(suspended=True) == said
    assert desk.held() == "", "what runs goes on for longer than it would start"
    desk.machine.busy_cores = 1.1
    assert desk.held() == "other programs keep 1.1 of 2 cores busy, training waits until it is 1.0 or less"
    assert desk.held(asked=True) == ""
    desk.machine.busy_cores = 0.5
    assert desk.reason() == desk.held(suspended=True) == ""
    desk.machine.cores, desk.machine.busy_cores = 16, 4.0
    assert desk.reading("load") == Reading("load", "other programs keep 4.0 of 16 cores busy", True)
    desk.machine.cores, desk.machine.busy_cores = 1, 0.1
    assert desk.reading("load").text == "other programs keep 0.1 of 1 core busy"


def test_a_load_that_is_not_measured_yet_starts_nothing_and_stops_nothing() -> None:
    desk = Desk()
    desk.machine.busy_cores = None
    assert desk.reason() == "the load of other programs is being measured"
    assert desk.held() == ""


@pytest.mark.parametrize(
    ("battery", "least", "reason"),
    [
        (Battery(41.6, False), 80, "on battery, 42 % left"),
        (Battery(41.6, False), 42, "on battery, 42 % left"),
        (Battery(41.6, False), 41, ""),
        (Battery(0, False), 0, "on battery, 0 % left"),
        (Battery(100, False), 100, "on battery, 100 % left"),
        (Battery(5, True), 100, ""),
        (None, 100, ""),
    ],
)
def test_power(battery: Battery | None, least: int, reason: str) -> None:
    desk = Desk(battery_percent=least)
    desk.machine.battery_left = battery
    assert desk.reason() == desk.held() == reason
    assert desk.held(asked=True) == ""
    assert desk.reading("power").text


def test_heat() -> None:
    desk = Desk()
    assert desk.reading("heat") == Reading("heat", "no sensor", True)
    desk.machine.hot = Heat("coretemp at 91 °C, its limit is 100 °C", MARGIN)
    assert desk.reason() == desk.held(suspended=True) == "coretemp at 91 °C, its limit is 100 °C"
    assert desk.held() == ""
    desk.machine.hot = Heat("hot", RUNNING_MARGIN)
    assert (desk.held(), desk.held(asked=True)) == ("hot", "")
    desk.machine.hot = Heat("warm", MARGIN + 1)
    assert desk.reason() == desk.held(suspended=True) == ""


def test_memory() -> None:
    desk = Desk()
    desk.machine.free = GB // 2
    assert desk.reason() == "0.5 GB free, training needs 1.0 GB"
    assert desk.held(held=0, planned=0) == "", "before it has planned, the trainer looks itself"
    for asked in (False, True):
        assert desk.held(asked, held=GB // 2, planned=GB) == "", "what it holds itself is not taken by others"
        said = "0.5 GB free beside the 0.2 GB of training, which needs 1.0 GB"
        assert desk.held(asked, held=GB // 5, planned=2 * GB) == said


@pytest.mark.parametrize(
    ("hours", "at", "reason"),
    [
        ("", "03:00", ""),
        ("22:00-07:00", "21:59", ""),
        ("22:00-07:00", "22:00", "quiet hours until 07:00"),
        ("22:00-07:00", "00:00", "quiet hours until 07:00"),
        ("22:00-07:00", "06:59", "quiet hours until 07:00"),
        ("22:00-07:00", "07:00", ""),
        (" 9:00 - 12:30 ", "09:00", "quiet hours until 12:30"),
        ("9:00-12:30", "12:30", ""),
        ("9:00-12:30", "23:00", ""),
    ],
)
def test_quiet_hours(hours: str, at: str, reason: str) -> None:
    desk = Desk(quiet_hours=hours)
    desk.now = datetime.fromisoformat(f"2026-03-14T{at}:00")
    assert desk.reason() == desk.held() == reason
    assert desk.held(asked=True) == ""
    assert desk.reading("quiet hours").holds is not bool(reason)


def trained(store: Store, at: datetime, minutes: float, status: UpdateStatus = UpdateStatus.FAILED) -> None:
    """An update that began at a local time."""
    update = store.start_update("tiny", None)
    store.finish_update(update, status, seconds=60 * minutes)
    store._db.execute("UPDATE updates SET created = ? WHERE id = ?", (stamp.of(at), update))


def test_so_many_minutes_a_day_whatever_became_of_them(store: Store) -> None:
    desk = Desk(store, daily_minutes=60)
    midnight = desk.now.replace(hour=0)
    assert desk.reading("minutes today") == Reading("minutes today", "0 of 60 minutes used today", True)
    trained(store, midnight - timedelta(seconds=1), 500)
    trained(store, midnight, 20)
    trained(store, desk.now, 3.9, UpdateStatus.NOTHING)
    store.start_update("tiny", None)
    assert desk.reading("minutes today").text == "23 of 60 minutes used today"
    assert desk.reason() == ""
    trained(store, desk.now, 36.1)
    assert desk.reason() == "60 of 60 minutes used today"
    assert desk.held() == "", "what has begun may end"
    desk.now += timedelta(days=1)
    assert desk.reading("minutes today") == Reading("minutes today", "0 of 60 minutes used today", True)


def test_a_day_without_a_limit(store: Store) -> None:
    desk = Desk(store, daily_minutes=0)
    trained(store, desk.now, 2000)
    assert desk.reading("minutes today") == Reading("minutes today", "2000 minutes used today, without a limit", True)


def test_an_update_that_takes_longer_than_it_may() -> None:
    desk = Desk(learning_max_minutes=10)
    assert desk.reading("time") == Reading("time", "how long an update takes here is not known yet", True)
    desk.takes = 600.0
    assert (desk.reason(), desk.idle.beyond()) == ("", None)
    desk.takes = 1310.0
    assert desk.reason() == "an update takes about 22 min here, learning_max_minutes allows it 10"
    assert desk.idle.beyond() == desk.reading("time")
    assert desk.held() == "", "what has begun may end"
    endless = Desk()
    endless.takes = 1310.0
    assert endless.reading("time") == Reading("time", "an update takes about 22 min here, without a limit", True)


def test_memory_that_the_settings_do_not_give_it() -> None:
    assert Desk(training_memory_gb=1.0).reason() == ""
    desk = Desk(training_memory_gb=0.5)
    assert desk.reason() == "4.0 GB free, training needs 1.0 GB, and training_memory_gb allows it 0.5 GB"
    desk.machine.free = GB // 4
    assert desk.reason() == "0.2 GB free, training needs 1.0 GB"
    assert desk.idle.beyond() == desk.reading("memory")


def test_away_is_the_user_whatever_the_machine_does() -> None:
    desk = Desk(idle_seconds=60.0, quiet_hours="22:00-07:00")
    desk.machine.busy_cores, desk.machine.free = 2.0, 0
    assert first_reason(desk.idle.away()) == "last key 0 s ago, training starts after 60 s"
    desk.time += 60
    assert first_reason(desk.idle.away()) == ""
    desk.paused = True
    assert first_reason(desk.idle.away()) == PAUSED
    desk.paused = False
    desk.now = desk.now.replace(hour=23)
    assert first_reason(desk.idle.away()) == "quiet hours until 07:00"


def test_after_a_failure_it_rests_and_says_why() -> None:
    desk = Desk()
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
