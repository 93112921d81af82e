"""The folder that a cluster and this machine share: files put there, looked for, brought home. Knows no job.

Everything passes the client's gate first, and the system behind it is opened inside and closed with it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clawlocal.errors import ClawlocalError, OffloadError, StoreError
from clawlocal.offload import storage_faults
from clawlocal.offload.client import Client, Passage
from clawlocal.offload.remotes import check_encryption
from clawlocal.offload.shelf import PART, Shelf
from clawlocal.offload.storage_faults import FULL, NO_ANSWER, NO_BUCKET, NO_SERVER, NOT_THERE
from clawlocal.records import DataClass, Purpose, Remote
from trainers import remote_system

__all__ = ["FULL", "NOT_THERE", "PART", "Storage"]


class Storage:
    """Of one remote. Names are paths below its address."""

    def __init__(self, remote: Remote, client: Client) -> None:
        self._remote = remote
        self._client = client

    def put(self, name: str, content: bytes | Path, data: Collection[DataClass]) -> None:
        """There completely or not at all. Raises `ConsentError`, `OffloadError`."""
        with _opened(content) as (file, size), self._passing(name, data, size) as (shelf, path, _):
            shelf.put(path, file, size)

    def size(self, name: str) -> int | None:
        """In bytes; None where it is not there. Raises `ConsentError`, `OffloadError`."""
        with self._passing(name) as (shelf, path, _):
            try:
                return shelf.size(path)
            except FileNotFoundError as e:
                if storage_faults.in_words(e, self._remote).outcome == NO_BUCKET:
                    raise
                return None

    def read(self, name: str, most: int) -> bytes:
        """A file of at most so many bytes. Raises `ConsentError`, `OffloadError` (its outcome may be `NOT_THERE`)."""
        with self._passing(name) as (shelf, path, passage):
            content = shelf.read(path, most + 1)
            passage.received = len(content)
            if len(content) > most:
                raise OffloadError(f"{name} in {self._remote.storage} is far too large for what it should be.", "large")
            return content

    def fetch(self, name: str, to: Path, size: int) -> None:
        """Bring a file of `size` bytes to `to`, no byte beyond, from where a try broke off before. Raises the same."""
        with _kept(to) as out, self._passing(name) as (shelf, path, passage):

            def keep(block: bytes) -> None:
                _append(out, block)
                passage.received += len(block)

            shelf.fetch(path, out.tell(), size, keep)

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it; nothing where there is none. Raises the same."""
        with self._passing(name) as (shelf, path, _):
            shelf.remove(path)

    @contextmanager
    def _passing(
        self, name: str, data: Collection[DataClass] = (), size: int = 0
    ) -> Iterator[tuple[Shelf, str, Passage]]:
        """An open system, and the path in it."""
        check_encryption(self._remote)
        with self._client.passage(Purpose.TRAIN, data, size) as passage, self._open() as (shelf, root):
            yield shelf, f"{root.rstrip('/')}/{name}", passage

    @contextmanager
    def _open(self) -> Iterator[tuple[Shelf, str]]:
        """What goes wrong meanwhile is said in words."""
        remote, refused = self._remote, None
        try:
            more = {}
            match remote_system.kind(remote.storage):
                case remote_system.S3 if not remote.storage_endpoint:
                    # Added by an older version.
                    raise storage_faults.told(NO_SERVER, remote)
                case remote_system.S3:
                    # Imported here, as below: each needs an extra of its own.
                    from clawlocal.offload import s3_door

                    refused = s3_door.Door(remote.storage_endpoint)
                    more = s3_door.options(refused)
                case remote_system.SFTP:
                    from clawlocal.offload import sftp_door

                    more = sftp_door.options(remote)
            try:
                system, root = remote_system.opened(remote.storage, remote.storage_endpoint, **more)
            except TimeoutError as e:
                raise storage_faults.told(NO_ANSWER, remote) from e
            shelf = Shelf(remote.storage, system)
            try:
                yield shelf, root
            finally:
                shelf.close()
        except Exception as e:
            if refused is not None and refused.refused:
                raise storage_faults.went_elsewhere(refused.refused, remote) from e
            if isinstance(e, ClawlocalError):
                raise
            # Each kind of storage has errors of its own, which no base joins.
            raise storage_faults.in_words(e, remote) from e


@contextmanager
def _kept(to: Path) -> Iterator[BinaryIO]:
    try:
        with to.open("ab") as out:
            yield out
    except ClawlocalError:
        raise
    except OSError as e:
        raise _unwritten(e) from e


def _append(out: BinaryIO, block: bytes) -> None:
    """On disk when this returns: what is there needs not be fetched again."""
    try:
        out.write(block)
        out.flush()
        os.fsync(out.fileno())
    except OSError as e:
        raise _unwritten(e) from e


def _unwritten(e: OSError) -> StoreError:
    return StoreError(f"The adapter cannot be written here ({e.strerror}): free some space, then pull again.")


@contextmanager
def _opened(content: bytes | Path) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(content, bytes):
        yield io.BytesIO(content), len(content)
    else:
        with content.open("rb") as file:
            yield file, content.stat().st_size
