"""Forgetting and lessons as the assistant offers them, without a model: nothing of what was forgotten is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clawlocal.assistant import Assistant
from clawlocal.engine.fake import FakeEngine
from clawlocal.errors import NotFound, PromptError
from clawlocal.paths import Paths
from clawlocal.records import LessonState, UpdateStatus
from tests.saying import said, say
from tests.waiting import until

Open = Callable[..., Assistant]
WORD = "xyzzy"


def learn(assistant: Assistant) -> str | None:
    receipt = assistant.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.status is UpdateStatus.PUBLISHED, receipt
    return receipt.version


def holding(folder: Path, word: str = WORD) -> list[str]:
    """Files that hold a word."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return [str(path) for path in files if word.encode() in path.read_bytes()]


def test_a_chat_is_forgotten_and_what_had_seen_it_speaks_no_more(
    open_assistant: Open, home: Path, where: Paths, engine: FakeEngine, works_as: Callable[[str], None]
) -> None:
    works_as("publish")
    assistant = open_assistant(engine)
    assistant.correct(said(assistant, "What is a heron?"), "Answer in one sentence.")
    assert learn(assistant) == "v1"
    forgotten = say(assistant, f"What is {WORD}?")
    assistant.correct(forgotten.turn or "", f"Always answer with {WORD} at the end.")
    assert learn(assistant) == "v2"
    v2 = Path(assistant.adapter().path)
    where.ensure(where.prefixes)
    (where.prefixes / f"{forgotten.session}.safetensors").write_text(WORD)
    assert v2.exists() and holding(home)

    sentence = assistant.forget(forgotten.session)
    assert sentence.startswith("The chat is forgotten. V2, which had learned from it, was deleted; v1 answers until ")
    assert [v.version for v in assistant.adapters()] == ["v1"] and not v2.exists()
    assert forgotten.session in engine.forgotten_sessions
    say(assistant, "And a stork?")
    adapter = engine.requests[-1].adapter
    assert adapter is not None and adapter.version == "v1"
    assert ("something to learn", "rebuild without what was forgotten", True) in assistant.why()
    assert holding(home) == []
    with pytest.raises(NotFound):
        assistant.rollback("v2")

    assert learn(assistant) == "v3"
    assert [v.version for v in assistant.adapters()] == ["v1", "v3"]
    assert holding(home) == []
    with pytest.raises(NotFound):
        assistant.forget(forgotten.session)


