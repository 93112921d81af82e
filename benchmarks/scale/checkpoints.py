"""What checkpoints cost, and what it costs to have none: jobs on spot machines without a queue, beside the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.scale import closed, training
from benchmarks.scale.assumptions import Training
from benchmarks.scale.summary import Rows, between, mean, over_seeds, quantile

JOBS = 4000
"""Of each seed."""
PREEMPTED_AFTER = (900.0, 1800.0, 3600.0, 14400.0)
EVERY = (0, 1, 2, 5, 10)
SECONDS = (2.0, 10.0, 30.0, 60.0, 180.0)


def by_interval(job: Training, seeds: Sequence[int]) -> Rows:
    """Completion times by how often a machine is taken away and how often the job saves; 0 is never."""
    return [
        _row(replace(job, preempted_after=preempted, checkpoint_every=every), seeds)
        for preempted in sorted({*PREEMPTED_AFTER, job.preempted_after} - {0.0})
        for every in sorted({*EVERY, job.checkpoint_every})
        if every < job.steps
    ]


def by_cost(job: Training, seeds: Sequence[int]) -> Rows:
    """The best interval by what a checkpoint costs: from the exact mean, by Young, by Daly; none without preemption."""
    rows: Rows = []
    for seconds in SECONDS if job.preempted_after else ():
        each = replace(job, checkpoint_seconds=seconds)
        exact = best(each)
        young = closed.young(seconds, job.preempted_after)
        nearest = min(max(round(young / job.step_seconds), 1), job.steps)
        rows.append(
            {
                "checkpoint_s": seconds,
                "young_s": round(young, 1),
                "daly_s": round(closed.daly(seconds, job.preempted_after), 1),
                "best_s": exact * job.step_seconds,
                "best_mean_min": round(training.expected(replace(each, checkpoint_every=exact)) / 60, 3),
                "young_mean_min": round(training.expected(replace(each, checkpoint_every=nearest)) / 60, 3),
                "simulated_best_min": simulated_mean(replace(each, checkpoint_every=exact), seeds),
                "simulated_young_min": simulated_mean(replace(each, checkpoint_every=nearest), seeds),
                "never_mean_min": round(training.expected(replace(each, checkpoint_every=0)) / 60, 3),
            }
        )
    return rows


def best(job: Training) -> int:
    """Steps between checkpoints with the least mean."""
    return min(range(1, job.steps + 1), key=lambda every: training.expected(replace(job, checkpoint_every=every)))


def simulated_mean(job: Training, seeds: Sequence[int]) -> float | None:
    """In minutes, of the median seed; None for jobs that hardly ever end."""
    if training.endless(job):
        return None
    return over_seeds([mean(each.taken / 60 for each in training.alone(job, JOBS, seed)) for seed in seeds])


def _row(job: Training, seeds: Sequence[int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "preempted_after_min": job.preempted_after / 60,
        "every_steps": job.checkpoint_every,
        "formula_mean_min": round(training.expected(job) / 60, 2),
    }
    if training.endless(job):
        return row
    runs = [training.alone(job, JOBS, seed) for seed in seeds]
    means = [mean(each.taken / 60 for each in run) for run in runs]
    useful = job.steps * job.step_seconds
    return {
        **row,
        "mean_min": over_seeds(means),
        "of_seeds": between(means),
        "p95_min": over_seeds([quantile((each.taken / 60 for each in run), 0.95) for run in runs]),
        "p99_min": over_seeds([quantile((each.taken / 60 for each in run), 0.99) for run in runs]),
        "machine_time_lost": over_seeds([1 - useful * len(run) / sum(each.busy for each in run) for run in runs]),
    }
