"""Rebuilds: an adapter made anew without what was taken back, with a real process that computes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawlocal.judge.lessons import GENERAL
from clawlocal.paths import Paths
from clawlocal.records import LessonState, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.training import rebuild
from clawlocal.training.batch import MAX_PROMPT, PRACTICE
from clawlocal.training.need import Need
from clawlocal.training.update import JOB, Updater
from tests.waiting import until
from trainers.job import Job

Correct = Callable[..., str]
WorksAs = Callable[[str], None]
Run = Callable[[], Any]
OTHER = "Never use lists."


def never() -> bool:
    return False


@pytest.fixture
def learned(updater: Updater, store: Store, corrected: Correct) -> tuple[str, str]:
    """Two turns, each learned from by a version of its own."""
    first = corrected()
    assert updater.run(never).version == "v1"
    second = corrected("What is a stork?", hint=OTHER, adapter="v1")
    assert updater.run(never).version == "v2"
    return first, second


@pytest.fixture
def jobs(updater: Updater, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that were written."""
    written: list[Job] = []
    write = updater._write_job

    def look(*arguments: Any) -> None:
        write(*arguments)
        written.append(Job.read(arguments[0] / "job.json"))

    monkeypatch.setattr(updater, "_write_job", look)
    return written


def live(store: Store) -> str | None:
    found = store.live("tiny")
    return found.version if found else None


def states(store: Store) -> dict[str, LessonState]:
    return {x.text: x.state for x in store.lessons()}


def test_after_forgetting_it_is_made_from_what_remains(
    updater: Updater, store: Store, learned: tuple[str, str], jobs: list[Job], corrected: Correct
) -> None:
    first, second = learned
    waiting = corrected("What is a crane?", adapter="v2")
    store.forget([first], "tiny")
    assert live(store) is None
    assert states(store)[OTHER] is LessonState.ACTIVE
    receipt = updater.run(never)
    assert (receipt.status, receipt.version, receipt.parent) == (UpdateStatus.PUBLISHED, "v3", None)
    assert receipt.reason == "rebuilt from the base without what was forgotten"
    [job] = jobs
    assert job.parent is None
    assert [s.id for s in job.samples] == [second]
    assert job.samples[0].hinted and not job.samples[0].on_policy
    assert states(store)[OTHER] is LessonState.LEARNED
    assert (store.turn(second).use, store.turn(waiting).use) == (TurnUse.USED, TurnUse.QUEUED)
    assert [v.version for v in store.adapters()] == ["v3"]
    assert store.rebuild("tiny") is None
    assert store.events()[-1].text == "v3 is live: rebuilt from the base without what was forgotten."
    assert updater.run(never).parent == "v3"
    assert [s.id for s in jobs[1].samples] == [waiting]


def test_two_rebuilds_learn_the_same(updater: Updater, store: Store, learned: tuple[str, str], jobs: list[Job]) -> None:
    store.want_rebuild("tiny", forgotten=True)
    updater.run(never)
    store.want_rebuild("tiny", forgotten=True)
    updater.run(never)
    assert jobs[0].samples == jobs[1].samples and jobs[0].recipe == jobs[1].recipe
    assert [s.id for s in jobs[0].samples] == list(learned)


def test_a_vetoed_lesson_is_left_out_and_the_old_version_stays_until_then(
    updater: Updater, store: Store, learned: tuple[str, str], jobs: list[Job], works_as: WorksAs, run: Run, where: Paths
) -> None:
    lesson = store.lessons()[0]
    store.set_lesson_state(lesson.id, LessonState.VETOED)
    store.want_rebuild("tiny", vetoed=[lesson.id])
    works_as("gated")
    running = run()
    until(lambda: updater.stage == "training")
    assert (live(store), updater.task) == ("v2", f"rebuilding without “{lesson.text}”")
    (where.jobs / JOB / "go").touch()
    receipt = running.receipt()
    assert receipt.reason == f"rebuilt from the base without “{lesson.text}”"
    assert jobs[0].lessons == (OTHER,)
    assert [s.hinted for s in jobs[0].samples] == [False, True]
    assert [v.version for v in store.adapters()] == ["v1", "v2", "v3"], "a veto is no deletion"
    assert states(store) == {lesson.text: LessonState.VETOED, OTHER: LessonState.LEARNED}


