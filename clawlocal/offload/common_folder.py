"""A folder that a server and this machine both see: adapters are put there whole. Knows no server.

Writing passes the client's gate, as if it were sent: whoever reads that folder reads the adapter.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from clawlocal.adapters import files
from clawlocal.errors import OffloadError
from clawlocal.offload.client import Client
from clawlocal.records import AdapterVersion, DataClass, Purpose
from clawlocal.served_adapter import Serving
from trainers.files import sync

PART = ".part"


def described(text: str) -> tuple[str, str]:
    """`HERE` or `HERE=THERE` as whole paths. Raises `OffloadError`."""
    here, mark, there = text.partition("=")
    folder = Path(here).expanduser()
    there = there.rstrip("/") if mark else str(folder)
    if not here or not folder.is_absolute() or not PurePosixPath(there).is_absolute():
        raise OffloadError(
            f"The path of the folder must be whole, as /mnt/shared or /mnt/shared=/srv/shared: {text!r} is not."
        )
    check(folder)
    return str(folder), there


def check(folder: Path) -> None:
    """That it is there and may be written; a mount that is missing is to be seen, not made. Raises `OffloadError`."""
    if not folder.is_dir():
        raise OffloadError(f"The folder {folder} is not there: mount it, or name another with --folder.", "no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OffloadError(f"The folder {folder} may not be written: change its permissions.", "not permitted")


def put(serving: Serving, name: str, version: AdapterVersion, client: Client) -> str:
    """Have the version there under this name. Returns its path as the server sees it.

    What is there already, whole, is not written again. Raises `ConsentError`, `OffloadError`, `AdapterError`.
    """
    target, source = Path(serving.folder) / name, files.trainable(version)
    check(target.parent)
    if not _same(source, target):
        size = sum(path.stat().st_size for path in source.iterdir())
        with client.passage(Purpose.SERVE, {DataClass.ADAPTER}, size), _in_words(target.parent):
            _sweep(target)
            _write(source, target)
    return f"{serving.there}/{name}"


def remove(folder: str, name: str) -> None:
    """With what a crash has left of it. Raises `OffloadError` where it stays, or is out of sight."""
    target = Path(folder) / name
    if not target.parent.is_dir():
        raise OffloadError(f"The folder {folder} is not there: mount it, so that {name} can be deleted.", "no folder")
    with _in_words(target.parent):
        _sweep(target)


def _sweep(target: Path) -> None:
    for folder in (target, *target.parent.glob(f".{target.name}.*{PART}")):
        if folder.exists():
            shutil.rmtree(folder)


def _write(source: Path, target: Path) -> None:
    """Aside, then renamed. Readable as other files of this user are: the server may run as another one."""
    aside = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    aside.mkdir()
    for path in source.iterdir():
        shutil.copyfile(path, aside / path.name)
        sync(aside / path.name)
    os.replace(aside, target)


def _same(source: Path, target: Path) -> bool:
    try:
        return all(files.sha256(path) == files.sha256(target / path.name) for path in source.iterdir())
    except OSError:
        return False


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Inside the client's gate, which would take a fault of the disk for one of the link."""
    try:
        yield
    except OSError as e:
        text = f"{folder} cannot be written ({e.strerror}): free some space there, or change its permissions."
        raise OffloadError(text, "not written") from e
