"""Lessons: do and don't lines with the turns that they came from. Knows no prompt and no judge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from clawlocal.errors import NotFound
from clawlocal.records import IN_USE, Lesson, LessonState
from clawlocal.store import replaced, stamp
from clawlocal.store.database import Database, Row

_LINE = """
WITH RECURSIVE line (version) AS (
    SELECT version FROM adapters WHERE model = :model AND state = 'live'
    UNION SELECT u.parent FROM updates u JOIN line ON u.version = line.version
    WHERE u.model = :model AND u.status = 'published' AND u.parent IS NOT NULL
),
taught (lesson, update_id) AS (
    SELECT l.lesson, max(l.update_id) FROM lesson_updates l JOIN updates u ON u.id = l.update_id
    WHERE u.model = :model AND u.status = 'published' AND u.version IN (SELECT version FROM line)
    GROUP BY l.lesson
)
"""
"""The live version and those it was trained from, and the lessons that they were taught."""

_MEASURE = (
    f"{_LINE} UPDATE lessons SET share = (SELECT json_extract(said.value, '$.share') "
    "FROM updates u, json_each(u.lessons) said WHERE u.model = :model AND u.status = 'published' "
    "AND u.version IN (SELECT version FROM line) AND json_extract(said.value, '$.id') = lessons.id "
    "AND json_extract(said.value, '$.share') IS NOT NULL ORDER BY u.id DESC LIMIT 1)"
)
"""How far each was in the weights when the live version, or the last one before it that tells, was made."""


class Lessons:
    """What the assistant was told to do, and not to do."""

    _db: Database

    def add_lesson(
        self, text: str, scope: str = "", turns: Iterable[str] = (), state: LessonState = LessonState.NEW
    ) -> Lesson:
        """Record a lesson. One that says the same, but for case and spaces, gains the source turns instead.

        A merged lesson keeps its state, except that a new one becomes active. Raises `NotFound` for a
        source that is not there.
        """
        row = {"key": key(text), "text": text.strip(), "scope": scope, "state": str(state)}
        row["created"] = stamp.now()
        with self._db.transaction():
            known = self._db.value("SELECT id FROM lessons WHERE key = ?", (row["key"],))
            lesson = self._db.insert("lessons", row) if known is None else int(known)
            if state is LessonState.ACTIVE:
                self._wake(lesson)
            self._add_sources(lesson, turns)
            return self.lesson(lesson)

    def _wake(self, lesson: int) -> None:
        """It was said again: a new one is active, whatever took its place before."""
        wake = "UPDATE lessons SET state = 'active', replaced_by = NULL WHERE id = ? AND state = 'new'"
        self._db.execute(wake, (lesson,))

    def _add_sources(self, lesson: int, turns: Iterable[str]) -> None:
        for turn in turns:
            self._db.execute(
                "INSERT INTO lesson_turns (lesson, turn, seq) SELECT :lesson, :turn, "
                "(SELECT ifnull(max(seq), 0) + 1 FROM lesson_turns WHERE lesson = :lesson) "
                "WHERE NOT EXISTS (SELECT 1 FROM lesson_turns WHERE lesson = :lesson AND turn = :turn)",
                {"lesson": lesson, "turn": turn},
            )

    def lessons(self, state: LessonState | None = None) -> list[Lesson]:
        """All lessons, or those in one state, oldest first."""
        wanted = "SELECT * FROM lessons WHERE :state IS NULL OR state = :state ORDER BY id"
        return self._found(wanted, {"state": None if state is None else str(state)})

    def vetoed_keys(self) -> set[str]:
        """`key` of each lesson that the user does not want, or not any more: a hint that says one of them is none."""
        unwanted = (x for x in self.lessons() if x.state is LessonState.VETOED or x.replaced_by is not None)
        return {key(lesson.text) for lesson in unwanted}

    def lesson(self, lesson: int) -> Lesson:
        """One lesson. Raises `NotFound`."""
        found = self._found("SELECT * FROM lessons WHERE id = :lesson", {"lesson": lesson})
        if not found:
            raise _no_lesson(lesson)
        return found[0]

    def lesson_that_says(self, text: str) -> Lesson | None:
        """The lesson of this text, but for case and spaces."""
        return next(iter(self._found("SELECT * FROM lessons WHERE key = :key", {"key": key(text)})), None)

    def lessons_of(self, session: str) -> int:
        """How many lessons came from a chat, alone or among others, without those whose place a later one took."""
        of_it = (
            "SELECT count(DISTINCT lesson) FROM lesson_turns JOIN lessons l ON l.id = lesson "
            "WHERE (l.replaced_by IS NULL OR l.state != 'new') AND turn IN (SELECT id FROM turns WHERE session = ?)"
        )
        return int(self._db.value(of_it, (session,)))

    def set_lesson_state(self, lesson: int, state: LessonState) -> None:
        """By the user's word, which ends that a later lesson took its place. Raises `NotFound`.

        What it took the place of counts again when it is out of use, and no longer when it is back.
        """
        with self._db.transaction():
            # A vetoed one keeps its link: what it had replaced itself is still replaced by what came after.
            change = (
                "UPDATE lessons SET state = :state, "
                "replaced_by = CASE WHEN :state = 'vetoed' THEN replaced_by END WHERE id = :lesson"
            )
            if not self._db.execute(change, {"state": str(state), "lesson": lesson}):
                raise _no_lesson(lesson)
            replaced.settle(self._db)

    def replace_lesson(self, earlier: int, later: int) -> None:
        """`later` takes the place of `earlier`, for as long as it is in use itself."""
        with self._db.transaction():
            self._db.execute("UPDATE lessons SET replaced_by = ? WHERE id = ?", (later, earlier))
            replaced.give_way(self._db)

    def edit_lesson(self, lesson: int, text: str) -> Lesson:
        """Reword a lesson. What the weights learned was the old wording, so a learned one is active again.

        Where another lesson says the new text already, the two become one. Raises `NotFound`.
        """
        with self._db.transaction():
            old = self.lesson(lesson)
            twin = self._db.value("SELECT id FROM lessons WHERE key = ? AND id != ?", (key(text), lesson))
            if twin is not None:
                replaced.move(self._db, lesson, twin)
                self._db.execute("DELETE FROM lessons WHERE id = ?", (lesson,))
                self._add_sources(twin, old.turns)
                if old.state in IN_USE:
                    self._wake(twin)
                return self.lesson(twin)
            state = LessonState.ACTIVE if old.state is LessonState.LEARNED else old.state
            if key(text) != key(old.text):
                self._db.execute("DELETE FROM lesson_updates WHERE lesson = ?", (lesson,))
                change = 'UPDATE lessons SET state = ?, "update" = NULL, share = NULL WHERE id = ?'
                self._db.execute(change, (str(state), lesson))
            words = (text.strip(), key(text), lesson)
            self._db.execute("UPDATE lessons SET text = ?, key = ? WHERE id = ?", words)
            return self.lesson(lesson)

    def settle_lessons(self, model: str) -> None:
        """Make states fit the live version of `model`: what it was taught is learned.

        A learned lesson that only other versions of this model were taught is set aside as new, in neither
        prompt nor weights: a rollback to the base answers as before it was given. One that only another
        model was taught is active. Vetoed lessons, those that the user put back, and those that no update ever
        taught stay as they are; and whatever the version says, what a lesson in use replaces is not in use.
        """
        self._db.execute(
            f"{_LINE} UPDATE lessons SET "
            '"update" = (SELECT update_id FROM taught WHERE lesson = lessons.id), '
            "state = CASE WHEN state = 'vetoed' THEN state "
            "WHEN id IN (SELECT lesson FROM taught) THEN 'learned' WHEN state != 'learned' THEN state "
            "WHEN id IN (SELECT l.lesson FROM lesson_updates l JOIN updates u ON u.id = l.update_id "
            "WHERE u.model = :model AND u.status = 'published') THEN 'new' ELSE 'active' END "
            "WHERE id IN (SELECT lesson FROM lesson_updates)",
            {"model": model},
        )
        self._db.execute(_MEASURE, {"model": model})
        self._db.execute(f"{replaced.WAKE} AND id NOT IN (SELECT lesson FROM lesson_updates)")
        replaced.give_way(self._db)

    def _found(self, query: str, values: Mapping[str, object]) -> list[Lesson]:
        """The lessons of a query over all columns, each with its turns and what took its place."""
        with self._db.snapshot():
            rows = self._db.rows(query, values)
            ids = json.dumps([row["id"] for row in rows])
            turns: dict[int, list[str]] = {}
            its = "SELECT lesson, turn FROM lesson_turns WHERE lesson IN (SELECT value FROM json_each(?)) ORDER BY seq"
            for source in self._db.rows(its, (ids,)):
                turns.setdefault(source["lesson"], []).append(source["turn"])
            later = {}
            if any(row["state"] == LessonState.NEW and row["replaced_by"] is not None for row in rows):
                found = f"{replaced.REPLACED} SELECT lesson, min(later) AS later FROM replaced GROUP BY lesson"
                later = {row["lesson"]: row["later"] for row in self._db.rows(found)}
        return [_lesson(row, turns.get(row["id"], []), later.get(row["id"])) for row in rows]


def _lesson(row: Row, turns: Sequence[str], later: int | None) -> Lesson:
    state = LessonState(row["state"])
    return Lesson(
        id=row["id"],
        text=row["text"],
        scope=row["scope"],
        state=state,
        turns=tuple(turns),
        created=row["created"],
        update=row["update"],
        replaced_by=later if state is LessonState.NEW else None,
        share=row["share"],
    )


def key(text: str) -> str:
    """What two texts share that say the same, but for case and spaces."""
    return " ".join(text.casefold().split())


def _no_lesson(lesson: int) -> NotFound:
    return NotFound(f"There is no lesson {lesson}. `clawlocal lessons list` shows what there is.")
