"""What else goes when a turn goes: lessons that came from nowhere else, and their words in receipts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from clawlocal.store import replaced
from clawlocal.store.database import Database

FORGOTTEN = "(forgotten)"
"""Stands in a receipt where a lesson's text was."""


def forget_lessons(database: Database, turns: Sequence[str]) -> None:
    """Delete the lessons all of whose sources are among `turns`.

    One without sources is the user's own, and stays. Call it in the transaction that deletes the turns,
    before it does.
    """
    drop_lessons(database, only_from(database, turns))


def only_from(database: Database, turns: Sequence[str], lost: Iterable[tuple[str, int]] = ()) -> set[int]:
    """The lessons all of whose sources are among `turns`, or among the pairs of turn and lesson that are `lost`."""
    gone, lost = set(turns), set(lost)
    sources: dict[int, set[str]] = {}
    for row in database.rows("SELECT lesson, turn FROM lesson_turns"):
        its = sources.setdefault(row["lesson"], set())
        if row["turn"] not in gone and (row["turn"], row["lesson"]) not in lost:
            its.add(row["turn"])
    return {lesson for lesson, its in sources.items() if not its}


def drop_lessons(database: Database, lessons: set[int]) -> None:
    """Delete lessons, and their words in receipts."""
    for lesson in lessons:
        replaced.drop(database, lesson)
    if lessons:
        _scrub_receipts(database, lessons)


def _scrub_receipts(database: Database, lessons: set[int]) -> None:
    for row in database.rows("SELECT id, lessons FROM updates"):
        said = json.loads(row["lessons"])
        scrubbed = [{**x, "text": FORGOTTEN} if x.get("id") in lessons else x for x in said]
        if scrubbed != said:
            database.execute("UPDATE updates SET lessons = ? WHERE id = ?", (json.dumps(scrubbed), row["id"]))
