"""A day of training jobs on a pool of spot machines: a queue with priorities, preemption, checkpoints, restarts.

Knows nothing of what is trained. A user has one job at a time; what they ask for meanwhile becomes the next one.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import Any

import numpy as np
import simpy

from benchmarks.scale import arrivals, closed
from benchmarks.scale.arrivals import DAY, HOUR
from benchmarks.scale.assumptions import Order, People, Training

Process = Generator[simpy.Event, Any, None]

WARM_UP = 12
"""Hours of the day before, after which the queue is what it would be."""
UNTIL = 3 * DAY
"""After a day of arrivals two more may pass; what is still queued then never ends."""
ENDLESS = 100
"""Times what it would take undisturbed."""


@dataclass
class Job:
    """An update of one user's adapter."""

    user: int
    asked: float
    first: bool
    """The user has no adapter yet."""
    paying: bool
    saved: int = 0
    """Steps in the last checkpoint."""
    attempts: int = 0
    busy: float = 0.0
    """Seconds that machines spent on it."""
    ended: float = inf

    @property
    def taken(self) -> float:
        """Seconds from asking to the adapter on the storage."""
        return self.ended - self.asked


def seconds(job: Training, saved: int = 0) -> float:
    """Of an attempt that nothing interrupts, from so many saved steps on."""
    return job.start_seconds + sum(segments(job, saved))


def segments(job: Training, saved: int = 0) -> list[float]:
    """From one checkpoint to the next and to the end. The last steps need none: what they give is the adapter."""
    left = job.steps - saved
    every = job.checkpoint_every or left
    parts = [min(every, left - at) for at in range(0, left, every)]
    return [n * job.step_seconds + job.checkpoint_seconds for n in parts[:-1]] + [parts[-1] * job.step_seconds]


def saved_after(job: Training, saved: int, worked: float) -> int:
    """Steps that are saved when an attempt is interrupted after so many seconds."""
    if not job.checkpoint_every:
        return saved
    segment = job.checkpoint_every * job.step_seconds + job.checkpoint_seconds
    whole = int(max(worked - job.start_seconds, 0.0) // segment)
    return min(saved + whole * job.checkpoint_every, job.steps - 1)


def expected(job: Training) -> float:
    """Mean seconds of a job on a machine of its own, by the formula."""
    return closed.completion(segments(job), job.preempted_after or inf, job.start_seconds, job.replace_seconds)


def endless(job: Training) -> bool:
    """It is interrupted so often that simulating it is pointless."""
    return expected(job) > ENDLESS * seconds(job)


@dataclass
class Pool:
    """Machines of one GPU each, and what waits for them."""

    env: simpy.Environment
    job: Training
    machines: int
    chance: np.random.Generator
    """When machines are taken away."""
    newcomers: set[int] = field(default_factory=set)
    """Users without an adapter, who come on the day."""
    paying: frozenset[int] = frozenset()
    asked: int = 0
    jobs: list[Job] = field(default_factory=list)
    """Of the day, and of the hours before it."""
    merged: int = 0
    """Asked for while the user's job was under way, and part of the next one."""

    def __post_init__(self) -> None:
        self._queue = simpy.PriorityStore(self.env)
        self._number = count()
        self._under_way: set[int] = set()
        self._next: dict[int, float] = {}
        for _ in range(self.machines):
            self.env.process(self._machine())

    @property
    def today(self) -> list[Job]:
        """What was asked for on the day."""
        return [job for job in self.jobs if job.asked >= 0]

    @property
    def queued(self) -> int:
        return len(self._queue.items)

    @property
    def running(self) -> int:
        return len(self._under_way) - self.queued

    @property
    def waiting(self) -> int:
        """Asked for, and not yet a job because another of the user's is."""
        return len(self._next)

    def ask(self, user: int, asked: float) -> None:
        """An update for this user, wanted since `asked`."""
        self.asked += 1
        self._submit(user, asked)

    def _submit(self, user: int, asked: float) -> None:
        if user in self._under_way:
            self.merged += user in self._next
            self._next.setdefault(user, asked)
            return
        self._under_way.add(user)
        job = Job(user, asked, first=user in self.newcomers, paying=user in self.paying)
        self.jobs.append(job)
        self._put(job)

    def arriving(self, people: People, rng: np.random.Generator) -> Process:
        """Who asks in the hours before the day, and in the day; as a process."""
        a_day = people.users * people.jobs_per_day
        for at in arrivals.times(rng, a_day, people.day, -WARM_UP, WARM_UP + 24):
            yield self.env.timeout(at - self.env.now)
            user = int(rng.integers(people.users))
            if at >= 0 or user not in self.newcomers:
                self.ask(user, self.env.now)

    def _put(self, job: Job) -> None:
        """A job that was interrupted keeps its place by when it was asked for."""
        preferred = {Order.FIFO: False, Order.FIRST: job.first, Order.PAYING: job.paying}[self.job.order]
        self._queue.put(simpy.PriorityItem((not preferred, job.asked, next(self._number)), job))

    @property
    def utilisation(self) -> float:
        """Busy seconds for the jobs of the day, for each second that the machines have in a day."""
        return sum(job.busy for job in self.today) / (self.machines * DAY)

    def _machine(self) -> Process:
        while True:
            job: Job = (yield self._queue.get()).item
            job.attempts += 1
            needed = seconds(self.job, job.saved)
            until = self.chance.exponential(self.job.preempted_after) if self.job.preempted_after else inf
            job.busy += min(needed, until)
            yield self.env.timeout(min(needed, until))
            if needed <= until:
                self._end(job)
                continue
            job.saved = saved_after(self.job, job.saved, until)
            self._put(job)
            yield self.env.timeout(self.job.replace_seconds)

    def _end(self, job: Job) -> None:
        job.ended = self.env.now
        self.newcomers.discard(job.user)
        self._under_way.remove(job.user)
        if job.user in self._next:
            self._submit(job.user, self._next.pop(job.user))


def day(people: People, job: Training, machines: int, seed: int, until: float = UNTIL) -> Pool:
    """The pool after a day of arrivals, and until all has ended or time is up.

    Who asks when is the same for the same seed, whatever the machines and the order.
    """
    asking, taking, being = (np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(3))
    env = simpy.Environment(initial_time=-WARM_UP * HOUR)
    newcomers = being.random(people.users) < people.newcomers
    paying = being.random(people.users) < people.paying
    pool = Pool(
        env,
        job,
        machines,
        taking,
        newcomers=set(np.flatnonzero(newcomers).tolist()),
        paying=frozenset(np.flatnonzero(paying).tolist()),
    )
    env.process(pool.arriving(people, asking))
    env.run(until)
    return pool


def alone(job: Training, jobs: int, seed: int) -> list[Job]:
    """So many jobs, each on a machine of its own: what they take without a queue."""
    env = simpy.Environment()
    chance = np.random.default_rng(seed)
    pools = [Pool(env, job, 1, chance) for _ in range(jobs)]
    for pool in pools:
        pool.ask(0, 0.0)
    env.run()
    return [job for pool in pools for job in pool.jobs]
