"""How one process asks another, which holds the data folder, for an update: a note in the store and its answer."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict

from clawlocal.errors import TrainerError
from clawlocal.records import Receipt, UpdateStatus
from clawlocal.store import Store

_REQUEST = "learn request"
_ANSWER = "learn answer "
POLL_SECONDS = 0.2


class Relay:
    """Both ends of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(self, wait: bool, timeout: float | None, gone: Callable[[], bool] = lambda: False) -> Receipt | None:
        """Leave a request; with `wait`, stay for the receipt.

        Raises `TimeoutError`; `TrainerError` when `gone()` says that nobody is there to answer any more.
        """
        name = secrets.token_hex(4)
        self._store.set_state(_REQUEST, name)
        if not wait:
            return None
        try:
            return self._await(_ANSWER + name, timeout, gone)
        finally:
            # Nobody waits for it any more: whoever holds the folder next need not do it.
            if self._store.get_state(_REQUEST) == name:
                self._store.set_state(_REQUEST, None)

    def _await(self, name: str, timeout: float | None, gone: Callable[[], bool]) -> Receipt:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            # Asked before the answer is looked for: its last act may have been to answer.
            left = gone()
            answer = self._store.take_state(name)
            if answer is not None:
                raw = json.loads(answer)
                return Receipt(**{**raw, "status": UpdateStatus(raw["status"])})
            if left:
                raise TrainerError("The instance that was asked has ended without an answer. Say it once more.")
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("The instance that holds the data folder did not answer.")
            time.sleep(POLL_SECONDS)

    def take(self) -> str | None:
        """For the holder: a request that waits, taken away."""
        return self._store.take_state(_REQUEST)

    def waiting(self) -> bool:
        """For the holder: whether there is one, which stays."""
        return self._store.get_state(_REQUEST) is not None

    def answer(self, name: str, receipt: Receipt) -> None:
        self._store.set_state(_ANSWER + name, json.dumps(asdict(receipt)))
