"""Lessons whose place a later one took: which are out of use for it, and which count again. Knows no wording."""

from __future__ import annotations

from clawlocal.store.database import Database

REPLACED = """
WITH RECURSIVE replaced (lesson, later) AS (
    SELECT l.id, u.id FROM lessons u JOIN lessons l ON l.replaced_by = u.id WHERE u.state IN ('active', 'learned')
    UNION SELECT l.id, r.later FROM replaced r JOIN lessons l ON l.replaced_by = r.lesson
)
"""
"""Lessons and the later ones, in use, that took their places: itself, or what took the place of that in turn."""
WAKE = (
    f"{REPLACED} UPDATE lessons SET state = 'active' WHERE state = 'new' AND replaced_by IS NOT NULL "
    "AND id NOT IN (SELECT lesson FROM replaced)"
)
"""What nothing in use replaces any more counts again."""


def give_way(database: Database) -> None:
    """What a lesson in use took the place of is not in use."""
    database.execute(
        f"{REPLACED} UPDATE lessons SET state = 'new' WHERE state IN ('active', 'learned') "
        "AND id IN (SELECT lesson FROM replaced)"
    )


def settle(database: Database) -> None:
    """After a lesson came into use, or out of it: what it replaced gives way, or counts again."""
    give_way(database)
    database.execute(WAKE)
    # Of a chain that woke up, the last one counts.
    give_way(database)


def drop(database: Database, lesson: int) -> None:
    """Delete a lesson. What it took the place of counts again, or is replaced by what replaced `lesson` itself."""
    database.execute("UPDATE lessons SET state = 'vetoed' WHERE id = ?", (lesson,))
    settle(database)
    move(database, lesson, database.value("SELECT replaced_by FROM lessons WHERE id = ?", (lesson,)))
    database.execute("DELETE FROM lessons WHERE id = ?", (lesson,))


def move(database: Database, lesson: int, to: int | None) -> None:
    """What `lesson` took the place of is replaced by `to` instead."""
    change = "UPDATE lessons SET replaced_by = nullif(:to, id) WHERE replaced_by = :lesson"
    database.execute(change, {"to": to, "lesson": lesson})
