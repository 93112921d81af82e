"""Pairs of replies of which the user kept one: direct preference optimisation (DPO, 2305.18290), base as reference.

No loss of its own: at each step a pair is two demonstrations whose tokens weigh what its gradient says
(`objective.preference_weight`). Knows no framework.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from trainers import objective
from trainers.batch import learnable
from trainers.items import Demonstrated, Floats, Ids, Mask, View
from trainers.job import Pair
from trainers.policy import Policy


@dataclass(frozen=True)
class Twin:
    """One reply of a pair."""

    response: Ids
    base: objective.Array
    """log π_0 of its tokens, [T]; 0 where the mask keeps none."""
    mask: Mask


@dataclass(frozen=True)
class Contrast:
    """A pair with what does not change while it is learned from."""

    prompt: Ids
    chosen: Twin
    rejected: Twin


def contrasts(policy: Policy, pairs: Sequence[Pair], stop_ids: Collection[int]) -> list[Contrast]:
    """The pairs as the base sees them, in the policy's present precision."""
    views = [(View(pair.prompt_ids), ids) for pair in pairs for ids in (pair.chosen_ids, pair.rejected_ids)]
    masks = [learnable(policy, ids, stop_ids) for _, ids in views]
    seen = zip(views, policy.logprobs(views), masks, strict=True)
    twins = iter([Twin(ids, _kept(logprobs, mask), mask) for (_, ids), logprobs, mask in seen])
    return [Contrast(pair.prompt_ids, next(twins), next(twins)) for pair in pairs]


def margins(policy: Policy, of: Sequence[Contrast]) -> list[float]:
    """`objective.preference_margin` of each under the policy as it is now, nats."""
    if not of:
        return []
    twins = [(each.prompt, twin) for each in of for twin in (each.chosen, each.rejected)]
    seen = policy.logprobs([(View(prompt, base=False), twin.response) for prompt, twin in twins])
    now = iter([_kept(logprobs, twin.mask) for logprobs, (_, twin) in zip(seen, twins, strict=True)])
    return [objective.preference_margin(next(now), c.chosen.base, next(now), c.rejected.base) for c in of]


def preferred(policy: Policy, of: Sequence[Contrast], beta: float) -> list[Demonstrated]:
    """Two items for each: their gradient is that of the pairs' mean `objective.preference_loss`, as of this moment."""
    weights = [objective.preference_weight(margin, beta) for margin in margins(policy, of)]
    return [
        _item(each.prompt, twin, sign * weight, 1 / len(of))
        for each, weight in zip(of, weights, strict=True)
        for twin, sign in ((each.chosen, 1.0), (each.rejected, -1.0))
    ]


def _item(prompt: Ids, twin: Twin, weight: float, share: float) -> Demonstrated:
    # An item's loss is a mean over its tokens, and a log-probability is their sum.
    each = np.full(len(twin.response), weight * int(twin.mask.sum()), np.float32)
    return Demonstrated(prompt, twin.response, each, twin.mask, share, "preference")


def _kept(logprobs: Floats, mask: Mask) -> objective.Array:
    return np.where(mask, logprobs.astype(np.float64), 0.0)
