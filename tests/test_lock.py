"""The data folder's lock, with real processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clawlocal import lock
from clawlocal.errors import FolderBusy, StoreError
from clawlocal.lock import FolderLock, take

HOLD = """
import sys
from pathlib import Path
from clawlocal.lock import FolderLock, take
held = FolderLock.acquire(Path(sys.argv[1]), "clawlocal serve")
print("held", flush=True)
sys.stdin.readline()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_another_process_is_named(path: Path) -> None:
    process = hold(path)
    since = datetime.fromisoformat(json.loads(path.read_text())["since"])
    with pytest.raises(FolderBusy) as error:
        FolderLock.acquire(path)
    process.communicate("\n")
    words = f"clawlocal serve (process {process.pid}) since {since:%H:%M}"
    assert error.value.holder in (words, words.replace("since ", f"since {since:%Y-%m-%d} "))
    assert error.value.holder in str(error.value)


def test_it_is_free_when_the_holder_was_killed(path: Path) -> None:
    process = hold(path)
    process.kill()
    process.communicate()
    assert str(process.pid) in path.read_text()
    with FolderLock.acquire(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_released_it_can_be_taken_by_another(path: Path) -> None:
    held = FolderLock.acquire(path)
    with pytest.raises(FolderBusy):
        FolderLock.acquire(path)
    held.release()
    held.release()
    process = hold(path)
    process.communicate("\n")
    assert process.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="children inherit nothing there")
def test_released_it_is_free_though_a_child_that_just_started_has_the_file_open(path: Path) -> None:
    held = FolderLock.acquire(path)
    assert held._descriptor is not None
    assert not os.get_inheritable(held._descriptor)
    childs = os.dup(held._descriptor)
    held.release()
    FolderLock.acquire(path).release()
    os.close(childs)


@pytest.mark.parametrize("content", ["", "[]", "not JSON", '{"pid": "x"}', "\xff" * 9000])
def test_stale_content_is_harmless(path: Path, content: str) -> None:
    path.write_text(content, "latin-1")
    FolderLock.acquire(path, "clawlocal").release()
    assert json.loads(path.read_text())["command"] == "clawlocal"


@pytest.mark.parametrize("content", ["", "[]", "not JSON", '{"pid": "x"}', "\xff" * 9000])
def test_unreadable_content_of_a_holder(path: Path, content: str) -> None:
    with FolderLock.acquire(path):
        path.write_text(content, "latin-1")
        with pytest.raises(FolderBusy, match="held by another clawlocal"):
            FolderLock.acquire(path)


def test_a_holder_since_yesterday_elsewhere_and_in_colour(path: Path) -> None:
    since = datetime.now().astimezone() - timedelta(days=2)
    who = {"pid": 7, "host": "far\x1b[31m", "since": since.isoformat(), "command": "claw\x07local"}
    with FolderLock.acquire(path):
        path.write_text(json.dumps(who))
        with pytest.raises(FolderBusy) as error:
            FolderLock.acquire(path)
    assert error.value.holder == f"clawlocal (process 7 on far[31m) since {since:%Y-%m-%d %H:%M}"
    assert socket.gethostname() not in error.value.holder


@pytest.mark.skipif(os.name == "nt", reason="no modes")
def test_it_is_the_owners_alone(path: Path) -> None:
    with FolderLock.acquire(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Cannot lock .*CLAWLOCAL_HOME") as error:
        FolderLock.acquire(tmp_path / "file" / "lock")
    assert not isinstance(error.value, FolderBusy)


def test_a_file_system_without_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> bool:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_try_lock", refuse)
    with pytest.raises(StoreError, match=r"Cannot lock .*: No locks available\."):
        FolderLock.acquire(path)


def test_who_only_looks_at_the_lock_is_waited_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    looking = FolderLock.acquire(path, "clawlocal learn status")
    assert take(path, patience=0.0) == (None, looking_holder(path))
    threading.Timer(0.2, looking.release).start()
    lock, holder = take(path, patience=60.0)
    assert holder is None and lock is not None
    lock.release()


def looking_holder(path: Path) -> str:
    try:
        FolderLock.acquire(path)
    except FolderBusy as e:
        return e.holder
    raise AssertionError("nobody holds the lock")
