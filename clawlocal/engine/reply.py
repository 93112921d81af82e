"""The two ends of a reply in the making: the engine's thread writes, anyone reads. Knows no model."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from clawlocal.engine.protocol import Completion

log = logging.getLogger(__name__)
T = TypeVar("T")


class Reply:
    """A `Generation`. Can be iterated more than once, from any thread.

    `on_done` has returned before the reply counts as finished: who stores the turn in it can be sure that
    nobody saw the end of a reply that is not stored. It must therefore not wait for this reply.
    """

    def __init__(
        self,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Completion], None] | None = None,
    ) -> None:
        self._on_text = on_text
        self._on_done = on_done
        self._interrupt: Callable[[], None] = _nothing
        self._changed = threading.Condition()
        self._pieces: list[str] = []
        self._completion: Completion | None = None
        self._error: BaseException | None = None
        self._cancelled = threading.Event()
        self._readers = 0
        """Threads that wait for a piece."""

    @property
    def cancelled(self) -> bool:
        """Somebody asked for the end."""
        return self._cancelled.is_set()

    def when_cancelled(self, interrupt: Callable[[], None]) -> None:
        """What makes the engine look up from a computation."""
        self._interrupt = interrupt

    def cancel(self) -> None:
        """Stop, also in the middle of a prefill. Returns at once."""
        self._cancelled.set()
        self._interrupt()

    def __iter__(self) -> Iterator[str]:
        """Pieces of text as they come; ends when the reply does."""
        seen = 0
        while (piece := self._piece(seen)) is not None:
            seen += 1
            yield piece

    def result(self, timeout: float | None = None) -> Completion:
        """Wait for the end. Raises `TimeoutError`, or the error that kept the engine from starting."""
        with self._changed:
            if not self._changed.wait_for(self._over, timeout):
                raise TimeoutError("The reply is not finished yet.")
        if self._error is not None:
            raise self._error
        assert self._completion is not None
        return self._completion

    def push(self, text: str) -> None:
        """More text, on the engine's thread."""
        if not text:
            return
        self._pieces.append(text)
        # Who is about to wait has said so before looking for the piece: either they see it, or we see them.
        if self._readers:
            with self._changed:
                self._changed.notify_all()
        if self._on_text is not None:
            guarded(self._on_text, text)

    def finish(self, completion: Completion) -> None:
        """The end, on the engine's thread."""
        if self._on_done is not None:
            guarded(self._on_done, completion)
        with self._changed:
            self._completion = completion
            self._changed.notify_all()

    def fail(self, error: BaseException, completion: Completion) -> None:
        """The engine never started: `result` raises `error`, `on_done` gets the failed completion."""
        if self._on_done is not None:
            guarded(self._on_done, completion)
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def _over(self) -> bool:
        return self._completion is not None or self._error is not None

    def _piece(self, index: int) -> str | None:
        with self._changed:
            self._readers += 1
            self._changed.wait_for(lambda: index < len(self._pieces) or self._over())
            self._readers -= 1
            return self._pieces[index] if index < len(self._pieces) else None


def guarded(callback: Callable[[T], None], value: T) -> None:
    """Call what somebody else wrote: its mistake is logged and does not end the engine's thread."""
    try:
        callback(value)
    except Exception:
        log.exception("a callback of a reply failed")


def _nothing() -> None:
    """A reply that nobody computes has nobody to interrupt."""
