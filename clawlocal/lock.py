"""The lock on the data folder: one process learns there. The system lets go of it when the process ends.

The file's content only says who holds it. It may be stale: whoever has the lock is right, not the content.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from clawlocal.errors import FolderBusy, StoreError

RETRY_SECONDS = 0.05


class FolderLock:
    """Held from `acquire` to `release`, or to the end of the process however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, path: Path, command: str = "clawlocal") -> FolderLock:
        """Take the lock at once, without waiting.

        Raises `FolderBusy`, which says who holds it; `StoreError` when the folder cannot be written.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as e:
            raise _unusable(path, e) from e
        try:
            if not _try_lock(descriptor):
                raise FolderBusy(_holder(descriptor))
            _write(descriptor, _who(command))
        except OSError as e:
            os.close(descriptor)
            raise e if isinstance(e, StoreError) else _unusable(path, e) from e
        return cls(descriptor)

    def release(self) -> None:
        """Let go. Twice is harmless. The file stays: removing it would let two processes hold two files."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            _unlock(descriptor)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


def take(path: Path, patience: float) -> tuple[FolderLock | None, str | None]:
    """The lock, or who holds it after `patience` seconds. Raises `StoreError`.

    Commands that only look hold it for an instant: they are waited out.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return FolderLock.acquire(path), None
        except FolderBusy as e:
            if time.monotonic() >= deadline:
                return None, e.holder
        time.sleep(RETRY_SECONDS)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        # Far behind the content: there a locked byte cannot be read by others.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        # A child that was just started has our files open until it runs its own program: closing is not enough.
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _who(command: str) -> dict[str, Any]:
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "command": command}


def _write(descriptor: int, who: dict[str, Any]) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(who).encode())


def _holder(descriptor: int) -> str:
    """The content in words: `clawlocal (process 1234) since 21:03`."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        who = json.loads(os.read(descriptor, 4096))
        since = datetime.fromisoformat(who["since"]).astimezone()
        process, host, command = int(who["pid"]), _plain(who["host"]), _plain(who["command"])
    except (ValueError, KeyError, TypeError):
        return "another clawlocal"
    today = since.date() == datetime.now().astimezone().date()
    when = since.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
    place = "" if host == socket.gethostname() else f" on {host}"
    return f"{command} (process {process}{place}) since {when}"


def _plain(text: object) -> str:
    """Nothing that could steer a terminal: the file may have been written by anyone."""
    return "".join(c for c in str(text) if c.isprintable())


def _unusable(path: Path, e: OSError) -> StoreError:
    return StoreError(
        f"Cannot lock {path}: {e.strerror}. Change the folder's permissions, "
        "or set CLAWLOCAL_HOME to a folder on this machine that you can write."
    )
