"""Updates on their way to a cluster and back without anybody who waits: for who wants that `always`.

All that leaves goes through the client and its grant. The ledger knows how far a job came, whatever ends this program.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from math import inf

from clawlocal.errors import ClawlocalError, OffloadError
from clawlocal.idle import Idleness
from clawlocal.models.opened import OpenedModel
from clawlocal.offload.automatic import Automatic
from clawlocal.offload.shipment import Shipment
from clawlocal.paths import Paths
from clawlocal.records import Offload, Remote
from clawlocal.remote_job import UNDER_WAY, JobState, RemoteJob
from clawlocal.store import Store

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 60.0
"""How often a cluster is asked after a job that comes home by itself."""
CLOSE_SECONDS = 1.0
"""For what is under way as the program closes; the next start does it again."""

Errand = Callable[[Store], object]
"""With a store of its own, since that of the program may be closed meanwhile."""


class Errands:
    """For one model, one at a time."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        model: OpenedModel,
        automatic: Automatic,
        idle: Idleness,
        shipment: Callable[[], Shipment],
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._paths = paths
        self._model = model
        self._automatic = automatic
        self._idle = idle
        self._shipment = shipment
        self._on_change = on_change
        self._one = threading.Lock()
        self._thread: threading.Thread | None = None
        self._followed = -inf

    def close(self) -> None:
        """Wait no longer than a moment: a model's file may take hours."""
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def send(self, name: str) -> RemoteJob:
        """What waits, to this cluster, whatever was answered. Waits until it was sent.

        Raises `ConsentError`, `OffloadError`, `NotFound`.
        """
        remote = self._store.remote(name)
        if not self._one.acquire(blocking=False):
            raise OffloadError("Something is being sent already: `clawlocal offload jobs` says how far it is.")
        try:
            with Store.open(self._paths.database) as store:
                return self._send(store, remote, self._shipment)
        finally:
            self._one.release()
            self._on_change()

    def step(self) -> None:
        """Begin what is to be done now, if anything is. What fails is said among the conditions, and rests."""
        if not self._one.acquire(blocking=False):
            return
        errand = None
        try:
            errand = self._next()
        except ClawlocalError as e:
            self._idle.rest(str(e))
        finally:
            if errand is None:
                self._one.release()
        if errand is not None:
            self._thread = threading.Thread(target=self._carry_out, args=(errand,), name="cluster", daemon=True)
            self._thread.start()

    def _carry_out(self, errand: Errand) -> None:
        try:
            with Store.open(self._paths.database) as store:
                errand(store)
        except ClawlocalError as e:
            log.info("on a cluster: %s", e)
            self._idle.rest(str(e))
        finally:
            self._one.release()
            self._on_change()

    def _next(self) -> Errand | None:
        job = self._store.open_job(self._model.name)
        if job is not None:
            return self._go_on(job)
        remote = self._automatic.due(Offload.ALWAYS)
        if remote is None:
            return None
        # Made on the learner's thread, where batches are made.
        found = self._shipment()
        return lambda store: self._send(store, remote, lambda: found)

    def _go_on(self, job: RemoteJob) -> Errand | None:
        if self._store.offload_answer(job.model, job.remote) is not Offload.ALWAYS:
            return None
        remote = self._store.remote(job.remote)
        match job.state:
            case JobState.PREPARED if self._automatic.away():
                return lambda store: self._send(store, remote, self._shipment)
            case JobState.DONE if self._automatic.away():
                return lambda store: self._bring_home(store, remote, job)
            case state if state in UNDER_WAY and state is not JobState.PREPARED:
                return self._follow(remote, job)
        return None

    def _follow(self, remote: Remote, job: RemoteJob) -> Errand | None:
        if time.monotonic() - self._followed < FOLLOW_SECONDS:
            return None
        self._followed = time.monotonic()
        # Imported here, as below: who has no cluster needs no HTTP.
        from clawlocal.offload.jobs import Jobs

        return lambda store: Jobs(store, self._paths, remote).reconcile(job)

    def _send(self, store: Store, remote: Remote, found: Callable[[], Shipment]) -> RemoteJob:
        from clawlocal.offload.sending import Sending

        workers = next((job.workers for job in store.remote_jobs() if job.remote == remote.name), 1)
        return Sending(store, self._paths, remote, self._model.for_training(), log.info).send(found, workers)

    def _bring_home(self, store: Store, remote: Remote, job: RemoteJob) -> None:
        """Then it waits for the gate, as any that was pulled."""
        from clawlocal.offload.jobs import Jobs

        jobs, model = Jobs(store, self._paths, remote), self._model.for_training()
        jobs.pull(job, model.path, model.sha256)
        try:
            jobs.clean(job)
        except ClawlocalError as e:
            # What is left there is no reason to wait with what is here.
            log.info("what was sent for %s is still there: %s", job.id, e)
