"""The files of evaluated sessions: where each is, and when it goes. Knows not what is in them.

They hold what was said as numbers, so they are private, and go with their session.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

ROOM = 2**30
"""Bytes of all files together; the ones that were written longest ago go first."""
SUFFIX = ".safetensors"


def path_of(folder: Path, session: str) -> Path:
    """The file of a session, by its id."""
    if not session.isalnum():
        raise ValueError(f"{session!r} is not the id of a session")
    return folder / f"{session}{SUFFIX}"


def forget(folder: Path, session: str) -> None:
    """Delete what is kept of a session."""
    path_of(folder, session).unlink(missing_ok=True)


def forget_others(folder: Path, known: Callable[[str], bool]) -> None:
    """Delete what is kept of sessions that are not `known` any more."""
    for path in folder.glob("*"):
        if not known(path.stem):
            path.unlink(missing_ok=True)


def make_room(folder: Path, room: int = ROOM) -> None:
    """Delete the oldest files until the rest fits into `room` bytes."""
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    sizes = [path.stat().st_size for path in files]
    while files and sum(sizes) > room:
        files.pop(0).unlink(missing_ok=True)
        sizes.pop(0)
