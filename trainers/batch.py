"""Items to train on, made from a job's samples, rehearsals and neutral prompts. Knows no framework.

The teacher is the base with the hint in its prompt, always: never the student, nor an older adapter.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from trainers import objective
from trainers.demonstrations import Shown, weights
from trainers.items import Demonstrated, Distilled, Floats, Ids, Item, Judged, Mask, View
from trainers.job import Recipe, Rehearsal, Sample
from trainers.objective import Divergence, Normalisation
from trainers.policy import Policy, Reply


def judged(policy: Policy, samples: Sequence[Sample], recipe: Recipe, stop_ids: Collection[int]) -> list[Judged]:
    """Those samples that a verdict or a hint says something about, as the policy sees them now."""
    useful = [s for s in samples if recipe.rewards(s) or recipe.distils(s)]
    masks = [learnable(policy, s.response_ids, stop_ids) for s in useful]
    return [
        _judged(policy, sample, recipe, mask, share)
        for sample, mask, share in zip(useful, masks, _shares(masks, recipe), strict=True)
    ]


def seen_again(policy: Policy, items: Sequence[Judged]) -> list[Judged]:
    """The same items with what the policy says of them in its present precision: a ratio compares like with like."""
    olds = policy.logprobs([(View(item.prompt, base=False), item.response) for item in items])
    bases = policy.logprobs([(View(item.prompt), item.response) for item in items])
    return [replace(item, old=old, base=base) for item, old, base in zip(items, olds, bases, strict=True)]


def practised(
    policy: Policy,
    rehearsals: Sequence[Rehearsal],
    replies: Sequence[Reply],
    recipe: Recipe,
    stop_ids: Collection[int],
) -> list[Distilled]:
    """The student's replies under the amplified teacher's eyes."""
    masks = [learnable(policy, reply, stop_ids) for reply in replies]
    kind = Divergence(recipe.divergence)
    return [
        Distilled(rehearsal.prompt_ids, reply, teacher(rehearsal, recipe.amplify), kind, mask, share, "distance")
        for rehearsal, reply, mask, share in zip(rehearsals, replies, masks, _shares(masks, recipe), strict=True)
    ]


def anchored(
    policy: Policy, prompts: Sequence[Ids], replies: Sequence[Reply], share: float, stop_ids: Collection[int]
) -> list[Distilled]:
    """The base's replies to neutral prompts: what the base says is not to be forgotten, so forward KL."""
    return [
        Distilled(prompt, reply, View(prompt), Divergence.FORWARD, learnable(policy, reply, stop_ids), share, "anchor")
        for prompt, reply in zip(prompts, replies, strict=True)
    ]


def demonstrated(
    policy: Policy, prompts: Sequence[Ids], shown: Sequence[Shown], recipe: Recipe, stop_ids: Collection[int]
) -> list[Item]:
    """Replies as they should be, all of one weight; anchored to the base where their tokens weigh nothing."""
    found: list[Item] = []
    for prompt, each in zip(prompts, shown, strict=True):
        weight, mask = np.array(each.weight, np.float32), learnable(policy, each.reply, stop_ids)
        kept = mask & (weight == 0.0)
        if (mask & ~kept).any():
            found.append(Demonstrated(prompt, each.reply, weight, mask, 1 / len(shown)))
        if kept.any():
            share = recipe.kept / len(shown)
            found.append(Distilled(prompt, each.reply, View(prompt), Divergence.FORWARD, kept, share, "anchor"))
    return found


def edited(policy: Policy, samples: Sequence[Sample], recipe: Recipe, stop_ids: Collection[int]) -> list[Demonstrated]:
    """Replies as the user rewrote them, all of one weight; what was changed counts for more than what was left."""
    shown = [(s, s.edited_ids) for s in samples if s.edited_ids]
    return [
        Demonstrated(
            prompt=sample.prompt_ids,
            response=ids,
            weight=np.array(weights(sample.response_ids, ids, (), recipe.copied), np.float32),
            mask=learnable(policy, ids, stop_ids),
            share=1 / len(shown),
            name="edit",
        )
        for sample, ids in shown
    ]


def teacher(rehearsal: Rehearsal, amplify: float) -> View:
    """The base behind the hinted prompt, the hint's effect amplified."""
    return View(rehearsal.hinted_prompt_ids, base=True, plain=rehearsal.prompt_ids, amplify=amplify)


def _judged(policy: Policy, sample: Sample, recipe: Recipe, mask: Mask, share: float) -> Judged:
    prompt, response = sample.prompt_ids, sample.response_ids
    old, base = policy.logprobs([(View(prompt, base=False), response), (View(prompt), response)])
    # A reply of another version is not expected to weigh 1: it is distilled on, not reweighted.
    sampler = np.asarray(sample.old_logprobs) if sample.on_policy else _double(old)
    weight = objective.importance_weight(_double(old), sampler)
    advantage = _advantage(policy, sample, recipe, old)
    return Judged(prompt, response, old, base, _single(advantage), _single(weight), mask, share)


def _advantage(policy: Policy, sample: Sample, recipe: Recipe, old: Floats) -> objective.Array:
    reward = sample.reward if sample.rewarded else 0.0
    prompt = hinted_prompt(policy, sample, recipe)
    if prompt is None:
        return recipe.w_rl * objective.binary_advantage(reward, len(old))
    (hinted,) = policy.logprobs([(View(prompt), sample.response_ids)])
    return objective.combined_advantage(
        reward, _double(hinted), _double(old), recipe.w_rl, recipe.w_opd, recipe.opd_clip
    )


def hinted_prompt(policy: Policy, sample: Sample, recipe: Recipe) -> Ids | None:
    """The prompt of the sample's teacher, if it has one.

    By the method `overlap` that of the hint whose teacher's likeliest tokens are most often the student's as well
    (`objective.overlap`); the first of equals.
    """
    if not recipe.distils(sample) or sample.hinted_prompt_ids is None:
        return None
    options = list(dict.fromkeys((sample.hinted_prompt_ids, *sample.hinted_options)))
    if recipe.method != "overlap" or len(options) < 2:
        return options[0]
    views = [View(sample.prompt_ids, base=False), *map(View, options)]
    student, *teachers = policy.likeliest([(view, sample.response_ids) for view in views], recipe.top_k)
    shares = [objective.overlap(student, seen) for seen in teachers]
    return options[int(np.argmax(shares))]


def learnable(policy: Policy, response: Ids, stop_ids: Collection[int]) -> Mask:
    """Control tokens are not learned from; where to stop is."""
    return objective.learnable(response, frozenset(policy.control_ids) - set(stop_ids))


def _shares(masks: Sequence[Mask], recipe: Recipe) -> list[float]:
    return objective.weights(Normalisation(recipe.normalisation), [int(mask.sum()) for mask in masks])


def _double(values: Floats) -> objective.Array:
    return values.astype(np.float64)


def _single(values: objective.Array) -> Floats:
    return np.asarray(values, np.float32)