def test_rejected_twice_it_is_given_up_and_said(
    updater: Updater, store: Store, learned: tuple[str, str], jobs: list[Job], works_as: WorksAs
) -> None:
    store.forget([learned[0]], "tiny")
    works_as("reject")
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.REJECTED
    assert receipt.reason.startswith("While rebuilding without what was forgotten: the gate did not let it through: ")
    assert updater.run(never).status is UpdateStatus.REJECTED
    assert jobs[1].recipe.lr < jobs[0].recipe.lr
    assert "did not pass the gate twice, so the base answers" in store.events()[-1].text
    assert (live(store), store.rebuild("tiny")) == (None, None)
    assert store.turn(learned[1]).use is TurnUse.USED
    assert states(store)[OTHER] is LessonState.ACTIVE


def test_a_rebuild_that_fails_says_what_it_was_and_is_tried_again(
    updater: Updater, store: Store, learned: tuple[str, str], works_as: WorksAs
) -> None:
    store.forget([learned[0]], "tiny")
    works_as("fails")
    assert updater.run(never).reason == "While rebuilding without what was forgotten: The disk is full."
    works_as("publish")
    assert updater.run(never).version == "v3"


def test_interrupted_it_goes_on(
    updater: Updater, store: Store, learned: tuple[str, str], works_as: WorksAs, run: Run, where: Paths
) -> None:
    store.forget([learned[0]], "tiny")
    works_as("endless")
    running = run()
    until(lambda: updater.stage == "training")
    updater.stop("the program was closed")
    running.receipt()
    (where.jobs / JOB / "left").touch()
    works_as("gated")
    running = run()
    until(lambda: updater.stage == "training")
    assert (where.jobs / JOB / "left").exists()
    (where.jobs / JOB / "go").touch()
    assert running.receipt().version == "v3"


def test_where_nothing_remains_what_waits_is_learned(
    updater: Updater, store: Store, corrected: Correct, jobs: list[Job]
) -> None:
    turn = corrected()
    updater.run(never)
    store.forget([turn], "tiny")
    waiting = corrected("What is a crane?")
    store.set_lesson_state(store.lessons()[0].id, LessonState.NEW)
    store._db.execute("DELETE FROM lessons")
    assert updater.run(never).version == "v2"
    assert [s.id for s in jobs[1].samples] == [waiting]
    assert store.rebuild("tiny") is None


