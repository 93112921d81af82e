"""What happened, in words, in order: what the activity list shows. Knows nothing of what it tells."""

from __future__ import annotations

import json
from typing import Any

from clawlocal.records import Event
from clawlocal.store import stamp
from clawlocal.store.database import Database


class Events:
    """A list that only grows."""

    _db: Database

    def add_event(self, kind: str, text: str, data: dict[str, Any] | None = None) -> Event:
        """Append. `data` is anything that JSON can hold."""
        data = data or {}
        row = {"kind": kind, "text": text, "created": stamp.now()}
        return Event(id=self._db.insert("events", {**row, "data": json.dumps(data)}), data=data, **row)

    def last_event(self) -> int:
        """The highest id so far; 0 for none."""
        return int(self._db.value("SELECT ifnull(max(id), 0) FROM events"))

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        """Those with a higher id than `after`, oldest first, at most `limit` (-1: all)."""
        rows = self._db.rows("SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [Event(**{**dict(row), "data": json.loads(row["data"])}) for row in rows]
