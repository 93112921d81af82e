"""Signals, verdicts, and what the trainer is offered."""

from __future__ import annotations

from typing import Any

import pytest

from clawlocal.errors import NotFound
from clawlocal.records import SignalKind, TurnUse, Verdict
from clawlocal.store import Store

NOTHING = dict.fromkeys(("open", "queued", "used", "skipped", "hints", "bad", "hints_dropped", "others", "foreign"), 0)


def test_a_signal_as_it_was_given(store: Store, talk: Any) -> None:
    turn = talk.turn()
    signal = store.add_signal(turn.id, SignalKind.CORRECTION, -1, "in metres")
    assert store.signals(turn.id) == [signal]
    assert (signal.kind, signal.value, signal.text) == (SignalKind.CORRECTION, -1, "in metres")


def test_a_signal_on_nothing(store: Store) -> None:
    with pytest.raises(NotFound, match="no turn nothing"):
        store.add_signal("nothing", SignalKind.THUMB, 1, "")


def test_unjudged_are_those_worth_judging_oldest_first(store: Store, talk: Any) -> None:
    learning, private = talk.session(), talk.session(learning=False)
    turns = [talk.turn(learning), talk.turn(private), talk.turn(learning, stopped="cancelled")]
    turns += [talk.turn(learning, stopped="failed"), talk.turn(learning, stopped="length")]
    given = [store.add_signal(turn.id, SignalKind.MESSAGE, 0, "thanks") for turn in turns]
    assert store.unjudged() == [given[0], given[4]]
    store.add_verdict(Verdict(turns[0].id, given[0].id, 1, (1, 1), 0.5, False, "model", "thanks"))
    assert store.unjudged() == [given[4]]
    store.set_session_learning(private, True)
    assert store.unjudged() == [given[1], given[4]]


def test_a_verdict_as_it_was_given(store: Store, talk: Any) -> None:
    turn = talk.turn()
    signal = store.add_signal(turn.id, SignalKind.MESSAGE, 0, "hm")
    verdict = Verdict(turn.id, signal.id, 0, (1, -1, 0), 0.25, True, "model", "no majority", "", "too short")
    store.add_verdict(verdict, TurnUse.SKIPPED, "abstained")
    assert store.verdicts(turn.id) == [verdict]
    assert store.effective_verdict(turn.id) == verdict
    assert (store.turn(turn.id).use, store.turn(turn.id).reason) == (TurnUse.SKIPPED, "abstained")
    assert store.skip_counts() == {"abstained": 1}


def test_judging_a_signal_again_replaces_its_verdict(store: Store, talk: Any) -> None:
    turn = talk.turn()
    signal = store.add_signal(turn.id, SignalKind.MESSAGE, 0, "hm")
    for value in (1, -1):
        store.add_verdict(Verdict(turn.id, signal.id, value, (value,), 1.0, False, "model", ""), TurnUse.QUEUED)
    assert [v.value for v in store.verdicts(turn.id)] == [-1]
    assert store.judged_count() == 1


