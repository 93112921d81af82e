"""Files that are there completely or not at all. Knows nothing of what is in them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk. Windows cannot flush a folder and need not."""
    if path.is_dir() and os.name == "nt":
        return
    fd = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file aside, then move it to `path`. A kill leaves the old one or the new one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(aside)
        sync(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_whole` for a string."""
    write_whole(path, lambda aside: _put(aside, text))


def _put(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
