"""Evaluated beginnings of long sessions on disk, so that reopening one does not evaluate it again.

A cache: a file that is missing, damaged or of another model costs a prefill, nothing else. Knows no context.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clawlocal.engine import prefix_files
from clawlocal.engine.batches import Snapshot
from clawlocal.engine.parked import Parked
from clawlocal.engine.protocol import AdapterFile

log = logging.getLogger(__name__)

FORM = 1
"""Changes whenever prompts are cut into other batches."""


class SavedPrefixes:
    """One file a session in `folder`. `made_by` says what model and library the numbers belong to."""

    def __init__(self, folder: Path, made_by: str) -> None:
        self._folder = folder
        self._made_by = made_by
        self._lengths: dict[str, int] = {}
        self._unwanted: set[str] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="prefixes")

    def knows(self, session: str) -> bool:
        """This run has looked for it already, or has written it."""
        return session in self._lengths

    def length(self, session: str) -> int:
        """How many tokens of the session this run has written or read."""
        return self._lengths.get(session, 0)

    def load(self, session: str, adapter: AdapterFile | None) -> Parked | None:
        """What was kept of the session under this adapter."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        self._lengths[session] = 0
        try:
            data = prefix_files.path_of(self._folder, session).read_bytes()
            tensors = load(data)
            ids, ends, state, seal = (tensors[name] for name in ("ids", "ends", "state", "seal"))
            if seal.tobytes() != self._seal(adapter, ids, ends, state):
                return None
        except (OSError, SafetensorError, KeyError, ValueError):
            return None
        self._lengths[session] = len(ids)
        return Parked(adapter, session, Snapshot(tuple(ids.tolist()), tuple(ends.tolist()), state))

    def save(self, parked: Parked) -> None:
        """Write it, soon and on another thread; at once where the interpreter is going away."""
        self._unwanted.discard(parked.session)
        self._lengths[parked.session] = len(parked.snapshot.ids)
        try:
            self._writer.submit(self._write, parked)
        except RuntimeError:
            self._write(parked)

    def forget(self, session: str) -> None:
        """Delete what is kept of a session, also what is still to be written."""
        self._unwanted.add(session)
        self._lengths.pop(session, None)
        prefix_files.forget(self._folder, session)

    def close(self) -> None:
        """Wait for what is being written."""
        self._writer.shutdown(wait=True)

    def _write(self, parked: Parked) -> None:
        path = prefix_files.path_of(self._folder, parked.session)
        aside = path.with_name(f"{path.stem}.{os.getpid()}{prefix_files.ASIDE}")
        try:
            data = self._packed(parked)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
            if parked.session not in self._unwanted:
                aside.replace(path)
            prefix_files.make_room(self._folder)
        except OSError as e:
            # A full disk: the session is evaluated again when it is reopened.
            log.warning("the prefix of session %s could not be kept: %s", parked.session, e)
        finally:
            aside.unlink(missing_ok=True)
        if parked.session in self._unwanted:
            prefix_files.forget(self._folder, parked.session)

    def _packed(self, parked: Parked) -> bytes:
        from safetensors.numpy import save

        snapshot = parked.snapshot
        ids, ends = np.array(snapshot.ids, np.int32), np.array(snapshot.ends, np.int32)
        seal = np.frombuffer(self._seal(parked.adapter, ids, ends, snapshot.state), np.uint8)
        return bytes(save({"ids": ids, "ends": ends, "state": snapshot.state, "seal": seal}))

    def _seal(
        self, adapter: AdapterFile | None, ids: NDArray[np.int32], ends: NDArray[np.int32], state: NDArray[np.uint8]
    ) -> bytes:
        """What the file must be to be used: whole, and of this model under this adapter."""
        digest = hashlib.sha256(self._made_by.encode() + _identity(adapter).encode())
        for part in (ids, ends, state):
            digest.update(np.ascontiguousarray(part).data)
        return digest.digest()


def made_by(model: Path, chunk: int) -> str:
    """What the numbers in a cache depend on, but for the adapter: the file, the library, the machine, the batches."""
    import llama_cpp

    found = model.stat()
    library = f"llama.cpp {llama_cpp.__version__} {platform.machine()} {platform.processor()}"
    return f"{FORM} {model.name} {found.st_size} {found.st_mtime_ns} {library} {chunk}"


def _identity(adapter: AdapterFile | None) -> str:
    """Of an adapter's file: a version's name may come again after everything was erased."""
    if adapter is None:
        return "base"
    found = adapter.path.stat()
    return f"{adapter.version} {found.st_size} {found.st_mtime_ns}"
