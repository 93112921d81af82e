"""One update: from a job's data and a loaded policy to a trained policy and its figures.

Knows nothing of files or processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import torch

from trainers import torch_batch as batch
from trainers import torch_gauge as gauge
from trainers.job import Example, Job, Rehearsal, Result
from trainers.progress import Callback
from trainers.torch_lora import train
from trainers.torch_loss import Anchored, Item, Judged, loss
from trainers.torch_policy import Ids, Policy
from trainers.torch_rollout import sample

HELD = 4
"""Rehearsal prompts to measure on; a quarter of them where there are fewer than sixteen."""

SEEN = 6
"""Replies to them: fewer would leave the distance to the teacher to chance."""

GAUGED = 8
"""Neutral prompts to measure on."""

ANCHORS = 2
"""Neutral replies in each step."""

EXAMPLES = 3

T = TypeVar("T")


def update(job: Job, policy: Policy, callback: Callback) -> Result:
    """Train `policy` in place on a job that has no problem (`Job.problem`)."""
    started = time.monotonic()
    generator = torch.Generator().manual_seed(job.recipe.seed)
    judged = batch.judged(policy, job.samples, job.recipe)
    practice, held = _split(job)
    anchors, gauged = _neutral(job)

    base = gauge.sight(policy, held, [*gauged, *anchors], job, generator, callback, base=True)
    before = base if job.parent is None else gauge.sight(policy, held, [], job, generator, callback)
    margins = [gauge.margin(policy, judged)]
    distance = partial(gauge.distance, policy, held, base.held, job.recipe.amplify)
    distances = [distance(base=True), distance()]
    share = job.recipe.anchor / max(1, min(ANCHORS, len(anchors)))
    anchored = batch.anchored(policy, anchors, base.neutral[len(gauged) :], share)
    steps = _steps(job, policy, judged, practice, anchored, generator, callback)
    history = train(policy, steps, loss, job.recipe, callback)
    after = gauge.sight(policy, held, gauged, job, generator, callback)
    margins.append(gauge.margin(policy, judged))
    distances.append(distance())

    return Result(
        metrics={
            **_figures(history),
            **_compared(base, before, after),
            "kl_base": gauge.drift(policy, gauged, base.neutral[: len(gauged)]),
            "margin_before": margins[0],
            "margin_after": margins[1],
            "distance_base": distances[0],
            "distance_before": distances[1],
            "distance_after": distances[2],
            "tokens": float(sum(len(i.response) for i in judged)),
        },
        counts={
            "rl": sum(s.rewarded for s in job.samples),
            "opd": sum(s.hinted for s in job.samples),
            "rehearsed": job.recipe.rollouts * job.recipe.steps if practice else 0,
        },
        rank=policy.rank,
        seconds=time.monotonic() - started,
        examples=_examples(held, before, after),
    )


def _split(job: Job) -> tuple[list[Rehearsal], list[Rehearsal]]:
    """Rehearsals to practise on and to measure on: the same ones when there are too few to part."""
    if job.recipe.method != "rehearsal":
        return [], _turn(job.rehearsals, 0, SEEN)
    held = min(HELD, len(job.rehearsals) // 4)
    if held == 0:
        return list(job.rehearsals), _turn(job.rehearsals, 0, SEEN)
    return list(job.rehearsals[:-held]), _turn(job.rehearsals[-held:], 0, SEEN)


def _neutral(job: Job) -> tuple[Sequence[Ids], Sequence[Ids]]:
    """Neutral prompts to hold on to and to measure on."""
    gauged = list(job.neutral[1::2] or job.neutral)[:GAUGED]
    anchors = list(job.neutral[0::2])[: ANCHORS * job.recipe.steps] if job.recipe.anchor > 0.0 else []
    return anchors, gauged


def _steps(
    job: Job,
    policy: Policy,
    fixed: Sequence[Judged],
    practice: Sequence[Rehearsal],
    anchored: Sequence[Anchored],
    generator: torch.Generator,
    callback: Callback,
) -> Callable[[int], list[Item]]:
    """The items of each step. Replies to practise on are the student's of that very step: on-policy."""
    recipe = job.recipe

    def items(step: int) -> list[Item]:
        picked = _turn(practice, step, recipe.rollouts)
        prompts = [r.prompt_ids for r in picked]
        tell = partial(callback.progress, "rehearsing", total=recipe.max_new)
        fresh = sample(policy, prompts, job.stop_ids, recipe.max_new, generator, on_token=tell)
        return [
            *fixed,
            *batch.practised(policy, picked, fresh, recipe),
            *_turn(anchored, step, min(ANCHORS, len(anchored))),
        ]

    return items


def _turn(choices: Sequence[T], step: int, count: int) -> list[T]:
    """The next `count` of `choices`, beginning again where they end."""
    return [choices[(step * count + i) % len(choices)] for i in range(count)] if choices else []


def _figures(history: Sequence[dict[str, float]]) -> dict[str, float]:
    """The last step's loss; the mean over steps of what the clip held back."""
    clipped = [h["clipped"] for h in history if "clipped" in h]
    return {
        "loss": history[-1]["loss"],
        "clip_fraction": sum(clipped) / len(clipped) if clipped else 0.0,
    }


def _compared(base: gauge.Sight, before: gauge.Sight, after: gauge.Sight) -> dict[str, float]:
    return {
        "degenerate": after.degenerate,
        "degenerate_base": base.degenerate,
        "entropy_before": before.entropy,
        "entropy_after": after.entropy,
        "length_before": before.length,
        "length_after": after.length,
    }


def _examples(held: Sequence[Rehearsal], before: gauge.Sight, after: gauge.Sight) -> tuple[Example, ...]:
    rows = zip(held[:EXAMPLES], before.held, after.held, strict=False)
    return tuple(Example(rehearsal.prompt_ids, old, new) for rehearsal, old, new in rows)
