"""The training loop: a background thread that waits for an idle moment and runs one update at a time.

Owns the trainer's process. Knows neither how a batch is made up nor what a formula says.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from clawlocal.conditions import first_reason
from clawlocal.errors import ClawlocalError
from clawlocal.idle import Idleness
from clawlocal.records import Receipt, UpdateStatus
from clawlocal.training.need import Need
from clawlocal.training.relay import Relay
from clawlocal.training.update import Updater

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""How often idleness is looked at; a key press does not wait for it."""

IN_A_ROW = 3
"""Updates at most for one request."""


class Learner:
    """Decides when; `Updater` knows how."""

    def __init__(
        self,
        updater: Updater,
        idle: Idleness,
        need: Need,
        relay: Relay,
        on_change: Callable[[], None],
        elsewhere: Callable[[], None] = lambda: None,
    ) -> None:
        """`elsewhere` is called while nothing is to be trained here: another machine may be to."""
        self._elsewhere = elsewhere
        self._updater = updater
        self._idle = idle
        self._need = need
        self._relay = relay
        self._on_change = on_change
        self._asked: list[Future[Receipt]] = []
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self._switch = threading.Thread(target=self._watch, name="learning-switch", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._switch.start()

    def close(self) -> None:
        """End the trainer, if it runs, and the thread. Nothing is used up by an update that did not end."""
        self._closing.set()
        self._updater.stop("clawlocal was closed")
        self._wake.set()
        for thread in (self._thread, self._switch):
            if thread.is_alive():
                thread.join()
        with self._guard:
            for future in self._asked:
                future.cancel()

    def now(self) -> Future[Receipt]:
        """Ask for an update without waiting for idleness."""
        future: Future[Receipt] = Future()
        with self._guard:
            self._asked.append(future)
        self._wake.set()
        return future

    def look(self) -> None:
        """There is something new: it may start an update."""
        self._idle.end_rest()
        self._wake.set()

    def why_not(self) -> str:
        """Why nothing is trained at this moment; empty when an update may start."""
        # The machine is looked at only when there is something to learn.
        return first_reason(self._need.readings()) or first_reason(self._idle.readings())

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            if self._closing.is_set():
                return
            try:
                self._step()
            except ClawlocalError as e:
                log.warning("learning stopped: %s", e)

    def _watch(self) -> None:
        """Another process may turn learning off while an update runs here."""
        while not self._closing.wait(TICK_SECONDS):
            # What cannot be read now is read with the next look.
            with contextlib.suppress(ClawlocalError):
                if self._updater.running and not self._need.wanted:
                    self._updater.stop("learning was turned off")

    def _step(self) -> None:
        requested = self._relay.take()
        with self._guard:
            asked, self._asked = self._asked, []
        if not asked and requested is None and self.why_not():
            self._elsewhere()
            return
        urgent = bool(asked) or requested is not None
        receipt = self._attempt(urgent)
        if urgent:
            receipt = self._carried_on(receipt)
        if receipt.status in (UpdateStatus.FAILED, UpdateStatus.NOTHING) and not self._updater.spoiled:
            self._idle.rest(receipt.reason)
        for future in asked:
            future.set_result(receipt)
        if requested is not None:
            self._relay.answer(requested, receipt)
        self._on_change()

    def _carried_on(self, receipt: Receipt) -> Receipt:
        """Who asked waits until lessons are in the weights as far as they get, and while what was rejected is tried
        with smaller steps: the receipt of the last version, or of the last try. Others find their own idle moment.
        """
        last = receipt
        for _ in range(IN_A_ROW - 1):
            if self._closing.is_set() or not self._goes_on(receipt, last):
                break
            self._on_change()
            last = self._attempt(asked=True)
            if last.status is UpdateStatus.PUBLISHED or receipt.status is not UpdateStatus.PUBLISHED:
                receipt = last
        return receipt

    def _goes_on(self, best: Receipt, last: Receipt) -> bool:
        if last.status is UpdateStatus.PUBLISHED:
            return self._need.carried
        # Beside a version that is live, another try of the rest can wait for an idle moment.
        return last is best and last.status is UpdateStatus.REJECTED and self._need.material

    def _attempt(self, asked: bool) -> Receipt:
        try:
            return self._updater.run(self._closing.is_set, lambda: asked or self._is_asked())
        except ClawlocalError as e:
            # What failed outside the trainer (a full disk, a damaged file) is an answer too.
            return Receipt(None, UpdateStatus.FAILED, reason=str(e))
        except Exception as e:
            # The last line of defence: who waits for the receipt gets one, and learning goes on another time.
            log.exception("an update failed")
            return Receipt(None, UpdateStatus.FAILED, reason=f"Learning failed: {type(e).__name__}: {e}")

    def _is_asked(self) -> bool:
        """Whether somebody waits for the next update, and so for the one that runs."""
        with self._guard:
            waiting = bool(self._asked)
        return waiting or self._relay.waiting()
