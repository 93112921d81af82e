"""Workers that do one job together, each its share of every step. Knows no framework; `torch_team` is one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from trainers.policy import Policy

T = TypeVar("T")


class Team(Protocol):
    """As one of its workers sees it. All of them run the same program on the same job, in step with each other."""

    @property
    def first(self) -> bool:
        """Whether this one writes what comes of it."""
        ...

    def agreed(self, value: T) -> T:
        """What the first one has; each must ask."""
        ...

    def shared(self, policy: Policy) -> Policy:
        """A policy that computes its share of what it is asked, and answers with all of it."""
        ...

    def kept(self, step: int) -> None:
        """The first one has written a checkpoint after so many steps."""
        ...

    def words(self) -> dict[str, Any]:
        """For the receipt."""
        ...


class Alone:
    """A team of one."""

    first = True

    def agreed(self, value: T) -> T:
        return value

    def shared(self, policy: Policy) -> Policy:
        return policy

    def kept(self, step: int) -> None:
        """Nobody needs to know."""

    def words(self) -> dict[str, Any]:
        return {}


ALONE = Alone()


def shares(costs: Sequence[int], workers: int) -> list[slice]:
    """Neighbours for each worker, so that all have about the same to do. Some may have none.

    Neighbours, since those have a prompt in common, which is computed once.
    """
    total, done, ends = sum(costs), 0, [0]
    for place, cost in enumerate(costs):
        # It belongs to whoever has its middle.
        while len(ends) < workers and (done + cost / 2) * workers >= total * len(ends):
            ends.append(place)
        done += cost
    ends += [len(costs)] * (workers + 1 - len(ends))
    return [slice(start, end) for start, end in pairwise(ends)]
