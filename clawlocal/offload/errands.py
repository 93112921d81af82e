"""Updates on their way to a cluster and back without anybody who waits: for who wants that `always`.

All that leaves goes through the client and its grant. The ledger knows how far a job came, whatever ends this program.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf

from clawlocal.errors import ClawlocalError, OffloadError
from clawlocal.idle import REST_SECONDS, Idleness
from clawlocal.models.opened import OpenedModel, TrainedModel
from clawlocal.offload import departures
from clawlocal.offload.automatic import Automatic
from clawlocal.offload.shipment import Shipment
from clawlocal.paths import Paths
from clawlocal.records import Offload, Remote
from clawlocal.remote_job import JobState, RemoteJob
from clawlocal.store import Store

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 60.0
"""How often a cluster is asked after a job that comes home by itself, or a server to unload what was forgotten."""
MOST_REST_SECONDS = 6 * 3600.0
"""After failures that follow one another."""
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
        self._departed = -inf
        self._failed = 0

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
                return self._send(store, remote, self._model.for_training(), self._shipment)
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
            self._rest(e)
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
            self._failed = 0
        except ClawlocalError as e:
            self._rest(e)
        finally:
            self._one.release()
            self._on_change()

    def _rest(self, error: ClawlocalError) -> None:
        """Longer each time: what arrives in part is sent again, and counts under the grant."""
        log.info("on a cluster: %s", error)
        self._idle.rest(str(error), min(REST_SECONDS * 2**self._failed, MOST_REST_SECONDS))
        self._failed += 1

    def _next(self) -> Errand | None:
        if self._due_to_depart():
            return departures.depart
        job = self._store.open_job(self._model.name)
        if job is not None:
            return self._go_on(job)
        remote = self._automatic.due(Offload.ALWAYS)
        if remote is None:
            return None
        # Made on the learner's thread, where batches are made.
        found, model = self._shipment(), self._model.for_training()
        return lambda store: self._send(store, remote, model, lambda: found)

    def _due_to_depart(self) -> bool:
        """Whether a server that could not be reached still has what was forgotten, and was not asked for a while."""
        if time.monotonic() - self._departed < FOLLOW_SECONDS or not self._store.outdated_loads():
            return False
        self._departed = time.monotonic()
        return True

    def _go_on(self, job: RemoteJob) -> Errand | None:
        if self._store.offload_answer(job.model, job.remote) is not Offload.ALWAYS:
            return None
        remote, model = self._store.remote(job.remote), self._model.for_training()
        match job.state:
            case JobState.PREPARED if self._automatic.away():
                return lambda store: self._send(store, remote, model, self._shipment)
            case JobState.DONE if self._automatic.away():
                return lambda store: self._bring_home(store, remote, model, job)
            case JobState.PENDING | JobState.RUNNING if time.monotonic() - self._followed >= FOLLOW_SECONDS:
                self._followed = time.monotonic()
                return lambda store: self._ask_after(store, remote, job)
        return None

    def _send(self, store: Store, remote: Remote, model: TrainedModel, found: Callable[[], Shipment]) -> RemoteJob:
        # Imported here, as below: who has no cluster needs no HTTP.
        from clawlocal.offload.sending import Sending

        workers = next((job.workers for job in store.remote_jobs() if job.remote == remote.name), 1)
        return Sending(store, self._paths, remote, model, log.info).send(found, workers)

    def _ask_after(self, store: Store, remote: Remote, job: RemoteJob) -> None:
        """A laptop may be out of reach for days: no failure that is worth a rest."""
        from clawlocal.offload.jobs import Jobs

        with _only_logged():
            Jobs(store, self._paths, remote).reconcile(job)

    def _bring_home(self, store: Store, remote: Remote, model: TrainedModel, job: RemoteJob) -> None:
        """Then it waits for the gate, as any that was pulled. What is left there is no reason to wait."""
        from clawlocal.offload.jobs import Jobs

        jobs = Jobs(store, self._paths, remote)
        jobs.pull(job, model.path, model.sha256)
        with _only_logged():
            jobs.clean(job)


@contextmanager
def _only_logged() -> Iterator[None]:
    try:
        yield
    except ClawlocalError as e:
        log.info("on a cluster: %s", e)