def test_forgotten_while_it_is_installed_its_files_go(
    updater: Updater, store: Store, where: Paths, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = corrected()
    install = updater._install

    def and_forget(*arguments: Any) -> Any:
        made = install(*arguments)
        store.forget([turn], "tiny")
        return made

    monkeypatch.setattr(updater, "_install", and_forget)
    assert updater.run(never).status is UpdateStatus.FAILED
    assert list((where.adapters / "tiny").iterdir()) == []
    assert live(store) is None


@pytest.mark.parametrize("change", ["forget", "veto"])
def test_what_was_taken_back_while_the_batch_was_made_is_not_trained_on(
    updater: Updater,
    store: Store,
    where: Paths,
    corrected: Correct,
    jobs: list[Job],
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Its prompt is practised on; no turn that is used goes."""
    corrected()
    other = corrected("What is a crane?", hint="Say which crane is the largest.")
    start = Store.start_update

    def late(*arguments: Any) -> int:
        if change == "forget":
            store.forget([other], "tiny")
        else:
            store.set_lesson_state(store.lessons()[0].id, LessonState.VETOED)
        updater.discard()
        return start(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "start_update", late)
        receipt = updater.run(never)
    assert (receipt.status, jobs, updater.spoiled) == (UpdateStatus.FAILED, [], True)
    assert receipt.reason == (
        "A chat that it may learn from was forgotten." if change == "forget" else "A lesson that it teaches was vetoed."
    )
    assert not (where.jobs / JOB).exists() and live(store) is None


def test_a_lesson_that_another_process_vetoes_at_the_end_is_not_published(
    updater: Updater, store: Store, where: Paths, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected()
    install = updater._install

    def and_veto(*arguments: Any) -> Any:
        made = install(*arguments)
        store.set_lesson_state(1, LessonState.VETOED)
        return made

    monkeypatch.setattr(updater, "_install", and_veto)
    assert updater.run(never).status is UpdateStatus.FAILED
    assert list((where.adapters / "tiny").iterdir()) == [] and live(store) is None


def test_a_job_that_another_process_takes_away_ends_and_the_next_does_not_wait(
    updater: Updater, works_as: WorksAs, run: Run, where: Paths, corrected: Correct
) -> None:
    works_as("endless")
    corrected()
    running = run()
    until(lambda: updater.stage == "training")
    (where.jobs / JOB / "job.json").unlink()
    assert running.receipt().status is UpdateStatus.FAILED
    assert updater.spoiled and not Path(where.jobs / JOB).exists()


def test_lessons_that_no_turn_waits_for_are_learned_on_top_of_what_is_live(
    updater: Updater, store: Store, learned: tuple[str, str], jobs: list[Job]
) -> None:
    lesson = store.add_lesson("Say you.", GENERAL, state=LessonState.ACTIVE)
    assert updater.run(never).status is UpdateStatus.NOTHING
    store.want_rebuild("tiny", carried=[lesson.id])
    assert Need(store, str, "tiny").readings()[-1].text == "a lesson that was only in the prompt"
    receipt = updater.run(never)
    assert (receipt.version, receipt.parent) == ("v3", "v2")
    assert receipt.reason == "learned a lesson that was only in the prompt"
    assert (jobs[0].samples, "Say you." in jobs[0].lessons, len(jobs[0].rehearsals)) == ((), True, PRACTICE)
    assert set(states(store).values()) == {LessonState.LEARNED}
    assert updater.run(never).status is UpdateStatus.NOTHING


def test_a_rebuild_is_something_to_learn(store: Store) -> None:
    store.want_rebuild("tiny", forgotten=True)
    reading = Need(store, str, "tiny").readings()[-1]
    assert (reading.text, reading.holds) == ("rebuild without what was forgotten", True)
    assert not Need(store, str, "other").readings()[-1].holds


@pytest.mark.parametrize(
    ("took", "about"), [([], "a few minutes"), ([20.0], "about 20 seconds"), ([20, 30, 10, 40], "about 100 seconds")]
)
def test_how_long_it_takes_is_told_from_earlier_receipts(
    store: Store, took: list[float], about: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in took:
        store._end(store.start_update("tiny", None), UpdateStatus.PUBLISHED, {"seconds": seconds})
    assert rebuild.when(store) == f"{about} when the machine is idle (or `clawlocal learn now`)"
    store.set_learning(False)
    assert "when learning is on again" in rebuild.when(store)


def test_a_lesson_from_a_turn_that_is_too_long_is_learned_all_the_same(
    updater: Updater, store: Store, corrected: Correct, jobs: list[Job]
) -> None:
    turn = corrected()
    store._db.execute(f"UPDATE turns SET prompt_ids = zeroblob({4 * MAX_PROMPT}) WHERE id = ?", (turn,))
    receipt = updater.run(never)
    assert (receipt.status, receipt.version) == (UpdateStatus.PUBLISHED, "v1")
    assert (jobs[0].samples, len(jobs[0].rehearsals)) == ((), PRACTICE)
    assert set(states(store).values()) == {LessonState.LEARNED}
    assert store.turn(turn).reason == "too long to train on"
    assert updater.run(never).status is UpdateStatus.NOTHING


def test_a_lesson_that_another_turn_teaches_needs_no_update_of_its_own(
    updater: Updater, store: Store, corrected: Correct, jobs: list[Job]
) -> None:
    late = corrected()
    store._db.execute(f"UPDATE turns SET prompt_ids = zeroblob({4 * MAX_PROMPT}) WHERE id = ?", (late,))
    early = corrected("What is a stork?")
    assert updater.run(never).status is UpdateStatus.PUBLISHED
    assert [sample.id for sample in jobs[0].samples] == [early]
    assert updater.run(never).status is UpdateStatus.NOTHING


def test_a_lesson_that_is_missed_once_it_is_learned_is_practised_again(
    updater: Updater, store: Store, corrected: Correct, jobs: list[Job]
) -> None:
    corrected()
    assert updater.run(never).version == "v1"
    turn = corrected()
    store._db.execute(f"UPDATE turns SET prompt_ids = zeroblob({4 * MAX_PROMPT}) WHERE id = ?", (turn,))
    receipt = updater.run(never)
    assert (receipt.version, receipt.reason) == ("v2", "learned more of a lesson")
    assert (jobs[1].samples, len(jobs[1].rehearsals)) == ((), PRACTICE)
    assert updater.run(never).status is UpdateStatus.NOTHING
