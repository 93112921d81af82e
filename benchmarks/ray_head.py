"""A Ray cluster of one machine, for a benchmark or a test: a head with token authentication, in a folder of its own.

Ends what it started, by its process, and nothing else: never `ray stop`, which ends every Ray on the machine.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from clawlocal.errors import ClawlocalError

LOOPBACK = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
"""Ray takes 127.0.0.1 for a word, and puts the machine's own address in its place."""
START = "import sys; from ray.scripts.scripts import main; sys.argv[0] = 'ray'; main()"
TICK = threading.Event()
"""Never set: lets a predicate be asked now and then. Asking takes from the cores that train."""


START_SECONDS = 120.0


def until(condition: Callable[[], object], seconds: float, what: str, each: float = 0.3) -> None:
    """Ask every `each` seconds. Raises `ClawlocalError` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ClawlocalError(f"Waited {seconds:.0f} s in vain until {what}: end other programs, then try again.")
        TICK.wait(each)


@dataclass(frozen=True)
class Head:
    """One that runs."""

    url: str
    token: str
    process: psutil.Process
    folder: Path
    """Where its programs put what is temporary."""

    def workers(self) -> list[psutil.Process]:
        """The processes that train."""
        return [p for p in self.process.children(recursive=True) if _name(p).startswith("ray::RayTrainWorker")]


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error, IndexError):
        return str(process.cmdline()[0])
    return ""


@contextmanager
def running(cpus: int) -> Iterator[Head]:
    """Made with `ray start --block`. Its folder has a short name: sockets are in it, whose paths may not be long.

    Raises `ClawlocalError` where it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="cl-", dir="/tmp"))
    token, ports = secrets.token_hex(32), _free_ports(3)
    command = [
        *(sys.executable, "-c", START, "start", "--head", "--block", "--disable-usage-stats"),
        *("--node-ip-address", LOOPBACK, "--port", "0", "--dashboard-host", LOOPBACK),
        *("--dashboard-port", str(ports[0]), "--dashboard-agent-listen-port", str(ports[1])),
        *("--ray-client-server-port", str(ports[2]), "--min-worker-port", "0", "--max-worker-port", "0"),
        *("--num-cpus", str(cpus), "--num-gpus", "0", "--object-store-memory", "80000000"),
        *("--temp-dir", str(folder / "ray")),
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "CLAWLOCAL_", "PYTHON"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token,
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        log = undo.enter_context((folder / "head.log").open("w"))
        started = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
        undo.callback(_end, started)
        url = f"http://{LOOPBACK}:{ports[0]}"

        def ready() -> bool:
            if started.poll() is not None:
                said = (folder / "head.log").read_text()
                raise ClawlocalError(f"Ray did not start on this machine, mend what it says: {said.strip()}")
            return _answers(f"{url}/api/jobs/", token) and _answers(
                f"http://{LOOPBACK}:{ports[1]}/api/local_raylet_healthz", token
            )

        until(ready, START_SECONDS, "the head of the cluster was ready")
        yield Head(url, token, psutil.Process(started.pid), folder)


def _answers(url: str, token: str) -> bool:
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(started: subprocess.Popen[bytes]) -> None:
    """The head and all that it has started."""
    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        found = psutil.Process(started.pid).children(recursive=True)
    started.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.wait(20)
    started.kill()
    started.wait()
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=20)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in found]
