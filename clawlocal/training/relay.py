"""How one process asks another, which holds the data folder, for an update: a note in the store and its answer."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict

from clawlocal.records import Receipt, UpdateStatus
from clawlocal.store import Store

_REQUEST = "learn request"
_ANSWER = "learn answer "
POLL_SECONDS = 0.2


class Relay:
    """Both ends of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(self, wait: bool, timeout: float | None) -> Receipt | None:
        """Leave a request; with `wait`, stay for the receipt. Raises `TimeoutError`."""
        name = secrets.token_hex(4)
        self._store.set_state(_REQUEST, name)
        deadline = None if timeout is None else time.monotonic() + timeout
        while wait:
            answer = self._store.take_state(_ANSWER + name)
            if answer is not None:
                raw = json.loads(answer)
                return Receipt(**{**raw, "status": UpdateStatus(raw["status"])})
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("The instance that holds the data folder did not answer.")
            time.sleep(POLL_SECONDS)
        return None

    def take(self) -> str | None:
        """For the holder: a request that waits, taken away."""
        return self._store.take_state(_REQUEST)

    def answer(self, name: str, receipt: Receipt) -> None:
        self._store.set_state(_ANSWER + name, json.dumps(asdict(receipt)))
