"""Sessions, messages as a tree, and ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal.errors import NotFound
from clawlocal.store import Store, stamp


def test_a_session_as_it_was_made(store: Store) -> None:
    made = store.add_session("m", "Be brief.", "Birds", learning=False)
    assert store.session(made.id) == made
    assert re.fullmatch(r"[a-z0-9]{10}", made.id)
    assert (made.model, made.system, made.title, made.learning, made.turns) == (
        "m",
        "Be brief.",
        "Birds",
        False,
        0,
    )
    when = datetime.fromisoformat(made.created)
    assert when.utcoffset() == timedelta(0)
    assert re.search(r"\.\d{6}\+00:00$", made.created)
    assert when <= datetime.now(UTC)


def test_a_message_brings_its_session_to_the_top(store: Store) -> None:
    first, second = store.add_session("m", ""), store.add_session("m", "")
    assert [s.id for s in store.sessions()] == [second.id, first.id]
    store.add_message(first.id, None, "user", "hi")
    assert [s.id for s in store.sessions()] == [first.id, second.id]
    assert [s.id for s in store.sessions(limit=1)] == [first.id]


def test_turns_are_counted(store: Store, talk: Any) -> None:
    turn = talk.turn()
    talk.reply(turn.session, turn.user_message)
    assert store.session(turn.session).turns == 2


def test_rename_and_learning(store: Store) -> None:
    made = store.add_session("m", "")
    store.rename(made.id, "Herons")
    store.set_session_learning(made.id, False)
    assert (store.session(made.id).title, store.session(made.id).learning) == ("Herons", False)


def test_what_is_not_there_is_said_so(store: Store) -> None:
    session = store.add_session("m", "")
    other = store.add_session("m", "")
    elsewhere = store.add_message(other.id, None, "user", "hi")
    for call in (
        lambda: store.session("nothing"),
        lambda: store.rename("nothing", "x"),
        lambda: store.set_session_learning("nothing", True),
        lambda: store.delete_session("nothing"),
        lambda: store.add_message("nothing", None, "user", "x"),
        lambda: store.add_message(session.id, "nothing", "user", "x"),
        lambda: store.add_message(session.id, elsewhere.id, "user", "x"),
        lambda: store.branch(session.id, elsewhere.id),
        lambda: store.branch_to("nothing"),
        lambda: store.message("nothing"),
        lambda: store.turn("nothing"),
        lambda: store.set_rating("nothing", 1),
        lambda: store.set_turn_use("nothing", "queued"),
        lambda: store.delete_turn("nothing"),
    ):
        with pytest.raises(NotFound):
            call()


def test_the_newest_branch_is_the_one_written_last(store: Store, talk: Any) -> None:
    session = talk.session()
    first = talk.turn(session, prompt="a", reply="b")
    second = talk.turn(session, first.reply_message, prompt="c", reply="d")
    retried = talk.reply(session, second.user_message, "e")
    assert [m.content for m in store.branch(session)] == ["a", "b", "c", "e"]
    assert [m.turn for m in store.branch(session)] == [None, first.id, None, retried.id]
    assert [m.content for m in store.branch(session, second.reply_message)] == ["a", "b", "c", "d"]
    edited = talk.turn(session, prompt="f", reply="g")
    assert [m.content for m in store.branch(session)] == ["f", "g"]
    assert [m.content for m in store.branch_to(first.reply_message)] == ["a", "b"]
    assert [m.content for m in store.messages(session)] == ["a", "b", "c", "d", "e", "f", "g"]
    assert store.message(edited.user_message).parent is None


def test_an_empty_session_has_an_empty_branch(store: Store, talk: Any) -> None:
    assert store.branch(talk.session()) == []


def test_a_note_stays_beside_the_message(store: Store, talk: Any) -> None:
    message = store.add_message(talk.session(), None, "user", "hi", note="Be brief.")
    assert store.message(message.id).note == "Be brief."
    assert store.message(message.id).content == "hi"


def test_deleting_takes_all_of_a_session_and_nothing_else(store: Store, talk: Any) -> None:
    gone, kept = talk.queued(), talk.queued()
    only = store.add_lesson("Be brief.", turns=[gone.id])
    both = store.add_lesson("Use metric units.", turns=[gone.id, kept.id])
    own = store.add_lesson("Call me Kim.")
    store.delete_session(gone.session)
    for table in ("sessions", "turns", "signals", "verdicts"):
        assert store._db.value(f"SELECT count(*) FROM {table}") == 1
    assert store._db.value("SELECT count(*) FROM messages") == 2
    assert [x.id for x in store.lessons()] == [both.id, own.id]
    assert store.lesson(both.id).turns == (kept.id,)
    assert only.id not in [x.id for x in store.lessons()]
    assert len(store.search("heron")) == 1


def test_a_conversation_of_thousands_of_messages_can_be_read_and_deleted(store: Store, talk: Any) -> None:
    session = talk.session()
    with store.transaction():
        parent = None
        for n in range(3000):
            parent = store.add_message(session, parent, "user", str(n)).id
    assert [m.content for m in store.branch(session)] == [str(n) for n in range(3000)]
    store.delete_session(session)
    assert store.sessions() == []


def test_search_finds_whole_words_and_the_beginning_of_the_last(store: Store, talk: Any) -> None:
    session = talk.session()
    for text in ("the heron fishes", "Hérons sleep", 'say "quote" AND NOT or*', "nothing"):
        store.add_message(session, None, "user", text)

    def found(text: str) -> set[str]:
        return {m.content for m in store.search(text)}

    assert found("heron") == {"the heron fishes", "Hérons sleep"}
    assert found("fishes her") == {"the heron fishes"}
    assert found('"quote" AND') == {'say "quote" AND NOT or*'}
    assert found("fis the") == set()
    assert found("   ") == set()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples of a property."""
    with Store.open(tmp_path_factory.mktemp("shared") / "clawlocal.db") as store:
        store._db.execute("PRAGMA synchronous = OFF")
        yield store


