"""An SSH server on the loopback, and an `ssh` on the PATH that knows its key: what a user has, in a folder of its own.

The program is the real one, with a configuration of the test; it writes down each time that it is started.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import psutil

SSH = shutil.which("ssh")
USER = "ada"


class SshHost(asyncssh.SSHServer):
    """Made with `ssh_host`. `forwards` is whether it lets connections through; `files` serves SFTP."""

    def __init__(self, folder: Path, files: Callable[[asyncssh.SSHServerChannel], asyncssh.SFTPServer] | None) -> None:
        self._folder = folder
        self._files = files
        self._loop = asyncio.new_event_loop()
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self.forwards = True
        self.forwarded: list[tuple[str, int]] = []
        """Hosts and ports that were asked for."""
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for name in ("host", "own", "other"):
            key = asyncssh.generate_private_key("ssh-ed25519")
            key.write_private_key(folder / name)
            (folder / name).chmod(0o600)
            key.write_public_key(folder / f"{name}.pub")
        self.port = self._do(self._listen())
        self.trust("host")
        self._settings("own")

    # of asyncssh
    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self.forwarded.append((dest_host, dest_port))
        if not self.forwards:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "not allowed")
        return True

    # for tests
    @property
    def name(self) -> str:
        return f"{USER}@127.0.0.1:{self.port}"

    @property
    def started(self) -> list[int]:
        """The ids of all `ssh` processes so far."""
        log = self._folder / "started"
        return [int(line) for line in log.read_text().split()] if log.exists() else []

    @property
    def running(self) -> list[int]:
        return [pid for pid in self.started if _runs(pid)]

    def trust(self, key: str) -> None:
        """From now on this is the key that the user knows of the host; empty for none."""
        line = f"[127.0.0.1]:{self.port} {(self._folder / f'{key}.pub').read_text()}" if key else ""
        (self._folder / "known_hosts").write_text(line)

    def log_in_with(self, key: str) -> None:
        self._settings(key)

    def drop(self) -> None:
        """Cut every connection, as when the machine is gone."""
        self._call(lambda: [connection.abort() for connection in self._connections])

    def close(self) -> None:
        self.drop()
        self.stop_listening()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stop_listening(self) -> None:
        if self._acceptor is not None:
            # On its own thread, where connections end as well.
            self._call(self._acceptor.close)
            self._do(self._acceptor.wait_closed())
            self._acceptor = None

    async def _listen(self) -> int:
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: self,
            server_host_keys=[str(self._folder / "host")],
            authorized_client_keys=str(self._folder / "own.pub"),
            sftp_factory=self._files,
        )
        return self._acceptor.get_port()

    def _settings(self, key: str) -> None:
        (self._folder / "config").write_text(
            f"Host *\n  UserKnownHostsFile {self._folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n"
            f"  IdentityFile {self._folder}/{key}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            # What would answer for the user, and share a connection: a tunnel does neither.
            f"  StrictHostKeyChecking no\n  ControlMaster auto\n  ControlPath {self._folder}/shared\n"
        )

    def _call(self, what: Callable[[], object]) -> None:
        async def call() -> None:
            what()

        self._do(call())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def ssh_host(
    folder: Path, files: Callable[[asyncssh.SSHServerChannel], asyncssh.SFTPServer] | None = None
) -> Iterator[SshHost]:
    """`folder`/bin has the `ssh` that belongs on the PATH."""
    host = SshHost(folder, files)
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho $$ >>{folder}/started\nexec {SSH} -F {folder}/config "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    try:
        yield host
    finally:
        host.close()


def path_with(folder: Path) -> str:
    return f"{folder}/bin{os.pathsep}{os.environ['PATH']}"
