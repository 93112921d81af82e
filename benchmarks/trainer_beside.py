"""A real update that runs beside the chat: started, watched, waited for. Knows no figures."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

from benchmarks.terse import WISH
from clawlocal.assistant import Assistant
from clawlocal.errors import TrainerError

CORRECTIONS = 2
BUSY_SHARE = 0.05
"""Of one core: a trainer that uses more is at work, not waiting for its files."""
LOADED = 0.1
"""Progress of an update whose trainer has read its model."""
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.1


class TrainerBeside:
    """The trainer of one assistant. An update that has ended is followed by another."""

    def __init__(self, assistant: Assistant, questions: tuple[str, ...]) -> None:
        self._assistant = assistant
        self._questions = questions

    def run(self) -> psutil.Process:
        """Wait until the trainer computes, and start one if there is none. Raises `TrainerError`."""
        if _worker() is None:
            self._start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            worker = _worker()
            if worker is not None and self._trains() and _computes(worker):
                return worker
            time.sleep(LOOK_SECONDS)
        raise TrainerError(f"No trainer was at work after {PATIENCE_SECONDS:.0f} s: {self._assistant.status().why}")

    def _trains(self) -> bool:
        status = self._assistant.status()
        return status.state == "training" and (status.progress or 0.0) >= LOADED

    def _start(self) -> None:
        for question in self._questions[:CORRECTIONS]:
            answer = self._assistant.chat(question, lessons=False, overrides={"max_tokens": 24}).result()
            assert answer.turn is not None
            self._assistant.correct(answer.turn, WISH)
        self._assistant.learn_now()


def cpu_seconds(worker: psutil.Process) -> float:
    """What the process has had of all cores; not a number when it is gone."""
    with suppress(psutil.NoSuchProcess):
        times = worker.cpu_times()
        return float(times.user + times.system)
    return float("nan")


def _worker() -> psutil.Process | None:
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if child.status() != psutil.STATUS_ZOMBIE and any("trainers.worker" in word for word in child.cmdline()):
                return child
    return None


def _computes(worker: psutil.Process) -> bool:
    before, began = cpu_seconds(worker), time.perf_counter()
    time.sleep(0.5)
    return cpu_seconds(worker) - before > BUSY_SHARE * (time.perf_counter() - began)
