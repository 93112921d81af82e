"""Steering what is learned: the switches, updates, lessons and versions of an `Assistant`. Knows no chat.

Every method may be called from any thread; none waits for learning except `learn_now(wait=True)`.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from clawlocal.adapters.shelf import Shelf
from clawlocal.conversation import TEMPORARY
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import FolderBusy, NotFound, PromptError
from clawlocal.idle import Idleness
from clawlocal.judge.candidates import CAPABLE_WEIGHTS, CandidateHints
from clawlocal.lock import FolderLock, take
from clawlocal.models.opened import OpenedModel
from clawlocal.offload import departures
from clawlocal.offload.automatic import Automatic
from clawlocal.paths import Paths
from clawlocal.records import AdapterVersion, Event, Lesson, LessonState, Receipt
from clawlocal.store import Store
from clawlocal.training.learner import Learner
from clawlocal.training.need import Need
from clawlocal.training.relay import Relay
from clawlocal.training.status import Status, StatusReader
from clawlocal.training.update import Updater
from clawlocal.unlearning import Unlearning

MOST_MINUTES = 525_600
"""Of a pause: a year. Who wants it longer turns learning off."""


class Steering:
    """What an interface asks for about learning. `Assistant` makes the parts."""

    _store: Store
    _paths: Paths
    _model: OpenedModel
    _lock: FolderLock | None
    _holder: str | None
    _callbacks: list[Callable[[], None]]
    _shelf: Shelf
    _relay: Relay
    _need: Need
    _idle: Idleness
    _automatic: Automatic
    _candidates: CandidateHints
    _updater: Updater
    _unlearning: Unlearning
    _learner: Learner
    _status: StatusReader

    def status(self, session: str | None = None) -> Status:
        """Learning at this moment; with `session`, as it is for that chat."""
        if session is None or session.startswith(TEMPORARY):
            return self._status.read(temporary=session is not None)
        session = self._store.resolve_session(session)
        return self._status.read(session_learns=self._store.session(session).learning)

    def set_learning(self, on: bool) -> None:
        """For all chats. Off ends a running update, which uses nothing up."""
        self._store.set_learning(on)
        if on:
            self._learner.look()
        else:
            self._updater.stop("learning was turned off")
        self._changed()

    def pause(self, minutes: int | None = None) -> str:
        """Start no update by itself until `resume`, or for so many minutes, and hold back one that did.

        Chats are judged as ever. Returns one sentence. Raises `PromptError` for minutes that are none.
        """
        if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
            raise PromptError(f"Say for how many minutes: a whole number from 1 to {MOST_MINUTES}.")
        until = datetime.now() + timedelta(minutes=minutes) if minutes is not None else None
        self._store.set_paused(True, until)
        self._changed()
        return f"Paused: {self._idle.not_paused().text}."

    def resume(self) -> str:
        """Let updates start again, and one that was paused go on. Returns one sentence."""
        paused = self._store.paused()
        self._store.set_paused(False)
        self._learner.look()
        self._changed()
        return "Resumed: updates start when the machine is idle." if paused else "It was not paused."

    def set_session_learning(self, session: str, on: bool) -> None:
        self._store.set_session_learning(self._store.resolve_session(session), on)
        self._changed()

    def activity(self) -> None:
        """A key was pressed: training is suspended at once. Cheap; call it for every key."""
        self._idle.touch()
        self._updater.suspend()

    def learn_now(self, wait: bool = False, timeout: float | None = None) -> Receipt | None:
        """Update without waiting for idleness. With `wait`, its receipt; else None, at once.

        When another instance holds the folder, it is asked to. Raises `TimeoutError`, `StoreError`.
        """
        if self._lock is None:
            return self._relay.ask(wait, timeout, self._nobody_holds)
        future = self._learner.now()
        return future.result(timeout) if wait else None

    def _nobody_holds(self) -> bool:
        lock, _ = take(self._paths.lock, patience=0.0)
        if lock is not None:
            lock.release()
        return lock is not None

    def why(self) -> list[tuple[str, str, bool]]:
        """Each condition for training: its name, its reading in words, and whether it holds."""
        self._idle.settle()
        cluster = self._automatic.reading()
        readings = [*self._need.readings(), *self._idle.readings(), *([cluster] if cluster else [])]
        return [(r.name, r.text, r.holds) for r in readings]

    def history(self) -> list[Receipt]:
        return self._store.history()

    def lessons(self) -> list[Lesson]:
        return self._store.lessons()

    def set_lesson_state(self, lesson: int, state: LessonState) -> None:
        """One that is put back is the last word: it takes the place of what it contradicts."""
        self._unlearning.set_state(lesson, state)
        self._changed()

    def veto(self, lesson: int) -> str:
        """Leave a lesson out of the prompt, of later updates and, by a rebuild, of the weights. Returns a sentence.

        Raises `NotFound`.
        """
        return self._then_look(self._unlearning.veto(lesson))

    def add_lesson(self, text: str) -> str:
        """A lesson in the user's own words. Returns one sentence. Raises `PromptError`."""
        return self._then_look(self._unlearning.add(text))

    def edit_lesson(self, lesson: int, text: str) -> str:
        """Reword a lesson: it is in the prompt until it is taught. Returns one sentence. Raises `NotFound`."""
        return self._then_look(self._unlearning.edit(lesson, text))

    def forget(self, name: str) -> str:
        """Delete a session or a turn, and what the weights learned from it. Returns one sentence or more.

        An older version that never saw it, or the base, answers at once. What a remote serves of it is unloaded there;
        the last sentence says where that could not be done. Raises `NotFound`.
        """
        sentence = self._unlearning.forget(name)
        return self._then_look(f"{sentence} {departures.depart(self._store)}".strip())

    def purge(self) -> str:
        """Erase every chat, verdict, lesson, receipt and adapter. Returns what is still served elsewhere, if anything.

        Raises `FolderBusy` while another instance runs.
        """
        if self._holder is not None:
            raise FolderBusy(self._holder)
        left = departures.last(self._store)
        self._store.purge()
        self._model.engine.forget_session(None)
        for folder in (self._paths.adapters, self._paths.jobs, self._paths.prefixes):
            shutil.rmtree(folder, ignore_errors=True)
        self._changed()
        return left

    def _then_look(self, sentence: str) -> str:
        """There may be something to learn now."""
        self._judged()
        return sentence

    def events(self, after: int = 0) -> list[Event]:
        return self._store.events(after)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Called, on any thread, whenever `status()` may have changed."""
        self._callbacks.append(callback)

    def _drawn(self, request: str, reply: str, said: str) -> str:
        """A hint of the chat model's own; empty where it is too small. Its file is looked at here, not at the start."""
        return self._candidates.hint(request, reply, said) if self._model.weights >= CAPABLE_WEIGHTS else ""

    def _judged(self) -> None:
        self._learner.look()
        self._changed()

    def _changed(self) -> None:
        for callback in self._callbacks:
            # An interface that is going away must not stop the loops.
            with contextlib.suppress(RuntimeError):
                callback()

    # adapters
    def live_file(self) -> AdapterFile | None:
        """The live adapter's file, verified; None while the base speaks."""
        return self._shelf.file("live")[0]

    def adapters(self) -> list[AdapterVersion]:
        return self._store.adapters(self._model.name)

    def adapter(self, version: str = "live") -> AdapterVersion:
        """One version, or the live one. Raises `NotFound`."""
        found = self._shelf.version(version)
        if found is None:
            raise NotFound("No adapter is live: the base speaks. `clawlocal learn now` makes an adapter.")
        return found

    def rollback(self, to: str | None = None) -> str:
        """To `to` ("base" or a version; default: the live version's parent). Returns one sentence."""
        sentence = self._shelf.rollback(to)
        self._changed()
        return sentence

    def export(self, version: str | None, format: str, out: Path) -> Path:
        """Write a version (None: the live one) as another program loads it: peft, gguf, mlx, merged-gguf, ollama."""
        # Imported here: who only chats converts nothing.
        from clawlocal.adapters.exports import export

        return export(self.adapter(version or "live"), format, out, lambda: self._model.file(self._paths))

    def import_adapter(self, path: Path) -> tuple[str, str]:
        """Add an adapter from elsewhere as a version that is not live. Returns its name and one sentence.

        Waits for the engine, which loads it once as a check. Raises `AdapterError`, `ModelError`, `StoreError`.
        """
        from clawlocal.adapters.imports import import_adapter

        model, engine = self._model, self._model.engine
        found = import_adapter(path, model.name, model.file(self._paths), engine.check, self._paths, self._store)
        self._changed()
        return found
