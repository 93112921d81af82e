"""What goes wrong is one sentence on stderr, with nothing on stdout and the right exit code."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from clawlocal.conversation import Conversations
from clawlocal.store import Store
from tests.saying import exchange

Run = Callable[..., subprocess.CompletedProcess[str]]


def fails(ran: subprocess.CompletedProcess[str], *words: str) -> None:
    assert (ran.returncode, ran.stdout) == (1, "")
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    assert ran.stderr.rstrip().endswith(".")
    for word in words:
        assert word in ran.stderr


def entry(home: Path, **values: object) -> None:
    """A model `mine` in the user's catalogue."""
    lines = [f"{key} = {value!r}" for key, value in {"source": "file", "file": "mine.gguf", **values}.items()]
    (home / "config" / "models.toml").write_text("\n".join(["[models.mine]", *lines]))


def test_an_unknown_model(clawlocal: Run) -> None:
    fails(clawlocal("chat", "Hello", "-m", "gpt"), "There is no model 'gpt'", "tiny")


def test_a_model_without_its_file(clawlocal: Run, home: Path) -> None:
    entry(home)
    fails(clawlocal("chat", "Hello", "-m", "mine"), "The file of mine is missing", "Put it there")


def test_a_model_with_a_wrong_hash(clawlocal: Run, home: Path) -> None:
    entry(home, sha256="0" * 64)
    (home / "config" / "mine.gguf").write_bytes(b"GGUF")
    fails(clawlocal("chat", "Hello", "-m", "mine"), "its hash differs", "Copy it again")


def test_a_model_cut_short(clawlocal: Run, home: Path, model_path: Path) -> None:
    with model_path.open("rb") as whole:
        (home / "config" / "mine.gguf").write_bytes(whole.read(3_000_000))
    entry(home)
    fails(clawlocal("chat", "Hello", "-m", "mine"), "mine")
    entry(home, size=model_path.stat().st_size)
    fails(clawlocal("chat", "Hello", "-m", "mine"), "is cut short", "Copy it again")


def test_a_model_of_an_unknown_architecture(clawlocal: Run, home: Path, store: Store) -> None:
    writer = gguf.GGUFWriter(str(home / "config" / "mine.gguf"), "unheardof")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    entry(home)
    fails(clawlocal("chat", "Hello", "-m", "mine"), "unknown model architecture: 'unheardof'", "choose another")
    assert store.sessions() == []


@pytest.mark.parametrize(("text", "locale"), [("\udcff\udcfe heron", "en_GB.UTF-8"), ("half a letter \udcc3", "C")])
def test_standard_input_that_is_no_text(clawlocal: Run, store: Store, text: str, locale: str) -> None:
    ran = clawlocal("chat", "-", stdin=text, LC_ALL=locale)
    fails(ran, "Standard input is not text in UTF-8", "Convert it first")
    assert store.sessions() == []


def test_an_argument_that_is_no_text(clawlocal: Run, store: Store) -> None:
    ran = clawlocal("chat", "a heron \udcff", "--max-tokens", "1", "--temperature", "0")
    assert ran.returncode == 0 and "Traceback" not in ran.stderr
    [session] = store.sessions()
    assert store.branch(session.id)[0].content == "a heron ?"


def test_a_file_where_the_data_folder_should_be(clawlocal: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for command in (["chat", "Hello"], ["sessions", "list"], ["learn", "status", "--json"]):
        fails(clawlocal(*command, CLAWLOCAL_HOME=str(tmp_path / "file")), "CLAWLOCAL_HOME")


def test_settings_that_cannot_be_read(clawlocal: Run, home: Path) -> None:
    (home / "config" / "config.toml").write_text("temprature = 1")
    fails(clawlocal("learn", "status"), "unknown setting temprature")


def test_an_empty_and_an_overlong_prompt(clawlocal: Run, store: Store) -> None:
    fails(clawlocal("chat", "-", stdin=" \n"), "There is nothing to send")
    fails(clawlocal("chat", stdin="heron " * 5000), "tokens long", "Shorten it")
    assert store.sessions() == []


def test_a_temperature_that_is_no_number(clawlocal: Run, store: Store) -> None:
    fails(clawlocal("chat", "Hello", "--temperature", "nan"), "temperature is nan: it must be from 0 to 5.")
    assert store.sessions() == []


def test_an_unknown_session_turn_or_version(clawlocal: Run) -> None:
    fails(clawlocal("sessions", "show", "nope", "--json"), "There is no session 'nope'", "`clawlocal sessions list`")
    fails(clawlocal("rate", "nope\x1b[31m", "good"), "There is no turn")
    fails(clawlocal("adapters", "export", "v9", "--format", "gguf", "--out", "x"), "no adapter version v9")
    fails(clawlocal("lessons", "veto", "7"), "no lesson 7")
    fails(clawlocal("chat", "-c", "-", stdin="Hello"), "no session to go on with")


def test_an_id_that_may_be_several(clawlocal: Run, store: Store, conversations: Conversations) -> None:
    for name in ("abc1", "abc2"):
        exchange(conversations, f"This is {name}")
        [session] = [s for s in store.sessions() if s.title.endswith(name)]
        store._db.execute("PRAGMA foreign_keys = OFF")
        store._db.execute("UPDATE sessions SET id = ? WHERE id = ?", (name, session.id))
    fails(clawlocal("sessions", "show", "abc"), "'abc' may be any of these sessions: abc1 (This is abc1), abc2")


def test_a_damaged_database(clawlocal: Run, home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "clawlocal.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    fails(clawlocal("sessions", "list"), "clawlocal.db")


def test_without_a_terminal_the_chat_does_not_open(clawlocal: Run) -> None:
    fails(clawlocal(), "needs a terminal", "`clawlocal chat TEXT`")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["chat", "Hello", "--temp", "-c"],
        ["chat", "Hello", "--max-tokens", "0"],
        ["chat", "Hello", "--temperature", "warm"],
        ["chat", "Hello", "--temperature", "-3"],
        ["chat", "Hello", "--temperature", "inf"],
        ["chat", "Hello", "--max-tokens", "1" + "0" * 5000],
        ["chat", "Hello", "--seed", "-1"],
        ["chat", "Hello", "--seed", "4294967296"],
        ["rate", "abc", "meh"],
        ["adapters", "export", "--format", "onnx", "--out", "x"],
        ["sessions", "list", "--limit", "0"],
    ],
)
def test_wrong_usage_is_two(clawlocal: Run, arguments: list[str]) -> None:
    ran = clawlocal(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Usage:" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_reader_that_went_away_needs_no_words(started: Callable[..., subprocess.Popen[str]]) -> None:
    read, write = os.pipe()
    os.close(read)
    with started("paths", stdout=write, stderr=subprocess.PIPE) as process:
        os.close(write)
        assert process.stderr is not None
        errors = process.stderr.read()
    assert (process.returncode, errors) == (1, "")
