"""`clawlocal chat` as a process, with the embedded model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawlocal.lock import FolderLock
from clawlocal.paths import Paths
from clawlocal.records import AdapterState, AdapterVersion, LessonState, TurnUse
from clawlocal.store import Store
from tests.waiting import until

Run = Callable[..., subprocess.CompletedProcess[str]]
KEYS = [
    "session",
    "turn",
    "text",
    "model",
    "adapter",
    "tokens",
    "seconds",
    "stopped",
    "thought",
    "tool_calls",
    "remote",
]
SHORT = ("--max-tokens", "6", "--temperature", "0")


def answer(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON value that was printed."""
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_json_has_these_keys_and_the_same_seed_the_same_reply(clawlocal: Run) -> None:
    # No greeting: on some processors the model says "Hello!" back, and no more.
    asked = "Tell me a long story about a heron."
    ran = clawlocal("chat", asked, "--json", "--max-tokens", "6", "--seed", "7")
    found = answer(ran)
    assert list(found) == KEYS
    assert (found["model"], found["adapter"], found["stopped"]) == ("smollm2-135m", "base", "length")
    assert list(found["tokens"]) == ["prompt", "completion"] and found["tokens"]["completion"] == 6
    assert 0 < found["seconds"]["first_token"] <= found["seconds"]["total"]
    assert (ran.stderr, bool(found["text"]), bool(found["session"]), bool(found["turn"])) == ("", True, True, True)
    again = answer(clawlocal("chat", "-", "--json", "--max-tokens", "6", "--seed", "7", stdin=f"{asked}\n"))
    assert again["text"] == found["text"]
    assert (found["thought"], found["tool_calls"]) == ("", [])
    assert again["session"] != found["session"]


def test_the_answer_is_on_stdout_and_the_rest_on_stderr(clawlocal: Run, store: Store) -> None:
    streamed, whole = (clawlocal("chat", "Hello!", *SHORT, *more) for more in ([], ["--no-stream"]))
    [latest, first] = store.sessions()
    assert streamed.stdout == whole.stdout == store.branch(first.id)[-1].content + "\n"
    assert whole.stderr.startswith(f"session {latest.id} · turn ")


def test_c_goes_on_where_you_were_and_by_id_with_a_text_or_from_stdin(clawlocal: Run, store: Store) -> None:
    first = answer(clawlocal("chat", "My name is Ada.", *SHORT, "--json"))["session"]
    other = answer(clawlocal("chat", "Hello!", *SHORT, "--json"))["session"]
    assert answer(clawlocal("chat", *SHORT, "--json", "-c", first[:6], stdin="And mine?"))["session"] == first
    assert answer(clawlocal("chat", *SHORT, "--json", "-c", "What is my name?"))["session"] == first
    assert [m.content for m in store.branch(first) if m.role == "user"] == [
        "My name is Ada.",
        "And mine?",
        "What is my name?",
    ]
    assert answer(clawlocal("chat", "-c", other, "Goodbye!", *SHORT, "--json"))["session"] == other


def test_what_no_longer_fits_is_said_and_stays(clawlocal: Run, store: Store) -> None:
    session, last = store.add_session("smollm2-135m", "", "Birds"), None
    for n in range(8):
        asked = store.add_message(session.id, last, "user", f"Heron {n}: " + "how wide is the river? " * 10)
        last = store.add_message(session.id, asked.id, "assistant", "It is wide.").id
    ran = clawlocal("chat", "-c", session.id, "And now?", *SHORT, CLAWLOCAL_CONTEXT="512")
    assert "oldest messages no longer fit into the prompt" in ran.stderr
    assert ran.stderr.count("stays in this chat and in search.") == 1
    assert "Heron 0: how wide" in clawlocal("sessions", "show", session.id).stdout
    assert session.id in clawlocal("sessions", "search", "Heron 0:").stdout


def test_a_temporary_chat_leaves_no_session(clawlocal: Run, store: Store) -> None:
    found = answer(clawlocal("chat", "Hello!", "--temp", *SHORT, "--json"))
    assert found["session"].startswith("temp-") and found["turn"] is None
    assert store.sessions() == []


