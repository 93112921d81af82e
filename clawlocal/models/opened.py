"""The model of one run: its entry, its file, its engine, and what the trainer must know of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path

from clawlocal.adapters.shelf import Shelf
from clawlocal.config import Settings
from clawlocal.engine.absent import AbsentEngine
from clawlocal.engine.gguf_file import DamagedFile, GgufFile, read_gguf
from clawlocal.engine.protocol import Engine
from clawlocal.models import files
from clawlocal.models.catalog import Catalog, ModelEntry
from clawlocal.paths import Paths
from clawlocal.store import Store
from trainers.gguf_config import NAMES

DEFAULT_CONTEXT = 4096
"""Tokens of context unless the settings say otherwise: more costs memory from the first moment."""
TRAINER_BYTES = 750_000_000
BYTES_PER_WEIGHT = 2.5
"""What the trainer takes in its most frugal way, about: the worker counts exactly."""


@dataclass(frozen=True)
class TrainedModel:
    """The served model as the trainer needs to know it."""

    name: str
    path: Path
    sha256: str
    stop_ids: tuple[int, ...]
    repeat_after: int = 0
    """As the entry says; its replies in training are drawn as those of the chat."""


class OpenedModel:
    """A located and verified model, or (`served` false) only its name."""

    elsewhere = ""
    """The remote that it runs on; empty for this machine."""

    def __init__(self, entry: ModelEntry, path: Path | None, engine: Engine) -> None:
        self.name = entry.name
        self.engine = engine
        self._entry = entry
        self._path = path

    @classmethod
    def open(
        cls, name: str, settings: Settings, where: Paths, *, serve: bool = True, engine: Engine | None = None
    ) -> OpenedModel:
        """Locate and verify the file, and start to load it. Raises `ModelError`, `ConfigError`."""
        entry = Catalog.load(where).entry(name)
        if not serve:
            return cls(entry, None, AbsentEngine(name))
        path = files.locate(entry, where)
        files.verify(entry, path, where)
        if engine is None:
            # Imported here: who only reads the store must not pay for llama.cpp.
            from clawlocal.engine.llamacpp import LlamaEngine

            context = settings.context or min(entry.context, DEFAULT_CONTEXT)
            prefixes = where.ensure(where.prefixes)
            engine = LlamaEngine(path, name=name, n_ctx=context, threads=settings.threads, prefixes=prefixes)
        return cls(entry, path, engine)

    @property
    def twin(self) -> str:
        """The model of this machine that a remote one was shown to be; empty for none, and for one of this machine."""
        return ""

    def shelf(self, store: Store) -> Shelf:
        """Its adapter versions."""
        return Shelf(store, self.name)

    @property
    def repeat_after(self) -> int:
        """Tokens of a phrase that is kept from coming again; 0 for none."""
        return self._entry.repeat_after

    def check(self) -> None:
        """Before each message. Raises what keeps a model from being asked: here nothing does."""

    @cached_property
    def untrainable(self) -> str:
        """Why this model cannot learn, as a clause; empty where it can, or where its file is not looked at."""
        if self._head is None:
            return ""
        architecture = str(self._head.metadata.get("general.architecture"))
        if architecture in NAMES:
            return ""
        known = ", ".join(NAMES)
        return f"chat works with this model, learning does not: its architecture is {architecture}, not one of {known}"

    @cached_property
    def _head(self) -> GgufFile | None:
        """None where the file is not looked at, or cannot be read: whoever serves it says so."""
        try:
            return read_gguf(self._path) if self._path is not None else None
        except (OSError, DamagedFile):
            return None

    @cached_property
    def weights(self) -> int:
        """How many; a guess, of files in four or five bits, where the file is not looked at."""
        return sum(prod(tensor.shape) for tensor in self._head.tensors) if self._head else 5 * self._entry.size // 3

    @property
    def training_memory(self) -> int:
        """Bytes that the trainer needs at the least, roughly."""
        return TRAINER_BYTES + int(BYTES_PER_WEIGHT * self.weights)

    def file(self, where: Paths) -> Path:
        """The model's file, verified, whether or not it is served. Raises `ModelError`."""
        if self._path is None:
            self._path = files.locate(self._entry, where)
            files.verify(self._entry, self._path, where)
        return self._path

    def for_training(self) -> TrainedModel:
        """What a job says of the model."""
        assert self._path is not None
        digest = self._entry.sha256 or files.sha256(self._path)
        return TrainedModel(self.name, self._path, digest, self.engine.stop_ids, self.repeat_after)