@settings(deadline=None)
@given(text=st.text())
def test_any_text_may_be_searched_for(shared: Store, text: str) -> None:
    shared.search(text)


@settings(deadline=None)
@given(content=st.text(), note=st.text())
def test_any_text_comes_back_as_it_was(shared: Store, content: str, note: str) -> None:
    session = shared.add_session("m", content, content)
    assert (session.system, session.title) == (content, content)
    message = shared.add_message(session.id, None, "user", content, note)
    assert (message.content, message.note) == (content, note)


def test_bytes_that_are_no_text_are_kept_as_far_as_they_are(store: Store) -> None:
    session = store.add_session("m", "", "caf\udce9 noir")
    assert session.title == "caf? noir"


def test_ids_are_short_and_differ() -> None:
    ids = [stamp.new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert all(re.fullmatch(r"[a-z0-9]{10}", name) for name in ids)


IDS = st.sets(st.text("az01", min_size=10, max_size=10), max_size=20)


@settings(deadline=None)
@given(ids=IDS, prefix=st.text("az01{AZ%_*", max_size=10))
def test_a_prefix_resolves_exactly_when_one_id_begins_with_it(shared: Store, ids: set[str], prefix: str) -> None:
    row = {"title": "", "created": "", "updated": "", "model": "", "system": "", "learning": 1}
    with shared.transaction():
        shared._db.execute("DELETE FROM sessions")
        for name in ids:
            shared._db.insert("sessions", {"id": name, **row})
    meant = [name for name in ids if prefix and name.startswith(prefix.lower())]
    if len(meant) == 1:
        assert shared.resolve_session(prefix) == meant[0]
        return
    with pytest.raises(NotFound) as error:
        shared.resolve_session(prefix)
    if meant:
        assert sum(name in str(error.value) for name in meant) == min(5, len(meant))


def test_an_ambiguous_prefix_lists_its_candidates(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["heronaaaaa", "heronbbbbb", "owlcccccc0"])
    monkeypatch.setattr(stamp, "new_id", lambda: next(drawn))
    for title in ("Birds", "", "Owls"):
        store.add_session("m", "", title)
    assert store.resolve_session("o") == "owlcccccc0"
    assert store.resolve_session(" HERONA ") == "heronaaaaa"
    with pytest.raises(NotFound, match=r"'heron' may be any of these sessions: heronaaaaa \(Birds\), heronbbbbb\."):
        store.resolve_session("heron")
    with pytest.raises(NotFound, match=r"no session 'x'"):
        store.resolve_session("x")
    with pytest.raises(NotFound):
        store.resolve_turn("heron")


def test_an_id_that_is_taken_is_drawn_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["a" * 10, "a" * 10, "b" * 10])
    monkeypatch.setattr(stamp, "new_id", lambda: next(drawn))
    assert [store.add_session("m", "").id, store.add_session("m", "").id] == ["a" * 10, "b" * 10]
