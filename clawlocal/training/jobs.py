"""A job and its folder: made of a batch, begun or gone on with, and what came of it. Knows no process."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from clawlocal.adapters import files
from clawlocal.errors import StoreError, TrainerError
from clawlocal.models.opened import TrainedModel
from clawlocal.paths import Paths
from clawlocal.records import AdapterVersion
from clawlocal.store import Store
from clawlocal.training import rebuild
from clawlocal.training.batch import Batch
from clawlocal.training.recipes import recipe_for
from trainers.job import GIVEN, RESULT, Job, Result


@dataclass(frozen=True)
class Waiting:
    """What the next update would do, for who has it done elsewhere."""

    model: TrainedModel
    live: AdapterVersion | None
    """What it goes on from."""
    batch: Batch
    job: Job


def made(
    store: Store,
    paths: Paths,
    folder: Path,
    model: TrainedModel,
    live: AdapterVersion | None,
    batch: Batch,
    memory: int,
) -> Job:
    """The job that an update in `folder` does, in so many bytes of memory (0: what is free). Raises `AdapterError`."""
    corrections = sum(sample.hinted for sample in batch.samples)
    tried = rebuild.tried(store, batch)
    recipe = recipe_for(corrections, tried, batch.method, model.repeat_after, amplified=batch.amplifiable)
    return Job(
        model=str(model.path),
        model_sha256=model.sha256,
        bases=str(paths.ensure(paths.bases)),
        out=str(folder),
        parent=str(files.trainable(live)) if live else None,
        samples=batch.samples,
        rehearsals=batch.rehearsals,
        neutral=batch.neutral,
        stop_ids=model.stop_ids,
        lessons=tuple(lesson.text for lesson in batch.lessons),
        recipe=recipe,
        memory=memory,
        probes=batch.probes,
        pairs=batch.pairs,
    )


def write(paths: Paths, folder: Path, job: Job) -> None:
    """Go on with the job that was interrupted in `folder`, if it would learn the same; else begin anew.

    Raises `StoreError`.
    """
    left = unfinished(folder, job)
    if left is None:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        paths.ensure(folder)
        (left or job).write(folder / GIVEN)
    except OSError as e:
        raise StoreError(f"Cannot write the trainer's job ({e.strerror}). Free some space in {folder.parent}.") from e


def unfinished(folder: Path, job: Job) -> Job | None:
    """The job that was interrupted in `folder`, if it would learn the same as `job` from where `job` begins.

    What it practises on may have been chosen otherwise by now; that is no reason to throw its steps away.
    """
    try:
        found = Job.read(folder / GIVEN)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    wanted = replace(job, rehearsals=found.rehearsals, neutral=found.neutral, probes=found.probes, out=found.out)
    return replace(wanted, out=job.out) if found.digest() == wanted.digest() else None


def result(folder: Path) -> Result:
    """Raises `TrainerError` where there is none."""
    try:
        return Result.read(folder / RESULT)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise TrainerError(
            "The trainer ended without a result; it may have been killed or run out of memory. "
            "What it would have learned from waits for the next update."
        ) from e
