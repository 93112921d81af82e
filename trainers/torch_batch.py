"""Items to train on, made from a job's samples, rehearsals and neutral prompts.

The teacher is the base with the hint in its prompt, always: never the student, nor an older adapter.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainers import torch_objective as objective
from trainers.job import Recipe, Rehearsal, Sample
from trainers.torch_loss import Anchored, Judged, Practised, chosen
from trainers.torch_policy import Ids, Policy
from trainers.torch_rollout import Reply


def judged(policy: Policy, samples: Sequence[Sample], recipe: Recipe) -> list[Judged]:
    """Those samples that a verdict or a hint says something about."""
    useful = [s for s in samples if s.rewarded or s.hinted]
    return [_judged(policy, sample, recipe, 1.0 / len(useful)) for sample in useful]


def practised(
    policy: Policy, rehearsals: Sequence[Rehearsal], replies: Sequence[Reply], recipe: Recipe
) -> list[Practised]:
    """The student's replies under the amplified teacher's eyes."""
    return [
        Practised(
            rehearsal.prompt_ids,
            reply,
            teacher(policy, rehearsal, reply, recipe.amplify),
            1.0 / len(replies),
        )
        for rehearsal, reply in zip(rehearsals, replies, strict=True)
    ]


def anchored(policy: Policy, prompts: Sequence[Ids], replies: Sequence[Reply], share: float) -> list[Anchored]:
    """The base's replies to neutral prompts."""
    return [
        Anchored(prompt, reply, policy.measured(prompt, reply, base=True), share)
        for prompt, reply in zip(prompts, replies, strict=True)
    ]


def teacher(policy: Policy, rehearsal: Rehearsal, reply: Reply, c: float) -> Tensor:
    """log π_T of the amplified teacher at each token of `reply`, [T, V]."""
    hinted = policy.measured(rehearsal.hinted_prompt_ids, reply, base=True)
    if c == 0.0:
        return hinted
    return objective.amplified(hinted, policy.measured(rehearsal.prompt_ids, reply, base=True), c)


def _judged(policy: Policy, sample: Sample, recipe: Recipe, share: float) -> Judged:
    prompt, response = sample.prompt_ids, sample.response_ids
    old = chosen(policy.measured(prompt, response), response)
    base = chosen(policy.measured(prompt, response, base=True), response)
    sampler = torch.tensor(sample.old_logprobs)
    # A reply of another version is not expected to weigh 1: it is distilled on, not reweighted.
    weight = objective.importance_weight(old, sampler) if sample.on_policy else torch.ones_like(old)
    return Judged(prompt, response, old, base, _advantage(policy, sample, recipe, old), weight, share)


def _advantage(policy: Policy, sample: Sample, recipe: Recipe, old: Tensor) -> Tensor:
    reward = sample.reward if sample.rewarded else 0.0
    if sample.hinted_prompt_ids is None:
        return recipe.w_rl * objective.binary_advantage(reward, len(old))
    hinted = policy.measured(sample.hinted_prompt_ids, sample.response_ids, base=True)
    view = chosen(hinted, sample.response_ids)
    return objective.combined_advantage(reward, view, old, recipe.w_rl, recipe.w_opd, recipe.opd_clip)
