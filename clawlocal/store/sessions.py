"""Sessions and the tree of messages in each. Knows turns only as what made a reply."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from clawlocal.errors import NotFound
from clawlocal.records import Message, Session, ToolCall
from clawlocal.store import stamp
from clawlocal.store.database import Database, Row
from clawlocal.store.forgetting import forget_lessons

_SESSION = "SELECT s.*, (SELECT count(*) FROM turns t WHERE t.session = s.id) AS turns FROM sessions s"
_TURNS_OF = "SELECT id FROM turns WHERE session = ?"
_MESSAGE = "SELECT m.*, t.id AS turn FROM messages m LEFT JOIN turns t ON t.reply_message = m.id"


class Sessions:
    """Conversations."""

    _db: Database

    def add_session(self, model: str, system: str, title: str = "", learning: bool = True) -> Session:
        """Start a conversation."""
        now = stamp.now()
        row = {"title": title, "created": now, "updated": now, "model": model, "system": system}
        return self.session(insert_named(self._db, "sessions", {**row, "learning": int(learning)}))

    def sessions(self, limit: int = 100) -> list[Session]:
        """The latest used first."""
        rows = self._db.rows(f"{_SESSION} ORDER BY s.updated DESC, s.rowid DESC LIMIT ?", (limit,))
        return [_session(row) for row in rows]

    def session(self, session: str) -> Session:
        """One session by its whole id. Raises `NotFound`."""
        row = self._db.row(f"{_SESSION} WHERE s.id = ?", (session,))
        if row is None:
            raise _no_session(session)
        return _session(row)

    def has_session(self, session: str) -> bool:
        """Whether there is a session of that whole id."""
        return self._db.row("SELECT 1 FROM sessions WHERE id = ?", (session,)) is not None

    def resolve_session(self, prefix: str) -> str:
        """The id that begins with `prefix`. Raises `NotFound`: none, or the candidates."""
        return resolve(self._db, "session", "SELECT id, title AS label FROM sessions", prefix)

    def rename(self, session: str, title: str) -> None:
        """Give a session another title. Raises `NotFound`."""
        if not self._db.execute("UPDATE sessions SET title = ? WHERE id = ?", (title, session)):
            raise _no_session(session)

    def set_session_learning(self, session: str, on: bool) -> None:
        """Learn from this session, or do not. Raises `NotFound`."""
        if not self._db.execute("UPDATE sessions SET learning = ? WHERE id = ?", (int(on), session)):
            raise _no_session(session)

    def delete_session(self, session: str) -> None:
        """Delete it with its messages, turns, signals and verdicts, and lessons that came from it alone.

        Which updates its turns went into stays known. Raises `NotFound`.
        """
        with self._db.transaction():
            forget_lessons(self._db, [turn["id"] for turn in self._db.rows(_TURNS_OF, (session,))])
            if not self._db.execute("DELETE FROM sessions WHERE id = ?", (session,)):
                raise _no_session(session)

    def search(self, text: str, limit: int = 20) -> list[Message]:
        """Messages that hold every word of `text` (the last may be unfinished), the best match first."""
        words = [f'"{word.replace(chr(34), chr(34) * 2)}"' for word in text.replace("\0", " ").split()]
        if not words:
            return []
        rows = self._db.rows(
            f"{_MESSAGE} JOIN messages_text x ON x.rowid = m.seq WHERE messages_text MATCH ? "
            "ORDER BY x.rank, m.seq DESC LIMIT ?",
            (" ".join(words) + "*", limit),
        )
        return [_message(row) for row in rows]

    def add_message(
        self,
        session: str,
        parent: str | None,
        role: str,
        content: str,
        note: str = "",
        *,
        thought: str | None = None,
        tool_calls: Sequence[ToolCall] = (),
    ) -> Message:
        """Append below `parent` (None: at the root). Raises `NotFound` when either is not there."""
        with self._db.transaction():
            if parent is not None and self.message(parent).session != session:
                raise NotFound(f"Message {parent} is not part of session {session}.")
            now = stamp.now()
            if not self._db.execute("UPDATE sessions SET updated = ? WHERE id = ?", (now, session)):
                raise _no_session(session)
            row = {
                "session": session,
                "parent": parent,
                "role": role,
                "content": content,
                "note": note,
                "created": now,
                "thought": thought,
                "tool_calls": json.dumps([[call.name, call.arguments] for call in tool_calls]),
            }
            return self.message(insert_named(self._db, "messages", row))

    def message(self, message: str) -> Message:
        """One message by its whole id. Raises `NotFound`."""
        row = self._db.row(f"{_MESSAGE} WHERE m.id = ?", (message,))
        if row is None:
            raise NotFound(f"There is no message {message}. It may have been deleted.")
        return _message(row)

    def messages(self, session: str) -> list[Message]:
        """The whole tree, in the order in which it was written."""
        rows = self._db.rows(f"{_MESSAGE} WHERE m.session = ? ORDER BY m.seq", (session,))
        return [_message(row) for row in rows]

    def branch(self, session: str, leaf: str | None = None) -> list[Message]:
        """From the root to `leaf`, oldest first. By default it is the message written last, unless that lost a vote."""
        if leaf is None:
            lost = (
                "SELECT t.reply_message FROM turns t JOIN signals g ON g.id = "
                "(SELECT max(id) FROM signals WHERE turn = t.id AND kind = 'vote') "
                "WHERE t.session = :session AND g.value < 1"
            )
            last = f"SELECT id FROM messages WHERE session = :session ORDER BY id IN ({lost}), seq DESC LIMIT 1"
            leaf = self._db.value(last, {"session": session})
            return [] if leaf is None else self.branch_to(leaf)
        found = self.branch_to(leaf)
        if found[-1].session != session:
            raise NotFound(f"Message {leaf} is not part of session {session}.")
        return found

    def branch_to(self, message: str) -> list[Message]:
        """From the root to `message`, oldest first. Raises `NotFound`."""
        rows = self._db.rows(
            "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM messages WHERE id = ? UNION ALL "
            "SELECT p.id, p.parent FROM messages p JOIN up ON p.id = up.parent) "
            f"{_MESSAGE} WHERE m.id IN (SELECT id FROM up) ORDER BY m.seq",
            (message,),
        )
        if not rows:
            raise NotFound(f"There is no message {message}. It may have been deleted.")
        return [_message(row) for row in rows]


def insert_named(database: Database, table: str, row: dict[str, Any]) -> str:
    """Insert `row` under a new random id; the id. Draws again when the id is taken."""
    while True:
        name = stamp.new_id()
        try:
            database.insert(table, {"id": name, **row})
            return name
        except sqlite3.IntegrityError:
            if not database.value(f'SELECT count(*) FROM "{table}" WHERE id = ?', (name,)):
                raise


def resolve(database: Database, noun: str, query: str, prefix: str) -> str:
    """The one id that begins with `prefix` among the rows (id, label) of `query`. Raises `NotFound`."""
    prefix = prefix.strip().lower()
    # '{' is the character after 'z': the range holds exactly the ids that begin with the prefix.
    within = f"SELECT * FROM ({query}) WHERE id >= :start AND id < :start || '{{' ORDER BY id LIMIT 6"
    rows = database.rows(within, {"start": prefix})
    if not prefix or not rows or not rows[0]["id"].startswith(prefix):
        raise NotFound(f"There is no {noun} {prefix!r}. `clawlocal sessions list` shows what there is.")
    if len(rows) > 1:
        names = ", ".join(f"{row['id']} ({row['label']})" if row["label"] else row["id"] for row in rows[:5])
        more = ", and more" if len(rows) > 5 else ""
        raise NotFound(f"{prefix!r} may be any of these {noun}s: {names}{more}. Say more of the id.")
    found: str = rows[0]["id"]
    return found


def _no_session(session: str) -> NotFound:
    return NotFound(f"There is no session {session}. `clawlocal sessions list` shows what there is.")


def _session(row: Row) -> Session:
    return Session(**{**dict(row), "learning": bool(row["learning"])})


def _message(row: Row) -> Message:
    values = {name: row[name] for name in row.keys() if name != "seq"}  # noqa: SIM118
    # Most messages have none, and a long chat is read with each of its messages.
    said = [] if row["tool_calls"] == "[]" else json.loads(row["tool_calls"])
    calls = tuple(ToolCall(name, arguments) for name, arguments in said)
    return Message(**{**values, "tool_calls": calls})
