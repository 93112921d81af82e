"""All that is kept: one SQLite database, queried by noun. Knows no engine, no judge, no interface."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from clawlocal.store.answers import Answers
from clawlocal.store.database import Database
from clawlocal.store.ledger import Ledger
from clawlocal.store.migrations import migrate
from clawlocal.store.remote_jobs import RemoteJobs
from clawlocal.store.remotes import Remotes
from clawlocal.store.servings import Servings

__all__ = ["Store"]

_TABLES = (
    "sessions",
    "lessons",
    "lesson_updates",
    "adapters",
    "versions",
    "update_turns",
    "updates",
    "events",
    "state",
    "egress",
    "grants",
    "remotes",
    "remote_jobs",
    "sqlite_sequence",
)
"""Those that the deletion of these does not empty by itself; what refers comes first."""


class Store(Ledger, Remotes, RemoteJobs, Answers, Servings):
    """The database as one object. Any thread, several processes; every fault is a `StoreError` in words."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the database at `path`, made and migrated as needed; its folder must exist.

        Raises `StoreError`: read-only, full, damaged, made by a newer clawlocal.
        """
        database = Database(path)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """Several calls as one: all of them, or none. Other threads wait; keep it short."""
        return self._db.transaction()

    def purge(self) -> None:
        """Erase all that is kept, also from the free pages and the write-ahead file. The schema stays."""
        with self._db.transaction():
            for table in _TABLES:
                self._db.execute(f'DELETE FROM "{table}"')
            self._db.execute("INSERT INTO messages_text (messages_text) VALUES ('rebuild')")
        self._db.execute("VACUUM")
        self._db.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file. Twice is harmless."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
