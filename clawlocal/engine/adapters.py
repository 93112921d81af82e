"""LoRA adapters: looked through, loaded, kept for a few versions. Knows no context.

Freeing an adapter that a context still uses crashes at its next batch: who calls `release` has unset it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clawlocal.engine.gguf_file import DamagedFile, GgufFile, Tensor, read_gguf
from clawlocal.engine.library import first_error, forget_errors, library
from clawlocal.engine.model import Model
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import AdapterError

KEPT = 4
"""So many versions stay loaded: the live one, its parent and what the gate compares."""

_FLOATS: dict[int, np.dtype[Any]] = {0: np.dtype("float32"), 1: np.dtype("float16")}


@dataclass(frozen=True, eq=False)
class LoadedAdapter:
    """An adapter in memory."""

    file: AdapterFile
    pointer: Any


class AdapterShelf:
    """The loaded adapters of a model, least recently used first."""

    def __init__(self, model: Model, in_use: Callable[[LoadedAdapter], bool]) -> None:
        self._model = model
        self._in_use = in_use
        self._shelf: OrderedDict[AdapterFile, LoadedAdapter] = OrderedDict()

    def get(self, file: AdapterFile) -> LoadedAdapter:
        """Raises `AdapterError`."""
        loaded = self._shelf.get(file)
        if loaded is None:
            loaded = self._shelf[file] = LoadedAdapter(file, load(self._model, file))
        self._shelf.move_to_end(file)
        self._make_room()
        return loaded

    def check(self, file: AdapterFile) -> None:
        """Load it from the disk, whatever is on the shelf, and let it go. Raises `AdapterError`."""
        library().llama_adapter_lora_free(load(self._model, file))

    def of_version(self, version: str) -> list[LoadedAdapter]:
        return [loaded for file, loaded in self._shelf.items() if file.version == version]

    def release(self, loaded: LoadedAdapter) -> None:
        """Free one that no context uses."""
        del self._shelf[loaded.file]
        library().llama_adapter_lora_free(loaded.pointer)

    def close(self) -> None:
        for loaded in list(self._shelf.values()):
            self.release(loaded)

    def _make_room(self) -> None:
        oldest_first = list(self._shelf.values())[:-1]
        idle = [loaded for loaded in oldest_first if not self._in_use(loaded)]
        for loaded in idle[: max(0, len(self._shelf) - KEPT)]:
            self.release(loaded)


def load(model: Model, file: AdapterFile) -> Any:
    """llama.cpp's handle of an adapter. Raises `AdapterError` in a sentence that says what to do."""
    head = _look_through(file)
    _check_kind(file, head, model.architecture)
    _check_numbers(file, head)
    forget_errors()
    pointer = library().llama_adapter_lora_init(model.pointer, str(file.path).encode())
    if not pointer:
        why = first_error() or "llama.cpp gives no reason"
        raise _refused(file, f"does not fit this model ({why})")
    return pointer


def _look_through(file: AdapterFile) -> GgufFile:
    try:
        return read_gguf(file.path)
    except FileNotFoundError as e:
        raise _refused(file, f"is gone from {file.path}") from e
    except OSError as e:
        raise _refused(file, f"cannot be read from {file.path} ({e.strerror})") from e
    except DamagedFile as e:
        raise _refused(file, f"is damaged, {e}") from e


def _check_kind(file: AdapterFile, head: GgufFile, architecture: str) -> None:
    if head.metadata.get("general.type") != "adapter" or head.metadata.get("adapter.type") != "lora":
        raise _refused(file, "is not a LoRA adapter")
    trained_for = head.metadata.get("general.architecture")
    if trained_for != architecture:
        raise _refused(file, f"was trained for another kind of model ({trained_for}, this is {architecture})")
    if not head.tensors:
        raise _refused(file, "holds no weights")


def _check_numbers(file: AdapterFile, head: GgufFile) -> None:
    """One NaN in an adapter makes every logit NaN, and llama.cpp's samplers end the process over it."""
    if not all(_finite(file.path, tensor) for tensor in head.tensors):
        raise _refused(file, "holds numbers that are not finite")


def _finite(path: Path, tensor: Tensor) -> bool:
    kind = _FLOATS.get(tensor.kind)
    if kind is None:
        return True
    numbers = np.fromfile(path, dtype=kind, count=tensor.size // kind.itemsize, offset=tensor.start)
    return bool(np.isfinite(numbers).all())


def _refused(file: AdapterFile, what: str) -> AdapterError:
    return AdapterError(f"The adapter {file.version} {what}: go back to another version, or to the base.")
