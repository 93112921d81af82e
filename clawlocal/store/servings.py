"""Whose adapter speaks on which model of a remote, and what is loaded there. Knows no network."""

from __future__ import annotations

import json
from dataclasses import asdict

from clawlocal.served_adapter import Load, LoadState, Serving
from clawlocal.store.database import Database, Row


class Servings:
    """Gone with the remote that they are about."""

    _db: Database

    def serving(self, remote: str, target: str) -> Serving | None:
        """What was said of one model of a remote; None where its plain weights answer."""
        row = self._db.row("SELECT * FROM servings WHERE remote = ? AND target = ?", (remote, target))
        return None if row is None else Serving(**dict(row))

    def servings(self) -> list[Serving]:
        """All of them, by remote."""
        return [Serving(**dict(row)) for row in self._db.rows("SELECT * FROM servings ORDER BY remote, target")]

    def set_serving(self, serving: Serving) -> None:
        """In place of what was said before of this model."""
        with self._db.transaction():
            self.drop_serving(serving.remote, serving.target)
            self._db.insert("servings", asdict(serving))

    def drop_serving(self, remote: str, target: str) -> bool:
        """Its plain weights answer; whether others did."""
        return bool(self._db.execute("DELETE FROM servings WHERE remote = ? AND target = ?", (remote, target)))

    def loads(self, remote: str | None = None) -> list[Load]:
        """What is there, or may be: everywhere, or on one remote."""
        rows = self._db.rows(
            "SELECT * FROM loads WHERE :remote IS NULL OR remote = :remote ORDER BY remote, target, name",
            {"remote": remote},
        )
        return [_load(row) for row in rows]

    def load(self, remote: str, name: str) -> Load | None:
        """One of them."""
        row = self._db.row("SELECT * FROM loads WHERE remote = ? AND name = ?", (remote, name))
        return None if row is None else _load(row)

    def keep_load(self, load: Load) -> None:
        """As it is now."""
        with self._db.transaction():
            self.drop_load(load.remote, load.name)
            self._db.insert("loads", {**asdict(load), "state": str(load.state), "scores": json.dumps(load.scores)})

    def drop_load(self, remote: str, name: str) -> None:
        """It is gone."""
        self._db.execute("DELETE FROM loads WHERE remote = ? AND name = ?", (remote, name))

    def outdated_loads(self) -> list[Load]:
        """What must not stay there: it was to leave, or its version is no more."""
        rows = self._db.rows(
            "SELECT * FROM loads l WHERE state = 'leaving' OR NOT EXISTS "
            "(SELECT 1 FROM adapters a WHERE a.model = l.model AND a.version = l.version) ORDER BY remote, name"
        )
        return [_load(row) for row in rows]


def _load(row: Row) -> Load:
    return Load(**{**dict(row), "state": LoadState(row["state"]), "scores": tuple(json.loads(row["scores"]))})
