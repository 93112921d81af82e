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
    entropies = [
        float(objective.entropy(policy.measured(rehearsal.prompt_ids, reply, base=base)).mean())
        for rehearsal, reply in zip(held, own, strict=True)
    ]
    return Sight(
        held=own,
        neutral=rest,
        entropy=_mean(entropies),
        degenerate=replies.share(sampled, job.stop_ids),
        length=replies.mean_length(own),
    )


def distance(
    policy: Policy,
    held: Sequence[Rehearsal],
    base_replies: Sequence[Reply],
    amplify: float,
    *,
    base: bool = False,
) -> float:
    """KL(policy ‖ teacher) on the base's replies to `held`, nats per token.

    On the same tokens before and after: on replies of its own, a policy that learned to stop early is
    measured on few tokens, and chance decides.
    """
    distances = []
    for rehearsal, reply in zip(held, base_replies, strict=True):
        view = policy.measured(rehearsal.prompt_ids, reply, base=base)
        distances.append(float(objective.kl(view, teacher(policy, rehearsal, reply, amplify)).mean()))
    return _mean(distances)


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
