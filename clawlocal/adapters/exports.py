"""How a version leaves the house: for other trainers, other servers, and as a model of its own. Knows no store."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from clawlocal.adapters import ollama
from clawlocal.adapters.files import GGUF, PEFT, verified
from clawlocal.errors import AdapterError
from clawlocal.records import AdapterVersion
from trainers import adapter_mlx, adapter_peft, merged_gguf
from trainers.errors import TrainingError


class Format(StrEnum):
    """What a version can be written as."""

    PEFT = "peft"
    """A folder, for transformers and other trainers."""
    GGUF = "gguf"
    """A file, for llama.cpp beside the model."""
    MLX = "mlx"
    """A folder, for mlx-lm."""
    MERGED = "merged-gguf"
    """A file: the model itself with the adapter in its weights."""
    OLLAMA = "ollama"
    """A folder with model, adapter and Modelfile."""


_FILES = {Format.GGUF: ".gguf", Format.MERGED: "-merged.gguf"}
"""What is one file, and how its name ends in a folder that was named instead."""


def export(version: AdapterVersion, format: str, out: Path, model: Callable[[], Path]) -> Path:
    """Write a version to `out`, whole or not at all; `model` finds the served file. Returns where it is.

    Raises `AdapterError`, and what `model` raises.
    """
    if format not in list(Format):
        raise AdapterError(f"{format!r} is not a format to export to. Choose one of: {', '.join(Format)}.")
    kind = Format(format)
    verified(version)
    out = out.absolute()
    target = out / f"{version.version}{_FILES[kind]}" if kind in _FILES and out.is_dir() else out
    _refuse_existing(target, kind)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(version, kind, target, model)
    except TrainingError as e:
        raise AdapterError(str(e)) from e
    except OSError as e:
        # `shutil.Error` gathers the faults of a whole folder and has no text of its own.
        why = e.strerror or "not all of it could be copied"
        raise AdapterError(f"Cannot write to {out}: {why}. Free some space, or name another place.") from e
    return target


def _write(version: AdapterVersion, kind: Format, target: Path, model: Callable[[], Path]) -> None:
    source = Path(version.path)
    match kind:
        case Format.GGUF:
            _copy_whole(source / GGUF, target)
        case Format.PEFT:
            _whole_folder(target, lambda aside: _copy_all(source / PEFT, aside))
        case Format.MLX:
            read = adapter_peft.read_any(source / PEFT)
            _whole_folder(target, lambda aside: adapter_mlx.write(read, aside))
        case Format.MERGED:
            merged_gguf.write(model(), source / GGUF, target, f"{version.model}, clawlocal {version.version} merged in")
        case Format.OLLAMA:
            served = model()
            _whole_folder(target, lambda aside: ollama.write(served, source / GGUF, aside, _name(version)))


def _name(version: AdapterVersion) -> str:
    return f"{version.model}-{version.version}"


def _copy_all(source: Path, folder: Path) -> None:
    for path in source.iterdir():
        shutil.copy2(path, folder / path.name)


def _copy_whole(source: Path, target: Path) -> None:
    """All of the file, or nothing of it."""
    with tempfile.TemporaryDirectory(prefix=".clawlocal-", dir=target.parent) as aside:
        shutil.copy2(source, Path(aside) / target.name)
        os.replace(Path(aside) / target.name, target)


def _whole_folder(target: Path, write: Callable[[Path], None]) -> None:
    """All of the folder, or nothing of it. An empty one that is there already is filled."""
    with tempfile.TemporaryDirectory(prefix=".clawlocal-", dir=target.parent) as aside:
        write(Path(aside))
        target.mkdir(exist_ok=True)
        for path in Path(aside).iterdir():
            os.replace(path, target / path.name)


def _refuse_existing(target: Path, kind: Format) -> None:
    if kind in _FILES and target.exists():
        raise AdapterError(f"{target} exists already. Name another file.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AdapterError(f"{target} exists and is not an empty folder. Name another one.")
