"""The schema's steps, from the first upward."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clawlocal.errors import StoreError
from clawlocal.records import NoPolicy
from clawlocal.store import Store
from clawlocal.store.database import Database
from clawlocal.store.migrations import STEPS, migrate

ALL = [name for name, _ in STEPS]


def applied(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("SELECT name FROM _sqlite_migrations ORDER BY id")]


def schema(database: Database) -> set[tuple[str, str]]:
    rows = database.rows("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'")
    return {(row["name"], row["sql"]) for row in rows}


def test_steps_are_numbered_without_a_gap() -> None:
    assert [int(name[:4]) for name in ALL] == list(range(1, len(ALL) + 1))


@pytest.mark.parametrize("start", range(len(STEPS)))
def test_every_older_version_comes_to_the_same_schema(tmp_path: Path, start: int) -> None:
    old, new = Database(tmp_path / "old.db"), Database(tmp_path / "new.db")
    migrate(old, STEPS[:start])
    migrate(old)
    migrate(new)
    assert schema(old) == schema(new)
    assert applied(old) == applied(new) == ALL
    assert old.value("PRAGMA user_version") == len(STEPS)
    old.close()
    new.close()


def test_what_was_said_before_a_step_is_there_after_it(path: Path) -> None:
    database = Database(path)
    migrate(database, STEPS[:1])
    with database.transaction():
        database.insert(
            "sessions", dict.fromkeys(("id", "title", "created", "updated", "model", "system"), "s") | {"learning": 1}
        )
        said = {"session": "s", "content": "a heron in the reeds", "note": "", "created": "s"}
        database.insert("messages", {"id": "asked", "parent": None, "role": "user", **said})
        database.insert("messages", {"id": "answered", "parent": "asked", "role": "assistant", **said})
        turn = dict.fromkeys(("model", "adapter", "stopped", "created", "reason"), "") | {"id": "t", "session": "s"}
        turn |= dict.fromkeys(("prompt_ids", "token_ids", "logprobs"), b"") | {"use": "open", "rating": 0}
        turn |= dict.fromkeys(("temperature", "first_token_seconds", "total_seconds"), 0.0)
        database.insert("turns", {**turn, "user_message": "asked", "reply_message": "answered"})
    database.close()
    with Store.open(path) as store:
        assert {m.content for m in store.search("heron")} == {"a heron in the reeds"}
        assert [(m.thought, m.tool_calls) for m in store.branch("s")] == [(None, ()), (None, ())]
        assert (store.turn("t").tools, store.turn("t").thinking, store.turn("t").thought_seconds) == ((), True, 0.0)


def test_replies_of_remotes_before_it_was_written_down_are_no_samples_of_a_model_here(path: Path) -> None:
    database = Database(path)
    migrate(database, STEPS[: ALL.index("0014_policy")])
    with database.transaction():
        session = dict.fromkeys(("id", "title", "created", "updated", "model", "system"), "s")
        database.insert("sessions", session | {"learning": 1})
        said = {"session": "s", "content": "", "note": "", "created": "s"}
        database.insert("messages", {"id": "asked", "parent": None, "role": "user", **said})
        for name, remote, ids in (("here", "", b""), ("there", "gpu", b"\7\0\0\0"), ("mute", "gpu", b"")):
            database.insert("messages", {"id": name, "parent": "asked", "role": "assistant", **said})
            turn = dict.fromkeys(("adapter", "stopped", "created", "reason"), "") | {"id": name, "session": "s"}
            turn |= dict.fromkeys(("prompt_ids", "logprobs"), b"") | {"use": "open", "rating": 0, "token_ids": ids}
            turn |= dict.fromkeys(("temperature", "first_token_seconds", "total_seconds"), 0.0) | {"model": "m"}
            database.insert("turns", {**turn, "remote": remote, "user_message": "asked", "reply_message": name})
    database.close()
    with Store.open(path) as store:
        found = [(turn.policy, turn.no_policy) for turn in store.turns("s")]
    assert found == [("m", ""), (None, NoPolicy.UNKNOWN), (None, NoPolicy.NO_IDS)]


def test_a_step_that_fails_leaves_those_before_it_and_nothing_of_itself(path: Path) -> None:
    database = Database(path)
    good = ("0001_good", "CREATE TABLE good (n); INSERT INTO good VALUES (1);")
    bad = ("0002_bad", "CREATE TABLE bad (n); UPDATE good SET n = 2; INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StoreError, match="nowhere"):
        migrate(database, (good, bad))
    assert applied(database) == ["0001_good"]
    assert database.value("PRAGMA user_version") == 1
    assert database.value("SELECT n FROM good") == 1
    assert database.value("SELECT count(*) FROM sqlite_master WHERE name = 'bad'") == 0
    migrate(database, (good, ("0002_bad", "CREATE TABLE bad (n)")))
    assert applied(database) == ["0001_good", "0002_bad"]
    database.close()


def test_a_newer_database_is_left_alone(path: Path) -> None:
    database = Database(path)
    migrate(database, (*STEPS, ("9999_future", "CREATE TABLE future (n)")))
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer clawlocal.*pip install --upgrade"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_step_of_another_name_is_a_newer_database_too(path: Path) -> None:
    database = Database(path)
    migrate(database, (*STEPS[:-1], ("0003_other", "CREATE TABLE other (n)")))
    database.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="newer"):
        migrate(database)
    database.close()


def test_opening_a_current_file_does_not_import_sqlite_utils(path: Path) -> None:
    Store.open(path).close()
    code = (
        "import sys; from pathlib import Path; from clawlocal.store import Store;"
        "Store.open(Path(sys.argv[1])).close(); assert 'sqlite_utils' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(path)], check=True)


def test_four_processes_may_make_the_database_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from clawlocal.store import Store;"
        "sys.stdin.readline(); Store.open(Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", code, str(path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        process.communicate(b"go\n")
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    database = Database(path)
    assert applied(database) == ALL
    database.close()
