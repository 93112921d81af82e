"""Turns: on disk with their reply, exact, and forgotten without a trace."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal.errors import StoreError
from clawlocal.records import SignalKind, TurnUse, Verdict
from clawlocal.store import Store, turns


def test_a_turn_comes_with_its_reply(store: Store, talk: Any) -> None:
    turn = talk.turn(prompt="What?", reply="That.")
    assert store.turn(turn.id) == turn
    assert (turn.prompt_ids, turn.token_ids, turn.logprobs) == ((1, 2, 3), (7, 8), (-0.25, -1.5))
    assert (turn.use, turn.reason, turn.rating) == (TurnUse.OPEN, "", 0)
    reply = store.message(turn.reply_message)
    assert (reply.role, reply.content, reply.parent, reply.turn) == (
        "assistant",
        "That.",
        turn.user_message,
        turn.id,
    )


def test_a_reply_without_its_turn_is_never_on_disk(store: Store, talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user = store.add_message(talk.session(), None, "user", "hi")

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(turns, "insert_named", fail)
    with pytest.raises(MemoryError):
        talk.reply(user.session, user.id)
    assert [m.id for m in store.messages(user.session)] == [user.id]


@pytest.mark.parametrize("stopped", ["cancelled", "failed"])
def test_a_reply_that_was_cut_off_is_skipped_whatever_is_said_of_it(store: Store, talk: Any, stopped: str) -> None:
    turn = talk.turn(stopped=stopped)
    assert (turn.use, turn.reason) == (TurnUse.SKIPPED, stopped)
    talk.judge(turn.id, -1, SignalKind.CORRECTION, "Say more.")
    assert (store.turn(turn.id).use, store.turn(turn.id).reason) == (TurnUse.SKIPPED, stopped)
    assert store.queue() == []


def test_turns_of_a_session(store: Store, talk: Any) -> None:
    session = talk.session()
    assert store.latest_turn(session) is None
    first, second = talk.turn(session), talk.turn(session)
    assert store.turns(session) == [first, second]
    assert store.latest_turn(session) == second
    assert store.resolve_turn(first.id[:9]) == first.id


def test_use_and_rating(store: Store, talk: Any) -> None:
    turn = talk.turn()
    store.set_rating(turn.id, -1)
    store.set_turn_use(turn.id, TurnUse.SKIPPED, "no tokens")
    found = store.turn(turn.id)
    assert (found.rating, found.use, found.reason) == (-1, TurnUse.SKIPPED, "no tokens")


def test_used_is_for_ever(store: Store, talk: Any) -> None:
    turn = talk.queued()
    talk.publish([turn.id])
    with pytest.raises(StoreError, match="already"):
        store.set_turn_use(turn.id, TurnUse.QUEUED)
    talk.judge(turn.id, -1)
    assert store.turn(turn.id).use is TurnUse.USED


@settings(deadline=None)
@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_ids_come_back(ids: list[int]) -> None:
    assert turns.unpack_ids(turns.pack_ids(ids)) == tuple(ids)


@settings(deadline=None)
@given(st.lists(st.floats()))
def test_logprobs_come_back_bit_for_bit(values: list[float]) -> None:
    found = turns.unpack_floats(turns.pack_floats(values))
    assert [struct.pack("d", x) for x in found] == [struct.pack("d", x) for x in values]


def test_deleting_a_turn_closes_the_gap(store: Store, talk: Any) -> None:
    session = talk.session()
    first = talk.turn(session, prompt="a", reply="b")
    second = talk.turn(session, first.reply_message, prompt="c", reply="d")
    talk.turn(session, second.reply_message, prompt="e", reply="f")
    store.delete_turn(second.id)
    assert [m.content for m in store.branch(session)] == ["a", "b", "e", "f"]
    assert store.session(session).turns == 2
    store.delete_turn(first.id)
    assert [m.content for m in store.branch(session)] == ["e", "f"]


def test_deleting_one_of_two_replies_keeps_the_prompt(store: Store, talk: Any) -> None:
    first = talk.turn(prompt="a", reply="b")
    second = talk.reply(first.session, first.user_message, "c")
    store.delete_turn(second.id)
    assert [m.content for m in store.branch(first.session)] == ["a", "b"]
    store.delete_turn(first.id)
    assert store.messages(first.session) == []


def test_a_deleted_turns_text_is_nowhere(store: Store, talk: Any, path: Path) -> None:
    """Neither as the signal before, nor in a later prompt, a lesson, a receipt, a free page."""
    session, secret = talk.session(), "xyzzy plugh"
    before = talk.turn(session)
    gone = talk.turn(session, before.reply_message, prompt=secret, reply=secret, prompt_ids=(4242, 4343))
    after = talk.queued(session, parent=gone.reply_message, prompt_ids=(1, 4242, 4343))
    store.add_signal(before.id, SignalKind.MESSAGE, 0, secret)
    store.add_signal(gone.id, SignalKind.CORRECTION, -1, secret)
    lesson = store.add_lesson(secret, turns=[gone.id])
    talk.publish([], [lesson.id])
    store.delete_turn(gone.id)
    found = store.turn(after.id)
    assert (found.prompt_ids, found.use, found.reason) == ((), TurnUse.SKIPPED, "prompt forgotten")
    assert store.signals(before.id) == []
    assert store.lessons() == []
    assert store.history()[0].lessons == [{"id": lesson.id, "text": "(forgotten)"}]
    store.close()
    data = path.read_bytes()
    assert secret.encode() not in data
    assert turns.pack_ids((4242, 4343)) not in data


def test_what_disapproves_wishes_or_thanks_is_no_prompt_to_practise_on(store: Store, talk: Any) -> None:
    first = talk.turn(prompt="What is a heron?")
    for value, hint, text in (
        (-1, "", "wrong"),
        (0, "Use metres.", "in metres please"),
        (1, "", "And a stork?"),
        (1, "", "great, got it"),
    ):
        talk.turn(first.session, first.reply_message, text)
        signal = store.add_signal(first.id, SignalKind.MESSAGE, 0, text)
        store.add_verdict(Verdict(first.id, signal.id, value, (value,), 1.0, False, "small", "", hint))
    assert store.recent_prompts(8) == ["And a stork?", "What is a heron?"]