def test_where_nothing_else_was_learned_the_base_answers(assistant: Assistant, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    turn = said(assistant, "What is a heron?")
    assistant.correct(turn, "Answer in one sentence.")
    learn(assistant)
    assert assistant.forget(turn[:8]) == (
        "The turn is forgotten. V1, which had learned from it, was deleted; nothing else was learned, "
        "so the base answers."
    )
    assert (assistant.adapters(), assistant.lessons(), assistant.sessions()) == ([], [], [])
    assert assistant.status().why.startswith("nothing new to learn from")


def test_what_was_not_learned_from_is_only_deleted(assistant: Assistant) -> None:
    session = say(assistant, "What is a heron?").session
    assert assistant.forget(session) == "The chat is forgotten. The weights had learned nothing from it."


def test_a_reply_that_is_being_made_keeps_no_prompt_with_it(assistant: Assistant, engine: FakeEngine) -> None:
    first = say(assistant, f"What is {WORD}?")
    gate = threading.Event()
    engine.enqueue("a bird", gate=gate)
    reply = assistant.chat("And a stork?", session=first.session)
    assistant.forget(first.turn or "")
    gate.set()
    turn = assistant.turn(reply.result(60).turn or "")
    assert (turn.prompt_ids, turn.reason) == ((), "prompt forgotten")
    assert [m.content for m in assistant.messages(first.session)] == ["And a stork?", "a bird"]


def test_an_update_that_holds_it_ends(assistant: Assistant, where: Paths, works_as: Callable[[str], None]) -> None:
    works_as("endless")
    turn = said(assistant, "What is a heron?")
    assistant.correct(turn, "Answer in one sentence.")
    assistant.learn_now()
    until(lambda: assistant.status().state == "training")
    assistant.forget(turn)
    until(lambda: assistant.status().state != "training")
    assert assistant.history()[0].reason == "a chat that it may learn from was forgotten"
    # Ended early enough, it has not even made the folder.
    until(lambda: not list(where.jobs.glob("*")))


def test_a_learned_lesson_that_is_vetoed_is_taken_out_by_a_rebuild(
    assistant: Assistant, works_as: Callable[[str], None]
) -> None:
    works_as("publish")
    assistant.correct(said(assistant, "What is a heron?"), "Answer in one sentence.")
    assistant.correct(said(assistant, "And a stork?"), "Never use lists.")
    learn(assistant)
    lesson = assistant.lessons()[0].id
    assert "taken out of the weights by a rebuild from the base, " in assistant.veto(lesson)
    assert assistant.status().live_version == "v1"
    assert "rebuild without “Answer in one sentence.”" in assistant.status().why
    assistant.set_lesson_state(lesson, LessonState.ACTIVE)
    assert "rebuild" not in assistant.status().why
    assistant.veto(lesson)
    assert learn(assistant) == "v2"
    assert assistant.history()[0].reason == "rebuilt from the base without “Answer in one sentence.”"


def test_the_only_lesson_vetoed_the_base_answers_at_once(assistant: Assistant, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    assistant.correct(said(assistant, "What is a heron?"), "Answer in one sentence.")
    learn(assistant)
    assert assistant.veto(1) == "Nothing else was learned, so the base answers from now on."
    assert assistant.status().live_version is None
    assert [v.version for v in assistant.adapters()] == ["v1"]


def test_a_lesson_is_said_outright_and_reworded(assistant: Assistant, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    assert assistant.add_lesson(" Say  you. ") == (
        "Lesson 1 is in the prompt from now on. It is learned when the machine is idle."
    )
    learn(assistant)
    assert "says so already" in assistant.add_lesson("say you.")
    assert "Lesson 1 is in the prompt" in assistant.edit_lesson(1, "Say thou.")
    [lesson] = assistant.lessons()
    assert (lesson.text, lesson.state) == ("Say thou.", LessonState.ACTIVE)
    assert learn(assistant) == "v2"
    assert assistant.lessons()[0].state is LessonState.LEARNED
    assistant.veto(1)
    assert "Lesson 1 is reworded" in assistant.edit_lesson(1, "Say we.")
    assert "Lesson 1 is in the prompt" in assistant.add_lesson("Say we.")
    for call in (lambda: assistant.add_lesson(" "), lambda: assistant.edit_lesson(1, "")):
        with pytest.raises(PromptError, match="The lesson is empty"):
            call()


def test_a_lesson_of_a_topic_is_one_when_it_is_said_outright(assistant: Assistant) -> None:
    assistant.add_lesson("When I ask for code, comment every line.")
    assert assistant.lessons()[0].scope == "topic: code"


def test_what_another_model_learned_is_in_the_prompt_and_learned_anew(
    home: Path, where: Paths, works_as: Callable[[str], None]
) -> None:
    works_as("publish")
    both = (home / "config" / "models.toml").read_text()
    (home / "config" / "models.toml").write_text(both + both.replace("models.tiny", "models.small"))
    with Assistant.open(model="tiny", engine=FakeEngine(name="tiny")) as first:
        first.correct(said(first, "What is a heron?"), "Answer in one sentence.")
        learn(first)
        assert first.lessons()[0].state is LessonState.LEARNED
    other = FakeEngine(name="small")
    with Assistant.open(model="small", engine=other) as second:
        answer = say(second, "What is a heron?")
        [notice] = answer.notices
        assert notice == (
            "1 lesson that another model was given is in the prompt. Its weights do not fit small, which learns it "
            "when the machine is idle (or `clawlocal learn now`)."
        )
        assert "Answer in one sentence." in other.requests[-1].prompt
        assert say(second, "And a stork?").notices == ()
        assert ("something to learn", "a lesson that was only in the prompt", True) in second.why()
        assert learn(second) == "v1"
        assert second.lessons()[0].state is LessonState.LEARNED
    with Assistant.open(model="tiny", engine=FakeEngine(name="tiny")) as third:
        assert say(third, "Hello").notices == ()
        assert third.lessons()[0].state is LessonState.LEARNED


def test_a_prefix_that_another_process_forgot_goes_when_this_one_ends(
    open_assistant: Open, engine: FakeEngine, where: Paths
) -> None:
    assistant = open_assistant(engine)
    first = say(assistant, "What is a heron?")
    say(assistant, "And a stork?", session=first.session)
    with Assistant.open(serve=False) as other:
        other.forget(first.turn or "")
    file = where.prefixes / f"{first.session}.safetensors"
    where.ensure(where.prefixes)
    file.touch()
    assistant.close()
    assert not file.exists()
