"""The files of an adapter version: where they are, whether they are whole.

A version is a folder with `adapter/` (PEFT safetensors), `adapter.gguf` (for llama.cpp), and the hash of each
file as `sha256sum --check` reads it. Knows no store.
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
SUMS = "SHA256SUMS"


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
        raise _damaged(version, path)
    return AdapterFile(version.version, path)


def trainable(version: AdapterVersion) -> Path:
    """The version's PEFT folder, if its files are those that were published. Raises `AdapterError`.

    Versions from before hashes of it were kept are taken as they are; the trainer checks shapes and numbers.
    """
    home = Path(version.path)
    try:
        known = _sums(home)
        damaged = next((name for name, digest in known.items() if sha256(home / name) != digest), None)
    except (OSError, UnicodeDecodeError) as e:
        raise AdapterError(
            f"The files of adapter {version.version} cannot be read ({home}). "
            "`clawlocal adapters rollback` brings an earlier version back."
        ) from e
    if damaged is not None:
        raise _damaged(version, home / damaged)
    return home / PEFT


def _damaged(version: AdapterVersion, path: Path) -> AdapterError:
    return AdapterError(
        f"Adapter {version.version} is damaged on disk ({path}). "
        "`clawlocal adapters rollback` brings an earlier version back."
    )


def _sums(home: Path) -> dict[str, str]:
    """Hashes by file name; none in a folder of an earlier clawlocal, an empty one for a list that lost its lines."""
    if not (home / SUMS).exists():
        return {}
    lines = [line.partition("  ") for line in (home / SUMS).read_text("utf-8").splitlines()]
    return {name: digest for digest, _, name in lines} or {GGUF: ""}


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
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    sums = (f"{sha256(path)}  {path.relative_to(aside).as_posix()}\n" for path in files)
    (aside / SUMS).write_text("".join(sums), "utf-8", newline="\n")
    for path in [*aside.rglob("*"), aside]:
        _sync(path)
    os.replace(aside, home)
    _sync(home.parent)
    return home


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return  # Windows cannot open a folder to flush it.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
