"""The folder that a cluster and this machine share: files put there, looked for, brought home. Knows no job.

Everything passes the client's gate first. The one module that knows fsspec.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from clawlocal.errors import ClawlocalError, OffloadError, StoreError
from clawlocal.offload.client import Client, Passage
from clawlocal.records import DataClass, Purpose, Remote

PART = ".part"
NOT_THERE, FULL = "not there", "storage full"
"""Outcomes."""
_BLOCK = 1 << 22
_OBJECTS = ("s3", "gs", "abfs")


class Storage:
    """Of one remote. Names are paths below its address."""

    def __init__(self, remote: Remote, client: Client) -> None:
        self._remote = remote
        self._client = client
        # Objects are there completely or not at all; a file is written aside first.
        self._aside = "" if remote.storage.partition("://")[0] in _OBJECTS else PART

    def put(self, name: str, content: bytes | Path, data: Collection[DataClass]) -> None:
        """Write a file aside and move it to its name. Raises `ConsentError`, `OffloadError`."""
        with _opened(content) as (file, size), self._passing(name, data, size) as (fs, path, _):
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with fs.open(path + self._aside, "wb") as out:
                shutil.copyfileobj(file, out, _BLOCK)
            if self._aside:
                fs.mv(path + self._aside, path)

    def size(self, name: str) -> int | None:
        """In bytes; None where it is not there. Raises `ConsentError`, `OffloadError`."""
        with self._passing(name) as (fs, path, _):
            return int(fs.info(path)["size"]) if fs.exists(path) else None

    def read(self, name: str, most: int) -> bytes:
        """A file of at most so many bytes. Raises `ConsentError`, `OffloadError` (its outcome may be `NOT_THERE`)."""
        with self._passing(name) as (fs, path, passage):
            with fs.open(path, "rb") as file:
                content: bytes = file.read(most + 1)
            passage.received = len(content)
            if len(content) > most:
                raise OffloadError(f"{name} in {self._remote.storage} is far too large for what it should be.", "large")
            return content

    def fetch(self, name: str, to: Path, size: int) -> None:
        """Bring a file of `size` bytes to `to`, no byte beyond, from where a try broke off before. Raises the same."""
        have = to.stat().st_size if to.exists() else 0
        with self._passing(name) as (fs, path, passage), to.open("ab") as out, fs.open(path, "rb") as file:
            file.seek(have)
            while have < size and (block := file.read(min(_BLOCK, size - have))):
                _append(out, block)
                have += len(block)
                passage.received += len(block)

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it; nothing where there is none. Raises the same."""
        with self._passing(name) as (fs, path, _):
            if fs.exists(path):
                fs.rm(path, recursive=True)

    @contextmanager
    def _passing(
        self, name: str, data: Collection[DataClass] = (), size: int = 0
    ) -> Iterator[tuple[Any, str, Passage]]:
        """fsspec's system, and the path in it."""
        with self._client.passage(Purpose.TRAIN, data, size) as passage, self._in_words():
            fs, root = fsspec.core.url_to_fs(self._remote.storage)
            yield fs, f"{root.rstrip('/')}/{name}", passage

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        where = self._remote.storage
        try:
            yield
        except ClawlocalError:
            raise
        except FileNotFoundError as e:
            raise OffloadError(f"There is no {e.filename or 'such file'} in the storage {where}.", NOT_THERE) from e
        except PermissionError as e:
            text = f"The storage {where} may not be written or read: change its permissions, then try again."
            raise OffloadError(text, "not permitted") from e
        except ImportError as e:
            raise OffloadError(f"The storage {where} needs one more package: {e}.", "no package") from e
        except OSError as e:
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                raise OffloadError(f"The storage {where} is full: free some space there, then try again.", FULL) from e
            raise OffloadError(f"The storage {where} failed ({e.strerror or e}): try again later.") from e
        except Exception as e:
            # Each kind of storage has errors of its own, which no base joins.
            raise OffloadError(f"The storage {where} failed ({type(e).__name__}): try again later.") from e


def _append(out: BinaryIO, block: bytes) -> None:
    """On disk when this returns: what is there needs not be fetched again."""
    try:
        out.write(block)
        out.flush()
        os.fsync(out.fileno())
    except OSError as e:
        raise StoreError(f"The adapter cannot be written here ({e.strerror}): free some space, then pull again.") from e


@contextmanager
def _opened(content: bytes | Path) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(content, bytes):
        yield io.BytesIO(content), len(content)
    else:
        with content.open("rb") as file:
            yield file, content.stat().st_size