def test_a_verdict_and_the_use_go_together(store: Store, talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = talk.turn()
    signal = store.add_signal(turn.id, SignalKind.THUMB, 1, "")

    def fail(_: str) -> None:
        raise MemoryError

    monkeypatch.setattr(store, "_counting", fail)
    with pytest.raises(MemoryError):
        store.add_verdict(Verdict(turn.id, signal.id, 1, (1,), 1.0, False, "explicit", ""), TurnUse.QUEUED)
    assert store.verdicts(turn.id) == []
    assert store.turn(turn.id).use is TurnUse.OPEN


@pytest.mark.parametrize("kind", sorted(set(SignalKind) - {SignalKind.MESSAGE, SignalKind.VOTE}))
def test_an_explicit_signal_wins_over_a_message_before_and_after_it(store: Store, talk: Any, kind: SignalKind) -> None:
    turn = talk.turn()
    talk.judge(turn.id, 1, SignalKind.MESSAGE)
    said = talk.judge(turn.id, -1, kind)
    talk.judge(turn.id, 1, SignalKind.MESSAGE, use=TurnUse.SKIPPED, reason="abstained")
    assert store.effective_verdict(turn.id) == said
    assert store.turn(turn.id).use is TurnUse.QUEUED


def test_a_vote_counts_as_a_message_does(store: Store, talk: Any) -> None:
    turn = talk.turn()
    talk.judge(turn.id, -1, SignalKind.MESSAGE)
    for value, kind in ((1, SignalKind.VOTE), (-1, SignalKind.MESSAGE), (1, SignalKind.THUMB)):
        judged = talk.judge(turn.id, value, kind)
        assert store.effective_verdict(turn.id) == judged
    talk.judge(turn.id, -1, SignalKind.VOTE)
    assert store.effective_verdict(turn.id) == judged


def test_a_later_explicit_signal_supersedes_an_earlier(store: Store, talk: Any) -> None:
    turn = talk.turn()
    talk.judge(turn.id, 1)
    second = talk.judge(turn.id, -1, SignalKind.RETRY)
    assert store.effective_verdict(turn.id) == second


def test_a_hint_lives_on_under_a_verdict_of_the_same_value(store: Store, talk: Any) -> None:
    turn = talk.turn()
    talk.judge(turn.id, -1, SignalKind.CORRECTION, hint="Use metres.")
    talk.judge(turn.id, -1, SignalKind.RETRY)
    assert store.effective_verdict(turn.id).hint == "Use metres."
    talk.judge(turn.id, 1)
    assert store.effective_verdict(turn.id).hint == ""


def test_no_verdict(store: Store, talk: Any) -> None:
    assert store.effective_verdict(talk.turn().id) is None


def test_the_queue_is_what_waits_in_sessions_that_learn(store: Store, talk: Any) -> None:
    hinted, plain = talk.turn(), talk.turn()
    talk.judge(plain.id)
    talk.judge(hinted.id, -1, SignalKind.CORRECTION, "Use metres.")
    talk.turn()
    private = talk.queued()
    store.set_session_learning(private.session, False)
    assert [(q.turn.id, q.verdict.value, q.attempts) for q in store.queue()] == [
        (hinted.id, -1, 0),
        (plain.id, 1, 0),
    ]
    assert store.queue_counts() == NOTHING | {"open": 1, "queued": 2, "hints": 1, "bad": 1}
    assert store.queue()[0].turn == store.turn(hinted.id)


def test_the_queue_of_an_empty_store(store: Store) -> None:
    assert store.queue() == []
    assert store.queue_counts() == NOTHING
    assert store.skip_counts() == {}
    assert store.judged_count() == 0


def test_what_a_remote_wrote_waits_for_the_model_that_it_was_or_for_none(store: Store, talk: Any) -> None:
    there = {"model": "gpu/heron", "remote": "gpu"}
    own = talk.queued(**there, policy="smollm2-135m")
    foreign = talk.queued(**there, no_policy="unknown")
    counts = [store.queue_counts(model) for model in (None, "smollm2-135m", "other", "gpu/heron")]
    assert [(c["queued"], c["others"], c["foreign"]) for c in counts] == [(1, 0, 1), (1, 0, 1), (0, 1, 1), (0, 1, 1)]
    assert (own.policy, foreign.policy, [turn.id for turn in store.foreign()]) == ("smollm2-135m", None, [foreign.id])


def test_a_reply_here_in_place_of_one_of_a_remote_is_preferred_where_both_are_of_one_model(
    store: Store, talk: Any
) -> None:
    for policy in ("smollm2-135m", None):
        old = talk.queued(model="gpu/heron", remote="gpu", policy=policy)
        store.add_signal(old.id, SignalKind.RETRY, -1, "")
        talk.judge(old.id, -1, SignalKind.RETRY)
        new = talk.reply(old.session, old.user_message, token_ids=(9,), logprobs=(-1.0,))
        talk.judge(new.id, 1)
        store.add_message(old.session, new.reply_message, "user", "And then?")
        found = [(a.id, b.id) for a, b in store.kept_retries("smollm2-135m", TurnUse.QUEUED)]
        assert ((old.id, new.id) in found) is (policy is not None)
