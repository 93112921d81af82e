"""Several processes and threads, and processes that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clawlocal.records import SignalKind
from clawlocal.store import Store

BEGIN = """
import os, sys
from pathlib import Path
from clawlocal.store import Store
from clawlocal.records import SignalKind
store = Store.open(Path(sys.argv[1]))
session = sys.argv[2]
def turn(text, **kwargs):
    user = store.add_message(session, None, "user", text)
    fields = dict(model="m", adapter="base", prompt_ids=[1] * 500, token_ids=[2] * 100, logprobs=[-1.0] * 100,
                  temperature=0.7, stopped="end", first_token_seconds=0.1, total_seconds=1.0)
    return store.add_turn(session, user.id, text * 100, **fields)
"""


def start(code: str, path: Path, session: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BEGIN + code, str(path), session]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> str:
    """As a power cut would, for the process; what it had said."""
    assert process.stdout is not None
    process.kill()
    # Not `communicate`: it would pass over the lines that `readline` has in its buffer.
    said = process.stdout.read()
    process.communicate()
    return said


def check(store: Store) -> None:
    assert store._db.value("PRAGMA integrity_check") == "ok"
    assert store._db.rows("PRAGMA foreign_key_check") == []
    assert store._db.value("SELECT count(*) FROM turns t JOIN messages m ON m.id = t.reply_message") == (
        store._db.value("SELECT count(*) FROM messages WHERE role = 'assistant'")
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_killed_inside_a_write_it_leaves_nothing_of_it(store: Store, talk: Any, path: Path) -> None:
    session = talk.session()
    code = """
with store.transaction():
    for n in range(200):
        turn("half")
    print("in the middle", flush=True)
    sys.stdin.readline()
"""
    process = start(code, path, session)
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    kill(process)
    assert store.messages(session) == []
    check(store)
    talk.turn(session)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_killed_at_any_moment_what_it_acknowledged_is_there(store: Store, talk: Any, path: Path) -> None:
    session = talk.session()
    process = start("while True:\n    print(turn('x').id, flush=True)", path, session)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(20)]
    acknowledged += kill(process).splitlines()
    found = {turn.id for turn in store.turns(session)}
    assert {line.strip() for line in acknowledged if len(line.strip()) == 10} <= found
    assert len(found) <= len(acknowledged) + 1
    check(store)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_killed_while_publishing_the_old_version_speaks(store: Store, talk: Any, path: Path) -> None:
    talk.publish()
    queued = talk.queued()
    code = f"""
from clawlocal.records import AdapterVersion, AdapterState
update = store.start_update("smollm2-135m", "v1")
store.add_event = lambda *args: (print("in the middle", flush=True), sys.stdin.readline())
adapter = AdapterVersion("v2", "smollm2-135m", AdapterState.KEPT, "", 16, "x", "v1", "/v2")
store.publish(update, adapter, ["{queued.id}"], samples={{}}, metrics={{}}, gate={{}}, seconds=1)
"""
    process = start(code, path, queued.session)
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    kill(process)
    live = store.live("smollm2-135m")
    assert live is not None and live.version == "v1"
    assert [receipt.reason for receipt in store.recover()] == ["interrupted"]
    assert [q.turn.id for q in store.queue()] == [queued.id]


def test_two_processes_write_at_once(store: Store, talk: Any, path: Path) -> None:
    turn = talk.turn()
    code = f"""
for n in range(100):
    store.add_signal("{turn.id}", SignalKind.MESSAGE, 0, f"theirs {{n}}")
store.close()
"""
    process = start(code, path, turn.session)
    for n in range(100):
        store.add_signal(turn.id, SignalKind.MESSAGE, 0, f"ours {n}")
    process.communicate()
    assert process.returncode == 0
    texts = [s.text for s in store.signals(turn.id)]
    assert [t for t in texts if t.startswith("ours")] == [f"ours {n}" for n in range(100)]
    assert [t for t in texts if t.startswith("theirs")] == [f"theirs {n}" for n in range(100)]


def test_a_request_goes_to_one_of_those_who_ask(store: Store, path: Path) -> None:
    stores = [Store.open(path) for _ in range(3)]
    store.set_state("request", "learn now")
    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(lambda each: each.take_state("request"), stores))
    for each in stores:
        each.close()
    assert sorted(taken, key=str) == [None, None, "learn now"]


def test_any_thread_may_use_one_store(store: Store, talk: Any) -> None:
    session = talk.session()

    def chat(n: int) -> str:
        turn = talk.turn(session, prompt=f"prompt {n}", reply=f"reply {n}")
        store.queue_counts()
        assert [m.content for m in store.branch_to(turn.reply_message)] == [f"prompt {n}", f"reply {n}"]
        return str(turn.id)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(chat, range(80)))
    assert sorted(turn.id for turn in store.turns(session)) == sorted(made)
    check(store)


def test_versions_are_never_given_to_two_threads(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: store.next_version("m"), range(50)))
    assert sorted(given) == sorted(f"v{n}" for n in range(1, 51))


def test_a_second_connection_that_closes_takes_nothing_from_the_first(store: Store, talk: Any, path: Path) -> None:
    """Another process that leaves then must not take the file for unused: its write-ahead part would be deleted."""
    session = talk.session()
    Store.open(path).close()
    start("turn('from outside')", path, session).communicate(timeout=60)
    assert [message.content for message in store.branch(session)][:1] == ["from outside"], "it sees what others write"
    store.set_state("kept", "yes")
    again = start("print(store.get_state('kept'))", path, session)
    assert again.communicate(timeout=60)[0] == "yes\n", "and others see what it writes"
