"""What the simulation takes for granted: every figure with its unit and where it comes from. Knows no simulation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from clawlocal.errors import ConfigError


class Origin(StrEnum):
    """Where a figure comes from."""

    ASSUMED = "assumed"
    """Plausible, and nowhere measured by us."""
    PLANNED = "planned"
    """From the plan for clusters on paper: a check on it as well."""
    MEASURED = "measured"
    """By us, on a CPU where nothing else is said."""
    COMPUTED = "computed"
    """From the shapes of the model."""
    GIVEN = "given"
    """By who asked."""
    CHOSEN = "chosen"
    """A matter of what one wants, not of fact."""


class Routing(StrEnum):
    """Which GPU a request goes to."""

    USER = "user"
    """Always the one that has this user's adapter."""
    LEAST = "least"
    """The one with the fewest replies under way."""


class Order(StrEnum):
    """Which waiting job a free GPU takes. One that runs is never stopped for another."""

    FIFO = "none"
    """The one that was asked for first."""
    FIRST = "first"
    """First those of users who have no adapter yet."""
    PAYING = "paying"
    """First those of users who pay."""


def assumed(default: Any, unit: str, origin: Origin, about: str) -> Any:
    """A field of a dataclass that knows its unit and its origin."""
    return field(default=default, metadata={"unit": unit, "origin": origin, "about": about})


@dataclass(frozen=True)
class People:
    """Who asks, and when."""

    users: int = assumed(10_000, "users", Origin.PLANNED, "who are active on the day")
    requests_per_day: float = assumed(20.0, "requests/user/day", Origin.PLANNED, "")
    session_requests: int = assumed(5, "requests", Origin.ASSUMED, "one after the other in a sitting")
    think_seconds: float = assumed(60.0, "s", Origin.ASSUMED, "from a reply to the next request; exponential")
    tokens_per_reply: float = assumed(400.0, "tokens", Origin.ASSUMED, "mean; exponential. About 300 words")
    jobs_per_day: float = assumed(1.0, "jobs/user/day", Origin.ASSUMED, "an update after a day's corrections")
    newcomers: float = assumed(0.1, "share", Origin.ASSUMED, "of the users, who have no adapter in the morning")
    paying: float = assumed(0.1, "share", Origin.ASSUMED, "of the users")
    day: str = assumed("evening", "profile", Origin.ASSUMED, "requests by the hour, all in one time zone")


@dataclass(frozen=True)
class Serving:
    """A GPU that serves many adapters over one base. Prompts count into its tokens a second."""

    tokens_per_second: float = assumed(2000.0, "tokens/s", Origin.PLANNED, "of all replies of a GPU together")
    tokens_per_stream: float = assumed(50.0, "tokens/s", Origin.ASSUMED, "of one reply, at most: memory bandwidth")
    streams: int = assumed(64, "replies", Origin.ASSUMED, "at once; more wait, first come first served")
    slots: int = assumed(64, "adapters", Origin.ASSUMED, "at once on a GPU; the one unused for longest makes room")
    load_seconds: float = assumed(0.18, "s", Origin.ASSUMED, "to bring an adapter to a GPU, at 500 MiB/s")
    prefill_seconds: float = assumed(0.1, "s", Origin.ASSUMED, "from a reply's start to its first token")
    fixed_length: bool = assumed(False, "", Origin.CHOSEN, "all replies of the mean length, for checks")
    routing: Routing = assumed(Routing.USER, "", Origin.PLANNED, "which GPU gets a request")  # noqa: RUF009


@dataclass(frozen=True)
class Training:
    """A job, and the spot machine of one GPU that it runs on. Idle machines are not taken away."""

    steps: int = assumed(20, "steps", Origin.PLANNED, "a job of 20 minutes; an update here has up to 30")
    step_seconds: float = assumed(60.0, "s", Origin.PLANNED, "no GPU was measured; `bench train` measures CPUs")
    checkpoint_every: int = assumed(1, "steps", Origin.MEASURED, "as the trainer does it; 0: never")
    checkpoint_seconds: float = assumed(2.0, "s", Origin.ASSUMED, "adapter and moments to storage, at 250 MiB/s")
    start_seconds: float = assumed(120.0, "s", Origin.ASSUMED, "of each attempt, until the first step")
    preempted_after: float = assumed(1800.0, "s", Origin.PLANNED, "mean of a busy machine; exponential; 0: never")
    replace_seconds: float = assumed(120.0, "s", Origin.ASSUMED, "until another machine is there")
    home_seconds: float = assumed(90.0, "s", Origin.MEASURED, "to fetch 83 MiB (16 s at 5 MiB/s), and our gate's 74 s")
    order: Order = assumed(Order.FIFO, "", Origin.CHOSEN, "which waiting job goes first")  # noqa: RUF009


@dataclass(frozen=True)
class Targets:
    """What has to hold for a number of GPUs to be enough."""

    first_token_seconds: float = assumed(1.0, "s", Origin.CHOSEN, "95 % of first tokens in the busiest hour")
    stream_tokens: float = assumed(20.0, "tokens/s", Origin.CHOSEN, "95 % of replies in the busiest hour are faster")
    adapter_minutes: float = assumed(30.0, "min", Origin.CHOSEN, "95 % of adapters, from asking to being live")


@dataclass(frozen=True)
class Assumptions:
    people: People = People()
    serving: Serving = Serving()
    training: Training = Training()
    targets: Targets = Targets()

    def __post_init__(self) -> None:
        """Raises `ConfigError` for what cannot be simulated."""
        for name, value in self._numbers():
            if not 0 <= value < float("inf"):
                raise ConfigError(f"{name} is {value:g}: give a number from 0 on.")
        for name in ("users", "tokens_per_reply", "session_requests"):
            _positive(name, getattr(self.people, name))
        for name in ("tokens_per_second", "tokens_per_stream", "streams", "slots"):
            _positive(name, getattr(self.serving, name))
        _positive("steps", self.training.steps)
        _positive("step_seconds", self.training.step_seconds)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each figure; one that is not the default was given by who asked."""
        return [
            {
                "of": group.name,
                "assumption": each.name,
                "value": value,
                "unit": each.metadata["unit"],
                "origin": each.metadata["origin"] if value == each.default else Origin.GIVEN,
                "about": each.metadata["about"],
            }
            for group in fields(self)
            for each in fields(getattr(self, group.name))
            for value in (getattr(getattr(self, group.name), each.name),)
        ]

    def _numbers(self) -> Iterator[tuple[str, float]]:
        for row in self.rows():
            if isinstance(row["value"], int | float):
                yield row["assumption"], row["value"]


def _positive(name: str, value: float) -> None:
    if value <= 0:
        raise ConfigError(f"{name} is {value:g}: give a number above 0.")
