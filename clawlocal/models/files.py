"""A model's file: where it lies, and whether it is whole. Opens no socket and imports no model's package."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from clawlocal.errors import ModelError
from clawlocal.models.catalog import ModelEntry, Source
from clawlocal.paths import Paths


def locate(entry: ModelEntry, paths: Paths) -> Path:
    """The file of a model. Raises `ModelError` when it is not there, with what to do."""
    match entry.source:
        case Source.PACKAGE:
            path, cure = _in_package(entry), f"Run `{_install(entry)}`."
        case Source.HUB:
            path, cure = paths.models / entry.file, f"Download {entry.url}/{entry.file} to that place."
        case Source.FILE:
            path = paths.config / Path(entry.file).expanduser()
            cure = f"Put it there, or take {entry.name} out of {paths.catalog}."
    if path is None:
        raise ModelError(f"The package {entry.package}, which holds {entry.name}, is not installed. {cure}")
    if not path.is_file():
        raise ModelError(f"The file of {entry.name} is missing: {path}. {cure}")
    return path


def verify(entry: ModelEntry, path: Path, paths: Paths) -> None:
    """Check the file's size, then its hash. Raises `ModelError`.

    A hash that was right is remembered with the file's size and time of change, so that the next start
    does not read the whole file again.
    """
    try:
        found = path.stat()
        if entry.size and found.st_size != entry.size:
            raise _wrong_size(entry, path, found.st_size)
        if not entry.sha256:
            return
        seen = {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": entry.sha256}
        if _remembered(paths).get(str(path)) == seen:
            return
        if sha256(path) != entry.sha256:
            raise ModelError(f"{path} is not the {entry.name} that it should be: its hash differs. {_again(entry)}")
    except OSError as e:
        raise ModelError(f"Cannot read {path}: {e.strerror}. Change its permissions, or fetch it again.") from e
    _remember(paths, path, seen)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_package(entry: ModelEntry) -> Path | None:
    """Asks where the package is without running any of it."""
    spec = importlib.util.find_spec(entry.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    return next((f / entry.file for f in folders if (f / entry.file).exists()), folders[0] / entry.file)


def _wrong_size(entry: ModelEntry, path: Path, size: int) -> ModelError:
    what = "is cut short" if size < entry.size else "is too long"
    return ModelError(f"{path} {what}: {size:,} of {entry.size:,} bytes. {_again(entry)}")


def _again(entry: ModelEntry) -> str:
    match entry.source:
        case Source.PACKAGE:
            return f"Run `{_install(entry, '--force-reinstall --no-deps ')}`."
        case Source.HUB:
            return f"Delete it and download it again from {entry.url}/{entry.file}."
        case Source.FILE:
            return "Copy it again, or correct its size and hash in models.toml."


def _install(entry: ModelEntry, options: str = "") -> str:
    return f"pip install {options}{entry.package.replace('_', '-')}"


def _memory(paths: Paths) -> Path:
    return paths.cache / "verified.json"


def _remembered(paths: Paths) -> dict[str, Any]:
    try:
        found = json.loads(_memory(paths).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(paths: Paths, path: Path, seen: dict[str, Any]) -> None:
    memory = _memory(paths)
    aside = memory.with_name(f"{memory.name}.{os.getpid()}")
    # A cache that cannot be written costs a second at the next start, and nothing else.
    with contextlib.suppress(OSError):
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.write_text(json.dumps({**_remembered(paths), str(path): seen}), "utf-8")
        aside.replace(memory)
