"""Serving of many adapters on several GPUs: routing, slots for adapters, replies that share a GPU's speed.

Knows nothing of what is said. A GPU gives all its replies the same speed: the most that one may have, or an equal part
of what the GPU has (continuous batching as processor sharing).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np
import simpy

from benchmarks.scale import arrivals
from benchmarks.scale.arrivals import DAY, HOUR
from benchmarks.scale.assumptions import People, Routing, Serving

Process = Generator[simpy.Event, Any, None]

ROUNDING = 1e-6
"""Tokens by which a reply that is due may be short of its end."""


@dataclass(slots=True)
class Reply:
    """One request and its answer."""

    user: int
    tokens: float
    asked: float
    ended: simpy.Event
    hit: bool = True
    """Its adapter was on the GPU."""
    begun: float = -1.0
    """Prefill began."""
    end: float = -1.0

    @property
    def waited(self) -> float:
        """For its turn, and for its adapter."""
        return self.begun - self.asked

    @property
    def speed(self) -> float:
        """Tokens a second, once it has begun."""
        return self.tokens / max(self.end - self.begun, 1e-9)


class Slots:
    """Adapters on a GPU; the one that nobody uses, and for longest, makes room for another."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._users: OrderedDict[int, int] = OrderedDict()
        self._idle: OrderedDict[int, None] = OrderedDict()

    def take(self, user: int) -> bool | None:
        """Whether this user's adapter was there; None where all slots are in use."""
        hit = user in self._users
        if not hit and len(self._users) >= self._size:
            if not self._idle:
                return None
            del self._users[self._idle.popitem(last=False)[0]]
        self._users[user] = self._users.get(user, 0) + 1
        self._idle.pop(user, None)
        return hit

    def give_back(self, user: int) -> None:
        self._users[user] -= 1
        if not self._users[user]:
            self._idle[user] = None


class Gpu:
    """One base, its adapters and its replies."""

    def __init__(self, env: simpy.Environment, serving: Serving) -> None:
        self.waiting: deque[Reply] = deque()
        self.under_way = 0
        """Replies that have begun or wait for their adapter."""
        self.given = 0.0
        """Tokens of all replies."""
        self._env, self._serving = env, serving
        self._slots = Slots(serving.slots)
        self._running: list[tuple[float, int, Reply]] = []
        self._number = count()
        # Tokens that a reply would have that has been running from the start, and when that was true.
        self._each, self._at = 0.0, env.now
        self._due = (0.0, 0.0)
        """What the timer waits for: the first end, at this speed."""

    def ask(self, reply: Reply) -> None:
        self.waiting.append(reply)
        self._admit()

    def _admit(self) -> None:
        while self.waiting and self.under_way < self._serving.streams:
            hit = self._slots.take(self.waiting[0].user)
            if hit is None:
                return
            reply = self.waiting.popleft()
            self.under_way += 1
            reply.hit = hit
            if hit or not self._serving.load_seconds:
                self._begin(reply)
            else:
                self._later(self._serving.load_seconds, partial(self._begin, reply))

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        timer = self._env.timeout(seconds)
        assert timer.callbacks is not None
        timer.callbacks.append(lambda _: do())

    def _begin(self, reply: Reply) -> None:
        self._advance()
        reply.begun = self._env.now
        heappush(self._running, (self._each + reply.tokens, next(self._number), reply))
        self._set_timer()

    @property
    def _speed(self) -> float:
        """Of each reply that runs."""
        return min(self._serving.tokens_per_stream, self._serving.tokens_per_second / len(self._running))

    def _advance(self) -> None:
        """To now; before the number of replies changes."""
        if self._running:
            passed = self._speed * (self._env.now - self._at)
            self._each += passed
            self.given += passed * len(self._running)
        self._at = self._env.now

    def _set_timer(self) -> None:
        """For the next end, if it is another one or another time than the timer has."""
        if not self._running:
            return
        due = (self._running[0][0], self._speed)
        if due == self._due:
            return
        self._due = due
        self._later(max(due[0] - self._each, 0.0) / due[1], partial(self._finish, due))

    def _finish(self, due: tuple[float, float]) -> None:
        """What a timer does; one that was set before something changed does nothing."""
        if due != self._due:
            return
        self._advance()
        self._due = (0.0, 0.0)
        while self._running and self._running[0][0] <= self._each + ROUNDING:
            reply = heappop(self._running)[2]
            reply.end = self._env.now
            self.under_way -= 1
            self._slots.give_back(reply.user)
            reply.ended.succeed()
        self._admit()
        self._set_timer()


@dataclass
class Fleet:
    """GPUs, and where each request goes."""

    env: simpy.Environment
    serving: Serving
    number: int
    replies: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gpus = [Gpu(self.env, self.serving) for _ in range(self.number)]

    def ask(self, user: int, tokens: float) -> simpy.Event:
        """What happens when the reply has ended."""
        reply = Reply(user, tokens, self.env.now, self.env.event())
        self.replies.append(reply)
        self._gpu(user).ask(reply)
        return reply.ended

    def _gpu(self, user: int) -> Gpu:
        if self.serving.routing is Routing.USER:
            return self.gpus[user % len(self.gpus)]
        return min(self.gpus, key=lambda gpu: gpu.under_way + len(gpu.waiting))

    def sittings(self, people: People, times: np.ndarray[Any, np.dtype[np.float64]], seed: int) -> Process:
        """Users who sit down at these times, each with a few requests; as a process."""
        rng = np.random.default_rng(seed)
        for at in times:
            yield self.env.timeout(at - self.env.now)
            self.env.process(self._sitting(people, int(rng.integers(people.users)), rng))

    def _sitting(self, people: People, user: int, rng: np.random.Generator) -> Process:
        for number in range(people.session_requests):
            if number:
                yield self.env.timeout(rng.exponential(people.think_seconds))
            mean = people.tokens_per_reply
            yield self.ask(user, mean if self.serving.fixed_length else rng.exponential(mean))


def hours(people: People, serving: Serving, gpus: int, seed: int, first_hour: int = 0, number: int = 24) -> Fleet:
    """The fleet after so many hours of the day, when the last reply has ended."""
    sitting, talking = np.random.SeedSequence(seed).generate_state(2)
    a_day = people.users * people.requests_per_day / people.session_requests
    times = arrivals.times(np.random.default_rng(sitting), a_day, people.day, first_hour, number)
    env = simpy.Environment(initial_time=first_hour * HOUR)
    fleet = Fleet(env, serving, gpus)
    env.process(fleet.sittings(people, times, int(talking)))
    env.run()
    return fleet


def offered(people: People, serving: Serving) -> float:
    """GPUs that would be busy all of the busiest hour, if nothing ever waited."""
    a_second = people.users * people.requests_per_day / DAY
    return a_second * arrivals.peak(people.day)[1] * people.tokens_per_reply / serving.tokens_per_second
