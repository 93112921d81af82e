"""The simulation beside the formulas, and both beside the plan on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.scale import adapters, closed, replies, serving, training
from benchmarks.scale.arrivals import DAY
from benchmarks.scale.assumptions import Assumptions, People, Serving, Training
from benchmarks.scale.summary import Rows, between, mean, over_seeds, quantile

SERVERS, BUSY, SERVICE = 8, 0.8, 8.0
"""Of the queues that are compared; the service takes so many seconds."""
JOBS = 10_000
PLAN_JOB = Training(checkpoint_seconds=0.0, replace_seconds=0.0, home_seconds=0.0)
"""The plan's job of 20 minutes on machines of 30. It says nothing of a start: two minutes give both of its figures."""
RANK = 16
PLAN_MIB, PLAN_GPUS, PLAN_WITHOUT, PLAN_WITH = 83.0, 2.0, 92.0, 31.0


def against_formulas(seeds: Sequence[int]) -> Rows:
    """Mean waiting times of queues in seconds, mean and 99th percentile of a job's time in minutes."""
    rows: Rows = []
    for name, formula, found in (*_queues(seeds), *_jobs(seeds)):
        middle = over_seeds(found)
        off = None if middle is None else round(100 * (middle / formula - 1), 2)
        rows.append(
            {
                "what": name,
                "formula": round(formula, 3),
                "simulated": middle,
                "of_seeds": between(found),
                "off_percent": off,
            }
        )
    return rows


def against_the_plan(seeds: Sequence[int]) -> Rows:
    """What was worked out on paper before, beside formulas and simulation."""
    plan = Assumptions()
    rows: Rows = [
        {
            "what": f"MiB of an adapter of rank {RANK}, qwen3-8b",
            "plan": PLAN_MIB,
            "formula": round(adapters.served_mib(adapters.parameters("qwen3-8b", RANK)), 2),
            "simulated": None,
        },
        {
            "what": "GPUs that serve 10,000 users at peak",
            "plan": PLAN_GPUS,
            "formula": round(serving.offered(plan.people, plan.serving), 2),
            "simulated": replies.needed(plan, seeds),
        },
    ]
    for name, every, said in (("without checkpoints", 0, PLAN_WITHOUT), ("saved each minute", 1, PLAN_WITH)):
        job = replace(PLAN_JOB, checkpoint_every=every)
        rows.append(
            {
                "what": f"p99 of a 20-minute job {name}, min",
                "plan": said,
                "formula": round(_formula_p99(job), 1),
                "simulated": over_seeds([_p99(job, seed) for seed in seeds]),
            }
        )
        bare = replace(job, start_seconds=0.0)
        rows.append(
            {
                "what": f"the same {name}, if starting took no time",
                "plan": said,
                "formula": round(_formula_p99(bare), 1),
                "simulated": over_seeds([_p99(bare, seed) for seed in seeds]),
            }
        )
    return rows


def _queues(seeds: Sequence[int]) -> Iterator[tuple[str, float, list[float]]]:
    rate = SERVERS * BUSY / SERVICE
    many = Serving(SERVERS, 1.0, SERVERS, SERVERS, load_seconds=0.0)
    name = f"wait in M/M/{SERVERS}, {BUSY:.0%} busy, s"
    yield name, closed.mmc_wait(SERVERS, rate, SERVICE), [_wait(many, rate, seed) for seed in seeds]
    one = Serving(1.0, 1.0, 1, 1, load_seconds=0.0, fixed_length=True)
    rate = BUSY / SERVICE
    yield f"wait in M/D/1, {BUSY:.0%} busy, s", closed.md1_wait(rate, SERVICE), [_wait(one, rate, s) for s in seeds]
    shared = Serving(1.0, 1.0, 10**6, 10**6, load_seconds=0.0)
    name = f"time in M/M/1 with processor sharing, {BUSY:.0%} busy, s"
    yield name, closed.sharing_time(rate, SERVICE), [_time(shared, rate, seed) for seed in seeds]


def simulated_queue(gpu: Serving, rate: float, seed: int) -> serving.Fleet:
    """One GPU for a day, with Poisson arrivals of `rate` a second and a mean service of `SERVICE` tokens."""
    users = 10**6
    people = People(users, rate * DAY / users, session_requests=1, tokens_per_reply=SERVICE, day="flat")
    return serving.hours(people, gpu, 1, seed)


def _wait(gpu: Serving, rate: float, seed: int) -> float:
    return mean(each.waited for each in simulated_queue(gpu, rate, seed).replies)


def _time(gpu: Serving, rate: float, seed: int) -> float:
    return mean(each.end - each.asked for each in simulated_queue(gpu, rate, seed).replies)


def _jobs(seeds: Sequence[int]) -> Iterator[tuple[str, float, list[float]]]:
    for every, name in ((0, "without checkpoints"), (1, "saved each minute")):
        for start in (0.0, PLAN_JOB.start_seconds):
            job = replace(PLAN_JOB, checkpoint_every=every, start_seconds=start)
            formula = closed.completion(training.segments(job), job.preempted_after, start) / 60
            runs = [training.alone(job, JOBS, seed) for seed in seeds]
            about = f"a 20-minute job {name}, start {start / 60:g} min"
            yield f"mean of {about}, min", formula, [mean(each.taken / 60 for each in run) for run in runs]
            found = [quantile((each.taken / 60 for each in run), 0.99) for run in runs]
            yield f"p99 of {about}, min", _formula_p99(job), found


def _formula_p99(job: Training) -> float:
    return closed.completion_quantile(0.99, training.segments(job), job.preempted_after, job.start_seconds) / 60


def _p99(job: Training, seed: int) -> float:
    return quantile((each.taken / 60 for each in training.alone(job, JOBS, seed)), 0.99)
