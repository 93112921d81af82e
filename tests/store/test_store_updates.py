"""Updates: published, rejected, interrupted; each turn consumed once; one version live."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawlocal.errors import AdapterError, ClawlocalError, NotFound, StoreError
from clawlocal.records import AdapterState, LessonState, TurnUse, UpdateStatus
from clawlocal.store import Store, adapters, updates

MODEL = "smollm2-135m"


def test_publishing_does_all_of_it(store: Store, talk: Any) -> None:
    turns = [talk.queued().id for _ in range(2)]
    lesson = store.add_lesson("Be brief", state=LessonState.ACTIVE)
    receipt = talk.publish(turns, [lesson.id])
    assert receipt == store.update(1) == store.last_update() == store.history()[0]
    assert (receipt.status, receipt.version, receipt.parent) == (UpdateStatus.PUBLISHED, "v1", None)
    assert (receipt.samples, receipt.metrics, receipt.seconds) == ({"rl": 2}, {"loss": 0.5}, 2.0)
    assert receipt.lessons == [{"id": lesson.id, "text": "Be brief"}]
    assert store.live(MODEL) == store.adapter("v1", MODEL)
    assert {store.turn(turn).use for turn in turns} == {TurnUse.USED}
    assert store.update_turns(1) == sorted(turns)
    assert store.turn_updates(turns[0]) == [1]
    assert store.lesson(lesson.id).state is LessonState.LEARNED
    assert [(e.kind, e.text, e.data["version"]) for e in store.events()] == [
        ("published", "v1 is live. It learned from 2 turns.", "v1")
    ]


def test_the_one_before_is_kept(store: Store, talk: Any) -> None:
    talk.publish()
    receipt = talk.publish()
    assert (receipt.version, receipt.parent) == ("v2", "v1")
    assert [(a.version, a.state) for a in store.adapters()] == [
        ("v1", AdapterState.KEPT),
        ("v2", AdapterState.LIVE),
    ]


@pytest.mark.parametrize("step", ["_record", "_teach", "_end", "add_adapter", "_switch", "settle_lessons", "add_event"])
def test_publishing_that_breaks_anywhere_changes_nothing(
    store: Store, talk: Any, content: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    talk.publish()
    turns = [talk.queued().id for _ in range(2)]
    lesson = store.add_lesson("Be brief")
    update, adapter = talk.start(), talk.adapter()
    before = content()
    done = getattr(store, step)

    def fail(*args: Any) -> None:
        done(*args)
        raise MemoryError

    monkeypatch.setattr(store, step, fail)
    results: Any = {"samples": {}, "metrics": {}, "gate": {}, "seconds": 1.0}
    with pytest.raises(MemoryError):
        store.publish(update, adapter, turns, [lesson.id], **results)
    assert content() == before
    monkeypatch.undo()
    store.publish(update, adapter, turns, [lesson.id], **results)
    assert store.live(MODEL) == dataclasses.replace(adapter, state=AdapterState.LIVE, created=store.live(MODEL).created)


def test_a_turn_is_used_once(store: Store, talk: Any, content: Any) -> None:
    used, fresh = talk.queued().id, talk.queued().id
    talk.publish([used])
    update, _ = talk.start(), store.next_version(MODEL)
    with pytest.raises(StoreError, match=f"{used} was used before"):
        talk.publish([fresh, used], update=update)
    assert store.turn(fresh).use is TurnUse.QUEUED
    assert store.update_turns(update) == []
    assert store.live(MODEL).version == "v1"


def test_a_turn_named_twice_is_refused(store: Store, talk: Any) -> None:
    turn = talk.queued().id
    with pytest.raises(StoreError):
        talk.publish([turn, turn])
    assert store.turn(turn).use is TurnUse.QUEUED


def test_a_turn_deleted_while_it_was_trained_on_is_not_published(store: Store, talk: Any) -> None:
    gone, kept = talk.queued(), talk.queued()
    update = talk.start()
    store.delete_session(gone.session)
    with pytest.raises(NotFound, match=gone.id):
        talk.publish([kept.id, gone.id], update=update)
    assert store.live(MODEL) is None
    assert store.turn(kept.id).use is TurnUse.QUEUED


def test_a_rollback_while_it_was_trained_is_not_overruled(store: Store, talk: Any) -> None:
    talk.publish()
    talk.publish()
    update = talk.start()
    store.set_live("v1", MODEL)
    with pytest.raises(StoreError, match="Another version went live"):
        talk.publish(update=update)
    assert store.live(MODEL).version == "v1"


def test_which_turns_taught_what_is_known_after_they_are_gone(store: Store, talk: Any) -> None:
    turn = talk.queued()
    talk.publish([turn.id])
    store.delete_session(turn.session)
    assert store.update_turns(1) == [turn.id]
    assert store.turn_updates(turn.id) == [1]


def test_rejected_twice_is_skipped(store: Store, talk: Any) -> None:
    turn = talk.queued().id
    receipt = talk.reject([turn])
    assert (receipt.status, receipt.version, receipt.reason) == (UpdateStatus.REJECTED, None, "KL too high")
    assert [(q.turn.id, q.attempts) for q in store.queue()] == [(turn, 1)]
    talk.reject([turn])
    assert store.queue() == []
    assert (store.turn(turn).use, store.turn(turn).reason) == (TurnUse.SKIPPED, "rejected twice")
    assert store.skip_counts() == {"rejected twice": 1}
    assert store.turn_updates(turn) == []
    assert [e.kind for e in store.events()] == ["rejected", "rejected"]


def test_a_new_word_on_a_rejected_turn_gives_it_two_more_tries(store: Store, talk: Any) -> None:
    turn = talk.queued().id
    talk.reject([turn])
    talk.reject([turn])
    talk.judge(turn, -1)
    talk.reject([turn])
    assert [q.attempts for q in store.queue()] == [1]


def test_an_update_ends_once(store: Store, talk: Any) -> None:
    update = talk.start()
    assert store.history()[0].status is UpdateStatus.RUNNING
    assert store.last_update() is None
    store.finish_update(update, UpdateStatus.FAILED, reason="out of memory", seconds=3.0)
    assert (store.last_update().status, store.last_update().reason) == (UpdateStatus.FAILED, "out of memory")
    for again in (
        lambda: store.finish_update(update, UpdateStatus.NOTHING),
        lambda: talk.publish(update=update),
    ):
        with pytest.raises(StoreError, match="has ended already: failed"):
            again()
    with pytest.raises(NotFound):
        store.finish_update(99, UpdateStatus.FAILED)
    with pytest.raises(NotFound):
        store.update(99)


def test_a_receipt_begins_with_all_its_parts(store: Store, talk: Any) -> None:
    receipt = store.update(talk.start())
    assert receipt.samples == {"rl": 0, "opd": 0, "rehearsed": 0, "skipped": {}}
    assert receipt.gate == {"passed": False, "checks": []}


def test_recover_ends_what_a_crash_left_running(store: Store, talk: Any) -> None:
    turn = talk.queued().id
    talk.publish()
    left = talk.start()
    assert [(r.update, r.status, r.reason) for r in store.recover()] == [(left, UpdateStatus.FAILED, "interrupted")]
    assert store.recover() == []
    assert store.queue()[0].turn.id == turn
    assert store.update(1).status is UpdateStatus.PUBLISHED
    assert store.events()[-1].kind == "failed"


def test_versions_are_never_given_twice(store: Store, talk: Any) -> None:
    assert [store.next_version(MODEL) for _ in range(3)] == ["v1", "v2", "v3"]
    assert store.next_version("another") == "v1"
    talk.publish()
    store.set_live(None, MODEL)
    store.delete_adapter("v4", MODEL)
    assert store.next_version(MODEL) == "v5"


def test_rollback_to_what_is_not_there_changes_nothing(store: Store, talk: Any) -> None:
    talk.publish()
    with pytest.raises(NotFound, match=r"no adapter version v9.*adapters list"):
        store.set_live("v9", MODEL)
    assert store.live(MODEL).version == "v1"


def test_rollback_is_one_transaction(store: Store, talk: Any, content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    talk.publish([], [store.add_lesson("one").id])
    before = content()

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(adapters.Events, "add_event", fail)
    with pytest.raises(MemoryError):
        store.set_live(None, MODEL)
    assert content() == before


def test_two_live_versions_cannot_be(store: Store, talk: Any) -> None:
    talk.publish()
    talk.publish()
    with pytest.raises(Exception, match="UNIQUE"):
        store._db.execute("UPDATE adapters SET state = 'live'")


def test_every_model_has_its_own_live_version(store: Store, talk: Any) -> None:
    talk.publish()
    other = dataclasses.replace(talk.adapter(), model="other", version="v1", parent=None)
    update = store.start_update("other", None)
    store.publish(update, other, [], samples={}, metrics={}, gate={}, seconds=1)
    assert (store.live(MODEL).version, store.live("other").version) == ("v1", "v1")
    assert [a.model for a in store.adapters("other")] == ["other"]
    with pytest.raises(NotFound):
        store.publish(talk.start(), other, [], samples={}, metrics={}, gate={}, seconds=1)


def test_an_adapter_from_elsewhere(store: Store, talk: Any) -> None:
    talk.publish()
    brought = dataclasses.replace(talk.adapter(), state=AdapterState.LIVE, parent=None)
    assert store.add_adapter(brought).state is AdapterState.KEPT
    with pytest.raises(AdapterError, match="already"):
        store.add_adapter(brought)
    store.set_live(brought.version, MODEL)
    with pytest.raises(AdapterError, match=r"is live. Roll back first"):
        store.delete_adapter(brought.version, MODEL)
    store.delete_adapter("v1", MODEL)
    with pytest.raises(NotFound):
        store.delete_adapter("v1", MODEL)


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["publish", "reject", "judge", "crash"]), st.sets(st.integers(0, 4))),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(actions=ACTIONS)
def test_whatever_happens_each_turn_is_consumed_at_most_once(
    tmp_path_factory: pytest.TempPathFactory, talking: Any, actions: list[tuple[str, set[int]]]
) -> None:
    with Store.open(tmp_path_factory.mktemp("once") / "clawlocal.db") as store:
        store._db.execute("PRAGMA synchronous = OFF")
        talk = talking(store)
        session = talk.session()
        turns = [talk.queued(session).id for _ in range(5)]
        for action, chosen in actions:
            _act(talk, action, [turns[n] for n in sorted(chosen)])
        published = [r.update for r in store.history() if r.status is UpdateStatus.PUBLISHED]
        consumed = Counter(turn for update in published for turn in store.update_turns(update))
        assert all(n == 1 for n in consumed.values())
        assert {t.id for t in store.turns(session) if t.use is TurnUse.USED} == set(consumed)
        assert not {q.turn.id for q in store.queue()} & set(consumed)
        assert sum(a.state is AdapterState.LIVE for a in store.adapters()) == bool(published)


def _act(talk: Any, action: str, turns: list[str]) -> None:
    try:
        match action:
            case "publish":
                talk.publish(turns)
            case "reject":
                talk.reject(turns)
            case "judge":
                for turn in turns:
                    talk.judge(turn, -1)
            case "crash":
                talk.start()
                talk.store.recover()
    except ClawlocalError:
        talk.store.recover()


def test_the_limit_of_tries_is_the_promised_one() -> None:
    assert updates.MAX_ATTEMPTS == 2
