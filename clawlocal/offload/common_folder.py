"""A folder that a server and this machine both see: adapters are put there whole. Knows no server.

Writing passes the client's gate, as if it were sent: whoever reads that folder reads the adapter.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from clawlocal.adapters import files
from clawlocal.adapters.exports import Format, export
from clawlocal.errors import AdapterError, OffloadError
from clawlocal.offload.client import Client
from clawlocal.records import AdapterVersion, DataClass, Purpose, Serving


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
        with client.passage(Purpose.SERVE, {DataClass.ADAPTER}, size):
            _write(version, source, target)
    return f"{serving.there}/{name}"


def remove(folder: str, name: str) -> None:
    """Nothing where there is nothing. Raises `OffloadError` where it stays."""
    target = Path(folder) / name
    try:
        if target.exists():
            shutil.rmtree(target)
    except OSError as e:
        raise OffloadError(f"{target} cannot be deleted ({e.strerror}): delete it by hand.", "not deleted") from e


def _write(version: AdapterVersion, source: Path, target: Path) -> None:
    # Half of it, or of another version that was called so before a crash.
    shutil.rmtree(target, ignore_errors=True)
    try:
        export(version, Format.PEFT, target, lambda: source)
    except AdapterError:
        # Another process may have been faster: its files are the same.
        if not _same(source, target):
            raise


def _same(source: Path, target: Path) -> bool:
    try:
        return all(files.sha256(path) == files.sha256(target / path.name) for path in source.iterdir())
    except OSError:
        return False
