"""A message in, a reply out, both kept: through the assistant, over a real store and an engine without a model."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest

from clawlocal.assistant import Answer, Assistant
from clawlocal.conversation import reply_ids
from clawlocal.engine.fake import END, START, FakeEngine
from clawlocal.engine.protocol import Stop
from clawlocal.errors import ClawlocalError, ModelError, NotFound, PromptError, StoreError
from clawlocal.paths import Paths
from clawlocal.records import LessonState, SignalKind, TurnUse
from clawlocal.store import Store
from tests.saying import said, say
from tests.waiting import until

Dump = Callable[[], list[str]]


def counts(where: Paths) -> dict[str, int]:
    connection = sqlite3.connect(where.database)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    finally:
        connection.close()


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\x00\x1b", "\u200b"])
@pytest.mark.parametrize("temporary", [False, True])
def test_nothing_to_send_is_refused_and_nothing_kept(
    assistant: Assistant, engine: FakeEngine, dump: Dump, text: str, temporary: bool
) -> None:
    before = dump()
    with pytest.raises(PromptError, match="nothing to send"):
        assistant.chat(text, temporary=temporary)
    assert dump() == before
    assert engine.requests == []


def test_control_characters_and_control_tokens_are_kept_and_stay_text(assistant: Assistant, engine: FakeEngine) -> None:
    text = "a\x1b[31m<|im_end|>\x00b"
    answer = say(assistant, text)
    assert assistant.messages(answer.session)[0].content == text
    # One message begins and ends, and the reply's begins: what the user wrote added none.
    assert [i for i in engine.requests[0].prompt_ids if i >= START] == [START, END, START]


def test_too_long_a_prompt_is_refused_and_nothing_kept(open_assistant: Callable[..., Assistant], dump: Dump) -> None:
    engine = FakeEngine(name="tiny", n_ctx=400)
    assistant = open_assistant(engine)
    session = say(assistant, "hello").session
    before = dump()
    for target in (None, session):
        with pytest.raises(PromptError, match=r"tokens long .* Shorten it"):
            assistant.chat("x" * 400, session=target)
    assert dump() == before


def test_what_outgrows_the_context_leaves_the_oldest_out_and_says_so(
    open_assistant: Callable[..., Assistant], where: Paths
) -> None:
    engine = FakeEngine(name="tiny", n_ctx=400)
    assistant = open_assistant(engine)
    with Store.open(where.database) as store:
        store.add_lesson("Be brief.", "general", state=LessonState.ACTIVE)
    session, notices = None, []
    for n in range(8):
        answer = say(assistant, f"question {n} " + "x" * 50, session=session, system="Be kind.")
        session, notices = answer.session, [*notices, answer.notices]
    assert notices[0] == ()
    left_out = 2 * (8 - engine.requests[-1].prompt.count("question"))
    assert notices[-1] == (
        f"The {left_out} oldest messages no longer fit into the prompt, so the reply was made without. "
        "What was said stays in this chat and in search.",
    )
    prompt = engine.requests[-1].prompt
    assert prompt.startswith("system\nBe kind.") and prompt.endswith("\n\nBe brief.assistant\n")
    assert "question 7" in prompt and "question 0" not in prompt
    assert len(engine.requests[-1].prompt_ids) + 64 <= engine.n_ctx
    assert [m.content[:10] for m in assistant.messages(session or "")[::2]] == [f"question {n}" for n in range(8)]
    assert [m.content[:10] for m in assistant.search("question 0")] == ["question 0"]


@pytest.mark.parametrize("fault", [ModelError("The chat template cannot be read."), PromptError("It refuses.")])
def test_a_prompt_that_cannot_be_made_keeps_nothing(
    open_assistant: Callable[..., Assistant], dump: Dump, fault: ClawlocalError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> tuple[int, ...]:
        raise fault

    assistant = open_assistant()
    before = dump()
    with monkeypatch.context() as patch:
        patch.setattr(FakeEngine, "encode", fail)
        for temporary in (False, True):
            with pytest.raises(type(fault), match=str(fault)):
                assistant.chat("hello", temporary=temporary)
    assert dump() == before
    assert say(assistant, "hello").text == "ok"


def test_a_temporary_chat_that_outgrows_the_context_is_not_in_search(open_assistant: Callable[..., Assistant]) -> None:
    assistant, session = open_assistant(FakeEngine(name="tiny", n_ctx=300)), None
    for _ in range(4):
        answer = say(assistant, "x" * 50, session=session, temporary=True)
        session = answer.session
    [notice] = answer.notices
    assert notice.endswith("What was said stays in this chat.")


def test_the_message_is_on_disk_before_the_reply_and_the_turn_before_on_done(
    assistant: Assistant, engine: FakeEngine, where: Paths
) -> None:
    gate, seen = threading.Event(), []

    def look(outcome: Answer | BaseException) -> None:
        with Store.open(where.database) as other:
            assert isinstance(outcome, Answer)
            assert outcome.turn is not None
            seen.append(other.message(other.turn(outcome.turn).reply_message).content)

    engine.enqueue("one two", gate=gate)
    reply = assistant.chat("hello", on_done=look)
    with Store.open(where.database) as other:
        assert [m.content for m in other.branch(reply.session)] == ["hello"]
    gate.set()
    answer = reply.result(60)
    until(lambda: seen)
    assert seen == ["one two"]
    assert reply.turn_id == answer.turn
    turn = assistant.turn(answer.turn or "")
    assert (turn.prompt_ids, turn.adapter, turn.use) == (engine.requests[0].prompt_ids, "base", TurnUse.OPEN)
    assert len(turn.token_ids) == len(turn.logprobs) == answer.completion_tokens


def test_a_cancelled_reply_is_kept_and_marked_and_never_queued(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("one two three", gate=threading.Event())
    reply = assistant.chat("hello")
    assert next(iter(reply)) == "one "
    reply.cancel()
    answer = reply.result(60)
    assert (answer.text, answer.stopped) == ("one ", "cancelled")
    assistant.rate(answer.turn or "", "bad")
    turn = assistant.turn(answer.turn or "")
    assert (turn.use, turn.reason, turn.stopped) == (TurnUse.SKIPPED, "cancelled", "cancelled")


def test_closing_in_the_middle_keeps_what_there_is(
    open_assistant: Callable[..., Assistant], engine: FakeEngine, where: Paths
) -> None:
    assistant = open_assistant(engine)
    engine.enqueue("one two three", gate=threading.Event())
    reply = assistant.chat("hello")
    assert next(iter(reply)) == "one "
    assistant.close()
    assert reply.result(60).stopped == "cancelled"
    with Store.open(where.database) as store:
        assert [m.content for m in store.branch(reply.session)] == ["hello", "one "]


def test_a_failed_reply_is_an_error_and_the_message_stays(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("", stopped=Stop.FAILED, error="The model could not go on: ask again.")
    reply = assistant.chat("hello")
    with pytest.raises(PromptError, match="ask again"):
        reply.result(60)
    assert [m.content for m in assistant.messages(reply.session)] == ["hello"]
    engine.enqueue("half", stopped=Stop.FAILED, error="It broke.")
    answer = say(assistant, "again", session=reply.session)
    assert (answer.text, answer.stopped, answer.notices) == ("half", "failed", ("It broke.",))
    assert assistant.turn(answer.turn or "").use is TurnUse.SKIPPED


@pytest.mark.parametrize("fault", [StoreError("The disk is full."), NotFound("There is no session.")])
def test_a_reply_that_cannot_be_saved_is_shown_all_the_same(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(Store, "add_turn", fail)
    answer = say(assistant, "hello")
    assert (answer.text, answer.turn) == ("ok", None)
    assert answer.notices == (f"This reply could not be saved. {fault}",)


def test_an_unforeseen_fault_ends_the_reply_too(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Store, "add_turn", fail)
    with pytest.raises(ZeroDivisionError):
        say(assistant, "hello")


def test_the_session_is_deleted_during_the_reply(assistant: Assistant, engine: FakeEngine) -> None:
    gate = threading.Event()
    engine.enqueue("one two", gate=gate)
    reply = assistant.chat("hello")
    assistant.delete_session(reply.session)
    gate.set()
    answer = reply.result(60)
    assert answer.text == "one two"
    assert "could not be saved" in answer.notices[0]
    assert assistant.sessions() == []


def test_a_temporary_chat_writes_nothing(assistant: Assistant, engine: FakeEngine, where: Paths, dump: Dump) -> None:
    say(assistant, "a kept one")
    before, rows = dump(), counts(where)
    engine.enqueue("first")
    first = say(assistant, "hello", temporary=True)
    second = say(assistant, "and then?", session=first.session)
    assert first.session.startswith("temp-") and first.session == second.session
    assert (first.turn, second.turn) == (None, None)
    assert "hello" in engine.requests[-1].prompt and "first" in engine.requests[-1].prompt
    assert counts(where) == rows
    assert dump() == before
    assert assistant.status(first.session).state == "not kept"
    with pytest.raises(NotFound, match="end with the program"):
        assistant.chat("hello", session="temp-99")


def test_retry_makes_a_branch_and_a_bad_mark(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("old")
    old = say(assistant, "hello")
    engine.enqueue("new")
    new = assistant.retry(old.turn or "").result(60)
    assert new.session == old.session
    assert engine.requests[0].prompt_ids == engine.requests[1].prompt_ids
    assert [m.content for m in assistant.messages(old.session)] == ["hello", "new"]
    store = assistant._store
    assert [m.content for m in store.messages(old.session)] == ["hello", "old", "new"]
    [signal] = store.signals(old.turn or "")
    assert (signal.kind, signal.value) == (SignalKind.RETRY, -1)
    assert store.signals(new.turn or "") == []
    until(lambda: assistant.turn(old.turn or "").use is TurnUse.QUEUED)


@pytest.mark.parametrize(
    ("better", "goes_on", "values"), [(0, "old", [1, -1]), (1, "new", [-1, 1]), (None, "old", [0])]
)
def test_a_chat_goes_on_from_the_reply_that_won(
    assistant: Assistant, engine: FakeEngine, better: int | None, goes_on: str, values: list[int]
) -> None:
    engine.enqueue("old")
    engine.enqueue("new")
    old = say(assistant, "hello")
    new = assistant.rival(old.turn or "").result(60)
    assert engine.requests[0].prompt_ids == engine.requests[1].prompt_ids
    turns = [old.turn or "", new.turn or ""]
    assert all(assistant._store.signals(turn) == [] for turn in turns)
    said = assistant.vote(*turns, None if better is None else turns[better])
    assert [m.content for m in assistant.messages(old.session)] == ["hello", goes_on]
    signals = [signal for turn in turns for signal in assistant._store.signals(turn)]
    assert [(signal.kind, signal.value) for signal in signals] == [(SignalKind.VOTE, value) for value in values]
    assert ("is kept" in said) is (better is not None)
    pairs = assistant._store.voted("tiny", TurnUse.QUEUED)
    assert [(lost.id, won.id) for lost, won in pairs] == (
        [] if better is None else [(turns[1 - better], turns[better])]
    )
    assert say(assistant, "and?", session=old.session).session == old.session
    assert [m.content for m in assistant.messages(old.session)][:2] == ["hello", goes_on]


def test_a_vote_can_be_taken_back(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("old")
    engine.enqueue("new")
    old = say(assistant, "hello")
    new = assistant.rival(old.turn or "").result(60)
    assistant.vote(old.turn or "", new.turn or "", old.turn)
    assistant.vote(old.turn or "", new.turn or "", new.turn)
    [(lost, won)] = assistant._store.voted("tiny", TurnUse.QUEUED)
    assert (lost.id, won.id) == (old.turn, new.turn)
    assert [m.content for m in assistant.messages(old.session)] == ["hello", "new"]


def test_only_replies_to_one_message_can_be_compared(assistant: Assistant) -> None:
    one, two = say(assistant, "hello"), say(assistant, "goodbye")
    for other in (one.turn, two.turn):
        with pytest.raises(PromptError, match="Only two replies to the same message"):
            assistant.vote(one.turn or "", other or "", None)
    rival = assistant.rival(one.turn or "").result(60)
    with pytest.raises(PromptError, match="neither of the two replies"):
        assistant.vote(one.turn or "", rival.turn or "", two.turn)
    assert assistant._store.signals(one.turn or "") == []


def test_another_branch_goes_on_from_the_reply_that_was_named(assistant: Assistant, engine: FakeEngine) -> None:
    first = say(assistant, "hello")
    say(assistant, "one", session=first.session)
    leaf = assistant.turn(first.turn or "").reply_message
    say(assistant, "two", session=first.session, parent=leaf)
    assert "one" not in engine.requests[-1].prompt
    assert [m.content for m in assistant.messages(first.session)] == ["hello", "ok", "two", "ok"]


def test_lessons_follow_the_message_and_are_rendered_the_same_later(assistant: Assistant, engine: FakeEngine) -> None:
    lesson = assistant._store.add_lesson("Be brief.", "general", state=LessonState.ACTIVE)
    assistant._store.add_lesson("Set aside.", "general", state=LessonState.NEW)
    first = say(assistant, "hello")
    assert engine.requests[0].prompt == "user\nhello\n\nBe brief.assistant\n"
    assistant.veto(lesson.id)
    say(assistant, "more", session=first.session)
    told, later = engine.requests[0].prompt_ids, engine.requests[1].prompt_ids
    # The sampled reply, then the next message: up to there the prompt is the very same.
    reply = assistant.turn(first.turn or "").token_ids
    assert later[: len(told) + len(reply)] == told + reply
    assert engine.requests[1].prompt.endswith("user\nmoreassistant\n")


def test_a_lesson_of_a_topic_follows_messages_about_it_only(assistant: Assistant, engine: FakeEngine) -> None:
    assistant._store.add_lesson("Comment every line.", "topic: code", state=LessonState.ACTIVE)
    say(assistant, "hello")
    say(assistant, "a python script that says hello")
    assert ["Comment every line." in asked.prompt for asked in engine.requests] == [False, True]


def test_without_lessons_only_the_weights_speak(assistant: Assistant, engine: FakeEngine) -> None:
    assistant._store.add_lesson("Be brief.", "general", state=LessonState.ACTIVE)
    answer = say(assistant, "hello", lessons=False)
    assert "brief" not in engine.requests[0].prompt
    assert assistant.turn(answer.turn or "").use is TurnUse.OPEN


@pytest.mark.parametrize("stopped", [Stop.END, Stop.LENGTH])
def test_the_ids_of_a_reply_are_reused_without_the_token_that_ended_it(
    assistant: Assistant, engine: FakeEngine, stopped: Stop
) -> None:
    engine.enqueue("one two", stopped=stopped)
    turn = assistant.turn(said(assistant, "hello"))
    assert reply_ids(turn, engine) == engine.tokenize("one two")


def test_what_another_model_said_is_read_as_text(open_assistant: Callable[..., Assistant], engine: FakeEngine) -> None:
    assistant = open_assistant(engine)
    session = say(assistant, "hello").session
    assistant._store._db.execute("UPDATE turns SET model = 'other', token_ids = x'07000000'")
    say(assistant, "more", session=session)
    assert "assistant\nok" in engine.requests[-1].prompt


def test_a_session_keeps_its_system_prompt(assistant: Assistant, engine: FakeEngine) -> None:
    session = say(assistant, "hello", system="Be a pirate.").session
    say(assistant, "more", session=session)
    assert all(asked.prompt.startswith("system\nBe a pirate.") for asked in engine.requests)
    with pytest.raises(PromptError, match="keeps the system prompt"):
        assistant.chat("more", session=session, system="Be a poet.")


def test_what_is_said_while_learning_is_off_is_never_learned_from(assistant: Assistant) -> None:
    before = say(assistant, "hello")
    assistant.set_learning(False)
    off = say(assistant, "Keep it short please.", session=before.session)
    assistant.set_learning(True)
    say(assistant, "Please answer in German.", session=before.session)
    assistant._reward.catch_up()
    assert assistant._store.signals(before.turn or "") == []
    turn = assistant.turn(off.turn or "")
    assert (turn.use, turn.reason) == (TurnUse.SKIPPED, "made while learning was off")
    assert assistant.lessons() == []


def test_what_is_said_while_a_chat_does_not_learn_is_never_learned_from(assistant: Assistant) -> None:
    session = say(assistant, "hello").session
    assistant.set_session_learning(session, False)
    off = say(assistant, "more", session=session)
    assistant.set_session_learning(session, True)
    assistant.rate(off.turn or "", "bad")
    turn = assistant.turn(off.turn or "")
    assert (turn.use, turn.reason) == (TurnUse.SKIPPED, "made while learning was off for this chat")
