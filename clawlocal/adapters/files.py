"""The files of an adapter version: where they are, whether they are whole, how they leave the house.

A version is a folder with `adapter/` (PEFT safetensors) and `adapter.gguf` (for llama.cpp). Knows no store.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import AdapterError
from clawlocal.records import AdapterVersion

GGUF = "adapter.gguf"
PEFT = "adapter"
FORMATS = ("peft", "gguf")


def sha256(path: Path) -> str:
    """Hash of a file. Raises `OSError`."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def verified(version: AdapterVersion) -> AdapterFile:
    """The version's GGUF, if it is the file that was published. Raises `AdapterError`."""
    path = Path(version.path) / GGUF
    try:
        found = sha256(path)
    except OSError as e:
        raise AdapterError(
            f"The file of adapter {version.version} cannot be read ({path}: {e.strerror}). "
            "`clawlocal adapters rollback` brings an earlier version back."
        ) from e
    if found != version.sha256:
        raise AdapterError(
            f"Adapter {version.version} is damaged on disk ({path}). "
            "`clawlocal adapters rollback` brings an earlier version back."
        )
    return AdapterFile(version.version, path)


def install(made: Path, home: Path) -> Path:
    """Move a trainer's output to its place, on disk when this returns. Raises `OSError`."""
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A folder left by a crash between files and transaction belongs to no version.
    shutil.rmtree(home, ignore_errors=True)
    aside = home.with_name(home.name + ".part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    shutil.copytree(made / PEFT, aside / PEFT)
    shutil.copy2(made / GGUF, aside / GGUF)
    for path in [*aside.rglob("*"), aside]:
        _sync(path)
    os.replace(aside, home)
    _sync(home.parent)
    return home


def export(version: AdapterVersion, format: str, out: Path) -> Path:
    """Copy a version to `out`: `gguf` makes a file, `peft` a folder. Raises `AdapterError`."""
    if format not in FORMATS:
        raise AdapterError(f"{format!r} is not a format to export to. Choose one of: {', '.join(FORMATS)}.")
    verified(version)
    source = Path(version.path)
    try:
        if format == "gguf":
            target = out / f"{version.version}.gguf" if out.is_dir() else out
            _refuse_existing(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy_whole(source / GGUF, target)
            return target
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise AdapterError(f"{out} exists and is not an empty folder. Name another one.")
        shutil.copytree(source / PEFT, out, dirs_exist_ok=True)
        return out
    except OSError as e:
        # `shutil.Error` gathers the faults of a whole folder and has no text of its own.
        why = e.strerror or "not all of it could be copied"
        raise AdapterError(f"Cannot write to {out}: {why}. Free some space, or name another place.") from e


def _copy_whole(source: Path, target: Path) -> None:
    """All of the file, or nothing of it."""
    aside = target.with_name(target.name + ".part")
    try:
        shutil.copy2(source, aside)
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise AdapterError(f"{path} exists already. Name another file.")


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return  # Windows cannot open a folder to flush it.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
