"""One SQLite file, opened safely: transactions that are real, any thread, faults in words. Knows no tables.

Written ahead (WAL) and fsynced at every commit: what was acknowledged survives a power cut, and another
process can read and write meanwhile. A write waits up to five seconds for its turn.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from clawlocal.errors import StoreError
from clawlocal.store import faults

BUSY_SECONDS = 5.0

Row = sqlite3.Row
Values = Sequence[Any] | Mapping[str, Any]


class Database:
    """A connection and the lock that guards it. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open or make the file at `path`, readable by the owner alone. Raises `StoreError`."""
        self.path = path
        self.connection = _connect(path)
        self._lock = RLock()
        self._depth = 0
        try:
            with self._faults():
                self._prepare()
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self) -> None:
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.execute("PRAGMA secure_delete = ON")
        self._write_ahead()
        self.connection.execute("PRAGMA synchronous = FULL")

    def _write_ahead(self) -> None:
        """Switch to WAL once in a file's life. SQLite does not wait there for another process, so we do."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as e:
                if faults.primary_code(e) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def close(self) -> None:
        """Let go of the file. Twice is harmless; anything else afterwards raises `StoreError`."""
        with self._lock, self._faults():
            self.connection.close()

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """All of the block, or none of it. Inside another transaction: a savepoint of it.

        It takes the right to write at once (`IMMEDIATE`), so that what is read inside stays true until
        the commit. Other threads wait meanwhile: keep it short.
        """
        return self._block("BEGIN IMMEDIATE")

    def snapshot(self) -> contextlib.AbstractContextManager[None]:
        """Several queries that see the same moment. Waits for no writer, and must not write."""
        return self._block("BEGIN")

    @contextlib.contextmanager
    def _block(self, outermost: str) -> Iterator[None]:
        with self._lock, self._faults():
            begin, commit, rollback = self._words(outermost)
            self.connection.execute(begin)
            self._depth += 1
            try:
                yield
                self.connection.execute(commit)
            except BaseException:
                self._undo(rollback)
                raise
            finally:
                self._depth -= 1

    def _words(self, outermost: str) -> tuple[str, str, str]:
        if not self._depth:
            return outermost, "COMMIT", "ROLLBACK"
        name = f"level_{self._depth}"
        return f"SAVEPOINT {name}", f"RELEASE {name}", f"ROLLBACK TO {name}; RELEASE {name}"

    def _undo(self, rollback: str) -> None:
        # A full disk or a failed commit may have undone the transaction already.
        for statement in rollback.split("; "):
            if self.connection.in_transaction:
                self.connection.execute(statement)

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run one statement; how many rows it changed. Alone, it is its own transaction."""
        with self._lock, self._faults():
            return self._run(sql, values).rowcount

    def insert(self, table: str, row: Mapping[str, Any]) -> int:
        """Insert one row; its rowid. Raises `sqlite3.IntegrityError` only for a key that is taken."""
        columns = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join(f":{name}" for name in row)
        with self._lock, self._faults():
            return self._run(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', row).lastrowid or 0

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock, self._faults():
            found: list[Row] = self._run(sql, values).fetchall()
            return found

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """The first row of a query, or None."""
        with self._lock, self._faults():
            found: Row | None = self._run(sql, values).fetchone()
            return found

    def value(self, sql: str, values: Values = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, values)
        return None if found is None else found[0]

    def _run(self, sql: str, values: Values) -> sqlite3.Cursor:
        try:
            return self.connection.execute(sql, values)
        except UnicodeEncodeError:
            # A terminal or a file name gave bytes that are no text: keep the rest of it.
            return self.connection.execute(sql, _as_text(values))

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Classify once: what leaves here is in words, except a taken key, which the caller mends."""
        try:
            yield
        except sqlite3.IntegrityError as e:
            if e.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
                raise
            raise faults.in_words(e, self.path) from e
        except sqlite3.ProgrammingError as e:
            if "closed" in str(e):
                raise StoreError(f"{self.path} was closed. Open clawlocal again.") from e
            raise
        except sqlite3.Error as e:
            raise faults.in_words(e, self.path) from e


def _as_text(values: Values) -> Values:
    def mend(value: Any) -> Any:
        return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value

    if isinstance(values, Mapping):
        return {name: mend(value) for name, value in values.items()}
    return [mend(value) for value in values]


def _connect(path: Path) -> sqlite3.Connection:
    """Transactions are begun by us alone (`isolation_level=None`); threads take turns at the lock."""
    try:
        # Made by hand, for the mode: the -wal and -shm files take theirs from it. One that is there is not touched: to
        # close it would drop the locks that another connection of this process has on it, and the next process that
        # leaves would take the -wal file, with all that is written there since, for nobody's.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass
    except OSError as e:
        raise StoreError(
            f"Cannot open {path}: {e.strerror}. Free some space, change the folder's permissions, "
            "or set CLAWLOCAL_HOME to a folder you can write."
        ) from e
    try:
        return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as e:
        raise faults.in_words(e, path) from e
