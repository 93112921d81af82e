"""An SFTP server on the loopback over a folder, with faults to switch on, and a user's `~/.ssh` that knows it.

`fault` is one of: `full` (what is written is refused as OpenSSH does, and the disk has no space left), `failure` (the
same with space left), `denied`, `cut` (the link is lost after the first block that is read), `silent` (nothing that is
written is answered).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from tests.offload.ssh_host import SshHost, ssh_host
from tests.waiting import until


class Files(asyncssh.SFTPServer):
    """Of one connection."""

    def __init__(self, channel: asyncssh.SSHServerChannel, host: SftpHost) -> None:
        super().__init__(channel, chroot=str(host.folder).encode())
        self._host = host
        self._connection = channel.get_connection()

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        match self._host.fault:
            case "full" | "failure":
                raise asyncssh.SFTPFailure("Failure")
            case "denied":
                raise asyncssh.SFTPPermissionDenied("Permission denied")
            case "silent":
                await self._host.wait()
        return await _result(super().write(file_obj, offset, data))

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._host.fault == "cut" and offset >= self._host.cut_at:
            self._connection.abort()
        return await _result(super().read(file_obj, offset, size))

    async def statvfs(self, path: bytes) -> Any:
        found = await _result(super().statvfs(path))
        if self._host.fault == "full":
            # The fifth is what is left.
            found = os.statvfs_result((*found[:4], 0, *found[5:]))
        return found


async def _result(found: Any) -> Any:
    return await found if asyncio.iscoroutine(found) else found


@dataclass
class SftpHost:
    """Made with `serving`."""

    folder: Path
    home: Path
    """Of the user, with `.ssh`."""
    fault: str = ""
    cut_at: int = 6_000_000
    waiting: int = 0
    """Requests without an answer."""
    host: SshHost | None = None

    def settings(self, lines: str) -> None:
        """What stands first in the user's `~/.ssh/config`."""
        file = self.folder.parent / "config"
        file.write_text(f"Host 127.0.0.1\n{lines}\n{file.read_text()}")
        if "UserKnownHostsFile" in lines:
            (self.home / ".ssh" / "known_hosts").write_text((self.folder.parent / "known_hosts").read_text())

    def known(self) -> list[str]:
        """The names of the keys that the user knows."""
        files = [self.folder.parent / "known_hosts", self.home / ".ssh" / "known_hosts"]
        said = " ".join(file.read_text() for file in files if file.exists())
        return [name for name in ("host", "other") if (self.folder.parent / f"{name}.pub").read_text().strip() in said]

    async def wait(self) -> None:
        """Until the fault is over."""
        self.waiting += 1
        while self.fault:
            await asyncio.sleep(0.01)
        self.waiting -= 1

    @property
    def ssh(self) -> SshHost:
        assert self.host is not None
        return self.host


@contextmanager
def serving(folder: Path) -> Iterator[SftpHost]:
    """`folder`/home is what HOME should be."""
    found = SftpHost(folder / "files", folder / "home")
    found.folder.mkdir()
    (found.home / ".ssh").mkdir(parents=True)
    (found.home / ".ssh" / "config").symlink_to(folder / "config")
    with ssh_host(folder, lambda channel: Files(channel, found)) as found.host:
        try:
            yield found
        finally:
            found.fault = ""
            until(lambda: not found.waiting)
