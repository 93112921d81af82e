"""What SQLite's faults mean to a person: one sentence each that says what to do. Knows no tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from clawlocal.errors import ClawlocalError, NotFound, StoreError

_BUSY = "Another program kept {path} busy for too long. Try again, or close the other one."
_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk is full, so nothing was written to {path}. Free some space and try again.",
    sqlite3.SQLITE_READONLY: "{path} is read-only. Change its permissions, "
    "or set CLAWLOCAL_HOME to a folder you can write.",
    sqlite3.SQLITE_CANTOPEN: "Cannot open {path} for writing. Change the folder's permissions, "
    "or set CLAWLOCAL_HOME to a folder you can write.",
    sqlite3.SQLITE_PERM: "{path} is not yours to write. Change its permissions, "
    "or set CLAWLOCAL_HOME to a folder you can write.",
    sqlite3.SQLITE_NOTADB: "{path} is not a clawlocal database. Move it away and start again: a new one is made.",
    sqlite3.SQLITE_CORRUPT: "{path} is damaged. Put back a copy of it, or move it away and start again: "
    "a new one is made.",
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_IOERR: "The disk failed while {path} was in use. Check the disk and its free space, then try again.",
}


def primary_code(e: sqlite3.Error) -> int | None:
    """SQLite's primary result code, without the extension in the upper bits; None for the driver's own."""
    code: int | None = getattr(e, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def in_words(e: sqlite3.Error, path: Path) -> ClawlocalError:
    """The error that a person may meet for `e`."""
    if getattr(e, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound("What this belongs to is not there any more: it was deleted meanwhile.")
    sentence = _SENTENCES.get(primary_code(e) or -1)
    if sentence is None:
        return StoreError(f"The database {path} failed ({e}). Run `clawlocal doctor` to see what works.")
    return StoreError(sentence.format(path=path))
