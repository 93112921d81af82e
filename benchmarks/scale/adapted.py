"""How long a user waits for their adapter: how many machines a target takes, and what queue and priorities do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from math import ceil
from typing import Any

from benchmarks.scale import training
from benchmarks.scale.arrivals import DAY
from benchmarks.scale.assumptions import Assumptions, Order, People, Training
from benchmarks.scale.summary import Rows, between, least, over_seeds, quantile
from benchmarks.scale.training import Job
from benchmarks.spread import spread
from clawlocal.errors import ConfigError

SHARES = (0.5, 0.95, 0.99)
UTILISATIONS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EVEN = (0.9, 0.98)
"""Utilisations that are looked at for a day of even hours."""
TARGETS = (30.0, 45.0, 60.0, 120.0, 480.0)
"""Minutes within which 95 % of the adapters are to be live."""
JOBS = ((1200.0, 120.0), (300.0, 120.0), (60.0, 120.0), (60.0, 10.0))
"""Seconds of work, and of the start before it."""
NIGHT = 480.0
"""Minutes of a target that lets the night help."""
CURVE = (0.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0)


def minutes(training_: Training, job: Job) -> float:
    """From asking to being live."""
    return (job.taken + training_.home_seconds) / 60


def load(taken: Assumptions) -> float:
    """Machines that are busy over the mean of a day."""
    jobs = taken.people.users * taken.people.jobs_per_day
    return jobs * machine_seconds(taken.training) / DAY


def machine_seconds(job: Training) -> float:
    """Mean of a job, with all that is lost to preemptions; none waits for a new machine, since another is free.

    Raises `ConfigError` for jobs that hardly ever end.
    """
    if training.endless(job):
        raise ConfigError(
            f"A job of {training.seconds(job) / 60:.0f} minutes hardly ever ends between preemptions "
            f"{job.preempted_after / 60:g} minutes apart: save it more often, or take machines that stay longer."
        )
    return training.expected(replace(job, replace_seconds=0.0))


def needed(taken: Assumptions, seeds: Sequence[int]) -> int | None:
    """The least number with which every seed meets the target; None where no number does.

    Never fewer than the mean of a day keeps busy: their queue would grow from day to day.
    """
    target, mean_load = taken.targets.adapter_minutes, load(taken)
    if _p95(taken.people, taken.training, _plenty(taken), seeds[0]) > target:
        return None

    def enough(machines: int) -> bool:
        return machines > mean_load and all(
            _p95(taken.people, taken.training, machines, seed) <= target for seed in seeds
        )

    return least(enough, ceil(mean_load), _plenty(taken))


def _plenty(taken: Assumptions) -> int:
    """More machines than ever have work."""
    return 8 * ceil(load(taken)) + 8


@cache
def _p95(people: People, job: Training, machines: int, seed: int) -> float:
    pool = training.day(people, job, machines, seed)
    return quantile((minutes(job, each) for each in pool.today), 0.95)


def answer(taken: Assumptions, seeds: Sequence[int], given: int | None) -> dict[str, Any]:
    """How many, or what the given number does; then what it depends on."""
    machines = given or needed(taken, seeds)
    alone = [_p95(taken.people, taken.training, _plenty(taken), seed) for seed in seeds]
    found: dict[str, Any] = {
        "gpus": machines,
        "offered_gpus_over_the_day": load(taken),
        "p95_minutes_without_a_queue": spread(alone),
    }
    if machines is not None:
        found["day"] = [queue_row(taken, machines, seeds)]
    return {**found, "by_target": by_target(taken, seeds), "by_job": by_job(taken, seeds)}


def by_target(taken: Assumptions, seeds: Sequence[int]) -> Rows:
    """Machines by how long 95 % may wait: as assumed, and if no machine were ever taken away."""
    kept = replace(taken, training=replace(taken.training, preempted_after=0.0))
    return [
        {
            "p95_within_min": target,
            "gpus": needed(_within(taken, target), seeds),
            "never_preempted": needed(_within(kept, target), seeds),
        }
        for target in sorted({*TARGETS, taken.targets.adapter_minutes})
    ]


def _within(taken: Assumptions, target: float) -> Assumptions:
    return replace(taken, targets=replace(taken.targets, adapter_minutes=target))


def by_job(taken: Assumptions, seeds: Sequence[int]) -> Rows:
    """Machines by what a job takes, for the target and for one that lets the night help."""
    rows: Rows = []
    for work, start in JOBS:
        for preempted in dict.fromkeys((taken.training.preempted_after, 0.0)):
            job = replace(
                taken.training,
                step_seconds=work / taken.training.steps,
                start_seconds=start,
                preempted_after=preempted,
                # A checkpoint each minute is enough for a step of seconds.
                checkpoint_every=max(round(60 * taken.training.steps / work), 1),
            )
            other = replace(taken, training=job)
            rows.append(
                {
                    "job_minutes": work / 60,
                    "start_seconds": start,
                    "preempted_after_minutes": preempted / 60 or None,
                    "machine_minutes_per_job": round(machine_seconds(job) / 60, 2),
                    "offered_gpus": round(load(other), 1),
                    f"gpus_within_{taken.targets.adapter_minutes:g}_min": needed(other, seeds),
                    f"gpus_within_{NIGHT:g}_min": needed(_within(other, NIGHT), seeds),
                }
            )
    return rows


def queue(taken: Assumptions, seeds: Sequence[int]) -> Rows:
    """Time to adapter by how busy the machines are over the day, and by who goes first."""
    cases = [(taken.people.day, machines, order) for machines in _as_busy(taken, UTILISATIONS) for order in Order]
    if taken.people.day != "flat":
        cases += [("flat", machines, Order.FIFO) for machines in _as_busy(taken, EVEN)]
    rows: Rows = []
    for profile, machines, order in cases:
        people, job = replace(taken.people, day=profile), replace(taken.training, order=order)
        rows.append({"day": profile, **queue_row(replace(taken, people=people, training=job), machines, seeds)})
    return rows


def _as_busy(taken: Assumptions, utilisations: Iterable[float]) -> list[int]:
    """Machines that are about as busy; few machines cannot be as busy as one likes."""
    return list(dict.fromkeys(max(ceil(load(taken) / busy), 1) for busy in utilisations))


def queue_row(taken: Assumptions, machines: int, seeds: Iterable[int]) -> dict[str, Any]:
    """Minutes to the adapter of all, of those who are preferred, and of all others."""
    pools = [training.day(taken.people, taken.training, machines, seed) for seed in seeds]
    preferred = _preferred(taken.training.order)

    def others(job: Job) -> bool:
        return preferred is not None and not preferred(job)

    def figures(share: float, who: Callable[[Job], bool] | None = None) -> list[float]:
        chosen = ([job for job in pool.today if who is None or who(job)] for pool in pools)
        return [quantile((minutes(taken.training, job) for job in jobs), share) for jobs in chosen]

    row: dict[str, Any] = {
        "gpus": machines,
        "busy": over_seeds([pool.utilisation for pool in pools]),
        "first": taken.training.order,
        **{f"p{100 * share:g}_min": over_seeds(figures(share)) for share in SHARES},
        "p95_of_seeds": between(figures(0.95)),
    }
    for name, who in (("preferred", preferred), ("others", others)):
        for share in SHARES[:2]:
            row[f"{name}_p{100 * share:g}"] = over_seeds(figures(share, who)) if preferred else None
    return row


def _preferred(order: Order) -> Callable[[Job], bool] | None:
    match order:
        case Order.FIRST:
            return lambda job: job.first
        case Order.PAYING:
            return lambda job: job.paying
        case Order.FIFO:
            return None


def curves(taken: Assumptions, machines: int, seed: int) -> dict[str, list[tuple[float, float]]]:
    """Share of the adapters that are live after so many minutes, first come first served and first adapters first."""
    found = {}
    for name, order, who in (
        ("all, in turn", Order.FIFO, None),
        ("first adapters", Order.FIRST, True),
        ("behind them", Order.FIRST, False),
    ):
        pool = training.day(taken.people, replace(taken.training, order=order), machines, seed)
        taken_minutes = [minutes(taken.training, job) for job in pool.today if who is None or job.first is who]
        found[name] = [(at, sum(each <= at for each in taken_minutes) / max(len(taken_minutes), 1)) for at in CURVE]
    return found
