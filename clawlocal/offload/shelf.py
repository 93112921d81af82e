"""An open storage: files on it, step by step, each with a limit on waiting. Knows neither remote nor grant."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, BinaryIO

from fsspec.asyn import sync

from trainers.remote_system import OBJECTS, S3, SFTP, kind

PART = ".part"
BLOCK = 5 << 20
"""The smallest part that an upload to S3 may have."""
MOST_PARTS = 9_000
STEP_SECONDS = 180.0
"""For one block, or a question. Connections have shorter limits of their own where nobody answers at all."""
END_SECONDS = 10.0


class Shelf:
    """One of them; `system` is fsspec's. Everything raises what the system does, and `TimeoutError`."""

    def __init__(self, address: str, system: Any) -> None:
        self._system = system
        self._kind = kind(address)
        self._objects = self._kind in OBJECTS
        if self._kind == S3:
            # How often a request is sent that fails: what is sent again would count nowhere.
            system.retries = 1
            # Closed here, as it is left, and not once more at any time later.
            system.close_session = _nothing
        # A folder of this machine needs no limit, and what hangs there could not be ended either.
        self._worker = None if self._kind == "file" else ThreadPoolExecutor(1, "storage")

    def put(self, path: str, file: BinaryIO, size: int) -> None:
        """There completely or not at all: an object is, a file is written aside and moved to its name."""
        if self._objects:
            self._put_object(path, file, size)
            return
        self._step(self._system.makedirs, path.rpartition("/")[0], exist_ok=True)
        try:
            self._write(path + PART, file)
        except TimeoutError:
            raise
        except Exception as e:
            # The protocol that most servers speak has no word for it.
            full = self._kind == SFTP and not isinstance(e, OSError) and self._free(path) < size
            with suppress(Exception):
                self._step(self._system.rm, path + PART, seconds=END_SECONDS)
            if full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from e
            raise
        self._step(self._system.mv, path + PART, path)

    def size(self, path: str) -> int:
        """In bytes. Raises `FileNotFoundError`."""
        return int(self._step(self._system.info, path)["size"])

    def read(self, path: str, most: int) -> bytes:
        """From its beginning."""
        file = self._step(self._system.open, path, "rb", cache_type="none")
        try:
            content: bytes = self._step(file.read, most)
            return content
        finally:
            self._step(file.close)

    def fetch(self, path: str, start: int, size: int, keep: Callable[[bytes], None]) -> None:
        """From `start` to `size`, no byte beyond."""
        file = self._step(self._system.open, path, "rb", cache_type="none")
        try:
            self._step(file.seek, start)
            while start < size and (block := self._step(file.read, min(BLOCK, size - start))):
                keep(block)
                start += len(block)
        finally:
            self._step(file.close)

    def remove(self, path: str) -> None:
        """A file or a folder, if there is one."""
        if not self._step(self._system.exists, path):
            return
        self._step(self._system.rm, path, recursive=True)
        # A refusal to delete many objects is no error to the package.
        if self._objects and self._step(self._system.exists, path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def close(self) -> None:
        """End its connections, and whatever waits on them."""
        with suppress(Exception):
            self._disconnect()
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)

    def _put_object(self, path: str, file: BinaryIO, size: int) -> None:
        block = max(BLOCK, size // MOST_PARTS)
        if size <= block:
            self._step(self._system.pipe_file, path, file.read())
            return
        out = self._step(self._system.open, path, "wb", block_size=block, autocommit=False)
        try:
            while content := file.read(block):
                self._step(out.write, content)
            self._step(out.close)
            self._step(out.commit)
        except BaseException:
            # What there is of it would be uploaded as it ends, and taken for the whole.
            out.closed = True
            with suppress(Exception):
                self._step(out.discard, seconds=END_SECONDS)
            raise

    def _write(self, path: str, file: BinaryIO) -> None:
        out = self._step(self._system.open, path, "wb")
        try:
            while content := file.read(BLOCK):
                self._step(out.write, content)
        finally:
            self._step(out.close)

    def _free(self, path: str) -> float:
        """Bytes; endless where the host does not tell."""

        async def ask() -> int:
            async with self._system.client.start_sftp_client() as sftp:
                found = await sftp.statvfs(path.rpartition("/")[0])
                return int(found.bavail * found.frsize)

        with suppress(Exception):
            return sync(self._system.loop, ask, timeout=END_SECONDS)  # type: ignore[no-any-return]
        return float("inf")

    def _step(self, call: Callable[..., Any], *arguments: Any, seconds: float = 0, **options: Any) -> Any:
        if self._worker is None:
            return call(*arguments, **options)
        return self._worker.submit(call, *arguments, **options).result(seconds or STEP_SECONDS)

    def _disconnect(self) -> None:
        system = self._system
        match self._kind:
            case "s3" if system._s3 is not None:
                sync(system.loop, system._s3creator.__aexit__, None, None, None, timeout=END_SECONDS)
            case "sftp":
                system.loop.call_soon_threadsafe(system.client.abort)
                sync(system.loop, system.client.wait_closed, timeout=END_SECONDS)


def _nothing(*_: object) -> None:
    """In place of what s3fs does when it is forgotten."""
