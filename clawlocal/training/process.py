"""The trainer as a child process: started, suspended, resumed, killed. Knows no samples and no store."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import psutil

from clawlocal.errors import TrainerError
from trainers.messages import Message, decode

COMMAND = (sys.executable, "-P", "-m", "trainers.worker")
"""What is run; the job's folder comes after it. `-P`: a `torch.py` in the current folder is nobody's business."""


class TrainerProcess:
    """One run of `trainers.worker`. Its messages are read by a thread of its own, so that nobody waits on a pipe."""

    def __init__(self, job: Path) -> None:
        self._messages: queue.Queue[Message] = queue.Queue()
        self._last_words: deque[str] = deque(maxlen=20)
        self._guard = threading.Lock()
        self._suspended = False
        self._popen = _start(job)
        self._process = psutil.Process(self._popen.pid)
        self._readers = [
            threading.Thread(target=self._read_messages, name="trainer-messages", daemon=True),
            threading.Thread(target=self._read_words, name="trainer-stderr", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def suspended(self) -> bool:
        return self._suspended

    @property
    def killed(self) -> bool:
        """It ended by SIGKILL, which it cannot have sent itself."""
        return self._popen.poll() == -signal.SIGKILL if os.name == "posix" else False

    def memory(self) -> int:
        """Bytes of memory that it holds; 0 when it has ended."""
        try:
            return int(self._process.memory_info().rss)
        except psutil.Error:
            return 0

    def next_message(self, timeout: float) -> Message | None:
        """The next message, or None when none came in `timeout` seconds."""
        try:
            return self._messages.get(timeout=timeout)
        except queue.Empty:
            return None

    def finished(self) -> bool:
        """The process has ended and all its messages were read."""
        return self._popen.poll() is not None and not self._readers[0].is_alive() and self._messages.empty()

    def suspend(self) -> None:
        """Stop at once, in the middle of anything. Repeated calls are harmless."""
        with self._guard:
            if not self._suspended and self._signal("suspend"):
                self._suspended = True

    def resume(self) -> None:
        with self._guard:
            if self._suspended:
                self._signal("resume")
                self._suspended = False

    def kill(self) -> None:
        """End it now, suspended or not, and wait until it is gone."""
        if self._popen.poll() is None:
            self._popen.kill()
        with self._guard:
            self._suspended = False
        self.close()

    def close(self) -> None:
        """Wait for the end and release the pipes."""
        self._popen.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def last_words(self) -> str:
        """The end of what it wrote on stderr, for the log."""
        return "\n".join(self._last_words)

    def _signal(self, name: str) -> bool:
        try:
            getattr(self._process, name)()
        except psutil.NoSuchProcess:
            return False
        return True

    def _read_messages(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            try:
                self._messages.put(decode(line))
            except ValueError:
                self._last_words.append(line.rstrip())

    def _read_words(self) -> None:
        assert self._popen.stderr is not None
        for line in self._popen.stderr:
            self._last_words.append(line.rstrip())


def _start(job: Path) -> subprocess.Popen[str]:
    # A process group of its own keeps the terminal's ctrl+c from it. It stays in our session, so that
    # the kernel ends it (SIGHUP) if we die while it is stopped: an orphan would sleep forever.
    options: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
    try:
        return subprocess.Popen(
            [*COMMAND, str(job)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            **options,
        )
    except OSError as e:
        raise TrainerError(
            f"The trainer could not be started: {e.strerror}. `clawlocal doctor` says what is missing."
        ) from e
