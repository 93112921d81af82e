"""Which adapter version speaks, and how it is changed. Files are verified before they are served."""

from __future__ import annotations

from pathlib import Path

from clawlocal.adapters import files
from clawlocal.engine.protocol import BASE, AdapterFile
from clawlocal.errors import AdapterError
from clawlocal.records import AdapterVersion, LessonState
from clawlocal.store import Store

LIVE = "live"
NONE = ("none", BASE)


class Shelf:
    """The versions of one model."""

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model
        self._whole: set[tuple[str, int, int]] = set()
        """Files whose hash was right, by path, size and time: hashing 10 MB before every reply is too slow."""

    @property
    def learner(self) -> str:
        """The model whose versions these are: lessons that it learned need not stand in a prompt."""
        return self._model

    @property
    def policy(self) -> str:
        """The model of this machine whose weights answer, as far as that was shown; empty for none."""
        return self._model

    def speaking(self) -> AdapterVersion | None:
        """The version that answers now, as far as is known here."""
        return self._store.live(self._model)

    def version(self, name: str | None) -> AdapterVersion | None:
        """A version by name; None and `live` are the live one. Raises `NotFound`."""
        if name in NONE:
            return None
        if name is None or name == LIVE:
            return self._store.live(self._model)
        return self._store.adapter(name, self._model)

    def file(self, name: str) -> tuple[AdapterFile | None, str]:
        """What to serve for `live`, `none` or a version, and a sentence when it is not what was asked for.

        A live version that is damaged on disk gives way to its nearest whole ancestor, for good.
        Raises `NotFound`; `AdapterError` when a version asked for by name is damaged.
        """
        version = self.version(name)
        if version is None:
            return None, ""
        try:
            return self._verified(version), ""
        except AdapterError:
            if name != LIVE:
                raise
        return self._fall_back(version)

    def rollback(self, to: str | None) -> str:
        """Make `to` live (default: the live version's parent). Returns one sentence. Raises `NotFound`."""
        live = self._store.live(self._model)
        if to is None:
            if live is None:
                raise AdapterError("The base is live already: there is nothing to roll back.")
            to = live.parent or BASE
        target = self.version(to)
        if (target.version if target else None) == (live.version if live else None):
            return f"{_at_start(target)} is live already."
        if target is not None:
            self._verified(target)
        aside = self._make_live(target)
        left = f" {live.version} is kept and can be brought back." if live else ""
        return f"{_at_start(target)} is live.{left}{aside}"

    def _make_live(self, target: AdapterVersion | None) -> str:
        """Switch to `target`; a sentence on the lessons that this set aside, empty for none."""
        learned = {x.id for x in self._store.lessons(LessonState.LEARNED)}
        self._store.set_live(target.version if target else None, self._model)
        aside = [x.id for x in self._store.lessons(LessonState.NEW) if x.id in learned]
        if not aside:
            return ""
        count = "1 lesson was" if len(aside) == 1 else f"{len(aside)} lessons were"
        return f" {count} set aside; `clawlocal lessons restore {aside[0]}` puts {_one(aside)} back."

    def _verified(self, version: AdapterVersion) -> AdapterFile:
        path = Path(version.path) / files.GGUF
        seen = _stamp(path)
        if seen is None or seen not in self._whole:
            file = files.verified(version)
            if seen is not None:
                self._whole.add(seen)
            return file
        return AdapterFile(version.version, path)

    def _fall_back(self, damaged: AdapterVersion) -> tuple[AdapterFile | None, str]:
        by_name = {v.version: v for v in self._store.adapters(self._model)}
        ancestor, file = by_name.get(damaged.parent or ""), None
        while ancestor is not None:
            try:
                file = self._verified(ancestor)
                break
            except AdapterError:
                ancestor = by_name.get(ancestor.parent or "")
        aside = self._make_live(ancestor)
        text = f"Adapter {damaged.version} is damaged on disk, so {_name(ancestor)} answers from now on.{aside}"
        self._store.add_event("damaged", text, {"version": damaged.version})
        return file, text


def _stamp(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_size, found.st_mtime_ns


def _one(lessons: list[int]) -> str:
    return "it" if len(lessons) == 1 else "one"


def _name(version: AdapterVersion | None) -> str:
    return version.version if version else "the base"


def _at_start(version: AdapterVersion | None) -> str:
    """The name where a sentence begins."""
    return version.version if version else "The base"
