"""What an update did, measured: distance to the teacher, drift from the base, broken replies, entropy.

All in float32, on prompts that were not trained on where the job has enough of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch

from trainers import replies
from trainers import torch_objective as objective
from trainers.job import Job, Rehearsal
from trainers.progress import Callback
from trainers.torch_batch import teacher
from trainers.torch_loss import Judged, chosen
from trainers.torch_policy import Ids, Policy
from trainers.torch_rollout import Reply, sample


@dataclass(frozen=True)
class Sight:
    """A policy seen through its own fresh replies."""

    held: list[Reply]
    """To the held rehearsal prompts, without the hint."""
    neutral: list[Reply]
    distance: float
    """KL(policy ‖ teacher) on `held`, nats per token."""
    entropy: float
    """On `held`, nats per token."""
    degenerate: float
    """Share of all replies."""
    length: float
    """Of `held`, tokens."""


def sight(
    policy: Policy,
    held: Sequence[Rehearsal],
    neutral: Sequence[Ids],
    job: Job,
    generator: torch.Generator,
    callback: Callback,
    *,
    base: bool = False,
) -> Sight:
    """Sample a reply to each prompt from the policy, or from its base, and look at them."""
    prompts = [*(r.prompt_ids for r in held), *neutral]
    tell = partial(callback.progress, "measuring", total=job.recipe.max_new)
    with policy.as_base() if base else nullcontext():
        sampled = sample(policy, prompts, job.stop_ids, job.recipe.max_new, generator, on_token=tell)
    own, rest = sampled[: len(held)], sampled[len(held) :]
    distances, entropies = [], []
    for rehearsal, reply in zip(held, own, strict=True):
        view = policy.measured(rehearsal.prompt_ids, reply, base=base)
        target = teacher(policy, rehearsal, reply, job.recipe.amplify)
        distances.append(float(objective.kl(view, target).mean()))
        entropies.append(float(objective.entropy(view).mean()))
    return Sight(
        held=own,
        neutral=rest,
        distance=_mean(distances),
        entropy=_mean(entropies),
        degenerate=replies.share(sampled, job.stop_ids),
        length=replies.mean_length(own),
    )


def drift(policy: Policy, prompts: Sequence[Ids], base_replies: Sequence[Reply]) -> float:
    """KL(base ‖ student) on the base's own replies, nats per token: what is forgotten (RL's Razor, 2509.04259)."""
    return _mean(
        [
            float(objective.kl(policy.measured(p, r, base=True), policy.measured(p, r)).mean())
            for p, r in zip(prompts, base_replies, strict=True)
        ]
    )


def margin(policy: Policy, items: Sequence[Judged]) -> float:
    """`objective.margin` of the served replies under the policy as it is now."""
    if not items:
        return 0.0
    logprobs = [chosen(policy.measured(i.prompt, i.response), i.response) for i in items]
    return float(objective.margin(torch.cat(logprobs), torch.cat([i.advantage for i in items])))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
