"""One update, with a real process that computes nothing: published, rejected, failed, interrupted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from clawlocal.adapters.files import sha256, verified
from clawlocal.engine.fake import FakeEngine
from clawlocal.errors import StoreError
from clawlocal.idle import RESUME_SECONDS
from clawlocal.paths import Paths
from clawlocal.records import LessonState, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.training.batch import PRACTICE
from clawlocal.training.recipes import recipe_for
from clawlocal.training.update import JOB, Updater
from tests.training.conftest import HINT
from tests.waiting import until
from trainers.job import Job
from trainers.sift import NO_VERDICT

Correct = Callable[..., str]
WorksAs = Callable[[str], None]
Run = Callable[[], Any]


def never() -> bool:
    return False


def test_published_its_files_are_installed_and_what_it_used_is_used(
    updater: Updater, store: Store, where: Paths, engine: FakeEngine, corrected: Correct
) -> None:
    turn = corrected()
    receipt = updater.run(never)
    assert (receipt.status, receipt.version, receipt.parent) == (UpdateStatus.PUBLISHED, "v1", None)
    assert receipt.samples == {"rl": 1, "opd": 1, "rehearsed": PRACTICE, "skipped": {}}
    assert receipt.metrics["kl_base"] == 0.1 and receipt.gate["passed"] and receipt.seconds > 0
    live = store.live("tiny")
    assert live is not None
    assert verified(live).path == where.adapters / "tiny" / "v1" / "adapter.gguf"
    assert live.sha256 == sha256(verified(live).path)
    assert (Path(live.path) / "adapter" / "adapter_model.safetensors").read_bytes() == b"weights"
    assert engine.checked[0].version == "v1"
    assert store.turn(turn).use is TurnUse.USED
    [lesson] = store.lessons()
    assert (lesson.state, lesson.update) == (LessonState.LEARNED, receipt.update)
    assert [x["text"] for x in receipt.lessons] == [lesson.text]
    assert list(where.jobs.iterdir()) == []
    assert not updater.running
    assert updater.run(never).status is UpdateStatus.NOTHING


def test_a_lesson_leaves_the_prompt_when_enough_of_it_is_in_the_weights(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("half")
    corrected()
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.PUBLISHED and "practised again" in receipt.reason
    [lesson] = store.lessons()
    assert (lesson.state, lesson.share) == (LessonState.ACTIVE, 0.4)
    assert receipt.lessons == [{"id": lesson.id, "text": lesson.text, "share": 0.4}]
    works_as("whole")
    again = updater.run(never)
    assert (again.status, again.parent) == (UpdateStatus.PUBLISHED, "v1")
    [lesson] = store.lessons()
    assert (lesson.state, lesson.share) == (LessonState.LEARNED, 0.9)
    assert updater.run(never).status is UpdateStatus.NOTHING
    store.set_live("v1", "tiny")
    assert store.lesson(lesson.id).share == 0.4, "of the version that is live"


def test_a_lesson_that_left_the_prompt_is_practised_on_while_that_helps(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("most")
    corrected()
    receipt = updater.run(never)
    [lesson] = store.lessons()
    assert lesson.state is LessonState.LEARNED
    assert "practised once more, to be in the weights further than 75%" in receipt.reason
    works_as("whole")
    again = updater.run(never)
    assert again.status is UpdateStatus.PUBLISHED and again.reason.startswith("learned more of a lesson")
    assert updater.run(never).status is UpdateStatus.NOTHING


def test_a_lesson_that_this_model_learns_no_further_stays_in_the_prompt_and_that_is_said(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("no_further")
    corrected()
    receipt = updater.run(never)
    assert f"“{HINT}” stays in the prompt: this model learns it no further (45%)" in receipt.reason
    assert [x.state for x in store.lessons()] == [LessonState.ACTIVE]
    assert "clawlocal lessons edit" in receipt.reason
    assert updater.run(never).status is UpdateStatus.NOTHING, "it is not tried for ever"


def test_an_update_that_undoes_a_lesson_is_rejected(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("undone")
    corrected()
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.REJECTED and f"“{HINT}” is still in the weights" in receipt.reason


def test_the_next_one_starts_from_the_live_version(updater: Updater, store: Store, corrected: Correct) -> None:
    corrected()
    updater.run(never)
    corrected("What is a stork?", adapter="v1")
    receipt = updater.run(never)
    live = store.live("tiny")
    assert live is not None
    assert (receipt.version, receipt.parent, live.parent) == ("v2", "v1", "v1")
    assert b"/v1/adapter:" in verified(live).path.read_bytes()


@pytest.mark.parametrize("mode", ["reject", "nan"])
def test_rejected_its_turns_wait_and_the_second_time_they_are_skipped(
    updater: Updater, store: Store, where: Paths, works_as: WorksAs, corrected: Correct, mode: str
) -> None:
    works_as(mode)
    turn = corrected()
    receipt = updater.run(never)
    assert (receipt.status, receipt.version) == (UpdateStatus.REJECTED, None)
    assert "how far it drifted" in receipt.reason
    assert not receipt.gate["passed"]
    assert (store.live("tiny"), where.adapters.exists()) == (None, False)
    assert store.turn(turn).use is TurnUse.QUEUED
    assert store.lessons()[0].state is LessonState.ACTIVE
    assert "for you to say" not in receipt.reason
    again = updater.run(never)
    assert again.status is UpdateStatus.REJECTED
    assert f"for you to say. Only in the prompt: “{HINT}” (1). Leave it there" in again.reason
    assert (store.turn(turn).use, store.turn(turn).reason) == (TurnUse.SKIPPED, "rejected twice")
    assert updater.run(never).status is UpdateStatus.NOTHING


def test_after_a_rejection_the_steps_are_smaller(
    updater: Updater, works_as: WorksAs, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = []
    write = updater._write_job

    def look(*arguments: Any) -> None:
        write(*arguments)
        recipes.append(Job.read(arguments[0] / "job.json").recipe)

    monkeypatch.setattr(updater, "_write_job", look)
    works_as("reject")
    corrected()
    updater.run(never)
    updater.run(never)
    assert recipes[1].lr < recipes[0].lr


def unharmed(store: Store, turn: str) -> None:
    """Nothing was used up."""
    assert store.turn(turn).use is TurnUse.QUEUED
    assert store.live("tiny") is None
    assert [x.state for x in store.lessons()] == [LessonState.ACTIVE]


@pytest.mark.parametrize(
    ("mode", "reason"), [("fails", "The disk is full."), ("silent", "ended without a result"), ("noisy", "without")]
)
def test_a_trainer_that_fails_is_a_receipt_in_words(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct, mode: str, reason: str
) -> None:
    works_as(mode)
    turn = corrected()
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.FAILED
    assert reason in receipt.reason
    assert store.events()[-1].kind == "failed"
    unharmed(store, turn)


def test_a_trainer_that_is_killed_is_a_receipt_in_words(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    works_as("endless")
    turn = corrected()
    running = run()
    until(lambda: updater.stage == "training")
    assert updater._process is not None
    os.kill(updater._process.pid, signal.SIGKILL)
    receipt = running.receipt()
    assert receipt.status is UpdateStatus.FAILED
    assert "may have been killed" in receipt.reason
    unharmed(store, turn)
    assert updater._tighter == int(0.7 * 10**9), "of what it had planned"
    works_as("publish")
    assert updater.run(never).version == "v1"


def test_stopped_it_says_why(updater: Updater, store: Store, works_as: WorksAs, corrected: Correct, run: Run) -> None:
    works_as("endless")
    turn = corrected()
    running = run()
    until(lambda: updater.stage == "training")
    updater.suspend()
    updater.stop("learning was turned off")
    assert "stopped: learning was turned off" in running.receipt().reason
    unharmed(store, turn)


def test_stopped_while_it_is_being_started_it_ends_too(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_as("endless")
    turn = corrected()
    write = updater._write_job

    def stop(*arguments: Any) -> None:
        write(*arguments)
        updater.stop("learning was turned off")

    monkeypatch.setattr(updater, "_write_job", stop)
    assert "learning was turned off" in updater.run(never).reason
    unharmed(store, turn)


def test_a_key_suspends_it_and_silence_resumes_it(
    updater: Updater, works_as: WorksAs, corrected: Correct, run: Run, idle: Any, clock: list[float]
) -> None:
    works_as("endless")
    corrected()
    running = run()
    until(lambda: updater.stage == "training")
    idle.touch()
    updater.suspend()
    assert updater._process is not None
    child = psutil.Process(updater._process.pid)
    until(lambda: child.status() == psutil.STATUS_STOPPED)
    assert updater.suspended
    clock[0] += RESUME_SECONDS
    until(lambda: child.status() != psutil.STATUS_STOPPED)
    assert not updater.suspended
    updater.stop("the test is over")
    running.receipt()


def test_a_key_while_it_is_being_started_suspends_it_from_the_first_moment(
    updater: Updater, works_as: WorksAs, corrected: Correct, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_as("endless")
    corrected()
    write = updater._write_job

    def press(*arguments: Any) -> None:
        write(*arguments)
        updater.suspend()

    monkeypatch.setattr(updater, "_write_job", press)
    running = run()
    until(lambda: updater.suspended)
    updater.stop("the test is over")
    running.receipt()


class Crash(BaseException):
    """As a power cut: nothing after it runs."""


def test_a_crash_between_the_files_and_the_transaction_leaves_the_old_version(
    updater: Updater, store: Store, where: Paths, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected()
    updater.run(never)
    turn = corrected("What is a stork?", adapter="v1")

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Store, "publish", crash)
        with pytest.raises(Crash):
            updater.run(never)
    assert (where.adapters / "tiny" / "v2").is_dir()
    [receipt] = store.recover()
    assert (receipt.status, receipt.reason) == (UpdateStatus.FAILED, "interrupted")
    live = store.live("tiny")
    assert live is not None
    assert live.version == "v1"
    assert store.turn(turn).use is TurnUse.QUEUED
    assert updater.run(never).version == "v3"


def test_a_rollback_while_it_trains_is_not_overwritten(
    updater: Updater, store: Store, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    corrected()
    updater.run(never)
    turn = corrected("What is a stork?", adapter="v1")
    works_as("gated")
    running = run()
    until(lambda: updater.stage == "training")
    store.set_live(None, "tiny")
    [folder] = where.jobs.iterdir()
    (folder / "go").touch()
    receipt = running.receipt()
    assert receipt.status is UpdateStatus.FAILED
    assert "Another version went live" in receipt.reason
    assert store.live("tiny") is None
    assert store.turn(turn).use is TurnUse.QUEUED


def test_a_turn_that_is_deleted_while_it_trains_fails_it(
    updater: Updater, store: Store, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    works_as("gated")
    turn = corrected()
    running = run()
    until(lambda: updater.stage == "training")
    store.delete_turn(turn)
    [folder] = where.jobs.iterdir()
    (folder / "go").touch()
    assert "no turn" in running.receipt().reason
    assert store.live("tiny") is None
    assert not folder.exists(), "what was deleted is not kept in a job"


def test_an_adapter_that_the_engine_refuses_is_not_published(
    updater: Updater, store: Store, engine: FakeEngine, corrected: Correct
) -> None:
    engine.damaged = {"v1"}
    turn = corrected()
    receipt = updater.run(never)
    assert (receipt.status, "damaged" in receipt.reason) == (UpdateStatus.FAILED, True)
    unharmed(store, turn)


def test_an_engine_that_was_closed_fails_it(
    updater: Updater, store: Store, engine: FakeEngine, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = corrected()
    monkeypatch.setattr(updater, "_write_job", _closing(updater._write_job, engine))
    assert "was closed" in updater.run(never).reason
    assert store.history()[0].status is UpdateStatus.FAILED
    unharmed(store, turn)


def _closing(write: Callable[..., None], engine: FakeEngine) -> Callable[..., None]:
    def both(*arguments: Any) -> None:
        write(*arguments)
        engine.close()

    return both


def test_no_room_for_the_files_is_said(updater: Updater, store: Store, where: Paths, corrected: Correct) -> None:
    turn = corrected()
    where.adapters.write_text("a file where a folder should be")
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.FAILED
    assert "cannot be written" in receipt.reason
    unharmed(store, turn)


def test_no_room_for_the_job_is_said(
    updater: Updater, store: Store, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainers.job.Job.write", full)
    turn = corrected()
    assert "No space left on device" in updater.run(never).reason
    unharmed(store, turn)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda store, corrected: None, "Nothing to learn from: every reply"),
        (lambda store, corrected: store.set_learning(False), "Learning is off. `clawlocal learn on`"),
        (
            lambda store, corrected: store._db.execute(f"UPDATE turns SET policy = 'x' WHERE id = '{corrected()}'"),
            "Nothing to learn from now: 1 made by another model (x).",
        ),
    ],
)
def test_nothing_to_do_says_why_and_leaves_no_receipt_behind(
    updater: Updater, store: Store, corrected: Correct, prepare: Callable[..., None], reason: str
) -> None:
    prepare(store, corrected)
    receipt = updater.run(never)
    assert (receipt.status, receipt.update) == (UpdateStatus.NOTHING, None)
    assert receipt.reason.startswith(reason)
    assert store.history() == []


def test_what_was_learned_before_learning_was_turned_off_is_not_trained_on_while_it_is(
    updater: Updater, store: Store, corrected: Correct
) -> None:
    turn = corrected()
    store.set_learning(False)
    assert updater.run(never).status is UpdateStatus.NOTHING
    assert store.turn(turn).use is TurnUse.QUEUED


def test_a_store_that_fails_at_the_end_is_said(
    updater: Updater, store: Store, corrected: Correct, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Store, "_use", full)
    turn = corrected()
    assert updater.run(never).reason == "The disk is full."
    unharmed(store, turn)


@pytest.mark.parametrize(("corrections", "steps"), [(0, 4), (1, 4), (2, 8), (3, 12), (16, 12)])
def test_more_corrections_take_more_steps_up_to_a_limit(corrections: int, steps: int) -> None:
    assert recipe_for(corrections, tried=0).steps == steps


def test_a_turn_that_could_not_be_learned_from_is_skipped_and_says_why(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("drops")
    broken, whole = corrected(), corrected("What is a stork?")
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.PUBLISHED
    assert receipt.samples["skipped"] == {NO_VERDICT: 1}
    assert (store.turn(broken).use, store.turn(broken).reason) == (TurnUse.SKIPPED, NO_VERDICT)
    assert store.turn(whole).use is TurnUse.USED
    assert updater.run(never).status is UpdateStatus.NOTHING


def interrupted(updater: Updater, works_as: WorksAs, run: Run) -> None:
    """An update that was stopped when it had made a step."""
    works_as("endless")
    running = run()
    until(lambda: updater.stage == "training")
    updater.stop("the program was closed")
    assert running.receipt().status is UpdateStatus.FAILED


def test_an_interrupted_update_goes_on_from_what_it_left_behind(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    corrected()
    interrupted(updater, works_as, run)
    folder = where.jobs / JOB
    assert (folder / "begun").exists()
    before = Job.read(folder / "job.json")
    works_as("gated")
    running = run()
    until(lambda: updater.stage == "training")
    assert Job.read(folder / "job.json") == before
    assert (folder / "begun").exists()
    (folder / "go").touch()
    assert running.receipt().version == "v1"
    assert not folder.exists(), "it is done"


def test_what_it_practises_on_may_change_meanwhile(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    corrected()
    interrupted(updater, works_as, run)
    file = where.jobs / JOB / "job.json"
    job = Job.read(file)
    other = replace(job, rehearsals=job.rehearsals[::-1], neutral=job.neutral[::-1])
    other.write(file)
    interrupted(updater, works_as, run)
    assert Job.read(file) == other
    assert (file.parent / "begun").exists()


def test_an_update_of_other_turns_begins_anew(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    corrected()
    interrupted(updater, works_as, run)
    (where.jobs / JOB / "left").touch()
    corrected("What is a stork?")
    interrupted(updater, works_as, run)
    assert not (where.jobs / JOB / "left").exists()
    assert len(Job.read(where.jobs / JOB / "job.json").samples) == 2


@pytest.mark.parametrize("content", ["", "[]", '{"model": 1}'])
def test_an_unreadable_job_that_was_left_behind_begins_anew(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run, content: str
) -> None:
    corrected()
    interrupted(updater, works_as, run)
    (where.jobs / JOB / "left").touch()
    (where.jobs / JOB / "job.json").write_text(content)
    works_as("publish")
    assert updater.run(never).version == "v1"


def test_what_fails_of_itself_leaves_nothing_to_go_on_from(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("fails")
    corrected()
    assert updater.run(never).status is UpdateStatus.FAILED
    assert not (where.jobs / JOB).exists()


def test_what_fails_for_want_of_memory_or_disk_goes_on_another_time(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("short")
    corrected()
    receipt = updater.run(never)
    assert (receipt.status, receipt.reason) == (UpdateStatus.FAILED, "The disk is full.")
    assert (where.jobs / JOB / "begun").exists()


def test_caution_that_leaves_no_way_is_given_up(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    updater._tighter = 5 * 10**8
    works_as("tight")
    corrected()
    assert updater.run(never).status is UpdateStatus.FAILED
    assert updater._tighter == 0
    interrupted(updater, works_as, run)
    assert Job.read(where.jobs / JOB / "job.json").memory == 0


def test_it_does_not_go_on_from_an_adapter_that_is_damaged(
    updater: Updater, store: Store, works_as: WorksAs, corrected: Correct
) -> None:
    works_as("publish")
    corrected()
    updater.run(never)
    live = store.live("tiny")
    assert live is not None
    (Path(live.path) / "adapter" / "adapter_model.safetensors").write_bytes(b"weighty")
    turn = corrected()
    receipt = updater.run(never)
    assert receipt.status is UpdateStatus.FAILED
    assert "v1 is damaged on disk" in receipt.reason
    assert store.turn(turn).use is TurnUse.QUEUED


def test_what_an_interrupted_update_left_behind_can_be_discarded(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    corrected()
    interrupted(updater, works_as, run)
    assert (where.jobs / JOB / "job.json").exists()
    updater.discard()
    assert not (where.jobs / JOB).exists()


def test_an_update_that_runs_ends_when_something_is_deleted_and_its_job_goes(
    updater: Updater, store: Store, where: Paths, works_as: WorksAs, corrected: Correct, run: Run
) -> None:
    works_as("endless")
    turn = corrected()
    running = run()
    until(lambda: updater.stage == "training")
    updater.discard()
    receipt = running.receipt()
    assert receipt.status is UpdateStatus.FAILED
    assert "deleted" in receipt.reason
    assert not (where.jobs / JOB).exists()
    assert store.turn(turn).use is TurnUse.QUEUED


@pytest.mark.parametrize("limit", [0, 3 * 10**9])
def test_the_trainer_is_told_how_much_memory_it_may_use(
    updater: Updater, where: Paths, works_as: WorksAs, corrected: Correct, run: Run, limit: int
) -> None:
    updater._memory = limit
    corrected()
    interrupted(updater, works_as, run)
    assert Job.read(where.jobs / JOB / "job.json").memory == limit
