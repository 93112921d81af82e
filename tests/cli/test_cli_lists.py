"""Commands that read the store and give feedback: for people, and as JSON for scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from clawlocal.adapters.files import sha256
from clawlocal.cli import cli
from clawlocal.conversation import Conversations
from clawlocal.errors import AdapterError, FolderBusy, NotFound
from clawlocal.lock import FolderLock
from clawlocal.paths import Paths
from clawlocal.records import AdapterState, AdapterVersion, LessonState, SignalKind, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.training.pace import PAUSE
from tests.saying import exchange

Invoke = Callable[..., Result]
Data = Callable[..., Any]
STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.fixture
def turn(conversations: Conversations) -> str:
    found = exchange(conversations, "What is a heron?").turn
    assert found is not None
    return found


@pytest.fixture
def live(store: Store, where: Paths) -> AdapterVersion:
    """v1, live, with files."""
    home = where.adapters / "tiny" / "v1"
    (home / "adapter").mkdir(parents=True)
    (home / "adapter" / "adapter_config.json").write_text("{}")
    (home / "adapter.gguf").write_text("gguf")
    made = AdapterVersion(
        "v1", "tiny", AdapterState.LIVE, "", 16, sha256(home / "adapter.gguf"), None, str(home), {"kl_base": 0.1}
    )
    lesson = store.add_lesson("Be brief.", "general", state=LessonState.ACTIVE).id
    gate = {"passed": True, "checks": [{"name": "kl_base", "value": 0.1, "limit": 0.45, "passed": True, "text": "x"}]}
    samples = {"rl": 1, "opd": 0, "rehearsed": 0, "skipped": {}}
    update = store.start_update("tiny", None)
    store.publish(update, made, [], [lesson], samples=samples, metrics={"loss": 0.5}, gate=gate, seconds=3.0)
    return made


def test_a_thumb_is_kept_at_once_and_says_what_becomes_of_it(data: Data, store: Store, turn: str) -> None:
    found = data("rate", turn[:5], "good")
    assert (list(found), found["turn"]) == (["turn", "becomes"], turn)
    assert found["becomes"] == "Rated good. It is learned from together with the next correction or bad reply."
    assert (store.turn(turn).rating, store.turn(turn).use) == (1, TurnUse.QUEUED)
    data("rate", turn, "bad")
    assert store.turn(turn).rating == -1
    assert [(s.kind, s.value) for s in store.signals(turn)] == [(SignalKind.THUMB, 1), (SignalKind.THUMB, -1)]


def test_a_correction_is_a_lesson_at_once(data: Data, invoke: Invoke, conversations: Conversations, turn: str) -> None:
    found = data("correct", turn, "Answer in one sentence.")
    assert found["becomes"] == "Lesson: “Answer in one sentence.”. It is learned when the machine is idle."
    [lesson] = data("lessons", "list")
    assert (lesson["text"], lesson["state"], lesson["turns"]) == ("Answer in one sentence.", "active", [turn])
    other = exchange(conversations, "What is a stork?").turn
    assert "no lesson (too short)" in invoke("correct", other, "Bad!").stdout


def test_lessons_are_vetoed_and_put_back(data: Data, invoke: Invoke, store: Store, live: AdapterVersion) -> None:
    store.add_lesson("Say you.", "general", state=LessonState.ACTIVE)
    vetoed = invoke("lessons", "veto", "1").stdout
    assert vetoed == (
        "It is out of the prompt. It is taken out of the weights by a rebuild from the base, "
        "about 3 seconds when the machine is idle (or `clawlocal learn now`).\n"
    )
    assert data("learn", "status")["why"].startswith("rebuild without “Be brief.”; ")
    assert data("learn", "status")["live_version"] == "v1"
    assert data("lessons", "list")[0]["state"] == "vetoed"
    invoke("lessons", "restore", "1")
    assert data("lessons", "list")[0]["state"] == "active"
    assert "rebuild" not in data("learn", "status")["why"]
    assert "Be brief." in invoke("lessons", "list").stdout
    later = store.add_lesson("Give long answers.", state=LessonState.ACTIVE)
    store.replace_lesson(1, later.id)
    assert f"replaced by {later.id}" in invoke("lessons", "list").stdout


def test_a_lesson_is_said_outright_and_reworded(data: Data, invoke: Invoke, live: AdapterVersion) -> None:
    assert "Lesson 2 is in the prompt" in invoke("lessons", "add", "Say you.").stdout
    assert "Lesson 1 is in the prompt" in invoke("lessons", "edit", "1", "Be very brief.").stdout
    assert [(x["text"], x["state"]) for x in data("lessons", "list")] == [
        ("Be very brief.", "active"),
        ("Say you.", "active"),
    ]
    assert data("learn", "status")["why"].startswith("2 lessons that were only in the prompt; ")
    with pytest.raises(NotFound, match="no lesson 9"):
        invoke("lessons", "edit", "9", "Be brief.")


def test_a_turn_is_forgotten_after_a_question(
    data: Data, invoke: Invoke, store: Store, turn: str, live: AdapterVersion
) -> None:
    update = store.start_update("tiny", "v1")
    made = replace(live, version="v2", parent="v1", path=live.path.replace("v1", "v2"))
    store.publish(update, made, [turn], [], samples={}, metrics={}, gate={}, seconds=9.0)
    with pytest.raises(click.Abort):
        invoke("forget", turn, stdin="n\n")
    assert store.turn(turn).id == turn
    found = data("forget", turn, "--yes")
    assert found["live"] == "v1"
    assert found["text"] == (
        "The turn is forgotten. V2, which had learned from it, was deleted; v1 answers until an adapter is rebuilt "
        "from what remains, about 12 seconds when the machine is idle (or `clawlocal learn now`)."
    )
    assert [v["version"] for v in data("adapters", "list")] == ["v1"]
    assert Path(live.path).exists(), "it never saw it"
    with pytest.raises(NotFound, match="no session"):
        invoke("forget", turn, "--yes")


def test_a_deleted_chat_stays_in_the_weights_and_that_is_said(invoke: Invoke, turn: str, store: Store) -> None:
    session = store.turn(turn).session
    said = invoke("sessions", "delete", session, stdin="y\n").stderr
    assert f"What the weights learned from it stays; `clawlocal forget {session}` takes that out too." in said


def test_sessions(data: Data, invoke: Invoke, store: Store, turn: str) -> None:
    [session] = data("sessions", "list")
    assert (session["title"], session["turns"], session["learning"]) == ("What is a heron?", 1, True)
    shown = data("sessions", "show", session["id"][:4])
    assert shown["id"] == session["id"]
    assert [(m["role"], m["content"], m["turn"]) for m in shown["messages"]] == [
        ("user", "What is a heron?", None),
        ("assistant", "ok", turn),
    ]
    assert f"assistant (turn {turn})\nok" in invoke("sessions", "show", session["id"]).stdout
    assert [m["content"] for m in data("sessions", "search", "heron")] == ["What is a heron?"]
    invoke("sessions", "rename", session["id"], "  Herons \n ")
    assert data("sessions", "list")[0]["title"] == "Herons"
    with pytest.raises(click.Abort):
        invoke("sessions", "delete", session["id"], stdin="n\n")
    assert store.sessions() != []
    invoke("sessions", "delete", session["id"], "--yes")
    assert data("sessions", "list") == []
    assert "No conversation is kept yet" in invoke("sessions", "list").stderr


def test_the_status_of_learning(data: Data, invoke: Invoke, store: Store, turn: str) -> None:
    found = data("learn", "status")
    assert {"learning", "state", "why", "queue", "judged", "live_version", "last_update"} <= set(found)
    assert (found["learning"], found["state"], found["live_version"], found["last_update"]) == (
        True,
        "waiting",
        None,
        None,
    )
    none = dict.fromkeys(("queued", "used", "skipped", "hints", "bad", "hints_dropped", "others", "foreign"), 0)
    assert found["queue"] == {"open": 1, **none}
    assert invoke("learn", "off").stdout == "Learning is off. What waits stays, and is learned when it is on again.\n"
    assert (data("learn", "status")["state"], store.learning()) == ("off", False)
    assert "learning off · off: " in invoke("learn", "status").stdout
    assert invoke("learn", "on").stdout == "Learning is on.\n"
    assert store.learning()


def test_paused_and_resumed_from_another_process(data: Data, invoke: Invoke, store: Store) -> None:
    assert "until `clawlocal learn resume`" in invoke("learn", "pause").stdout
    assert store.paused()
    found = data("learn", "status")
    assert (found["learning"], found["state"]) == (True, "paused")
    assert found["why"] == "nothing new to learn from; no update starts until `clawlocal learn resume`"
    waits = {"condition": "not paused", "reading": "no update starts until `clawlocal learn resume`", "holds": False}
    assert waits in data("learn", "why")
    assert "Resumed" in invoke("learn", "resume").stdout
    assert (data("learn", "status")["state"], store.paused()) == ("waiting", False)


def test_paused_for_some_minutes(data: Data, invoke: Invoke, store: Store) -> None:
    said = invoke("learn", "pause", "30").stdout
    assert re.fullmatch(r"Paused: no update starts until [-\d ]*\d\d:\d\d, or `clawlocal learn resume`\.\n", said)
    assert store.paused()
    assert data("learn", "status")["why"] in said.replace("Paused: ", "nothing new to learn from; ")
    store.set_paused(True, datetime.now() - timedelta(seconds=1))
    assert (data("learn", "status")["state"], store.paused()) == ("waiting", False)
    with pytest.raises(click.BadParameter):
        invoke("learn", "pause", "0")
    assert invoke("learn", "resume").stdout == "It was not paused.\n"


def test_what_a_paused_update_waits_for_is_read_from_another_process(data: Data, store: Store, where: Paths) -> None:
    with FolderLock.acquire(where.lock, "clawlocal"):
        update = store.start_update("tiny", None)
        store.set_state(PAUSE, "paused at 40 %: on battery, 20 % left")
        found = data("learn", "status")
        assert (found["state"], found["why"]) == ("paused", "paused at 40 %: on battery, 20 % left")
        store.finish_update(update, UpdateStatus.FAILED)
        assert data("learn", "status")["state"] == "elsewhere", "what an update left behind is of that update alone"


def test_why_nothing_is_learned(data: Data, invoke: Invoke) -> None:
    found = data("learn", "why")
    assert {"condition": "something to learn", "reading": "nothing new to learn from", "holds": False} in found
    conditions = {"nobody is typing", "not paused", "load", "power", "heat", "memory", "quiet hours", "minutes today"}
    assert conditions <= {x["condition"] for x in found}
    assert "no   something to learn: nothing new" in invoke("learn", "why").stdout


def test_the_history_of_learning(data: Data, invoke: Invoke, store: Store, live: AdapterVersion) -> None:
    store.finish_update(
        store.start_update("tiny", "v1"),
        UpdateStatus.FAILED,
        reason="The disk is full.",
        metrics={"loss": float("nan")},
    )
    failed, published = data("learn", "history")
    assert (failed["status"], failed["reason"], failed["metrics"]) == ("failed", "The disk is full.", {"loss": None})
    assert (published["status"], published["version"], published["gate"]["passed"]) == ("published", "v1", True)
    assert "The disk is full." in invoke("learn", "history").stdout


def test_the_holder_is_asked_to_learn(data: Data, store: Store, where: Paths) -> None:
    with FolderLock.acquire(where.lock, "clawlocal serve"):
        found = data("learn", "now")
    assert (found["status"], found["by"].startswith("clawlocal serve (process ")) == ("started", True)
    assert store.get_state("learn request")


def test_adapters(data: Data, invoke: Invoke, store: Store, live: AdapterVersion, tmp_path: Path) -> None:
    [found] = data("adapters", "list")
    assert list(found) == ["version", "model", "state", "created", "rank", "sha256", "parent", "metrics"]
    assert (found["version"], found["state"], found["sha256"]) == ("v1", "live", live.sha256)
    assert data("adapters", "show")["path"] == live.path
    assert "v1 of tiny · live · rank 16 · from base" in invoke("adapters", "show", "v1").stdout
    out = tmp_path / "mine.gguf"
    assert data("adapters", "export", "--format", "gguf", "--out", str(out)) == {"path": str(out), "format": "gguf"}
    with pytest.raises(AdapterError, match="exists already"):
        invoke("adapters", "export", "v1", "--format", "gguf", "--out", str(out))
    assert "KL TO BASE" in invoke("adapters", "list").stdout
    back = data("adapters", "rollback", "--to", "base")
    assert back["live"] == "base"
    assert "`clawlocal lessons restore 1` puts it back" in back["text"]
    assert data("lessons", "list")[0]["state"] == "new"
    assert data("adapters", "rollback", "--to", "v1")["live"] == "v1"
    assert data("adapters", "use", "base")["live"] == "base"
    assert invoke("adapters", "use", "v1").stdout == "v1 is live.\n"
    with pytest.raises(NotFound, match="no adapter version v9"):
        invoke("adapters", "use", "v9")


def test_models_and_paths(data: Data, invoke: Invoke, home: Path) -> None:
    found = {m["name"]: m for m in data("models", "list")}
    assert found["tiny"]["chosen"] and found["tiny"]["here"]
    assert found["tiny"]["size"] == len(b"GGUF"), "the file's own, where the entry does not say"
    assert found["smollm2-135m"]["here"] and not found["smollm2-135m"]["chosen"]
    (home / "config" / "tiny.gguf").unlink()
    assert not {m["name"]: m for m in data("models", "list")}["tiny"]["here"]
    places = data("paths")
    assert {"config", "data", "cache", "state", "database"} <= set(places)
    assert all(path.startswith(str(home)) for path in places.values())
    assert str(home / "data") in invoke("paths").stdout


def test_all_is_erased_after_a_question(invoke: Invoke, store: Store, where: Paths, live: AdapterVersion) -> None:
    with pytest.raises(click.Abort):
        invoke("data", "purge", stdin="n\n")
    assert store.lessons() != []
    with FolderLock.acquire(where.lock), pytest.raises(FolderBusy):
        invoke("data", "purge", "--yes")
    invoke("data", "purge", "--yes")
    assert (store.lessons(), store.history(), store.adapters()) == ([], [], [])
    assert not where.adapters.exists()


def readers(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that only shows what there is."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from readers(command, (*path, name))
        elif command is not None and name in ("list", "status", "history", "why", "paths"):
            yield (*path, name)


def test_nothing_that_is_printed_steers_a_terminal(
    invoke: Invoke, store: Store, conversations: Conversations, live: AdapterVersion
) -> None:
    evil = "\x1b]0;title\x07 \x9b31m \x7f \r over \u2028 Answer in one sentence."
    answer = exchange(conversations, evil)
    asked = [*readers(cli), ("sessions", "show", answer.session), ("sessions", "search", "over")]
    assert len(asked) >= 9
    corrected = invoke("correct", answer.turn, evil)
    store.finish_update(store.start_update("tiny", "v1"), UpdateStatus.FAILED, reason=evil)
    shown = [corrected.stdout]
    for command in asked:
        for more in ([], ["--json"]):
            result = invoke(*command, *more)
            assert result.stdout or more == []
            shown.append(result.stdout)
    assert [text for text in shown if STEERS.search(text)] == []
    [found] = json.loads(invoke("sessions", "search", "over", "--json").stdout)
    assert found["content"] == evil
