"""An adapter that another machine made of the same job: read with care, and measured here. Knows no framework."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from trainers import adapter_peft
from trainers.adapter_peft import Adapter
from trainers.errors import AdapterError
from trainers.job import RESULT, Job, Result
from trainers.shape import Shape

_ITS_OWN = ("loss", "clip_fraction")
"""Figures of the steps, which only who made them can tell. The gate does not ask for them."""


def adapter(job: Job, shape: Shape, beginning: Adapter) -> Adapter | None:
    """What was made; None for a job that is trained here. Raises `AdapterError` for one that does not fit exactly."""
    if job.trained is None:
        return None
    found = adapter_peft.read(Path(job.trained), shape)
    if (found.rank, found.alpha) != (beginning.rank, beginning.alpha):
        raise AdapterError(
            f"The adapter in {job.trained} has rank {found.rank} and alpha {found.alpha}, where the job asked for "
            f"{beginning.rank} and {beginning.alpha}."
        )
    return found


def told(job: Job, measured: Result) -> Result:
    """What was measured here, with what only the other machine can tell: how much it learned from."""
    if job.trained is None:
        return measured
    try:
        theirs = Result.read(Path(job.trained) / RESULT)
        metrics = {name: float(theirs.metrics[name]) for name in _ITS_OWN if name in theirs.metrics}
        counts = {name: int(theirs.counts.get(name, n)) for name, n in measured.counts.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise AdapterError(f"The result in {job.trained} is not one of this version.") from e
    return replace(measured, metrics={**metrics, **measured.metrics}, counts=counts)
