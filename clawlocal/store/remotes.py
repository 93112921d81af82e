"""Remotes, what may be sent to them, and what was. Knows no network and no clock but its stamps."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import asdict

from clawlocal.errors import NotFound, OffloadError
from clawlocal.records import DataClass, Egress, Grant, Purpose, Remote, RemoteKind
from clawlocal.store import stamp
from clawlocal.store.database import Database, Row

BEGUN = "no answer was recorded"
"""The outcome of a request until it has one: what a crash leaves."""
_GRANTS = "SELECT g.*, (SELECT ifnull(sum(sent), 0) FROM egress WHERE grant_id = g.id) AS spent FROM grants g"


class Remotes:
    """The endpoints that the user added."""

    _db: Database

    def add_remote(self, remote: Remote) -> None:
        """Raises `OffloadError` when the name is taken."""
        try:
            self._db.insert("remotes", asdict(remote))
        except sqlite3.IntegrityError as e:
            raise OffloadError(
                f"There is a remote {remote.name} already. Choose another name, "
                f"or remove the old one first: `clawlocal offload remove {remote.name}`."
            ) from e

    def remotes(self) -> list[Remote]:
        """By name."""
        return [_remote(row) for row in self._db.rows("SELECT * FROM remotes ORDER BY name")]

    def remote(self, name: str) -> Remote:
        """Raises `NotFound`, which lists the known ones."""
        row = self._db.row("SELECT * FROM remotes WHERE name = ?", (name,))
        if row is None:
            known = ", ".join(remote.name for remote in self.remotes()) or "none"
            raise NotFound(f"There is no remote {name!r}. Known: {known}. `clawlocal offload add` adds one.")
        return _remote(row)

    def remove_remote(self, name: str) -> None:
        """With its grants. What was logged of it stays. Raises `NotFound`."""
        self.remote(name)
        self._db.execute("DELETE FROM remotes WHERE name = ?", (name,))

    def add_grant(
        self, remote: str, host: str, purpose: Purpose, data: Collection[DataClass], max_bytes: int, expires: str
    ) -> Grant:
        """In place of an earlier one for the same purpose; nothing counts as sent under it yet."""
        row = {
            "remote": remote,
            "host": host,
            "purpose": str(purpose),
            "data": ",".join(sorted(data)),
            "max_bytes": max_bytes,
            "expires": expires,
            "created": stamp.now(),
        }
        with self._db.transaction():
            self._db.execute("DELETE FROM grants WHERE remote = ? AND purpose = ?", (remote, str(purpose)))
            self._db.insert("grants", row)
            found = self.grant(remote, purpose)
        assert found is not None
        return found

    def grants(self) -> list[Grant]:
        """All of them, by remote."""
        return [_grant(row) for row in self._db.rows(f"{_GRANTS} ORDER BY remote, purpose")]

    def grant(self, remote: str, purpose: Purpose) -> Grant | None:
        """What was granted, whether or not it has ended; None for nothing."""
        row = self._db.row(f"{_GRANTS} WHERE g.remote = ? AND g.purpose = ?", (remote, str(purpose)))
        return None if row is None else _grant(row)

    def revoke(self, remote: str) -> int:
        """Take back every grant of a remote; how many there were."""
        return self._db.execute("DELETE FROM grants WHERE remote = ?", (remote,))

    def revoke_expired(self, now: str) -> None:
        """What has ended does not come back, whatever a clock says later."""
        self._db.execute("DELETE FROM grants WHERE expires <= ?", (now,))

    def begin_egress(self, grant: Grant, size: int) -> int:
        """Before the first byte leaves: so many will, under this grant. The number of the entry."""
        row = {
            "grant_id": grant.id,
            "remote": grant.remote,
            "host": grant.host,
            "purpose": str(grant.purpose),
            "sent": size,
            "received": 0,
            "outcome": BEGUN,
            "created": stamp.now(),
        }
        return self._db.insert("egress", row)

    def end_egress(self, egress: int, received: int, outcome: str) -> None:
        self._db.execute("UPDATE egress SET received = ?, outcome = ? WHERE id = ?", (received, outcome, egress))

    def egress(self, limit: int = -1) -> list[Egress]:
        """What left, the latest first, at most `limit` (-1: all)."""
        rows = self._db.rows("SELECT * FROM egress ORDER BY id DESC LIMIT ?", (limit,))
        fields = Egress.__dataclass_fields__
        return [Egress(**{**{f: row[f] for f in fields}, "purpose": Purpose(row["purpose"])}) for row in rows]


def _remote(row: Row) -> Remote:
    return Remote(**{**dict(row), "kind": RemoteKind(row["kind"]), "plain": bool(row["plain"])})


def _grant(row: Row) -> Grant:
    data = frozenset(map(DataClass, row["data"].split(",")))
    return Grant(**{**dict(row), "purpose": Purpose(row["purpose"]), "data": data})
