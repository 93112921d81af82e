"""Training on a cluster, from what waits here to an adapter that waits for the gate here.

The ledger is written before and after each thing that leaves, so that whatever ends this program, the next start knows
how far a job is. Everything passes the client.
"""

from __future__ import annotations

import contextlib
import logging
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

from clawlocal.adapters import files
from clawlocal.errors import AdapterError, ClawlocalError, OffloadError, StoreError
from clawlocal.offload.client import Client
from clawlocal.offload.cluster import Cluster, Told
from clawlocal.offload.consent import Consent
from clawlocal.offload.homecoming import REFUSED, bring_home
from clawlocal.offload.package import packed
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.shipment import Shipment, parent_files
from clawlocal.offload.storage import Storage
from clawlocal.paths import Paths
from clawlocal.records import DataClass, Offload, Purpose, Remote
from clawlocal.remote_job import OPEN_JOBS, UNDER_WAY, JobState, RemoteJob
from clawlocal.store import Store, stamp
from clawlocal.training import arrivals
from clawlocal.training.jobs import unfinished
from trainers.job import GIVEN, Job
from trainers.ray_storage import JOBS, PARENT, model_name

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
"""Of jobs that learn the same: each goes on from the last one's checkpoint."""
_STATES = {
    "PENDING": JobState.PENDING,
    "RUNNING": JobState.RUNNING,
    "SUCCEEDED": JobState.DONE,
    "FAILED": JobState.FAILED,
    "STOPPED": JobState.CANCELLED,
}
PATIENCE_MINUTES = 10
"""After which a job that does not begin is worth a word."""


