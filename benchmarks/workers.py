"""`clawlocal bench workers`: one training job, by one and by several data-parallel workers of this machine.

Each job goes the way of any other: granted, sent, run by Ray Train, its checkpoints in the storage. The cluster is a
head of its own, which ends with the benchmark, as the data folder does.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from benchmarks import ray_head
from benchmarks.home import empty_home
from benchmarks.job_times import Times, summary, times
from benchmarks.made_job import made
from benchmarks.ray_head import Head, until
from benchmarks.report import report
from benchmarks.rounds import interleaved
from clawlocal import paths
from clawlocal.config import Settings
from clawlocal.errors import ClawlocalError, ConfigError
from clawlocal.models.opened import OpenedModel
from clawlocal.offload.consent import MEGABYTE, Consent
from clawlocal.offload.jobs import Jobs
from clawlocal.offload.remotes import described
from clawlocal.offload.shipment import Shipment
from clawlocal.paths import Paths
from clawlocal.records import DataClass, Purpose, RemoteKind
from clawlocal.remote_job import UNDER_WAY, JobState
from clawlocal.store import Store
from clawlocal.training.arrivals import described as batch_of
from clawlocal.training.arrivals import sent
from clawlocal.training.batch import Batch
from trainers.ray_storage import cache_in

TOKEN = "CLAWLOCAL_BENCH_TOKEN"
"""The variable of the cluster's token: the user's own cluster keeps its own."""
BESIDE_MODEL = 100
"""Megabytes that all jobs together may send beside it."""
JOB_SECONDS = 3600.0
ASK_SECONDS = 1.0
"""Asking takes from the cores that train."""


@dataclass(frozen=True)
class Course:
    """All that a job needs to be run, again and again."""

    jobs: Jobs
    shipment: Shipment
    head: Head

    def run(self, workers: int, say: Callable[[str], None]) -> Times:
        """On a machine that has never made the model's base. Raises `ClawlocalError` for one that fails."""
        say(f"{workers} worker{'s' if workers > 1 else ''}")
        shutil.rmtree(cache_in(self.head.folder), ignore_errors=True)
        began = time.time()
        job = self.jobs.send(self.jobs.prepare(self.shipment, workers), self.shipment.base)

        def ended() -> bool:
            return self.jobs.reconcile(job).state not in UNDER_WAY

        until(ended, JOB_SECONDS, f"a job with {workers} workers had ended", ASK_SECONDS)
        now, (log, _) = self.jobs.reconcile(job), self.jobs.logs(job)
        self.jobs.clean(job)
        if now.state is not JobState.DONE:
            raise ClawlocalError(f"A job with {workers} workers is {now.state}, mend what it says: {log[-2000:]}")
        return times(log, began)


def run(*, workers: Sequence[int], repeats: int, steps: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`repeats` rounds of a job with each number of workers. Raises `ClawlocalError`."""
    counts, cores, load = checked(workers), _cores(), _load()
    with ExitStack() as stack:
        say("cluster")
        # The cluster would outlive a benchmark that just ends.
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)))
        stack.enter_context(empty_home(Settings().model))
        head = stack.enter_context(ray_head.running(max(counts)))
        course = stack.enter_context(_course(head, steps))
        found = interleaved(repeats, {str(count): partial(course.run, count, say) for count in counts}, warm_up=False)
    results, ratios = summary({int(count): jobs for count, jobs in found.items()}, cores)
    about = {
        "model": course.shipment.model,
        **{name: version(name) for name in ("ray", "torch")},
        "cores": cores,
        "load_at_begin": load,
        "rounds": repeats,
        "steps_of_a_job": steps,
    }
    return report("workers", {**about, **results}, ratios)


def checked(workers: Sequence[int]) -> list[int]:
    """Each number once, in order. Raises `ConfigError` where one worker is not among them, or Ray is missing."""
    counts = sorted(set(workers))
    if counts[:1] != [1]:
        raise ConfigError("Several workers are compared with one: give --workers 1 as well.")
    if find_spec("ray") is None or find_spec("torch") is None:
        raise ConfigError(
            "This starts a Ray cluster on this machine, for which a package is missing: run "
            "`pip install 'clawlocal[ray,torch]'`, then try again."
        )
    return counts


@contextmanager
def _course(head: Head, steps: int) -> Iterator[Course]:
    """Over the data folder that is set, and a storage beside it."""
    where = paths.find()
    where.ensure(where.data)
    storage = head.folder / "storage"
    storage.mkdir()
    shipment = _shipment(where, steps)
    remote = described("bench", RemoteKind.RAY, head.url, api_key_env=TOKEN, storage=str(storage))
    os.environ[TOKEN] = head.token
    try:
        with Store.open(where.database) as store:
            store.add_remote(remote)
            megabytes = shipment.base.stat().st_size / MEGABYTE + BESIDE_MODEL
            Consent(store).give(remote, Purpose.TRAIN, {DataClass.SAMPLES, DataClass.MODEL}, megabytes, days=1)
            yield Course(Jobs(store, where, remote), shipment, head)
    finally:
        os.environ.pop(TOKEN)


def _shipment(where: Paths, steps: int) -> Shipment:
    """The made job, written by an engine that is gone before anything is measured."""
    settings = Settings()
    opened = OpenedModel.open(settings.model, settings, where)
    try:
        opened.engine.wait_ready()
        model = opened.for_training()
        job = sent(made(opened.engine, model, steps))
        return Shipment(model.name, model.path, job, None, (), batch_of(Batch((), (), (), ())))
    finally:
        opened.engine.close()


def _cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
