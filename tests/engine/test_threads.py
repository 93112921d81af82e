"""As many threads as cores that nothing else needs, with the reason in words."""

from __future__ import annotations

import pytest

from clawlocal.engine.threads import WINDOW_SECONDS, Load, ThreadChooser, read_load, usable_cores
from trainers.cores import allowed


class Machine:
    """Readings of a machine whose cores do what the test says."""

    def __init__(self, others: float = 0.0) -> None:
        self.others = others
        self.now = Load(-1e6, 0.0, 0.0)
        self.working = 0

    def read(self) -> Load:
        """One second later, in which the engine computed with `working` threads."""
        now = self.now
        self.now = Load(now.clock + 1, now.busy + self.others + self.working, now.own + bool(self.working))
        return self.now


@pytest.mark.parametrize(
    ("others", "decode", "prefill"),
    [(0.0, 2, 2), (0.2, 2, 2), (0.5, 1, 2), (0.69, 1, 2), (1.0, 1, 1), (2.0, 1, 1)],
)
def test_two_cores(others: float, decode: int, prefill: int) -> None:
    machine = Machine(others)
    chooser = ThreadChooser(0, 2, machine.read)
    assert (chooser.choice.decode, chooser.choice.prefill) == (2, 2)
    chooser.look()
    choice = chooser.look()
    assert (choice.decode, choice.prefill) == (decode, prefill)
    assert choice.reason == (
        "nothing else needs a core" if decode == 2 else f"other work keeps {others:.1f} of 2 cores busy"
    )


def test_its_own_work_is_not_somebody_elses() -> None:
    machine = Machine()
    chooser = ThreadChooser(0, 8, machine.read)
    chooser.look()
    machine.working = 8
    assert chooser.look().decode == 8
    machine.others, machine.working = 3.0, 8
    assert (chooser.look().decode, chooser.choice.prefill) == (5, 5)
    machine.others, machine.working = 0.0, 5
    assert chooser.look().decode == 8


def test_the_threads_of_a_prompt_are_its_own_too() -> None:
    """A prompt is read with two threads where a reply is written with one."""
    machine = Machine(0.5)
    chooser = ThreadChooser(0, 2, machine.read)
    chooser.look(64)
    machine.working = 2
    for _ in range(4):
        assert (chooser.look(64).decode, chooser.choice.prefill) == (1, 2)


def test_a_machine_with_more_cores_than_threads_that_help() -> None:
    chooser = ThreadChooser(0, 16, Machine(6.0).read)
    chooser.look()
    assert (chooser.look().decode, chooser.choice.reason) == (8, "enough cores are free")


def test_a_mean_over_a_long_time_is_not_the_load_of_now() -> None:
    machine = Machine(2.0)
    chooser = ThreadChooser(0, 2, machine.read)
    chooser.look()
    machine.now = Load(machine.now.clock + 100, machine.now.busy + 200, machine.now.own)
    assert chooser.look().decode == 2
    assert chooser.look().decode == 1


def test_what_was_set_is_kept() -> None:
    chooser = ThreadChooser(3, 8, Machine(7.0).read)
    assert (chooser.look().decode, chooser.look().prefill, chooser.choice.reason) == (3, 3, "as the settings say")
    chooser.fix(1, 4)
    assert (chooser.look().decode, chooser.look().prefill, chooser.choice.reason) == (1, 4, "set by hand")
    chooser.fix(0, 0)
    assert chooser.look().decode == 8


def test_one_core() -> None:
    assert ThreadChooser(0, 1, Machine(1.0).read).look().reason == "there is one core"


def test_this_machine() -> None:
    first, second = read_load(), read_load()
    assert second.busy >= first.busy
    assert second.clock > 0
    assert 1 <= usable_cores() <= allowed()
    assert ThreadChooser(0).look().decode <= usable_cores()
    assert WINDOW_SECONDS > 0
