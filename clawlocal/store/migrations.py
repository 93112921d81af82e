"""The schema, as numbered steps. A step that was released is never changed: a new one is added.

sqlite-utils applies and records them. It is imported only when a step is missing, since it takes
longer to import than the database takes to open; `user_version` says how many steps a file has had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clawlocal.errors import StoreError
from clawlocal.store import schema
from clawlocal.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Migrations

Step = tuple[str, str]
"""A name, which begins with the step's number, and its SQL."""

STEPS: tuple[Step, ...] = (
    ("0001_conversations", schema.CONVERSATIONS),
    ("0002_learning", schema.LEARNING),
    ("0003_search", schema.SEARCH),
    ("0004_thoughts", schema.THOUGHTS),
    ("0005_replaced", schema.REPLACED),
    ("0006_share", schema.SHARE),
    ("0007_offload", schema.OFFLOAD),
    ("0008_storage", schema.STORAGE),
    ("0009_remote_jobs", schema.REMOTE_JOBS),
    ("0010_answers", schema.ANSWERS),
    ("0011_ssh", schema.SSH),
    ("0012_storage_endpoint", schema.STORAGE_ENDPOINT),
    ("0013_servings", schema.SERVINGS),
    ("0014_policy", schema.POLICY),
)


def migrate(database: Database, steps: tuple[Step, ...] = STEPS) -> None:
    """Bring the file up to the newest of `steps`, each in a transaction of its own.

    Two processes may do this at once: each step is looked up again under the right to write.
    Raises `StoreError` when the file has had a step that is not known here.
    """
    version = int(database.value("PRAGMA user_version"))
    if version > len(steps):
        raise _newer(database, version, len(steps))
    while version < len(steps):
        with database.transaction():
            version = _next_step(database, steps)


def _next_step(database: Database, steps: tuple[Step, ...]) -> int:
    """Apply the first missing step; the number of steps that the file has now."""
    import sqlite_utils

    tables = sqlite_utils.Database(database.connection, execute_plugins=False)
    migrations = _registered(steps)
    done = {m.name for m in migrations.applied(tables)}
    if done - {name for name, _ in steps}:
        raise _newer(database, len(done), len(steps))
    missing = [name for name, _ in steps if name not in done]
    migrations.apply(tables, stop_before=missing[1:])
    version = len(steps) - len(missing[1:])
    database.execute(f"PRAGMA user_version = {version}")
    return version


def _registered(steps: tuple[Step, ...]) -> Migrations:
    from sqlite_utils import Migrations

    migrations = Migrations("clawlocal")
    for name, sql in steps:
        migrations(name=name)(_runs(sql))
    return migrations


def _runs(sql: str) -> Callable[..., None]:
    def step(tables: Any) -> None:
        # Inside a transaction sqlite-utils runs a script statement by statement, without a commit.
        tables.executescript(sql)

    return step


def _newer(database: Database, version: int, known: int) -> StoreError:
    return StoreError(
        f"{database.path} was made by a newer clawlocal (schema {version}, this one knows {known}). "
        "Upgrade with `pip install --upgrade clawlocal`, or set CLAWLOCAL_HOME to another folder."
    )
