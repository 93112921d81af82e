"""Adapter versions and which one is live. Knows the files only by path and hash."""

from __future__ import annotations

import json
import sqlite3

from clawlocal.errors import AdapterError, NotFound
from clawlocal.records import AdapterState, AdapterVersion
from clawlocal.store import stamp
from clawlocal.store.database import Database, Row
from clawlocal.store.events import Events
from clawlocal.store.lessons import Lessons


class Adapters(Events, Lessons):
    """Versions of the weights that were learned, per model."""

    _db: Database

    def next_version(self, model: str) -> str:
        """`v1`, `v2`, …: taken by this call, and never given out again, whatever becomes of it."""
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO versions (model, last) VALUES (?, 1) ON CONFLICT (model) DO UPDATE SET last = last + 1",
                (model,),
            )
            return f"v{self._db.value('SELECT last FROM versions WHERE model = ?', (model,))}"

    def live(self, model: str) -> AdapterVersion | None:
        """The version that speaks, or None: then the base does."""
        row = self._db.row("SELECT * FROM adapters WHERE model = ? AND state = 'live'", (model,))
        return None if row is None else _adapter(row)

    def adapters(self, model: str | None = None) -> list[AdapterVersion]:
        """All versions, or those of one model, in the order in which they were made."""
        rows = self._db.rows(
            "SELECT * FROM adapters WHERE :model IS NULL OR model = :model ORDER BY created, rowid",
            {"model": model},
        )
        return [_adapter(row) for row in rows]

    def adapter(self, version: str, model: str) -> AdapterVersion:
        """One version. Raises `NotFound`."""
        row = self._db.row("SELECT * FROM adapters WHERE model = ? AND version = ?", (model, version))
        if row is None:
            raise NotFound(f"{model} has no adapter version {version}. `clawlocal adapters list` shows what there is.")
        return _adapter(row)

    def add_adapter(self, adapter: AdapterVersion) -> AdapterVersion:
        """Record a version from elsewhere as kept. Raises `AdapterError` when it is there already."""
        row = _adapter_row(adapter, AdapterState.KEPT)
        try:
            self._db.insert("adapters", row)
        except sqlite3.IntegrityError as e:
            raise AdapterError(
                f"{adapter.model} has an adapter version {adapter.version} already. Choose another name."
            ) from e
        return self.adapter(adapter.version, adapter.model)

    def delete_adapter(self, version: str, model: str) -> None:
        """Forget a version that is not live; its files are the caller's.

        Raises `NotFound`, `AdapterError`.
        """
        with self._db.transaction():
            if self.adapter(version, model).state is AdapterState.LIVE:
                raise AdapterError(f"{version} is live. Roll back first: `clawlocal adapters rollback`.")
            self._db.execute("DELETE FROM adapters WHERE model = ? AND version = ?", (model, version))

    def set_live(self, version: str | None, model: str) -> None:
        """Bring a version back, or (None) the base. Lessons that it was not taught are set aside.

        Raises `NotFound`; then nothing has changed.
        """
        with self._db.transaction():
            if version is not None:
                self.adapter(version, model)
            self._switch(version, model)
            self.settle_lessons(model)
            name = version or "the base"
            self.add_event("rollback", f"{name} of {model} is live.", {"model": model, "version": version})

    def _switch(self, version: str | None, model: str) -> None:
        self._db.execute("UPDATE adapters SET state = 'kept' WHERE model = ? AND state = 'live'", (model,))
        choose = "UPDATE adapters SET state = 'live' WHERE model = ? AND version = ?"
        self._db.execute(choose, (model, version))


def _adapter_row(adapter: AdapterVersion, state: AdapterState) -> dict[str, object]:
    row = {name: getattr(adapter, name) for name in AdapterVersion.__dataclass_fields__}
    created = adapter.created or stamp.now()
    return {**row, "state": str(state), "created": created, "metrics": json.dumps(adapter.metrics)}


def _adapter(row: Row) -> AdapterVersion:
    return AdapterVersion(**{**dict(row), "state": AdapterState(row["state"]), "metrics": json.loads(row["metrics"])})
