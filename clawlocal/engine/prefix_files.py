"""The files of evaluated sessions: where each is, and when it goes. Knows not what is in them.

They hold what was said as numbers, so they are private, and go with their session.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOM = 2**30
"""Bytes of all files together; the ones that were written longest ago go first."""
SUFFIX = ".safetensors"
ASIDE = ".new"
"""A file that is being written; one that a crash has left goes when the folder is next looked through."""


def check_name(session: str) -> None:
    """Raises `ValueError` for what cannot be the name of a file everywhere."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", session):
        raise ValueError(f"{session[:80]!r} is not the id of a session")


def path_of(folder: Path, session: str) -> Path:
    """The file of a session, by its id."""
    check_name(session)
    return folder / f"{session}{SUFFIX}"


def forget(folder: Path, session: str) -> None:
    """Delete what is kept of a session."""
    _delete(path_of(folder, session))


def forget_others(folder: Path, known: Callable[[str], bool]) -> None:
    """Delete what is kept of sessions that are not `known` any more, and what a crash has left."""
    for path in folder.glob("*"):
        if path.suffix != SUFFIX or not known(path.stem):
            _delete(path)


def make_room(folder: Path, room: int = ROOM) -> None:
    """Delete the oldest files until the rest fits into `room` bytes. Raises `OSError`."""
    found = [(path, path.stat()) for path in folder.glob(f"*{SUFFIX}")]
    files = sorted(found, key=lambda one: one[1].st_mtime)
    while files and sum(stat.st_size for _, stat in files) > room:
        _delete(files.pop(0)[0])


def _delete(path: Path) -> None:
    # One that cannot be deleted now, because another process reads it, goes the next time.
    with suppress(OSError):
        path.unlink(missing_ok=True)