def test_neither_lessons_nor_adapter_when_they_are_not_wanted(clawlocal: Run, store: Store, where: Paths) -> None:
    store.add_lesson("Be brief.", "general", state=LessonState.ACTIVE)
    gone = AdapterVersion("v1", "smollm2-135m", AdapterState.KEPT, "", 16, "0" * 64, None, str(where.adapters / "v1"))
    store.add_adapter(gone)
    store.set_live("v1", "smollm2-135m")
    bare = clawlocal("chat", "Hello!", *SHORT, "--json", "--no-lessons", "--adapter", "none")
    assert (answer(bare)["adapter"], bare.stderr) == ("base", "")
    assert store.branch(answer(bare)["session"])[0].note == ""
    assert store.turn(answer(bare)["turn"]).use is TurnUse.OPEN
    full = clawlocal("chat", "Hello!", *SHORT, "--json")
    assert full.stderr == "Adapter v1 is damaged on disk, so the base answers from now on.\n"
    assert store.branch(answer(full)["session"])[0].note == "Be brief."


def test_while_another_instance_holds_the_folder_it_chats_and_does_not_learn(
    clawlocal: Run, store: Store, where: Paths
) -> None:
    with FolderLock.acquire(where.lock, "clawlocal serve"):
        ran = clawlocal("chat", "Hello!", *SHORT, "--json")
    assert f"held by clawlocal serve (process {os.getpid()})" in ran.stderr
    turn = store.turn(answer(ran)["turn"])
    assert (turn.use, turn.reason) == (TurnUse.SKIPPED, "made while another instance held the data folder")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_keeps_and_marks_what_there_is(started: Callable[..., subprocess.Popen[str]], store: Store) -> None:
    command = ("chat", "Write a long story about a heron.", "--max-tokens", "2000", "--temperature", "0")
    with started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        begun = process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        rest, errors = process.stdout.read(), process.stderr.read()
    assert (process.returncode, errors.strip()) == (130, "Interrupted.")
    [session] = store.sessions()
    [turn] = store.turns(session.id)
    assert (turn.stopped, turn.use, turn.reason) == ("cancelled", TurnUse.SKIPPED, "cancelled")
    kept = store.message(turn.reply_message).content
    assert kept and kept.startswith((begun + rest).strip())


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_in_the_middle_the_message_is_there(started: Callable[..., subprocess.Popen[str]], store: Store) -> None:
    command = ("chat", "Write a long story.", "--max-tokens", "2000", "--temperature", "0")
    with started(*command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.kill()
    [session] = store.sessions()
    assert [m.content for m in store.branch(session.id)] == ["Write a long story."]


def test_asked_to_learn_there_is_nothing_to_do(clawlocal: Run, store: Store) -> None:
    ran = clawlocal("learn", "now", "--wait", "--json")
    found = answer(ran)
    assert (found["status"], found["version"], found["lessons"]) == ("nothing_to_do", None, [])
    assert {"update", "parent", "samples", "metrics", "gate", "seconds"} <= set(found)
    assert found["samples"] == {"rl": 0, "opd": 0, "rehearsed": 0, "skipped": {}}
    assert (found["gate"], ran.stderr) == ({"passed": False, "checks": []}, "")
    assert store.history() == []


def test_who_was_asked_to_learn_answers_from_another_process(
    started: Callable[..., subprocess.Popen[str]], open_assistant: Callable[..., Any]
) -> None:
    open_assistant()
    with started("learn", "now", "--wait", "--json", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
    assert (process.returncode, found["status"]) == (0, "nothing_to_do")


def test_who_was_asked_to_learn_and_ends_is_not_waited_for(
    started: Callable[..., subprocess.Popen[str]], store: Store, where: Paths
) -> None:
    lock = FolderLock.acquire(where.lock)
    with started("learn", "now", "--wait", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until(lambda: store.get_state("learn request"))
        lock.release()
        assert process.stdout is not None and process.stderr is not None
        said, errors = process.stdout.read(), process.stderr.read()
    assert (process.returncode, said) == (1, "")
    assert "has ended without an answer" in errors


def test_doctor_looks_at_everything(clawlocal: Run) -> None:
    ran = clawlocal("doctor", "--json")
    found = {check["name"]: check for check in json.loads(ran.stdout)}
    assert {"python", "settings", "data folder", "model", "engine", "trainer", "memory", "disk"} <= set(found)
    assert found["engine"]["ok"] and found["model"]["ok"]
    assert all(check["text"] for check in found.values())
    assert all(check["mend"] for check in found.values() if not check["ok"])
    assert ran.returncode == (0 if all(check["ok"] for check in found.values()) else 1)


def test_doctor_says_what_would_mend_a_missing_model(clawlocal: Run, home: Path) -> None:
    (home / "config" / "tiny.gguf").unlink()
    ran = clawlocal("doctor", CLAWLOCAL_MODEL="tiny")
    assert ran.returncode == 1
    assert "NO   model: The file of tiny is missing" in ran.stdout
    assert ran.stdout.count("mend: ") == ran.stdout.count("NO ")
