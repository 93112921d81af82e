"""One update to a cluster: what waits is written down and sent, or the job is found that is under way already.

Knows neither a terminal nor why it is sent: `say` takes the sentences.
"""

from __future__ import annotations

from collections.abc import Callable

from clawlocal.models.opened import TrainedModel
from clawlocal.offload.consent import MEGABYTE, Consent
from clawlocal.offload.jobs import Jobs
from clawlocal.offload.remotes import key_of
from clawlocal.offload.shipment import Shipment, told
from clawlocal.paths import Paths
from clawlocal.records import DataClass, Purpose, Remote
from clawlocal.remote_job import OPEN_JOBS, JobState, RemoteJob
from clawlocal.store import Store

Say = Callable[[str], object]


class Sending:
    """To one remote, of one model. Raises `ConsentError`, `OffloadError`, `StoreError`, `AdapterError`."""

    def __init__(self, store: Store, paths: Paths, remote: Remote, model: TrainedModel, say: Say) -> None:
        self._store = store
        self._paths = paths
        self._remote = remote
        self._model = model
        self._say = say
        self._jobs = Jobs(store, paths, remote)

    def send(self, found: Callable[[], Shipment], workers: int) -> RemoteJob:
        """A new job, or the one that is under way, which is sent again where it never arrived."""
        # The order comes last: without a key all before it would be sent in vain.
        key_of(self._remote)
        job = self._store.open_job(self._model.name)
        if job is not None:
            job = Jobs(self._store, self._paths, self._store.remote(job.remote)).reconcile(job)
            if job.state in OPEN_JOBS and (job.state is not JobState.PREPARED or job.remote != self._remote.name):
                self._say(f"{job.remote} has a job of this model already: one at a time.")
                return job
        if job is None or job.state not in OPEN_JOBS:
            job = self._prepared(found(), workers)
        if self._lacks_model():
            size = self._model.path.stat().st_size / MEGABYTE
            self._say(f"The storage does not have {self._model.name} yet: its {size:,.0f} MB are sent once.")
        return self._jobs.send(job, self._model.path)

    def _prepared(self, found: Shipment, workers: int) -> RemoteJob:
        """Not before all of it is granted: a job that waits to be sent keeps this machine from learning."""
        self._say(told(self._remote, found))
        sizes, data = found.sizes(), found.data
        if self._lacks_model():
            data |= {DataClass.MODEL}
        else:
            del sizes["model"]
        Consent(self._store).check(self._remote, Purpose.TRAIN, data, sum(sizes.values()))
        return self._jobs.prepare(found, workers)

    def _lacks_model(self) -> bool:
        return self._jobs.lacks_model(self._model.path, self._model.sha256)
