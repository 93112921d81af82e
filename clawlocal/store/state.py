"""Small facts under a key: switches, and requests from one process to another. Knows not what they mean."""

from __future__ import annotations

from datetime import datetime

from clawlocal.store import stamp
from clawlocal.store.database import Database

_LEARNING = "learning"
_PAUSED = "learning paused"
_FOR_GOOD = "yes"
_MEMORY = "training memory "


class State:
    """Texts by key."""

    _db: Database

    def get_state(self, key: str, default: str | None = None) -> str | None:
        """The text under `key`, or `default`."""
        value: str | None = self._db.value("SELECT value FROM state WHERE key = ?", (key,))
        return default if value is None else value

    def set_state(self, key: str, value: str | None) -> None:
        """Keep a text under `key`; None removes it."""
        if value is None:
            self._db.execute("DELETE FROM state WHERE key = ?", (key,))
        else:
            self._db.execute("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", (key, value))

    def take_state(self, key: str) -> str | None:
        """The text under `key`, removed: of several processes that ask, one gets it."""
        with self._db.transaction():
            value = self.get_state(key)
            if value is not None:
                self.set_state(key, None)
            return value

    def noted_memory(self, model: str) -> int:
        """Bytes that training a model takes at the least, as a trainer found that there was less; 0 where none did."""
        return int(self.get_state(_MEMORY + model, "0") or 0)

    def note_memory(self, model: str, size: int) -> None:
        """0 once there was enough."""
        self.set_state(_MEMORY + model, str(size) if size else None)

    def learning(self) -> bool:
        """Whether learning is on for all; it is, until it is turned off."""
        return self.get_state(_LEARNING, "on") == "on"

    def set_learning(self, on: bool) -> None:
        """Turn learning on or off for all sessions."""
        self.set_state(_LEARNING, "on" if on else "off")

    def paused(self) -> bool:
        """Whether no update starts by itself until the user resumes; chats are judged all the same."""
        until = self.get_state(_PAUSED)
        return until is not None and (until == _FOR_GOOD or until > stamp.now())

    def paused_until(self) -> datetime | None:
        """When a pause ends by itself, in local time; None where it does not, or there is none."""
        until = self.get_state(_PAUSED)
        return None if until in (None, _FOR_GOOD) else datetime.fromisoformat(str(until)).astimezone()

    def set_paused(self, on: bool, until: datetime | None = None) -> None:
        """Pause updates, until they are resumed or a moment has come, or resume them."""
        self.set_state(_PAUSED, (stamp.of(until) if until else _FOR_GOOD) if on else None)
