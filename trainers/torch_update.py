"""One update: from a job's data and a loaded policy to a trained policy and its figures.

Knows nothing of files or processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch

from trainers import torch_batch as batch
from trainers import torch_gauge as gauge
from trainers.errors import JobError
from trainers.job import Example, Job, Rehearsal, Result
from trainers.progress import Callback
from trainers.torch_loss import Anchored, Item, Judged, loss
from trainers.torch_lora import train
from trainers.torch_policy import Ids, Policy
from trainers.torch_rollout import sample

HELD = 4
"""Rehearsal prompts to measure on; a quarter of them where there are fewer than sixteen."""

GAUGED = 8
"""Neutral prompts to measure on."""

ANCHORS = 2
"""Neutral replies in each step."""

EXAMPLES = 3


def update(job: Job, policy: Policy, callback: Callback) -> Result:
    """Train `policy` in place. Raises `JobError` when there is nothing to learn from."""
    started = time.monotonic()
    recipe = job.recipe
    generator = torch.Generator().manual_seed(recipe.seed)
    judged = batch.judged(policy, job.samples, recipe)
    practice, held = _split(job)
    if not judged and not practice:
        raise JobError("There is nothing to learn from: no sample has a verdict or a hint, and nothing to rehearse.")
    anchors, gauged = _neutral(job)

    base = gauge.sight(policy, held, gauged + anchors, job, generator, callback, base=True)
    before = base if job.parent is None else gauge.sight(policy, held, [], job, generator, callback)
    margin_before = gauge.margin(policy, judged)
    anchored = batch.anchored(policy, anchors, base.neutral[len(gauged) :], recipe.anchor)
    history = train(policy, _steps(job, policy, judged, practice, anchored, generator), loss, recipe, callback)
    after = gauge.sight(policy, held, gauged, job, generator, callback)

    return Result(
        metrics={
            **_figures(history),
            "kl_base": gauge.drift(policy, gauged, base.neutral[: len(gauged)]),
            "margin_before": margin_before,
            "margin_after": gauge.margin(policy, judged),
            "distance_base": base.distance,
            "distance_before": before.distance,
            "distance_after": after.distance,
            "degenerate": after.degenerate,
            "degenerate_base": base.degenerate,
            "entropy_before": before.entropy,
            "entropy_after": after.entropy,
            "length_before": before.length,
            "length_after": after.length,
            "tokens": float(sum(len(i.response) for i in judged)),
        },
        counts={
            "rl": sum(batch.uses_reward(s) for s in job.samples),
            "opd": sum(s.hinted_prompt_ids is not None for s in job.samples),
            "rehearsed": recipe.rollouts * recipe.steps if practice else 0,
        },
        rank=policy.rank,
        seconds=time.monotonic() - started,
        examples=tuple(
            Example(r.prompt_ids, b, a) for r, b, a in zip(held[:EXAMPLES], before.held, after.held, strict=False)
        ),
    )


def _split(job: Job) -> tuple[list[Rehearsal], list[Rehearsal]]:
    """Rehearsals to practise on and to measure on: the same ones when there are too few to part."""
    if job.recipe.method != "rehearsal":
        return [], list(job.rehearsals[:HELD])
    held = min(HELD, len(job.rehearsals) // 4)
    if held == 0:
        return list(job.rehearsals), list(job.rehearsals)
    return list(job.rehearsals[:-held]), list(job.rehearsals[-held:])


def _neutral(job: Job) -> tuple[list[Ids], list[Ids]]:
    """Neutral prompts to hold on to and to measure on."""
    if not job.neutral:
        raise JobError("The job has no neutral prompts: what the model forgets could not be measured.")
    gauged: list[Ids] = list(job.neutral[1::2] or job.neutral)[:GAUGED]
    anchors: list[Ids] = list(job.neutral[0::2])[: ANCHORS * job.recipe.steps] if job.recipe.anchor > 0.0 else []
    return anchors, gauged


def _steps(
    job: Job,
    policy: Policy,
    judged: Sequence[Judged],
    practice: Sequence[Rehearsal],
    anchored: Sequence[Anchored],
    generator: torch.Generator,
) -> Callable[[int], list[Item]]:
    """The items of each step. Replies to practise on are the student's of that very step: on-policy."""
    recipe = job.recipe
    own, own_replies = batch.own_replies(job.samples, recipe.max_new) if recipe.method == "rehearsal" else ([], [])

    def items(step: int) -> list[Item]:
        picked = [practice[(step * recipe.rollouts + i) % len(practice)] for i in range(recipe.rollouts)] if practice else []
        fresh = sample(policy, [r.prompt_ids for r in picked], job.stop_ids, recipe.max_new, generator)
        practised = batch.practised(policy, [*picked, *own], [*fresh, *own_replies], recipe)
        turn = [anchored[(step * ANCHORS + i) % len(anchored)] for i in range(min(ANCHORS, len(anchored)))]
        return [*judged, *practised, *turn]

    return items


def _figures(history: Sequence[dict[str, float]]) -> dict[str, float]:
    """The last step's loss; the mean over steps of what the clip held back."""
    clipped = [h["clipped"] for h in history if "clipped" in h]
    return {
        "loss": history[-1]["loss"],
        "clip_fraction": sum(clipped) / len(clipped) if clipped else 0.0,
    }
