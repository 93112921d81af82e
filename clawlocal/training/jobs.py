"""A job's folder: begun or gone on with, and what came of it. Knows no store and no process."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from clawlocal.errors import StoreError, TrainerError
from clawlocal.paths import Paths
from trainers.job import Job, Result


def write(paths: Paths, folder: Path, job: Job) -> None:
    """Go on with the job that was interrupted in `folder`, if it would learn the same; else begin anew.

    Raises `StoreError`.
    """
    left = _unfinished(folder, job)
    if left is None:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        paths.ensure(folder)
        (left or job).write(folder / "job.json")
    except OSError as e:
        raise StoreError(f"Cannot write the trainer's job ({e.strerror}). Free some space in {folder.parent}.") from e


def _unfinished(folder: Path, job: Job) -> Job | None:
    """The job that was interrupted in `folder`, if it would learn the same as `job` from where `job` begins.

    What it practises on may have been chosen otherwise by now; that is no reason to throw its steps away.
    """
    try:
        found = Job.read(folder / "job.json")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    wanted = replace(job, rehearsals=found.rehearsals, neutral=found.neutral, probes=found.probes, out=found.out)
    return replace(wanted, out=job.out) if found.digest() == wanted.digest() else None


def result(folder: Path) -> Result:
    """Raises `TrainerError` where there is none."""
    try:
        return Result.read(folder / "result.json")
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise TrainerError(
            "The trainer ended without a result; it may have been killed or run out of memory. "
            "What it would have learned from waits for the next update."
        ) from e
