"""What waits for the engine's thread, and who goes first. Knows no model."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from clawlocal.engine.abort import AbortFlag


class Priority(IntEnum):
    """Smaller goes first; equal ones go in the order in which they were asked for."""

    CHAT = 0
    """Somebody waits. Interrupts what is below."""
    CONTROL = 1
    """Short: threads, checks."""
    SETTLE = 2
    """Makes the next turn begin sooner."""
    SCORE = 3
    """The judge and the gate."""
    IDLE = 4
    """Cleaning up."""


@dataclass(order=True)
class Job:
    """`step` does a slice of the work on the engine's thread and says whether there is more of it."""

    priority: Priority
    number: int = field(init=False, default=0)
    step: Callable[[], bool] = field(compare=False)
    drop: Callable[[], None] = field(compare=False)
    """The engine closes before the job is done."""


class JobQueue:
    """Hands out one job at a time. Raises the flag when a chat comes while something else is computed."""

    def __init__(self, abort: AbortFlag) -> None:
        self._abort = abort
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._numbers = itertools.count()
        self._running: Job | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, job: Job) -> bool:
        """False if the queue is closed: nothing will come of the job."""
        with self._changed:
            if self._closed:
                return False
            job.number = next(self._numbers)
            self._push(job)
            if job.priority is Priority.CHAT and self._running and self._running.priority > Priority.CHAT:
                self._abort.up()
            return True

    def take(self) -> Job | None:
        """The next job; blocks. None when the queue is closed."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            self._abort.down()
            self._running = heapq.heappop(self._waiting)
            return self._running

    def give_back(self, job: Job) -> bool:
        """There is more of it: it keeps its place. False if the queue is closed."""
        with self._changed:
            if not self._closed:
                self._push(job)
            return not self._closed

    def interrupt(self, job: Job) -> None:
        """Stop what is computed, if it is this job."""
        with self._changed:
            if self._running is job:
                self._abort.up()

    def close(self) -> list[Job]:
        """Stop what is computed. Returns what was never begun or not finished."""
        with self._changed:
            self._closed = True
            self._abort.up()
            left, self._waiting = sorted(self._waiting), []
            self._changed.notify_all()
            return left

    def _push(self, job: Job) -> None:
        heapq.heappush(self._waiting, job)
        self._changed.notify_all()
