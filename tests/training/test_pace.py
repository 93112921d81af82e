"""A trainer that runs is held back by the machine's conditions: real processes, readings that a test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from clawlocal.idle import PAUSED, RESUME_SECONDS, Idleness
from clawlocal.records import UpdateStatus
from clawlocal.sensors import Battery, Heat
from clawlocal.store import Store
from clawlocal.training import pace
from clawlocal.training.pace import PAUSE, Pace
from clawlocal.training.process import TrainerProcess
from clawlocal.training.update import Updater
from tests.machine import Machine
from tests.waiting import until

Correct = Callable[..., str]
Change = Callable[[Machine, Store], None]


@pytest.fixture(autouse=True)
def looks_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LOOK_SECONDS", 0.0)


@pytest.fixture
def training(
    updater: Updater, works_as: Callable[[str], None], corrected: Correct, run: Callable[[], Any]
) -> Iterator[psutil.Process]:
    """The process of an update that started by itself."""
    works_as("endless")
    corrected()
    running = run()
    until(lambda: updater.stage == "training")
    assert updater._process is not None
    yield psutil.Process(updater._process.pid)
    updater.stop("the test is over")
    running.receipt()


def battery(machine: Machine, _: Store) -> None:
    machine.battery_left = Battery(20, False)


def load(machine: Machine, _: Store) -> None:
    machine.busy_cores = 1.5


def heat(machine: Machine, _: Store) -> None:
    machine.hot = Heat("coretemp at 98 °C, its limit is 100 °C", 2.0)


def user(_: Machine, store: Store) -> None:
    store.set_paused(True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (battery, "on battery, 20 % left"),
        (load, "other programs keep 1.5 of 2 cores busy, training waits until it is 1.0 or less"),
        (heat, "coretemp at 98 °C, its limit is 100 °C"),
        (user, PAUSED),
    ],
)
def test_it_stops_when_a_condition_does_and_goes_on_when_it_holds_again(
    training: psutil.Process,
    updater: Updater,
    store: Store,
    machine: Machine,
    clock: list[float],
    change: Change,
    why: str,
) -> None:
    clock[0] += RESUME_SECONDS
    change(machine, store)
    until(lambda: training.status() == psutil.STATUS_STOPPED)
    # Suspended it needs a little more room than running, and says so.
    until(lambda: updater.why_paused.startswith(why.partition(",")[0]))
    until(lambda: (store.get_state(PAUSE) or "").startswith(f"paused at 41 %: {why.partition(',')[0]}"))
    vars(machine).update(vars(Machine()))
    store.set_paused(False)
    until(lambda: training.status() != psutil.STATUS_STOPPED)
    until(lambda: store.get_state(PAUSE) is None)


def test_a_key_while_it_waits_for_the_machine_changes_nothing_and_silence_does_not_either(
    training: psutil.Process, updater: Updater, idle: Idleness, machine: Machine, clock: list[float]
) -> None:
    battery(machine, None)  # type: ignore[arg-type]
    until(lambda: updater.why_paused == "on battery, 20 % left")
    idle.touch()
    updater.suspend()
    clock[0] += RESUME_SECONDS
    seen = updater._pace.paused_seconds
    until(lambda: updater._pace.paused_seconds > seen)
    assert training.status() == psutil.STATUS_STOPPED
    machine.battery_left = None
    until(lambda: training.status() != psutil.STATUS_STOPPED)


def test_the_pauses_are_not_counted_as_minutes_of_training(
    training: psutil.Process, updater: Updater, store: Store, machine: Machine
) -> None:
    battery(machine, None)  # type: ignore[arg-type]
    until(lambda: updater.suspended)
    updater._pace.paused_seconds = 10**6
    updater.stop("the test is over")
    until(lambda: not updater.running)
    assert store.history()[0].status is UpdateStatus.FAILED
    assert store.history()[0].seconds < 0


class Process(TrainerProcess):
    """One whose signals are only noted."""

    def __init__(self) -> None:
        self.signals: list[str] = []
        self._suspended = False

    def memory(self) -> int:
        return 10**9

    def suspend(self) -> None:
        self.signals.append("stop")
        self._suspended = True

    def resume(self) -> None:
        self.signals.append("go")
        self._suspended = False


def test_a_key_between_the_look_and_the_signal_is_not_lost(
    idle: Idleness, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, keeper = Process(), Pace(idle, bool)
    process.suspend()
    clock[0] += RESUME_SECONDS
    resume = process.resume

    def pressed() -> None:
        idle.touch()
        resume()

    monkeypatch.setattr(process, "resume", pressed)
    keeper.keep(process)
    assert process.signals == ["stop", "go", "stop"]
    assert keeper.why == "you are typing"


def test_others_took_the_memory_that_it_was_planned_with(idle: Idleness, machine: Machine) -> None:
    idle._machine._memory_needed = lambda: 3 * 10**9
    process, keeper = Process(), Pace(idle, lambda: True)
    machine.free = 10**9
    keeper.keep(process)
    assert not process.suspended, "before it has planned, it looks at memory itself"
    keeper.planned = 3 * 10**9
    assert keeper.keep(process)
    assert keeper.why == "1.0 GB free beside the 1.0 GB of training, which needs 3.0 GB"
