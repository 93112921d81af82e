"""Adapters that a cluster trained and that wait here for the gate; what is kept of a job until then. Knows no network.

A job's folder holds `job.json` as it was sent, and, once they are here, `made/` with the adapter and its result.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clawlocal.errors import AdapterError, NotFound, StoreError
from clawlocal.paths import Paths
from clawlocal.records import AdapterVersion, Rebuild, Receipt, UpdateStatus
from clawlocal.remote_job import OPEN_JOBS, JobState, RemoteJob
from clawlocal.store import Store
from clawlocal.training.batch import Batch
from trainers.job import GIVEN, Job

REMOTE = "remote"
"""Folder of all of them."""
MADE = "made"
MOST_TRIES = 2
"""How often an adapter that cannot be measured here is tried."""
_ENDS = {UpdateStatus.PUBLISHED: JobState.PUBLISHED, UpdateStatus.REJECTED: JobState.REJECTED}


@dataclass(frozen=True)
class Arrival:
    """An adapter that is here, with all that an update knows of what it learned from."""

    remote_job: RemoteJob
    job: Job
    batch: Batch
    parent: AdapterVersion | None
    made: Path


def folder(paths: Paths, name: str) -> Path:
    """Of the jobs of one name."""
    return paths.jobs / REMOTE / name


def described(batch: Batch) -> dict[str, Any]:
    """What a job's file does not say of a batch, as JSON has it."""
    return {
        "lessons": [lesson.id for lesson in batch.lessons],
        "unheeded": [lesson.id for lesson in batch.unheeded],
        "skipped": batch.skipped,
        "own": list(batch.own),
        "rebuild": asdict(batch.rebuild) if batch.rebuild else None,
        "as_of": batch.as_of,
        "kept": list(batch.kept),
        "method": batch.method,
    }


def parent_now(store: Store, model: str, rebuild: Rebuild | None) -> AdapterVersion | None:
    """What an update of a model would go on from at this moment."""
    return store.foundation(model) if rebuild is not None and rebuild.anew else store.live(model)


def check_parent(store: Store, job: RemoteJob) -> AdapterVersion | None:
    """The version that a job went on from, if the present one is still that. Raises `AdapterError`."""
    now = parent_now(store, job.model, _rebuild(job.batch))
    if (now.version if now else None) != job.parent:
        raise AdapterError(
            f"{job.remote} went on from {job.parent or 'the base'}, and {now.version if now else 'the base'} is live "
            "since: what it made is not taken. What it learned from waits for the next update."
        )
    return now


def waiting(store: Store, paths: Paths, model: str) -> Arrival | None:
    """The adapter of a model that is here and was not looked at yet.

    Raises `AdapterError`, `StoreError` or `NotFound` for one that cannot be taken any more: it waits no longer.
    """
    job = store.open_job(model)
    if job is None or job.state is not JobState.ARRIVED:
        return None
    try:
        parent = check_parent(store, job)
        return _arrival(store, folder(paths, job.name), job, parent)
    except (AdapterError, StoreError, NotFound) as e:
        store.set_remote_job(job.id, JobState.REFUSED, str(e))
        raise


def _arrival(store: Store, home: Path, job: RemoteJob, parent: AdapterVersion | None) -> Arrival:
    try:
        sent = Job.read(home / GIVEN)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise StoreError(f"What was kept of the job {job.id} in {home} cannot be read: train once more.") from e
    said = job.batch
    batch = Batch(
        sent.samples,
        sent.rehearsals,
        sent.neutral,
        tuple(map(store.lesson, said["lessons"])),
        sent.probes,
        dict(said["skipped"]),
        tuple(said["own"]),
        _rebuild(said),
        said["as_of"],
        sent.pairs,
        tuple(said["kept"]),
        said["method"],
        tuple(map(store.lesson, said["unheeded"])),
    )
    return Arrival(job, sent, batch, parent, home / MADE)


def _rebuild(batch: dict[str, Any]) -> Rebuild | None:
    raw = batch["rebuild"]
    return (
        None if raw is None else Rebuild(raw["forgotten"], tuple(raw["vetoed"]), tuple(raw["carried"]), raw["attempts"])
    )


def settle(store: Store, paths: Paths, arrival: Arrival, receipt: Receipt, *, stopped: bool) -> None:
    """What became of it. One that could not be measured stays for another try, and then no longer."""
    job = arrival.remote_job
    state = _ENDS.get(receipt.status)
    if state is None:
        if stopped or store.note_try(job.id) < MOST_TRIES:
            return
        state = JobState.REFUSED
    # A receipt's reason may have words of the user's in it.
    said = f"{receipt.version} is live" if receipt.version else "`clawlocal learn history` says why"
    store.set_remote_job(job.id, state, said)
    shutil.rmtree(folder(paths, job.name), ignore_errors=True)


def withdraw(store: Store, paths: Paths, why: str) -> None:
    """No job that is under way, or may be sent again, is wanted any more: what it learns from is gone or unwanted."""
    for job in store.remote_jobs():
        if job.state in (*OPEN_JOBS, JobState.FAILED):
            end = f"{why}. `clawlocal offload cancel {job.id}` ends it on {job.remote} and deletes what was sent"
            store.set_remote_job(job.id, JobState.REFUSED, end)
    shutil.rmtree(paths.jobs / REMOTE, ignore_errors=True)


def measured(arrival: Arrival, job: Job) -> Job:
    """As `job`, which says where things are here, of what was sent: measured, and not trained."""
    return replace(
        arrival.job,
        model=job.model,
        bases=job.bases,
        out=job.out,
        parent=job.parent,
        memory=job.memory,
        trained=str(arrival.made),
    )


def sent(job: Job) -> bytes:
    """A job's file as it leaves: nothing of it says where anything is on this machine."""
    bare = replace(job, model="", bases="", out="", parent=None if job.parent is None else "parent", memory=0)
    return json.dumps(asdict(bare), separators=(",", ":")).encode()
