"""The ledger: what the weights were trained on and what of it remains, and what is to be mended in them.

Knows no engine and no files: who deletes a version's files is told which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from clawlocal.records import (
    IN_USE,
    THIS_TURN,
    AdapterState,
    AdapterVersion,
    Lesson,
    LessonState,
    Queued,
    Rebuild,
    Receipt,
)
from clawlocal.store import replaced, traces
from clawlocal.store.database import Database
from clawlocal.store.signals import LEARNING, Signals
from clawlocal.store.state import State
from clawlocal.store.turns import as_turn
from clawlocal.store.updates import MAX_ATTEMPTS, Updates

_WANTED = "rebuild "
_CARRIED = "carried "


@dataclass(frozen=True)
class Forgotten:
    """What went when something was forgotten."""

    sessions: tuple[str, ...]
    """Those whose evaluated prefixes held it."""
    versions: tuple[AdapterVersion, ...]
    """Those that had seen it; their rows are gone, their files are the caller's."""
    live: str | None
    """What answers now, of the model that was asked about."""
    fell: bool
    """Whether the live version of that model was among them."""


class Ledger(Signals, Updates, State):
    """What was learned, against what it was learned from."""

    _db: Database

    def ledger(self, model: str) -> list[Queued]:
        """Turns that published updates of a model used and that remain, oldest first, with the verdicts that count."""
        with self._db.snapshot():
            rows = self._db.rows(
                f"SELECT t.* FROM turns t {LEARNING} WHERE t.\"use\" = 'used' AND t.policy = ? "
                "AND length(t.prompt_ids) > 0 AND t.id IN (SELECT turn FROM verdicts) ORDER BY t.seq",
                (model,),
            )
            found = [(as_turn(row), self.effective_verdict(row["id"])) for row in rows]
        return [Queued(turn, verdict) for turn, verdict in found if verdict is not None]

    def foundation(self, model: str) -> AdapterVersion | None:
        """What the live version was made from that no update here made: an import, or (None) the base."""
        made = self._db.rows("SELECT version FROM updates WHERE model = ? AND status = 'published'", (model,))
        trained = {row["version"] for row in made}
        return next((v for v in self._ancestry(model) if v.version not in trained), None)

    def return_to_foundation(self, model: str) -> None:
        """Make it live; lessons that were learned and are still wanted go back into the prompt."""
        with self._db.transaction():
            learned = self._learned()
            found = self.foundation(model)
            self._switch(found.version if found else None, model)
            self.settle_lessons(model)
            self._keep_in_use(learned)
            name = found.version if found else "the base"
            text = f"{name} of {model} is live: nothing remains of what was learned on top of it."
            self.add_event("rebuilt", text, {"model": model})

    def _ancestry(self, model: str) -> list[AdapterVersion]:
        """The live version, what it was made from, and so on."""
        by_name = {v.version: v for v in self.adapters(model)}
        line: list[AdapterVersion] = []
        found = self.live(model)
        while found is not None and found not in line:
            line.append(found)
            found = by_name.get(found.parent or "")
        return line

    # lessons
    def practicable_lessons(self) -> list[Lesson]:
        """Lessons in use that hold for more than the exchange that they came from."""
        return [x for x in self.lessons() if x.state in IN_USE and x.scope != THIS_TURN]

    def prompt_lessons(self, model: str) -> list[Lesson]:
        """What stands in a prompt of `model`: active lessons, and those that only another model has learned."""
        with self._db.snapshot():
            taught = self._taught(model)
            return [
                x
                for x in self.lessons()
                if x.state is LessonState.ACTIVE or (x.state is LessonState.LEARNED and x.id not in taught)
            ]

    def carry_lessons(self, model: str) -> list[Lesson]:
        """Lessons that another model has learned, or was to learn, and this one never: wanted in its weights.

        Each is told once.
        """
        with self._db.transaction():
            told = set(json.loads(self.get_state(_CARRIED + model, "[]") or "[]"))
            learned_by = {
                row["lesson"]: set(row["models"].split("\n"))
                for row in self._db.rows(
                    "SELECT l.lesson, group_concat(u.model, char(10)) AS models FROM lesson_updates l "
                    "JOIN updates u ON u.id = l.update_id WHERE u.status = 'published' GROUP BY l.lesson"
                )
            }
            others = self._from_others_alone(model)
            # The next update teaches these with the turns that they came from.
            waiting = self._from(model, "max(t.policy = :model AND t.\"use\" = 'queued') = 1")
            found = [
                x
                for x in self.practicable_lessons()
                if x.state is LessonState.ACTIVE
                and x.id not in told | waiting
                and model not in learned_by.get(x.id, () if x.id in others else {model})
            ]
            if found:
                self.set_state(_CARRIED + model, json.dumps(sorted(told | {x.id for x in found})))
                self.want_rebuild(model, carried=[x.id for x in found])
            return found

    def _from_others_alone(self, model: str) -> set[int]:
        """Lessons all of whose source turns are other models': no turn of this one will teach them."""
        return self._from(model, "sum(t.policy IS :model) = 0")

    def _from(self, model: str, having: str) -> set[int]:
        rows = self._db.rows(
            f"SELECT l.lesson FROM lesson_turns l JOIN turns t ON t.id = l.turn GROUP BY l.lesson HAVING {having}",
            {"model": model},
        )
        return {row["lesson"] for row in rows}

    def _taught(self, model: str) -> set[int]:
        """Lessons that the live version of a model, or one that it was trained from, was taught."""
        line = [v.version for v in self._ancestry(model)]
        marks = ", ".join("?" * len(line))
        rows = self._db.rows(
            "SELECT l.lesson FROM lesson_updates l JOIN updates u ON u.id = l.update_id "
            f"WHERE u.model = ? AND u.status = 'published' AND u.version IN ({marks})",
            (model, *line),
        )
        return {row["lesson"] for row in rows}

    def _learned(self) -> list[int]:
        return [x.id for x in self.lessons(LessonState.LEARNED)]

    def _keep_in_use(self, learned: Iterable[int]) -> None:
        """What was learned before and is not any more is back in the prompt: nobody took it back."""
        for lesson in learned:
            self._db.execute(
                "UPDATE lessons SET state = 'active', \"update\" = NULL WHERE id = ? AND state IN ('new', 'learned')",
                (lesson,),
            )
        replaced.give_way(self._db)

    # what is to be mended
    def rebuild(self, model: str) -> Rebuild | None:
        """What is to be mended in a model's weights, if anything is."""
        raw = self.get_state(_WANTED + model)
        if raw is None:
            return None
        found = json.loads(raw)
        state, taught = {x.id: x.state for x in self.lessons()}, self._taught(model)
        # What was put back, vetoed or deleted since is not wanted any more. What is learned may be practised on, where
        # it is this model that learned it.
        vetoed = tuple(x for x in found["vetoed"] if state.get(x) is LessonState.VETOED)
        known = {
            x for x, its in state.items() if its is LessonState.ACTIVE or (its is LessonState.LEARNED and x in taught)
        }
        carried = tuple(x for x in found["carried"] if x in known)
        wanted = Rebuild(**{**found, "vetoed": vetoed, "carried": carried})
        return wanted if wanted.anew or carried else None

    def models_taught(self, lesson: int) -> list[str]:
        """The models whose live version has learned a lesson."""
        models = {v.model for v in self.adapters() if v.state is AdapterState.LIVE}
        return sorted(model for model in models if lesson in self._taught(model))

    def want_rebuild(
        self, model: str, *, forgotten: bool = False, vetoed: Iterable[int] = (), carried: Iterable[int] = ()
    ) -> None:
        """Add to what is to be mended; attempts are counted anew."""
        with self._db.transaction():
            before = self.rebuild(model) or Rebuild()
            wanted = Rebuild(
                forgotten=before.forgotten or forgotten,
                vetoed=tuple(dict.fromkeys([*before.vetoed, *vetoed])),
                carried=tuple(dict.fromkeys([*before.carried, *carried])),
            )
            self._set_rebuild(model, wanted)

    def drop_rebuild(self, model: str, done: Rebuild) -> None:
        """Take `done` off what is to be mended; what came to be wanted meanwhile stays."""
        with self._db.transaction():
            now = self.rebuild(model) or Rebuild()
            left = Rebuild(
                forgotten=now.forgotten and not done.forgotten,
                vetoed=tuple(x for x in now.vetoed if x not in done.vetoed),
                # A rebuild from the base teaches every lesson in use.
                carried=() if done.anew else tuple(x for x in now.carried if x not in done.carried),
            )
            self._set_rebuild(model, left)

    def _set_rebuild(self, model: str, wanted: Rebuild) -> None:
        some = wanted.anew or wanted.carried
        self.set_state(_WANTED + model, json.dumps(asdict(wanted)) if some else None)

    def publish_rebuild(
        self,
        wanted: Rebuild,
        update: int,
        adapter: AdapterVersion,
        turns: Sequence[str],
        lessons: Iterable[int],
        **record: Any,
    ) -> Receipt:
        """As `publish`, for an update that mended `wanted`. Learned lessons that it did not teach are active."""
        with self._db.transaction():
            learned = self._learned()
            receipt = self.publish(update, adapter, turns, lessons, again=wanted.anew, **record)
            still = self._taught(adapter.model)
            self._keep_in_use(x for x in learned if x not in still)
            self.drop_rebuild(adapter.model, wanted)
            return receipt

    def reject_rebuild(
        self, wanted: Rebuild, update: int, turns: Sequence[str], lessons: Iterable[int], **record: Any
    ) -> Receipt:
        """As `reject`; after two such it is given up, and an event says what answers instead."""
        with self._db.transaction():
            receipt = self.reject(update, turns, lessons, **record)
            model = str(self._db.value("SELECT model FROM updates WHERE id = ?", (update,)))
            if wanted.attempts + 1 < MAX_ATTEMPTS:
                now = self.rebuild(model) or wanted
                self._set_rebuild(model, replace(now, attempts=wanted.attempts + 1))
                return receipt
            self.drop_rebuild(model, wanted)
            self.add_event("rejected", self._given_up(model, wanted), {"update": update, "model": model})
            return receipt

    def _given_up(self, model: str, wanted: Rebuild) -> str:
        live = self.live(model)
        name = live.version if live else "the base"
        if wanted.forgotten:
            return (
                f"The rebuild after forgetting did not pass the gate twice, so {name} answers. What was forgotten "
                "is in no weights; lessons that were learned are in the prompt again."
            )
        if wanted.vetoed:
            return (
                f"The rebuild without a vetoed lesson did not pass the gate twice, so {name} stays live, and still "
                "holds it. `clawlocal adapters rollback --to base` takes it out."
            )
        return (
            f"Lessons could not be taught to {model} any further: the gate rejected it twice, so {name} stays live. "
            "What it does not hold stays in the prompt."
        )

    # forgetting
    def forget(self, turns: Sequence[str], model: str, session: str | None = None) -> Forgotten:
        """Delete turns (with `session`, all of that), every trace of their words, and the versions that saw them.

        Of each model whose live version saw them, the newest one of its ancestry that did not is live afterwards,
        else the base; lessons that it was not taught are active. `model` is the one that lessons are settled for.
        """
        with self._db.transaction():
            found = traces.find(self._db, turns)
            seeing = self._seeing(found)
            learned = self._learned()
            self._end_running()
            # Those names are no others': lessons that they were taught are taught to nobody.
            for version in seeing:
                self._db.execute(
                    "DELETE FROM lesson_updates WHERE update_id IN "
                    "(SELECT id FROM updates WHERE model = ? AND version = ?)",
                    (version.model, version.version),
                )
            fallen = self._step_back(seeing)
            traces.erase(self._db, found)
            for message in found.noted:
                self._forget_prompts_below(message)
            self._delete(turns, session)
            if model in fallen:
                self.settle_lessons(model)
            # What speaks may be another model than the one that was asked about: its lessons stay learned.
            speaking = [model] if model in fallen else [v.model for v in self.adapters()]
            still = set[int]().union(*map(self._taught, speaking))
            self._keep_in_use(x for x in learned if x not in still)
            self._tell(seeing, found.sessions, model)
            live = self.live(model)
            return Forgotten(found.sessions, tuple(seeing), live.version if live else None, model in fallen)

    def forgotten_since(self, event: int, session: str | None = None) -> bool:
        """Whether anything was forgotten after an event (with `session`, something that stood in that)."""
        rows = self._db.rows("SELECT data FROM events WHERE id > ? AND kind = 'forgotten'", (event,))
        return any(session is None or session in json.loads(row["data"])["sessions"] for row in rows)

    def _delete(self, turns: Sequence[str], session: str | None) -> None:
        if session is not None:
            self.delete_session(session)
            return
        for turn in turns:
            its = self.turn(turn).session
            self.delete_turn(turn)
            if not self.messages(its):
                self.delete_session(its)

    def _seeing(self, found: traces.Traces) -> list[AdapterVersion]:
        """The versions that were trained on any of it, and all that were made from them."""
        seen = traces.updates(self._db, found)
        rows = self._db.rows("SELECT id, model, version FROM updates WHERE status = 'published'")
        gone = {(row["model"], row["version"]) for row in rows if row["id"] in seen}
        every = self.adapters()
        while True:
            more = {(v.model, v.version) for v in every if (v.model, v.parent) in gone} - gone
            if not more:
                return [v for v in every if (v.model, v.version) in gone]
            gone |= more

    def _step_back(self, seeing: Sequence[AdapterVersion]) -> set[str]:
        """Delete these versions; the models whose live one was among them, which are to be made anew."""
        fallen: set[str] = set()
        gone = {(v.model, v.version) for v in seeing}
        for model in {v.model for v in seeing}:
            line = self._ancestry(model)
            if line and (model, line[0].version) in gone:
                fallen.add(model)
                whole = next((v.version for v in line if (model, v.version) not in gone), None)
                self._switch(whole, model)
                self.want_rebuild(model, forgotten=True)
        for version in seeing:
            key = (version.model, version.version)
            self._db.execute("DELETE FROM adapters WHERE model = ? AND version = ?", key)
        return fallen

    def _end_running(self) -> None:
        self._db.execute(
            "UPDATE updates SET status = 'failed', reason = 'a chat that it may learn from was forgotten' "
            "WHERE status = 'running'"
        )

    def _tell(self, seeing: Sequence[AdapterVersion], sessions: Sequence[str], model: str) -> None:
        text = "Something was forgotten; the weights had not learned from it."
        if seeing:
            live = self.live(model)
            names = ", ".join(v.version for v in seeing)
            text = f"Something was forgotten, and with it {names}; {live.version if live else 'the base'} is live."
        self.add_event("forgotten", text, {"versions": [v.version for v in seeing], "sessions": list(sessions)})

    def sweep(self) -> None:
        """Leave nothing of what was deleted in the file, its search index and its write-ahead log."""
        self._db.execute("INSERT INTO messages_text (messages_text) VALUES ('rebuild')")
        self._db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
