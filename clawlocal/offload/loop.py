"""A thread with an event loop: begun with the first task, ended with the last. Knows not what they do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from clawlocal.errors import EngineClosed

OnEnd = Callable[[BaseException | None], None]


class LoopThread:
    """Takes work from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, work: Callable[[], Coroutine[Any, Any, None]], on_end: OnEnd) -> Callable[[], None]:
        """Begin it; what is returned cancels it. Raises `EngineClosed`.

        `on_end` is called on the loop's thread, with the error that ended it, a `CancelledError`, or none: also
        where it was cancelled before it began.
        """
        loop = self._running()
        begun: list[asyncio.Task[None]] = []

        def begin() -> None:
            task = loop.create_task(work())
            begun.append(task)
            self._tasks.add(task)
            task.add_done_callback(end)

        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            on_end(asyncio.CancelledError() if task.cancelled() else task.exception())

        loop.call_soon_threadsafe(begin)
        return lambda: _soon(loop, lambda: begun[0].cancel())

    def close(self) -> None:
        """Cancel what runs, and wait for its end. Twice is harmless."""
        with self._guard:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            _soon(loop, lambda: loop.create_task(self._end(loop)))
            thread.join()

    async def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop.stop()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._closed:
                raise EngineClosed("The link to the remote was closed: open the chat again.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    # A loop that has ended has nothing to cancel.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
