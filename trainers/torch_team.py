"""Data-parallel training with torch.distributed: gloo between CPUs, nccl between GPUs. Knows no cluster.

The objective of a step is a sum over its items, so that the sum of the workers' gradients is that of the whole step:
what `DistributedDataParallel` does with a mean, for a policy that accumulates by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import torch.distributed as dist

from trainers.adapter_peft import Adapter
from trainers.items import Floats, Ids, Item, View
from trainers.job import Recipe
from trainers.objective import TopK
from trainers.policy import WHOLE, Drawing, Learned, Moments, Policy, Reply, Uniform
from trainers.team import shares
from trainers.torch_policy import TorchPolicy

T = TypeVar("T")
U = TypeVar("U")


class TorchTeam:
    """The default process group, which must have been made."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    @property
    def first(self) -> bool:
        return self.rank == 0

    def agreed(self, value: T) -> T:
        told: list[Any] = [value]
        dist.broadcast_object_list(told, src=0)
        found: T = told[0]
        return found

    def shared(self, policy: Policy) -> Policy:
        assert isinstance(policy, TorchPolicy)
        return SharedPolicy(policy, self)

    def kept(self, step: int) -> None:
        """It is on the first one's disk."""

    def words(self) -> dict[str, Any]:
        return {"workers": self.size}

    def spread(self, items: Sequence[T], costs: Sequence[int], compute: Callable[[Sequence[T]], list[U]]) -> list[U]:
        """What `compute` makes of all items, each worker's share by itself; the same list for all."""
        own = items[shares(costs, self.size)[self.rank]]
        parts: list[Any] = [None] * self.size
        dist.all_gather_object(parts, compute(own) if own else [])
        return [each for part in parts for each in part]


class SharedPolicy:
    """A `Policy` whose work is done by a team."""

    def __init__(self, policy: TorchPolicy, team: TorchTeam) -> None:
        self._policy = policy
        self._team = team

    @property
    def control_ids(self) -> Collection[int]:
        return self._policy.control_ids

    def exact(self, on: bool) -> None:
        self._policy.exact(on)

    def logprobs(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return self._team.spread(replies, _lengths(replies), self._policy.logprobs)

    def divergence(self, replies: Sequence[tuple[View, View, Ids]]) -> list[Floats]:
        return self._team.spread(replies, _lengths(replies), self._policy.divergence)

    def entropy(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return self._team.spread(replies, _lengths(replies), self._policy.entropy)

    def likeliest(self, replies: Sequence[tuple[View, Ids]], k: int) -> list[TopK]:
        return self._team.spread(replies, _lengths(replies), lambda own: self._policy.likeliest(own, k))

    def sample(
        self,
        prompts: Sequence[Ids],
        stop_ids: Collection[int],
        chance: Uniform,
        on_token: Callable[[int], None],
        *,
        base: bool = False,
        drawing: Drawing = WHOLE,
    ) -> list[Reply]:
        def draw(own: Sequence[int]) -> list[Reply]:
            mine = [prompts[i] for i in own]
            return self._policy.sample(mine, stop_ids, chance[list(own)], on_token, base=base, drawing=drawing)

        return self._team.spread(range(len(prompts)), [1] * len(prompts), draw)

    def accumulate(self, items: Sequence[Item], recipe: Recipe) -> list[Learned]:
        costs = [len(item.prompt) + len(item.response) for item in items]
        return self._team.spread(items, costs, lambda own: self._policy.accumulate(own, recipe))

    def step(self, recipe: Recipe) -> float:
        self._policy.total(dist.all_reduce)
        return self._policy.step(recipe)

    def adapter(self) -> Adapter:
        return self._policy.adapter()

    def moments(self) -> Moments:
        return self._policy.moments()

    def restore(self, adapter: Adapter, moments: Moments) -> None:
        self._policy.restore(adapter, moments)


def _lengths(replies: Sequence[tuple[Any, ...]]) -> list[int]:
    """Of the views' prompts and the reply, which comes last."""
    return [sum(len(view.prompt) for view in views) + len(reply) for *views, reply in replies]
