"""The connection: transactions, threads, and faults in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clawlocal.errors import NotFound, StoreError
from clawlocal.store import Store
from clawlocal.store.database import Database


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path)
    database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    yield database
    database.close()


def numbers(database: Database) -> list[int]:
    return [row["n"] for row in database.rows("SELECT n FROM t ORDER BY n")]


def test_it_writes_ahead_and_syncs_every_commit(database: Database) -> None:
    assert database.value("PRAGMA journal_mode") == "wal"
    assert database.value("PRAGMA synchronous") == 2
    assert database.value("PRAGMA foreign_keys") == 1
    assert database.value("PRAGMA busy_timeout") == 5000


def test_a_new_file_that_another_process_is_writing_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE t (n)")
    other.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr("clawlocal.store.database.time.sleep", sleep)
    Database(path).close()
    other.close()
    assert len(waits) == 3


@pytest.mark.skipif(os.name == "nt", reason="no modes")
def test_its_files_are_the_owners_alone(path: Path, database: Database) -> None:
    files = [path, *path.parent.glob("clawlocal.db-*")]
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_an_error_in_the_middle_undoes_the_transaction(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction():
        database.insert("t", {"n": 1})
        raise KeyError
    assert numbers(database) == []


def test_an_inner_transaction_is_undone_alone(database: Database) -> None:
    with database.transaction():
        database.insert("t", {"n": 1})
        with pytest.raises(KeyError), database.transaction():
            database.insert("t", {"n": 2})
            raise KeyError
        with database.transaction():
            database.insert("t", {"n": 3})
    assert numbers(database) == [1, 3]


def test_an_outer_error_undoes_what_an_inner_transaction_did(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction():
        with database.transaction():
            database.insert("t", {"n": 1})
        raise KeyError
    assert numbers(database) == []


def test_another_thread_does_not_slip_into_a_transaction(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyError), database.transaction():
            database.insert("t", {"n": 1})
            outside = pool.submit(database.insert, "t", {"n": 2})
            raise KeyError
        outside.result()
    assert numbers(database) == [2]


def test_a_snapshot_waits_for_no_writer(path: Path, database: Database) -> None:
    other = Database(path)
    with other.transaction():
        other.insert("t", {"n": 1})
        with database.snapshot():
            assert numbers(database) == []
    assert numbers(database) == [1]
    other.close()


def test_a_write_after_a_read_in_a_transaction_never_meets_a_stale_snapshot(path: Path, database: Database) -> None:
    other = Database(path)
    other.connection.execute("PRAGMA busy_timeout = 0")
    with database.transaction():
        numbers(database)
        with pytest.raises(StoreError, match="busy"):
            other.insert("t", {"n": 1})
        database.insert("t", {"n": 2})
    other.close()
    assert numbers(database) == [2]


def test_closed_twice_is_harmless_and_used_afterwards_is_an_error_in_words(path: Path) -> None:
    store = Store.open(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.sessions()


def test_not_a_database(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match=r"not a clawlocal database. Move it away"):
        Store.open(path)
    assert path.read_text().startswith("Dear diary")


def test_a_damaged_database(path: Path) -> None:
    Store.open(path).close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3996)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="CLAWLOCAL_HOME"):
        Store.open(tmp_path / "nowhere" / "clawlocal.db")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Not a directory|No such file"):
        Store.open(tmp_path / "file" / "clawlocal.db")


@pytest.mark.skipif(os.name == "nt", reason="no effective user")
@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_cannot_be_written(exists: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "clawlocal.db"
        if exists:
            Store.open(path).close()
            path.chmod(0o444)
        path.parent.chmod(0o555)
        with _as_nobody(), pytest.raises(StoreError, match=r"(Permission denied|is read-only).*CLAWLOCAL_HOME"):
            Store.open(path)
        path.parent.chmod(0o755)


@contextlib.contextmanager
def _as_nobody() -> Iterator[None]:
    """Modes do not bind root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_database_that_became_read_only(store: Store, talk: Any) -> None:
    turn = talk.turn()
    store._db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="read-only"):
        talk.judge(turn.id)
    store._db.execute("PRAGMA query_only = OFF")
    assert store.signals(turn.id) == []


def test_a_full_disk_writes_nothing_by_half_and_chat_goes_on_when_there_is_space(store: Store, talk: Any) -> None:
    session = talk.session()
    kept = talk.turn(session, reply="x" * 3000)
    _fill(store)
    with pytest.raises(StoreError, match=r"disk is full.*Free some space"):
        talk.reply(session, kept.user_message, "y" * 100_000)
    assert [turn.id for turn in store.turns(session)] == [kept.id]
    assert len(store.messages(session)) == 2
    assert store._db.value("PRAGMA integrity_check") == "ok"
    store._db.execute("PRAGMA max_page_count = 1073741823")
    talk.reply(session, kept.user_message, "y" * 100_000)
    assert len(store.turns(session)) == 2


def test_a_full_disk_in_the_middle_of_publishing_changes_nothing(store: Store, talk: Any, content: Any) -> None:
    turns = [talk.queued().id for _ in range(3)]
    update, adapter = talk.start(), talk.adapter()
    before = content()
    _fill(store)
    with pytest.raises(StoreError, match="full"):
        store.publish(update, adapter, turns, samples={}, metrics={}, gate={"words": "z" * 100_000}, seconds=1)
    assert content() == before


def _fill(store: Store) -> None:
    pages = store._db.value("PRAGMA page_count")
    store._db.execute(f"PRAGMA max_page_count = {pages}")


def test_what_another_process_deleted_meanwhile_is_not_found(store: Store, talk: Any) -> None:
    turn = talk.turn()
    signal = store.add_signal(turn.id, "thumb", 1, "")
    store.delete_session(turn.session)
    with pytest.raises(NotFound):
        store.add_signal(turn.id, "thumb", 1, "")
    with pytest.raises(NotFound):
        talk.reply(turn.session, turn.user_message)
    row = {"turn": turn.id, "signal": signal.id, "value": 1, "votes": "[]", "margin": 1, "abstained": 0}
    texts = {"stage": "", "reason": "", "hint": "", "hint_dropped": "", "created": ""}
    with pytest.raises(NotFound, match="deleted meanwhile"):
        store._db.insert("verdicts", {**row, **texts})


def test_a_programming_error_is_not_dressed_up(database: Database) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        database.execute("SELECT ?", ())
    with pytest.raises(StoreError, match="no such table"):
        database.rows("SELECT * FROM nowhere")
