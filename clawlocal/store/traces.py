"""Where the words of turns stand beside the turns themselves: in lessons, notes, titles, events, other prompts.

Knows which updates read them. What goes with a turn by itself (messages, signals, verdicts) is not its business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawlocal.store.database import Database
from clawlocal.store.forgetting import FORGOTTEN, drop_lessons, only_from
from clawlocal.store.lessons import key

_AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True)
class Traces:
    """What else holds the words of some turns."""

    turns: tuple[str, ...]
    """The turns themselves."""
    readers: tuple[str, ...]
    """Other turns that held some of the words in prompt or hint."""
    lessons: dict[int, str]
    """Lessons that came from nowhere else, with their text."""
    noted: tuple[str, ...]
    """Messages that were sent with such a lesson."""
    titled: tuple[str, ...]
    """Sessions whose title is one of the messages."""
    sessions: tuple[str, ...]
    """Sessions in which any of it stood."""


def find(database: Database, turns: Sequence[str]) -> Traces:
    """All of it. Call it before anything is deleted."""
    among = json.dumps(list(turns))
    lost = _lost_sources(database, among)
    gone = only_from(database, turns, lost)
    lessons = {
        row["id"]: row["text"] for row in database.rows(f"SELECT id, text FROM lessons WHERE id {_AMONG}", (_in(gone),))
    }
    noted = [
        (row["id"], row["session"])
        for row in database.rows("SELECT id, session, note FROM messages WHERE note != ''")
        if any(text in row["note"] for text in lessons.values())
    ]
    replies = _ids(database, f"SELECT reply_message AS id FROM turns WHERE id {_AMONG}", among)
    readers = {turn for turn, _ in lost} | set(_below(database, [*replies, *(message for message, _ in noted)]))
    sessions = _ids(database, f"SELECT DISTINCT session AS id FROM turns WHERE id {_AMONG}", among)
    return Traces(
        turns=tuple(turns),
        readers=tuple(sorted(readers - set(turns))),
        lessons=lessons,
        noted=tuple(message for message, _ in noted),
        titled=_titled(database, among),
        sessions=tuple(dict.fromkeys([*sessions, *(session for _, session in noted)])),
    )


def updates(database: Database, found: Traces) -> set[int]:
    """The updates that read any of it: used a turn, practised on its prompt, or were taught a lesson from it."""
    used = f"SELECT id FROM turns WHERE \"use\" = 'used' AND id {_AMONG}"
    rows = database.rows(
        f"SELECT update_id FROM update_turns WHERE turn {_AMONG} "
        f"UNION SELECT update_id FROM update_turns WHERE turn IN ({used}) "
        f"UNION SELECT update_id FROM lesson_updates WHERE lesson {_AMONG}",
        (_in(found.turns), _in(found.readers), _in(found.lessons)),
    )
    return {row["update_id"] for row in rows}


def erase(database: Database, found: Traces) -> None:
    """Take the words out of all that stays. Prompts, as token ids, are the caller's."""
    drop_lessons(database, set(found.lessons))
    for message in found.noted:
        note = str(database.value("SELECT note FROM messages WHERE id = ?", (message,)))
        for text in found.lessons.values():
            note = note.replace(text, "")
        left = "\n".join(line for line in note.splitlines() if line.strip())
        database.execute("UPDATE messages SET note = ? WHERE id = ?", (left, message))
    for session in found.titled:
        database.execute("UPDATE sessions SET title = ? WHERE id = ?", (FORGOTTEN, session))
    for text in found.lessons.values():
        said = json.dumps(text)[1:-1]
        for table, column, old in (
            ("events", "text", text),
            ("events", "data", said),
            ("updates", "reason", text),
            ("state", "value", said),
        ):
            database.execute(
                f"UPDATE {table} SET {column} = replace({column}, :old, :new) WHERE instr({column}, :old) > 0",
                {"old": old, "new": FORGOTTEN},
            )


def _lost_sources(database: Database, among: str) -> set[tuple[str, int]]:
    """Turns that these turns' messages were the answer to, each with a lesson that only those words made of it."""
    answered = database.rows(
        "SELECT DISTINCT p.id AS turn, g.id AS signal, v.hint FROM turns t JOIN messages q ON q.id = t.user_message "
        "JOIN turns p ON p.reply_message = q.parent "
        "JOIN signals g ON g.turn = p.id AND g.kind = 'message' AND g.text = q.content "
        f"LEFT JOIN verdicts v ON v.signal = g.id WHERE t.id {_AMONG}",
        (among,),
    )
    lost: set[tuple[str, int]] = set()
    for row in answered:
        if not row["hint"]:
            continue
        others = database.rows("SELECT hint FROM verdicts WHERE turn = ? AND signal != ?", (row["turn"], row["signal"]))
        if key(row["hint"]) in {key(other["hint"]) for other in others}:
            continue
        lesson = database.value("SELECT id FROM lessons WHERE key = ?", (key(row["hint"]),))
        # Without a lesson, the hint alone was read: 0 is no lesson's id.
        lost.add((row["turn"], lesson or 0))
    return lost


def _below(database: Database, messages: Iterable[str]) -> list[str]:
    """Turns whose prompts held any of these messages."""
    return _ids(
        database,
        f"WITH RECURSIVE down (id) AS (SELECT id FROM messages WHERE id {_AMONG} "
        "UNION SELECT m.id FROM messages m JOIN down ON m.parent = down.id) "
        "SELECT id FROM turns WHERE reply_message IN (SELECT id FROM down)",
        _in(messages),
    )


def _titled(database: Database, among: str) -> tuple[str, ...]:
    rows = database.rows(
        "SELECT s.id, s.title, m.content FROM turns t JOIN messages m ON m.id = t.user_message "
        f"JOIN sessions s ON s.id = t.session WHERE t.id {_AMONG}",
        (among,),
    )
    return tuple(dict.fromkeys(row["id"] for row in rows if _begins(row["content"], row["title"])))


def _begins(text: str, title: str) -> bool:
    """Whether a title was made from how a message begins."""
    bare = title.rstrip("…").rstrip()
    return bool(bare) and " ".join(text.split()).startswith(bare)


def _ids(database: Database, query: str, among: str) -> list[str]:
    return [row["id"] for row in database.rows(query, (among,))]


def _in(values: Iterable[object]) -> str:
    return json.dumps(list(values))
