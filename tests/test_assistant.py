"""The assistant as a whole, without a model: feedback, a second instance, learning from a real child process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.errors import FolderBusy, ModelError, NotFound, PromptError
from clawlocal.judge.protocol import Opinion
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.lock import FolderLock
from clawlocal.paths import Paths
from clawlocal.records import LessonState, TurnUse, UpdateStatus
from clawlocal.store import Store
from tests.saying import said, say
from tests.waiting import until

Open = Callable[..., Assistant]


def test_what_is_said_next_is_judged_while_the_chat_goes_on(assistant: Assistant) -> None:
    first = say(assistant, "What is a heron?")
    say(assistant, "Please answer in one sentence.", session=first.session)
    until(lambda: assistant.turn(first.turn or "").use is TurnUse.QUEUED)
    assert [(x.text, x.state) for x in assistant.lessons()] == [("Answer in one sentence.", LessonState.ACTIVE)]
    assert assistant.status().queue["hints"] == 1


def test_the_judge_never_holds_up_the_chat(
    open_assistant: Open, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, gate = threading.Event(), threading.Event()

    def slow(_judge: object, _exchange: object) -> Opinion:
        asked.set()
        gate.wait(60)
        return Opinion(0, (0,), 1.0, False, "votes", "said so")

    monkeypatch.setattr(SmallJudge, "judge", slow)
    assistant = open_assistant(engine)
    first = say(assistant, "What is a heron?")
    say(assistant, "And a stork?", session=first.session)
    asked.wait(60)
    assert assistant.status().state == "judging"
    assert say(assistant, "And a crane?", session=first.session).text == "ok"
    gate.set()


def test_feedback_says_what_becomes_of_it(assistant: Assistant) -> None:
    turn = said(assistant, "What is a heron?")
    liked = "Rated good. It is learned from together with the next correction or bad reply."
    assert assistant.rate(turn[:6], "good") == liked
    assert "Lesson: “Answer in one sentence.”" in assistant.correct(turn, " Answer in one sentence. ")
    assert "A reply that I would like: A bird." in assistant.edit(turn, "A bird.")
    for call in (assistant.correct, assistant.edit):
        with pytest.raises(PromptError, match="empty"):
            call(turn, " \n")
    with pytest.raises(PromptError, match="Say good or bad"):
        assistant.rate(turn, "meh")
    with pytest.raises(NotFound):
        assistant.rate("nothing", "good")


def test_learned_it_speaks_and_taken_back_it_does_not(
    assistant: Assistant, engine: FakeEngine, works_as: Callable[[str], None]
) -> None:
    works_as("publish")
    changed = threading.Event()
    assistant.on_change(changed.set)
    assistant.correct(said(assistant, "What is a heron?"), "Answer in one sentence.")
    before = engine.requests[-1].prompt
    assert "Answer in one sentence." in _asked(assistant, engine)
    receipt = assistant.learn_now(wait=True, timeout=60)
    assert receipt is not None
    assert (receipt.status, receipt.version) == (UpdateStatus.PUBLISHED, "v1")
    assert _asked(assistant, engine) == before
    adapter = engine.requests[-1].adapter
    assert adapter is not None
    assert adapter.version == assistant.status().live_version == assistant.adapter().version == "v1"
    assert "set aside" in assistant.rollback()
    assert _asked(assistant, engine) == before
    assert engine.requests[-1].adapter is None
    assert changed.is_set()
    with pytest.raises(NotFound, match="the base speaks"):
        assistant.adapter()


def _asked(assistant: Assistant, engine: FakeEngine) -> str:
    """The prompt of a new chat that asks what the first one did."""
    said(assistant, "What is a heron?")
    return engine.requests[-1].prompt


def test_a_key_suspends_training_and_turning_learning_off_ends_it(
    assistant: Assistant, works_as: Callable[[str], None]
) -> None:
    works_as("endless")
    turn = said(assistant, "What is a heron?")
    assistant.correct(turn, "Answer in one sentence.")
    assert assistant.learn_now() is None
    until(lambda: assistant.status().state == "training")
    until(lambda: assistant._updater._process is not None)
    assert assistant._updater._process is not None
    child = psutil.Process(assistant._updater._process.pid)
    assistant.activity()
    until(lambda: child.status() == psutil.STATUS_STOPPED)
    assert assistant.status().state == "paused"
    assert "you are typing" in assistant.status().why
    assert say(assistant, "And a stork?").text == "ok"
    assistant.set_learning(False)
    until(lambda: assistant.status().state == "off")
    assert assistant.turn(turn).use is TurnUse.QUEUED
    assert "learning was turned off" in assistant.history()[0].reason


def test_closing_while_it_trains_ends_the_child(
    open_assistant: Open, engine: FakeEngine, works_as: Callable[[str], None], where: Paths
) -> None:
    works_as("endless")
    assistant = open_assistant(engine)
    turn = said(assistant, "What is a heron?")
    assistant.correct(turn, "Answer in one sentence.")
    assistant.learn_now()
    until(lambda: assistant._updater.stage == "training")
    child = assistant._updater._process
    assert child is not None
    assistant.activity()
    assistant.close()
    assistant.close()
    assert child.finished()
    with Store.open(where.database) as store:
        assert store.turn(turn).use is TurnUse.QUEUED
        assert store.history()[0].status is UpdateStatus.FAILED
    FolderLock.acquire(where.lock).release()


def test_a_second_instance_chats_gives_feedback_and_does_not_learn(open_assistant: Open) -> None:
    first, second = open_assistant(), open_assistant()
    assert first.status().holder is None
    holder = second.status().holder
    assert holder is not None and holder.startswith("clawlocal (process ")
    turn = said(second, "What is a heron?")
    assert (second.turn(turn).use, second.turn(turn).reason) == (
        TurnUse.SKIPPED,
        "made while another instance held the data folder",
    )
    other = said(first, "And a stork?")
    assert "is learned from together with" in second.rate(other, "good")
    receipt = second.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.status in (UpdateStatus.FAILED, UpdateStatus.NOTHING)
    with pytest.raises(FolderBusy):
        second.purge()
    second.close()
    assert say(first, "Still there?").text == "ok"


def test_a_crash_left_an_update_running_and_it_is_ended(open_assistant: Open, where: Paths) -> None:
    where.ensure(where.data)
    with Store.open(where.database) as store:
        store.start_update("tiny", None)
    assert open_assistant().history()[0].reason == "interrupted"


def test_what_cannot_be_opened_leaves_the_folder_free(home: Path, where: Paths) -> None:
    with pytest.raises(ModelError, match="no model 'gpt'"):
        Assistant.open(Settings(model="gpt"))
    FolderLock.acquire(where.lock).release()


def test_only_reading_needs_no_model_and_takes_no_lock(home: Path, where: Paths) -> None:
    (home / "config" / "tiny.gguf").unlink()
    with Assistant.open(Settings(model="tiny"), serve=False) as reading:
        FolderLock.acquire(where.lock).release()
        assert reading.sessions() == []
        assert reading.status().why == "nothing new to learn from"


def test_a_broken_interface_does_not_stop_the_loops(assistant: Assistant) -> None:
    def gone() -> None:
        raise RuntimeError("the application is not running")

    assistant.on_change(gone)
    turn = said(assistant, "What is a heron?")
    assistant.rate(turn, "good")
    assert assistant.turn(turn).use is TurnUse.QUEUED
