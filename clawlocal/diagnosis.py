"""What works on this machine, and what would mend the rest. Only looks; changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from clawlocal import config, paths
from clawlocal.engine.threads import WINDOW_SECONDS, ThreadChooser
from clawlocal.errors import ClawlocalError
from clawlocal.lock import FolderLock
from clawlocal.models import files
from clawlocal.models.catalog import Catalog
from clawlocal.models.opened import OpenedModel
from clawlocal.paths import Paths
from trainers.machine import best

LEAST_DISK = 2e9
"""Bytes: the dequantised base, a few adapters, room to write aside."""
LEAST_MEMORY = 1.5e9
TRAINER_PACKAGES = {"torch": ("torch", "safetensors", "gguf"), "mlx": ("mlx", "mlx-lm", "safetensors", "gguf")}
"""By the framework that trains on this machine."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str
    mend: str = ""


def run() -> list[Check]:
    """All checks, in the order in which a person would ask."""
    where = paths.find()
    return [
        _check("python", _python),
        _check("settings", lambda: _settings(where)),
        _check("data folder", lambda: _folder(where)),
        _check("model", lambda: _model(where)),
        _check("engine", lambda: _engine(where)),
        _check("trainer", _trainer),
        _check("memory", _memory),
        _check("disk", lambda: _disk(where)),
        _check("threads", lambda: _threads(where)),
    ]


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except _Amiss as e:
        return Check(name, False, e.text, e.mend)
    except ClawlocalError as e:
        return Check(name, False, str(e), "do what the sentence says")


class _Amiss(Exception):
    def __init__(self, text: str, mend: str) -> None:
        super().__init__(text)
        self.text = text
        self.mend = mend


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _settings(where: Paths) -> str:
    config.load(where.settings)
    return str(where.settings) if where.settings.exists() else "the defaults"


def _folder(where: Paths) -> str:
    where.ensure(where.data)
    try:
        with FolderLock.acquire(where.lock, "clawlocal doctor"):
            return f"{where.data}, free"
    except ClawlocalError as e:
        holder = getattr(e, "holder", None)
        if holder is None:
            raise
        return f"{where.data}, held by {holder}"


def _model(where: Paths) -> str:
    entry = Catalog.load(where).entry(config.load(where.settings).model)
    path = files.locate(entry, where)
    files.verify(entry, path, where)
    return f"{entry.name}, {entry.size / 1e6:.0f} MB, hash verified"


def _engine(where: Paths) -> str:
    settings = config.load(where.settings)
    opened = OpenedModel.open(settings.model, settings, where)
    try:
        opened.engine.wait_ready(120)
        version = importlib.metadata.version("llama-cpp-python")
        return f"llama-cpp-python {version}, context {opened.engine.n_ctx} tokens"
    finally:
        opened.engine.close()


def _trainer() -> str:
    try:
        versions = {name: importlib.metadata.version(name) for name in TRAINER_PACKAGES[best()]}
    except importlib.metadata.PackageNotFoundError as e:
        raise _Amiss(
            f"{e.name} is missing: chat works, learning does not", f"{sys.executable} -m pip install {e.name}"
        ) from e
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _memory() -> str:
    free = psutil.virtual_memory().available
    if free < LEAST_MEMORY:
        raise _Amiss(f"{free / 1e9:.1f} GB free, training takes {LEAST_MEMORY / 1e9:.1f} GB", "close other programs")
    return f"{free / 1e9:.1f} GB free"


def _disk(where: Paths) -> str:
    free = shutil.disk_usage(where.ensure(where.data)).free
    if free < LEAST_DISK:
        raise _Amiss(
            f"{free / 1e9:.1f} GB free in {where.data}", "free some space, or set CLAWLOCAL_HOME to another disk"
        )
    return f"{free / 1e9:.1f} GB free"


def _threads(where: Paths) -> str:
    chooser = ThreadChooser(config.load(where.settings).threads)
    chooser.look()
    time.sleep(WINDOW_SECONDS)
    now = chooser.look()
    return (
        f"{os.cpu_count()} cores; now {_threads_in_words(now.prefill)} to read a prompt and {now.decode} to write "
        f"a reply: {now.reason}; the trainer runs at low priority and stops while you type"
    )


def _threads_in_words(n: int) -> str:
    return "1 thread" if n == 1 else f"{n} threads"
