"""One reply as a remote tells it: event by event, then the completion, whatever ended it. Knows no network."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from clawlocal.engine.protocol import BASE, Completion, Sampling, Stop
from clawlocal.errors import ClawlocalError, OffloadError
from clawlocal.offload import faults
from clawlocal.offload.dialects import ChatStream
from clawlocal.records import Remote

log = logging.getLogger(__name__)
STOPS = {"length": Stop.LENGTH}
"""By the server's word; every other one is an end."""


class Telling:
    """`here` is the command that goes on with the local model."""

    def __init__(
        self,
        remote: Remote,
        sampling: Sampling,
        push: Callable[[str], None],
        here: str,
        adapter: str = BASE,
        *,
        redacted: bool = False,
    ) -> None:
        self._remote = remote
        self._sampling = sampling
        self._push = push
        self._here = here
        self._adapter = adapter
        self._redacted = redacted
        self._stream = ChatStream()
        self._began = time.perf_counter()
        self._first = 0.0
        self.ended = self._stream.ended

    def take(self, event: Any) -> None:
        """One event. Raises `OffloadError` for one that says that the server failed, `Malformed` for no such event."""
        if isinstance(event, dict) and "error" in event:
            raise faults.failed(event, self._remote)
        piece = self._stream.take(event)
        if piece:
            self._first = self._first or self._seconds()
            self._push(piece)

    def completion(self, error: BaseException | None) -> Completion:
        """What came, and how it ended."""
        ids, logprobs = self._stream.tokens
        stopped, said = self._ending(error)
        total = self._seconds()
        return Completion(
            text=self._stream.text,
            prompt_ids=self._stream.prompt_ids,
            token_ids=ids,
            logprobs=logprobs,
            adapter=self._adapter,
            sampling=self._sampling,
            stopped=stopped,
            first_token_seconds=self._first or total,
            total_seconds=total,
            reused=0,
            error=said,
            remote=self._remote.name,
            counted=self._stream.counted,
            redacted=self._redacted,
        )

    def _ending(self, error: BaseException | None) -> tuple[Stop, str | None]:
        match error:
            case None:
                return STOPS.get(self._stream.finish, Stop.END), None
            case asyncio.CancelledError():
                return Stop.CANCELLED, None
            case OffloadError() if self._stream.text:
                rest = "What came is kept and never trained on; retry, or go on here with the local model"
                return Stop.FAILED, f"{error} {rest}: {self._here}."
            case ClawlocalError():
                return Stop.FAILED, str(error)
            case _:
                # The last line of defence: who waits for the reply must hear of it.
                log.error("a remote reply failed", exc_info=error)
                return Stop.FAILED, f"The reply of {self._remote.name} failed ({type(error).__name__}): try again."

    def _seconds(self) -> float:
        return time.perf_counter() - self._began