class Jobs:
    """Of one remote. Every call raises `ConsentError`, `OffloadError`, `StoreError` and `AdapterError`."""

    def __init__(self, store: Store, paths: Paths, remote: Remote) -> None:
        self._store = store
        self._paths = paths
        self._remote = remote
        self._consent = Consent(store)
        client = Client(remote, self._consent, Redaction())
        self._cluster = Cluster(remote, client)
        self._storage = Storage(remote, client)

    def lacks_model(self, gguf: Path, sha256: str) -> bool:
        """Whether the storage does not have the model's file yet."""
        return self._storage.size(model_name(sha256)) != gguf.stat().st_size

    def prepare(self, shipment: Shipment, workers: int) -> RemoteJob:
        """Write the job down. One that failed and would learn the same is tried again from where it stopped."""
        self._consent.check(self._remote, Purpose.TRAIN, shipment.data)
        before = self._failed(shipment)
        name = before.name if before else shipment.name
        # One that was cancelled has its id for good.
        alike = [job for job in self._store.remote_jobs() if job.name == name]
        if before and len([job for job in alike if job.state is JobState.FAILED]) >= MOST_ATTEMPTS:
            raise OffloadError(
                f"{self._remote.name} gave this up {MOST_ATTEMPTS} times: `clawlocal offload logs {before.id}` says "
                "why. It is tried again when there is more to learn."
            )
        now, attempt = stamp.now(), 1 + max((job.attempt for job in alike), default=0)
        job = RemoteJob(
            id=f"clawlocal-{name}-{attempt}",
            name=name,
            remote=self._remote.name,
            model=shipment.model,
            parent=shipment.parent.version if shipment.parent else None,
            sha256=before.sha256 if before else shipment.sha256,
            batch=before.batch if before else shipment.batch,
            workers=workers,
            attempt=attempt,
            created=now,
            changed=now,
        )
        if before is None:
            self._keep(shipment)
        self._store.add_remote_job(job)
        return job

    def send(self, job: RemoteJob, gguf: Path) -> RemoteJob:
        """Samples, adapter and model into the storage, the trainer and the order to the cluster. Again is harmless."""
        self._cluster.check_closed()
        parent, file = arrivals.check_parent(self._store, job), arrivals.folder(self._paths, job.name) / GIVEN
        sent = _read(file)
        if self.lacks_model(gguf, sent.model_sha256):
            self._storage.put(model_name(sent.model_sha256), gguf, {DataClass.MODEL})
        for each in parent_files(files.trainable(parent)) if parent else ():
            self._storage.put(f"{JOBS}/{job.name}/{PARENT}/{each.name}", each, {DataClass.ADAPTER})
        self._storage.put(f"{JOBS}/{job.name}/{GIVEN}", file, {DataClass.SAMPLES})
        package, zipped = packed()
        self._cluster.upload(package, zipped)
        what = (self._remote.storage, job.name, job.sha256, str(job.workers))
        server = (self._remote.storage_endpoint,) if self._remote.storage_endpoint else ()
        command = ("python", "-m", "trainers.ray_job", *what, *server)
        working = {"working_dir": f"gcs://{package}"}
        self._cluster.submit({"submission_id": job.id, "entrypoint": shlex.join(command), "runtime_env": working})
        return self.reconcile(job)

    def reconcile(self, job: RemoteJob) -> RemoteJob:
        """What the cluster says of it, written down."""
        if job.state in UNDER_WAY:
            told = self._cluster.job(job.id)
            self._store.set_remote_job(job.id, *self._state(job, told))
        return self._store.remote_job(job.id)

    def logs(self, job: RemoteJob) -> tuple[str, bool]:
        """All that it has written, and whether it has ended."""
        told = self._cluster.job(job.id)
        if told is None:
            raise OffloadError(
                f"{self._remote.name} does not know {job.id}: `clawlocal offload jobs` says how far it is."
            )
        return self._cluster.logs(job.id), told.ended

    def cancel(self, job: RemoteJob) -> RemoteJob:
        """End it there, and delete what was sent for it; the model's file stays.

        Nor does what it would have learned go there again by itself.
        """
        if self._store.offload_answer(job.model, job.remote) is Offload.ALWAYS:
            self._store.set_offload_answer(job.model, job.remote, Offload.ASK)
        self._cluster.stop(job.id)
        self.clean(job)
        if job.state in OPEN_JOBS:
            self._store.set_remote_job(job.id, JobState.CANCELLED, "you ended it")
        shutil.rmtree(arrivals.folder(self._paths, job.name), ignore_errors=True)
        return self._store.remote_job(job.id)

    def pull(self, job: RemoteJob, gguf: Path, base: str) -> RemoteJob:
        """Bring the adapter home and compare what it says of itself. Then it waits for the gate."""
        job = self.reconcile(job)
        if job.state is JobState.ARRIVED:
            return job
        if job.state is not JobState.DONE:
            raise OffloadError(f"There is nothing to pull: the job {job.id} is {job.state}. {job.text}".strip())
        try:
            parent = arrivals.check_parent(self._store, job)
            bring_home(self._storage, job, parent, gguf, base, arrivals.folder(self._paths, job.name))
        except (AdapterError, OffloadError) as e:
            if isinstance(e, AdapterError) or e.outcome == REFUSED:
                self._store.set_remote_job(job.id, JobState.REFUSED, str(e))
            raise
        self._store.set_remote_job(job.id, JobState.ARRIVED, "it waits for the gate")
        return self._store.remote_job(job.id)

    def clean(self, job: RemoteJob) -> None:
        """Delete from the storage what was sent for a job, and what came of it there."""
        self._storage.remove(f"{JOBS}/{job.name}")

    def _failed(self, shipment: Shipment) -> RemoteJob | None:
        """The latest job that the cluster gave up, if it would learn the same from the same."""
        job = next((j for j in self._store.remote_jobs() if j.model == shipment.model), None)
        if job is None or job.state is not JobState.FAILED or job.remote != self._remote.name:
            return None
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            home = arrivals.folder(self._paths, job.name)
            if unfinished(home, Job.parse(shipment.job)) is not None:
                return job
        return None

    def _keep(self, shipment: Shipment) -> None:
        home = arrivals.folder(self._paths, shipment.name)
        shutil.rmtree(home, ignore_errors=True)
        self._paths.ensure(home)
        try:
            (home / GIVEN).write_bytes(shipment.job)
        except OSError as e:
            raise StoreError(f"Cannot write the job ({e.strerror}). Free some space in {home.parent}.") from e

    def _state(self, job: RemoteJob, told: Told | None) -> tuple[JobState, str]:
        if told is None:
            if job.state is JobState.PREPARED:
                text = f"it never reached {self._remote.name}: `clawlocal offload train {self._remote.name}` sends it"
                return JobState.PREPARED, text
            return JobState.FAILED, f"{self._remote.name} does not know it any more: it was started anew, perhaps"
        state = _STATES.get(told.status, job.state)
        minutes = (datetime.now(UTC) - datetime.fromisoformat(job.created)).total_seconds() / 60
        if state is JobState.PENDING and minutes > PATIENCE_MINUTES:
            why = "it has no room for it, perhaps. `clawlocal offload cancel` ends the wait"
            return state, f"{self._remote.name} has not begun it for {minutes:.0f} minutes: {why}"
        return state, told.message


def _read(file: Path) -> Job:
    try:
        return Job.read(file)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise StoreError(
            f"What was kept of the job in {file.parent} cannot be read: cancel it, then train anew."
        ) from e


def reconcile_all(store: Store, paths: Paths) -> dict[str, str]:
    """Ask each cluster after its jobs that are under way. Those that could not be asked keep their state, and why."""
    problems = {}
    for job in store.remote_jobs():
        if job.state in UNDER_WAY:
            try:
                Jobs(store, paths, store.remote(job.remote)).reconcile(job)
            except ClawlocalError as e:
                log.info("job %s: %s", job.id, e)
                problems[job.id] = str(e)
    return problems
