"""Taking back what was learned, and lessons that are said outright: what the user asks for, one sentence back.

Ties the store's ledger to the files, the engine and the update that runs. Knows no trainer.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from clawlocal.engine import prefix_files
from clawlocal.engine.protocol import Engine
from clawlocal.errors import NotFound, PromptError
from clawlocal.judge import contradictions, topics
from clawlocal.judge.lessons import GENERAL
from clawlocal.paths import Paths
from clawlocal.records import IN_USE, TOPIC, AdapterVersion, Lesson, LessonState
from clawlocal.store import Store
from clawlocal.training import rebuild

_EVENT = "forgotten"


class Unlearning:
    """Over one data folder, for the model that is chatted with."""

    def __init__(self, store: Store, where: Paths, model: str, engine: Engine, discard: Callable[[str], None]) -> None:
        """`discard(why)` ends the update that runs, and throws away what it would go on from.

        `model` is the one whose weights learn: of a remote's that is one of this machine, where it is known to be.
        """
        self._store = store
        self._paths = where
        self._model = model
        self._engine = engine
        self._discard = discard
        self._notice = ""
        self._begun = store.last_event()

    def carry_over(self) -> None:
        """Lessons that another model was given are wanted in this one's weights; the user is told once."""
        carried = self._store.carry_lessons(self._model)
        if not carried:
            return
        lessons = "1 lesson" if len(carried) == 1 else f"{len(carried)} lessons"
        is_ = "is" if len(carried) == 1 else "are"
        self._notice = (
            f"{lessons} that another model was given {is_} in the prompt. Its weights do not fit {self._model}, "
            f"which learns {'it' if len(carried) == 1 else 'them'} when the machine is idle (or `clawlocal learn now`)."
        )
        self._store.add_event("carried", self._notice, {"lessons": [x.id for x in carried], "model": self._model})

    def take_notice(self) -> str:
        """A sentence to show with the next reply, once; mostly empty."""
        notice, self._notice = self._notice, ""
        return notice

    # forgetting
    def forget(self, name: str) -> str:
        """Delete a session or a turn, and what the weights learned from it. Raises `NotFound`.

        What had seen it is deleted at once, and never comes back; an older version or the base answers until
        an adapter has been made anew from what remains.
        """
        session, turns = self._named(name)
        found = self._store.forget(turns, self._model, session)
        self._discard("a chat that it may learn from was forgotten")
        for each in dict.fromkeys([*found.sessions, *([session] if session else [])]):
            self._engine.forget_session(each)
            prefix_files.forget(self._paths.prefixes, each)
        self._delete_files(found.versions)
        self._store.sweep()
        what = "The chat" if session else "The turn"
        return f"{what} is forgotten. {self._outcome(found.versions, found.live, found.fell)}"

    def _named(self, name: str) -> tuple[str | None, list[str]]:
        """A session with its turns, or a turn alone."""
        try:
            session = self._store.resolve_session(name)
        except NotFound as no_session:
            try:
                return None, [self._store.resolve_turn(name)]
            except NotFound as no_turn:
                # The one that may be several things says more.
                raise (no_turn if "may be any" in str(no_turn) else no_session) from None
        return session, [turn.id for turn in self._store.turns(session)]

    def _outcome(self, gone: Iterable[AdapterVersion], live: str | None, fell: bool) -> str:
        names = [v.version for v in gone]
        if not names:
            return "The weights had learned nothing from it."
        deleted = f"{' and '.join(names)}, which had learned from it, {'was' if len(names) == 1 else 'were'} deleted"
        deleted, now = f"{deleted[0].upper()}{deleted[1:]}", live or "the base"
        if not fell:
            return f"{deleted}; {now} answers as before."
        if self._nothing_remains():
            return f"{deleted}; nothing else was learned, so {now} answers."
        return f"{deleted}; {now} answers until an adapter is rebuilt from what remains, {self._when()}."

    def _when(self) -> str:
        """How long a rebuild takes, and when: not while a remote answers in its place."""
        here = self._engine.name == self._model
        return rebuild.when(self._store) + ("" if here else f", once {self._model} is open")

    def _nothing_remains(self) -> bool:
        """Whether nothing else was learned: then the rebuild that was wanted is called off."""
        if rebuild.remains(self._store, self._model):
            return False
        wanted = self._store.rebuild(self._model)
        assert wanted is not None
        rebuild.give_up(self._store, self._model, wanted)
        return True

    def _delete_files(self, gone: Iterable[AdapterVersion]) -> None:
        """Their folders, and those that a crash has left, which no version names."""
        for version in gone:
            shutil.rmtree(version.path, ignore_errors=True)
        known = {Path(v.path) for v in self._store.adapters()}
        for folder in self._paths.adapters.glob("*/*"):
            if folder not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Delete what this process has written of sessions that another one forgot turns of, when all is closed."""
        for event in self._store.events(after=self._begun, limit=-1):
            if event.kind == _EVENT:
                for session in event.data.get("sessions", ()):
                    prefix_files.forget(self._paths.prefixes, session)

    # lessons
    def veto(self, lesson: int) -> str:
        """Leave a lesson out of the prompt, of later updates and, by a rebuild, of the weights. Raises `NotFound`."""
        in_use, taught = self._store.lesson(lesson).state in IN_USE, self._store.models_taught(lesson)
        self.set_state(lesson, LessonState.VETOED)
        if in_use:
            self._discard("a lesson was vetoed")
        for model in taught:
            self._store.want_rebuild(model, vetoed=[lesson])
        if self._model not in taught:
            return "It is out of the prompt, and no update is taught it."
        if self._nothing_remains():
            live = self._store.live(self._model)
            return f"Nothing else was learned, so {live.version if live else 'the base'} answers from now on."
        return f"It is out of the prompt. It is taken out of the weights by a rebuild from the base, {self._when()}."

    def set_state(self, lesson: int, state: LessonState) -> None:
        """One that is put back is the last word: it takes the place of what it contradicts. Raises `NotFound`."""
        with self._store.transaction():
            self._store.set_lesson_state(lesson, state)
            contradictions.settle(self._store, self._store.lesson(lesson))

    def add(self, text: str) -> str:
        """A lesson in the user's own words. Returns one sentence. Raises `PromptError`."""
        text = _worded(text)
        topic = topics.topic(text)
        with self._store.transaction():
            lesson = self._store.add_lesson(text, TOPIC + topic if topic else GENERAL, state=LessonState.ACTIVE)
            if lesson.state is LessonState.VETOED:
                self._store.set_lesson_state(lesson.id, LessonState.ACTIVE)
                lesson = self._store.lesson(lesson.id)
            contradictions.settle(self._store, lesson)
        return self._said(lesson)

    def edit(self, lesson: int, text: str) -> str:
        """Reword a lesson. Returns one sentence. Raises `NotFound`, `PromptError`."""
        text = _worded(text)
        with self._store.transaction():
            found = self._store.edit_lesson(lesson, text)
            contradictions.settle(self._store, found)
        return self._said(found)

    def _said(self, lesson: Lesson) -> str:
        """What becomes of a lesson that was said outright."""
        if lesson.state is LessonState.LEARNED:
            return f"Lesson {lesson.id} says so already, and is in the weights."
        if lesson.state is not LessonState.ACTIVE:
            return f"Lesson {lesson.id} is reworded. `clawlocal lessons restore {lesson.id}` puts it into the prompt."
        self._store.want_rebuild(self._model, carried=[lesson.id])
        return f"Lesson {lesson.id} is in the prompt from now on. It is learned when the machine is idle."


def _worded(text: str) -> str:
    if not text.strip():
        raise PromptError("The lesson is empty: say what replies should be like.")
    return " ".join(text.split())
