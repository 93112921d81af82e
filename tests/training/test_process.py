"""The trainer as a child process: real processes, suspended and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from clawlocal.errors import TrainerError
from clawlocal.training import process
from clawlocal.training.process import TrainerProcess
from tests.waiting import until
from trainers.messages import Failed, Planned, Progress

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
WorksAs = Callable[[str], None]

PARENT = """
import signal, sys
from pathlib import Path
from clawlocal.training import process
process.COMMAND = tuple(sys.argv[2:])
child = process.TrainerProcess(Path(sys.argv[1]))
assert child.next_message(60)
child.suspend()
print(child.pid, flush=True)
signal.pause()
"""


def status(pid: int) -> str:
    """What the system says of a process; one that nobody has waited for counts as gone."""
    try:
        found = psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return "gone"
    return "gone" if found == psutil.STATUS_ZOMBIE else str(found)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], TrainerProcess]]:
    started: list[TrainerProcess] = []

    def one() -> TrainerProcess:
        started.append(TrainerProcess(tmp_path))
        return started[-1]

    yield one
    for child in started:
        child.kill()


@pytest.fixture
def endless(works_as: WorksAs, start: Callable[[], TrainerProcess]) -> TrainerProcess:
    works_as("endless")
    child = start()
    assert isinstance(child.next_message(60), Planned)
    assert child.next_message(60) == Progress("training", 1, 4)
    return child


def test_suspended_it_stops_and_resumed_it_goes_on(endless: TrainerProcess) -> None:
    assert not endless.suspended
    endless.suspend()
    endless.suspend()
    until(lambda: status(endless.pid) == psutil.STATUS_STOPPED)
    assert endless.suspended
    endless.resume()
    until(lambda: status(endless.pid) == psutil.STATUS_SLEEPING)
    assert not endless.suspended
    assert not endless.finished()


@pytest.mark.parametrize("suspended", [False, True])
def test_killed_it_is_gone(endless: TrainerProcess, suspended: bool) -> None:
    if suspended:
        endless.suspend()
        until(lambda: status(endless.pid) == psutil.STATUS_STOPPED)
    endless.kill()
    endless.kill()
    assert status(endless.pid) == "gone"
    assert endless.finished()
    endless.suspend()
    assert not endless.suspended


def test_no_message_comes_in_time(endless: TrainerProcess) -> None:
    assert endless.next_message(0) is None


def test_what_is_no_message_is_kept_as_its_last_words(works_as: WorksAs, start: Callable[[], TrainerProcess]) -> None:
    works_as("noisy")
    child = start()
    assert all(child.next_message(60) is not None for _ in range(2))
    until(child.finished)
    child.close()
    assert sorted(child.last_words().splitlines()) == ["last words", "no message"]


@pytest.mark.parametrize("own_session", [False, True])
def test_a_suspended_child_ends_when_its_parent_is_killed(works_as: WorksAs, tmp_path: Path, own_session: bool) -> None:
    works_as("endless")
    command = [sys.executable, "-c", PARENT, str(tmp_path), *process.COMMAND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=own_session) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        until(lambda: status(child) == psutil.STATUS_STOPPED)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        try:
            until(lambda: status(child) == "gone", 30)
        finally:
            if status(child) != "gone":
                os.kill(child, signal.SIGKILL)


def test_a_program_that_cannot_be_started_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (str(tmp_path / "nothing"),))
    with pytest.raises(TrainerError, match=r"could not be started: No such file.* `clawlocal doctor`"):
        TrainerProcess(tmp_path)


def test_the_real_worker_says_what_is_wrong_with_its_job(start: Callable[[], TrainerProcess]) -> None:
    child = start()
    message = child.next_message(60)
    assert isinstance(message, Failed)
    assert "job.json cannot be read" in message.reason
    until(child.finished)


def test_what_lies_in_the_current_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that somebody else made may hold modules named like ours, or like a library's."""
    decoy = tmp_path / "trainers"
    decoy.mkdir()
    for name in ("__init__.py", "worker.py"):
        (decoy / name).write_text("print('decoy')")
    monkeypatch.chdir(tmp_path)
    child = TrainerProcess(tmp_path / "no job")
    try:
        message = child.next_message(60)
    finally:
        child.kill()
    assert isinstance(message, Failed)
    assert "cannot be read" in message.reason
