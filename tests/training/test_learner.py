"""When an update runs: by itself, when asked, when another process asks; and what is said about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import pytest

from clawlocal.errors import StoreError, TrainerError
from clawlocal.idle import PAUSED, REST_SECONDS, Idleness
from clawlocal.judge.reward import Reward
from clawlocal.paths import Paths
from clawlocal.records import LessonState, TurnUse, UpdateStatus
from clawlocal.sensors import Battery, Heat
from clawlocal.store import Store
from clawlocal.training import pace
from clawlocal.training.learner import IN_A_ROW, Learner
from clawlocal.training.need import ENOUGH_VERDICTS, Need
from clawlocal.training.relay import Relay
from clawlocal.training.status import StatusReader
from clawlocal.training.update import JOB, Updater
from tests.machine import Machine
from tests.waiting import until

Correct = Callable[..., str]
WorksAs = Callable[[str], None]


@pytest.fixture
def learner(updater: Updater, idle: Idleness, store: Store) -> Iterator[Learner]:
    learner = Learner(updater, idle, Need(store, model="tiny"), Relay(store), lambda: None)
    yield learner
    learner.close()


def test_it_starts_by_itself_only_when_every_condition_holds(
    learner: Learner, store: Store, clock: list[float], corrected: Correct
) -> None:
    def tried(expected: str) -> None:
        assert expected in learner.why_not()
        learner._step()
        assert store.history() == []

    tried("nothing new to learn from")
    corrected()
    tried("last key 0 s ago")
    clock[0] += 60
    store.set_learning(False)
    tried("learning is off")
    store.set_learning(True)
    assert learner.why_not() == ""
    learner._step()
    assert [r.status for r in store.history()] == [UpdateStatus.PUBLISHED]
    tried_again = len(store.history())
    learner._step()
    assert len(store.history()) == tried_again


def test_thumbs_are_worth_an_update_when_there_are_enough(store: Store, corrected: Correct) -> None:
    need = Need(store)
    corrected(value=-1)
    for _ in range(ENOUGH_VERDICTS - 2):
        corrected(value=1)
    assert need.readings()[-1].text.startswith(f"3 of {ENOUGH_VERDICTS} rated replies")
    assert not need.readings()[-1].holds
    corrected(value=1)
    assert (need.readings()[-1].text, need.readings()[-1].holds) == ("4 judged replies", True)


def test_who_is_content_needs_no_update(learner: Learner, store: Store, clock: list[float], corrected: Correct) -> None:
    clock[0] += 60
    corrected(value=1)
    assert learner.why_not() == "one reply that you liked: nothing to change"
    for _ in range(ENOUGH_VERDICTS):
        corrected(value=1)
    assert learner.why_not() == "5 replies that you liked: nothing to change"
    learner._step()
    assert store.history() == []
    corrected(value=-1)
    assert learner.why_not() == ""


def test_praise_with_a_wish_is_worth_an_update(store: Store, corrected: Correct) -> None:
    turn = corrected(value=1)
    liked = store.effective_verdict(turn)
    assert liked is not None
    store.add_verdict(replace(liked, hint="Answer in one sentence."))
    assert (Need(store).readings()[-1].text, Need(store).readings()[-1].holds) == (
        "1 judged reply, 1 with a correction",
        True,
    )


def test_paused_it_starts_only_when_asked(
    learner: Learner, store: Store, where: Paths, clock: list[float], corrected: Correct
) -> None:
    corrected()
    clock[0] += 60
    with Store.open(where.database) as other:
        other.set_paused(True)
    assert learner.why_not() == PAUSED
    learner._step()
    assert store.history() == []
    learner.start()
    assert learner.now().result(60).status is UpdateStatus.PUBLISHED


def test_who_asks_while_an_update_waits_for_the_machine_is_not_kept_waiting(
    learner: Learner,
    updater: Updater,
    store: Store,
    where: Paths,
    machine: Machine,
    clock: list[float],
    works_as: WorksAs,
    corrected: Correct,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "LOOK_SECONDS", 0.0)
    works_as("gated")
    corrected()
    clock[0] += 60
    learner.start()
    until(lambda: updater.stage == "training")
    machine.battery_left = Battery(20, False)
    until(lambda: updater.suspended)
    with Store.open(where.database) as other:
        Relay(other).ask(False, None)
    until(lambda: not updater.suspended)
    (where.jobs / JOB / "go").touch()
    until(lambda: store.live("tiny") is not None)


def test_asked_it_waits_for_nothing_of_the_machine(
    learner: Learner, store: Store, machine: Machine, corrected: Correct
) -> None:
    machine.battery_left, machine.busy_cores, machine.hot = Battery(5, False), 4.0, Heat("hot", 0.0)
    store.set_paused(True)
    corrected()
    learner.start()
    assert learner.now().result(60).status is UpdateStatus.PUBLISHED


def test_asked_it_goes_on_until_lessons_are_in_the_weights(
    learner: Learner, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("half")
    corrected()
    learner.start()
    receipt = learner.now().result(60)
    versions = [r.version for r in store.history()]
    assert (receipt.version, len(versions)) == (f"v{IN_A_ROW}", IN_A_ROW), "as far as one request goes"
    works_as("whole")
    assert learner.now().result(60).version == f"v{IN_A_ROW + 1}"
    assert len(store.history()) == IN_A_ROW + 1, "there was nothing left to bring on"


def test_asked_it_does_not_try_again_what_is_rejected_beside_a_version_that_is_live(
    learner: Learner, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("once")
    corrected()
    learner.start()
    assert learner.now().result(60).version == "v1"
    assert [r.status for r in store.history()] == [UpdateStatus.REJECTED, UpdateStatus.PUBLISHED]
    assert learner.now().result(60).status is UpdateStatus.REJECTED, "it waits for the next time"


def test_by_itself_each_update_waits_for_its_own_idle_moment(
    learner: Learner, store: Store, clock: list[float], works_as: WorksAs, corrected: Correct
) -> None:
    works_as("half")
    corrected()
    clock[0] += 60
    learner._step()
    assert len(store.history()) == 1
    learner._step()
    assert len(store.history()) == 2


def test_asked_it_tries_a_rejected_update_again_at_once(
    learner: Learner, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("reject")
    corrected()
    learner.start()
    receipt = learner.now().result(60)
    assert receipt.status is UpdateStatus.REJECTED and "for you to say" in receipt.reason
    assert len(store.history()) == 2


def test_asked_it_does_not_wait_for_idleness(learner: Learner, store: Store, corrected: Correct) -> None:
    corrected()
    learner.start()
    receipt = learner.now().result(60)
    assert receipt.status is UpdateStatus.PUBLISHED
    assert learner.now().result(60).status is UpdateStatus.NOTHING


def test_idle_it_starts_without_being_asked(
    learner: Learner, store: Store, clock: list[float], corrected: Correct
) -> None:
    corrected()
    clock[0] += 60
    learner.start()
    until(lambda: store.last_update() is not None)


def test_after_a_failure_it_rests_until_there_is_something_new(
    learner: Learner, store: Store, clock: list[float], works_as: WorksAs, corrected: Correct
) -> None:
    works_as("fails")
    corrected()
    clock[0] += 60
    learner._step()
    learner._step()
    assert len(store.history()) == 1
    assert "The disk is full" in learner.why_not()
    learner.look()
    learner._step()
    assert len(store.history()) == 2
    clock[0] += REST_SECONDS
    learner._step()
    assert len(store.history()) == 3


def test_closing_while_it_trains_ends_soon_and_uses_nothing_up(
    learner: Learner, updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("endless")
    turn = corrected()
    learner.start()
    future = learner.now()
    until(lambda: updater.stage == "training")
    updater.suspend()
    learner.close()
    assert "clawlocal was closed" in future.result(0).reason
    assert store.history()[0].status is UpdateStatus.FAILED
    assert store.turn(turn).use is TurnUse.QUEUED


def test_who_asks_before_it_runs_is_told_when_it_closes(learner: Learner) -> None:
    future = learner.now()
    learner.close()
    with pytest.raises(CancelledError):
        future.result(0)


@pytest.mark.parametrize("fault", [StoreError("The disk is full."), ZeroDivisionError("division by zero")])
def test_a_fault_outside_the_trainer_is_an_answer_and_not_the_end(
    learner: Learner, updater: Updater, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise fault

    learner.start()
    with monkeypatch.context() as patch:
        patch.setattr(updater, "run", fail)
        receipt = learner.now().result(60)
    assert receipt.status is UpdateStatus.FAILED
    assert str(fault) in receipt.reason
    assert learner.now().result(60).status is UpdateStatus.NOTHING


def test_another_process_asks_and_gets_the_receipt(
    learner: Learner, store: Store, where: Paths, corrected: Correct
) -> None:
    corrected()
    learner.start()
    with Store.open(where.database) as other:
        receipt = Relay(other).ask(True, 60)
        assert receipt == store.history()[0]
        assert Relay(other).ask(False, None) is None
    until(lambda: store.get_state("learn request") is None)


def test_nobody_answers_in_time_and_the_request_is_withdrawn(store: Store) -> None:
    with pytest.raises(TimeoutError, match="did not answer"):
        Relay(store).ask(True, 0)
    assert Relay(store).take() is None


def test_who_was_asked_has_gone(store: Store) -> None:
    with pytest.raises(TrainerError, match="has ended without an answer"):
        Relay(store).ask(True, None, lambda: True)
    assert Relay(store).take() is None


def test_what_becomes_of_a_turn_is_said(store: Store, corrected: Correct) -> None:
    need = Need(store)
    turn = corrected()
    assert need.becomes(turn) == "Lesson: “Answer in one sentence.”. It is learned when the machine is idle."
    assert "your words are no lesson" in need.becomes(corrected(hint="No, that is wrong."))
    assert need.becomes(corrected(value=1)) == "It is learned from together with the next correction or bad reply."
    assert need.becomes(corrected(value=-1)) == "It is learned from when the machine is idle."
    store.set_learning(False)
    assert "when you turn learning on" in need.becomes(turn)
    store.set_learning(True)
    store.set_session_learning(store.turn(turn).session, False)
    assert "off for this chat" in need.becomes(turn)
    store.set_turn_use(turn, TurnUse.SKIPPED, "prompt forgotten")
    assert need.becomes(turn) == "It is kept but not learned from: prompt forgotten."


def test_the_status_is_said_in_words(
    store: Store, updater: Updater, idle: Idleness, clock: list[float], works_as: WorksAs, corrected: Correct
) -> None:
    reward = Reward(store, [], lambda: None)

    def read(holder: str | None = None, loops: bool = True, **options: bool) -> tuple[str, str]:
        here = (reward, updater) if loops else (None, None)
        found = StatusReader(store, "tiny", Need(store), idle, holder, *here).read(**options)
        assert found.why
        return found.state, found.why

    assert read() == ("waiting", "nothing new to learn from")
    assert read(temporary=True)[0] == "not kept"
    assert read(session_learns=False) == ("off", "learning is off for this chat")
    assert read("clawlocal (process 7)", loops=False) == ("elsewhere", "clawlocal (process 7) does the learning")
    corrected()
    assert read() == ("waiting", "1 judged reply, 1 with a correction; last key 0 s ago, training starts after 60 s")
    assert read(loops=False)[1].endswith("open clawlocal or say `clawlocal learn now`")
    clock[0] += 60
    assert read()[1].endswith("starts now")
    store.set_paused(True)
    for loops in (True, False):
        assert read(loops=loops) == ("paused", f"1 judged reply, 1 with a correction; {PAUSED}")
    store.set_paused(False)
    works_as("endless")
    thread = threading.Thread(target=updater.run, args=[lambda: False])
    thread.start()
    until(lambda: updater.stage == "training")
    assert read()[0] == "training"
    idle.touch()
    updater.suspend()
    assert read() == ("paused", "paused at 41 %: you are typing")
    until(lambda: read("someone", loops=False) == read())
    updater.stop("the test is over")
    thread.join(60)
    store.set_learning(False)
    assert read()[0] == "off"
    assert [x.state for x in store.lessons()] == [LessonState.ACTIVE]
