"""Events, switches, and the purge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clawlocal.records import SignalKind
from clawlocal.store import Store


def test_events_after_one(store: Store) -> None:
    first = store.add_event("judged", "A turn was judged.", {"turn": "x", "votes": [1, -1]})
    second = store.add_event("learned", "It learned.")
    assert store.events() == [first, second]
    assert store.events(after=first.id) == [second]
    assert store.events(after=second.id) == []
    assert store.events(limit=1) == [first]


def test_state(store: Store) -> None:
    assert store.get_state("request") is None
    assert store.get_state("request", "none") == "none"
    store.set_state("request", "learn now")
    store.set_state("request", "learn later")
    assert store.get_state("request") == "learn later"
    assert store.take_state("request") == "learn later"
    assert store.take_state("request") is None
    store.set_state("request", "x")
    store.set_state("request", None)
    assert store.get_state("request") is None


def test_learning_is_on_until_it_is_turned_off(store: Store, path: Path) -> None:
    assert store.learning()
    store.set_learning(False)
    with Store.open(path) as other:
        assert not other.learning()
        other.set_learning(True)
    assert store.learning()


def test_purge_leaves_the_schema_and_nothing_else(store: Store, talk: Any, path: Path) -> None:
    secret = "xyzzy plugh"
    turn = talk.queued(prompt=secret, reply=secret)
    store.add_signal(turn.id, SignalKind.CORRECTION, -1, secret)
    lesson = store.add_lesson(secret, turns=[turn.id])
    talk.publish([turn.id], [lesson.id])
    talk.reject([])
    store.set_state("note", secret)
    talk.turn(reply="x" * 500_000)
    store.purge()
    assert store._db.value("PRAGMA freelist_count") == 0
    assert path.stat().st_size < 500_000
    tables = [row["name"] for row in store._db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    keep = ("_sqlite_migrations", "messages_text")
    left = {name: store._db.value(f"SELECT count(*) FROM {name}") for name in tables if not name.startswith(keep)}
    assert set(left.values()) == {0}
    assert len(left) >= 14
    for file in path.parent.glob("clawlocal.db*"):
        assert secret.encode() not in file.read_bytes()
        assert turn.id.encode() not in file.read_bytes()
    assert store.search("xyzzy") == []
    talk.publish([talk.queued(prompt=secret).id])
    assert (store.live("smollm2-135m").version, len(store.search("xyzzy"))) == ("v1", 1)


def test_several_calls_as_one(store: Store, talk: Any) -> None:
    try:
        with store.transaction():
            talk.turn()
            raise KeyError
    except KeyError:
        pass
    assert store.sessions() == []
