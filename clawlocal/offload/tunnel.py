"""SSH tunnels of this process: opened with the first request that needs one, used again, closed at the end.

Each is an `ssh` process and a Unix socket in a folder that no other user may enter. Knows neither HTTP nor consent:
`client` opens them inside its gate.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from clawlocal.errors import OffloadError
from clawlocal.offload import ssh
from clawlocal.offload.remotes import host_of
from clawlocal.records import Remote

OPEN_SECONDS = 30.0
"""Until a tunnel stands; then it is given up."""
_END_SECONDS = 5.0
_WORDS_SECONDS = 0.5
_POLL_SECONDS = 0.02
_TETHER = Path(__file__).with_name("tether.py")
_FITS = re.compile(r"[A-Za-z0-9/._-]{1,70}")
"""A folder whose name neither `ssh` takes apart nor a socket is too short for (104 bytes on macOS)."""


class Tunnel:
    """One of them. Raises `OffloadError` where it cannot be started."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._target = host_of(remote)
        self.users = 0
        """Requests that go through it now."""
        self.failed = False
        """The next request takes another one."""
        program = shutil.which("ssh")
        if program is None:
            text = f"{remote.name} needs the program ssh, which this machine does not have: install OpenSSH's client."
            raise OffloadError(text, "no ssh")
        temporary = tempfile.gettempdir()
        # Made with 0700.
        self._folder = Path(
            tempfile.mkdtemp(prefix="clawlocal-", dir=temporary if _FITS.fullmatch(temporary) else "/tmp")
        )
        self.socket = self._folder / "socket"
        self._said = self._folder / "said"
        self._process = self._start(ssh.command(program, remote.ssh, self.socket, self._target))

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        try:
            with self._said.open("wb") as said:
                # In a session of its own there is no terminal to ask on, and no ctrl+c that is meant for a reply.
                return subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_TETHER), str(self._folder), *command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    start_new_session=True,
                )
        except OSError as e:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise OffloadError(f"ssh could not be started ({e.strerror}): try again later.", "no ssh") from e

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    async def opened(self) -> None:
        """Wait until it stands. Raises `OffloadError` with the reason where it does not."""
        end = time.monotonic() + OPEN_SECONDS
        while not self.socket.exists():
            if self.ended:
                raise self.why() or ssh.ended(self._words(), self._remote.ssh)
            if time.monotonic() > end:
                text = f"{self._remote.ssh} opened no tunnel within {OPEN_SECONDS:g} seconds: try again later."
                raise self.why() or OffloadError(text, "no answer")
            await asyncio.sleep(_POLL_SECONDS)

    def mark(self) -> int:
        """Where what it says from now on begins."""
        return self._said.stat().st_size

    def why(self, mark: int = 0) -> OffloadError | None:
        """What it has said since `mark`, in words; None for nothing that went wrong."""
        return ssh.in_words(self._words(mark), self._remote.name, self._remote.ssh, self._target)

    async def last_words(self, mark: int) -> OffloadError | None:
        """As `why`, of a request that broke off: `ssh` may say so an instant later."""
        end = time.monotonic() + _WORDS_SECONDS
        while (found := self.why(mark)) is None and not self.ended and time.monotonic() < end:
            await asyncio.sleep(_POLL_SECONDS)
        return found or self.why(mark)

    def close(self) -> None:
        """End the process, and remove the folder. Twice is harmless."""
        assert self._process.stdin is not None
        # The tether ends ssh, and then itself.
        self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            # With `ssh`, which a tether that is only killed would leave behind.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _words(self, mark: int = 0) -> str:
        try:
            return self._said.read_bytes()[mark:].decode("utf-8", "replace")
        except FileNotFoundError:
            # Closed from another thread, as this process ends.
            return ""


class Tunnels:
    """By SSH host and target: at most one that can be used. For any thread, and any event loop."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: dict[tuple[str, str], Tunnel] = {}

    @asynccontextmanager
    async def through(self, remote: Remote) -> AsyncIterator[Tunnel]:
        """One that stands, for a request. Raises `OffloadError`."""
        tunnel = self._take(remote)
        try:
            try:
                await tunnel.opened()
            except OffloadError:
                tunnel.failed = True
                raise
            yield tunnel
        finally:
            self._leave(tunnel)

    def close(self, remote: Remote) -> None:
        """The one to `remote`, unless another request goes through it: then its next failure or the end closes it."""
        with self._guard:
            found = self._open.get(_key(remote))
            if found is None or found.users:
                return
            del self._open[_key(remote)]
        found.close()

    def close_all(self) -> None:
        """At the end of the process."""
        with self._guard:
            found, self._open = list(self._open.values()), {}
        for tunnel in found:
            tunnel.close()

    def _take(self, remote: Remote) -> Tunnel:
        key = _key(remote)
        with self._guard:
            found = self._open.get(key)
            if found is None or found.failed or found.ended:
                if found is not None and not found.users:
                    found.close()
                found = self._open[key] = Tunnel(remote)
            found.users += 1
            return found

    def _leave(self, tunnel: Tunnel) -> None:
        with self._guard:
            tunnel.users -= 1
            kept = tunnel in self._open.values()
            if tunnel.users or (kept and not tunnel.failed):
                return
            self._open = {key: other for key, other in self._open.items() if other is not tunnel}
        tunnel.close()


def _key(remote: Remote) -> tuple[str, str]:
    return remote.ssh, host_of(remote)


TUNNELS = Tunnels()
atexit.register(TUNNELS.close_all)
