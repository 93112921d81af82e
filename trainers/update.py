"""One update: from a job's data and a loaded policy to a trained policy and its figures.

It goes on from a checkpoint as if it had never stopped. Knows no framework and no processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from trainers import batch, gauge, replies
from trainers.adapter_peft import Adapter
from trainers.chance import Chance
from trainers.gauge import Sight
from trainers.items import Distilled, Floats, Ids, Item, Judged
from trainers.job import Example, Job, Rehearsal, Result
from trainers.policy import Moments, Policy
from trainers.progress import Callback
from trainers.steps import Figures, train

HELD = 4
"""Rehearsal prompts to measure on; a quarter of them where there are fewer than sixteen."""

SEEN = 6
"""Replies to them: fewer would leave the distance to the teacher to chance."""

GAUGED = 8
"""Neutral prompts to measure on."""

ANCHORS = 2
"""Neutral replies in each step."""

EXAMPLES = 3

BASE, BEFORE, PRACTICE, AFTER = range(4)
"""What chance is used for."""

T = TypeVar("T")

State = dict[str, Any]
"""What an update wants back with its checkpoint, as JSON has it."""

Keep = Callable[[int, Adapter, Moments, State], None]
"""Writes a checkpoint: steps made, adapter, moments, state."""


@dataclass(frozen=True)
class Start:
    """What was measured before the first step."""

    base: Sight
    before: Sight
    entropy: float
    margin: float
    distance_base: float
    distance: float
    judged: list[Judged]
    """With what the policy said of them when the update began."""
    probes_base: list[float]
    probes: list[float]
    """As `gauge.probes` tells them."""


@dataclass(frozen=True)
class Sets:
    """Prompts by their purpose."""

    practice: list[Rehearsal]
    held: list[Rehearsal]
    anchors: list[Ids]
    gauged: list[Ids]


def update(
    job: Job, policy: Policy, positions: int, callback: Callback, state: dict[str, Any] | None, keep: Keep
) -> Result:
    """Train `policy` in place on a job that was sifted, at most `positions` tokens at once.

    `state` is what an earlier run of the same job gave to `keep` last; the policy was restored to that step.
    """
    started = time.monotonic()
    sets = _sets(job)
    if state is None:
        start, history = _measure(job, policy, sets, callback), []
    else:
        start, history = _start(state), list(state["history"])
    policy.exact(False)

    def checkpoint(steps: int) -> None:
        keep(steps, policy.adapter(), policy.moments(), _state(start, history))

    if state is None:
        checkpoint(0)
    items = _items(job, policy, sets, start, callback)
    train(policy, items, job.recipe, positions, callback, history, checkpoint)
    return _result(job, policy, sets, start, history, callback, time.monotonic() - started)


def _measure(job: Job, policy: Policy, sets: Sets, callback: Callback) -> Start:
    """Everything that is known before the first step: replies are sampled fast, figures are exact."""
    recipe, held = job.recipe, sets.held
    tell = partial(callback.progress, "measuring", total=recipe.max_new)
    policy.exact(False)
    neutral = [*sets.gauged, *sets.anchors]
    base = gauge.sight(policy, held, neutral, job, Chance(recipe.seed, BASE), tell, base=True)
    # Of the prompts that are looked at again in the end, and no others.
    again = [*base.held, *base.neutral[: len(sets.gauged)]]
    base = replace(base, degenerate=replies.share(again, job.stop_ids))
    before = base
    if job.parent is not None:
        before = gauge.sight(policy, held, [], job, Chance(recipe.seed, BEFORE), tell)
    probed = gauge.probes(policy, job.probes, base=True)
    probed_now = probed if job.parent is None else gauge.probes(policy, job.probes)
    policy.exact(True)
    judged = batch.judged(policy, job.samples, recipe, job.stop_ids)
    entropy = gauge.entropy(policy, held, before.held)
    margin = gauge.margin(policy, judged)
    distance = partial(gauge.distance, policy, held, base.held, recipe.amplify)
    far = distance(base=True)
    now = far if job.parent is None else distance()
    policy.exact(False)
    return Start(base, before, entropy, margin, far, now, batch.seen_again(policy, judged), probed, probed_now)


def _items(job: Job, policy: Policy, sets: Sets, start: Start, callback: Callback) -> Callable[[int], list[Item]]:
    """The items of each step. Replies to practise on are the student's of that very step: on-policy."""
    recipe = job.recipe
    share = recipe.anchor / max(1, min(ANCHORS, len(sets.anchors)))
    replies = start.base.neutral[len(sets.gauged) :]
    anchored = batch.anchored(policy, sets.anchors, replies, share, job.stop_ids)
    tell = partial(callback.progress, "rehearsing", total=recipe.max_new)

    def items(step: int) -> list[Item]:
        picked = _turn(sets.practice, step, recipe.rollouts)
        chance = Chance(recipe.seed, PRACTICE, step).of(len(picked), recipe.max_new)
        fresh = policy.sample([r.prompt_ids for r in picked], job.stop_ids, chance, tell)
        practised: list[Distilled] = batch.practised(policy, picked, fresh, recipe, job.stop_ids)
        return [*start.judged, *practised, *_turn(anchored, step, min(ANCHORS, len(anchored)))]

    return items


def _result(
    job: Job,
    policy: Policy,
    sets: Sets,
    start: Start,
    history: Sequence[Figures],
    callback: Callback,
    seconds: float,
) -> Result:
    """What the update did, measured again."""
    recipe, held, gauged = job.recipe, sets.held, sets.gauged
    tell = partial(callback.progress, "measuring", total=recipe.max_new)
    after = gauge.sight(policy, held, gauged, job, Chance(recipe.seed, AFTER), tell)
    probed = gauge.probes(policy, job.probes)
    policy.exact(True)
    return Result(
        metrics={
            **_figures(history),
            "degenerate": after.degenerate,
            "degenerate_base": start.base.degenerate,
            "entropy_before": start.entropy,
            "entropy_after": gauge.entropy(policy, held, after.held),
            "length_base": start.base.length,
            "length_before": start.before.length,
            "length_after": after.length,
            "kl_base": gauge.drift(policy, gauged, start.base.neutral[: len(gauged)]),
            "margin_before": start.margin,
            "margin_after": gauge.margin(policy, start.judged),
            "distance_base": start.distance_base,
            "distance_before": start.distance,
            "distance_after": gauge.distance(policy, held, start.base.held, recipe.amplify),
            **gauge.probed(start.probes_base, start.probes, probed),
            "tokens": float(sum(len(item.response) for item in start.judged)),
        },
        counts={
            "rl": sum(s.rewarded for s in job.samples),
            "opd": sum(s.hinted for s in job.samples),
            "rehearsed": recipe.rollouts * recipe.steps if sets.practice else 0,
        },
        rank=policy.adapter().rank,
        seconds=seconds,
        examples=_examples(held, start.before, after),
    )


def _sets(job: Job) -> Sets:
    """Rehearsals to practise on and to measure on: the same ones when there are too few to part."""
    anchors = list(job.neutral[0::2])[: ANCHORS * job.recipe.steps] if job.recipe.anchor > 0.0 else []
    gauged = list(job.neutral[1::2] or job.neutral)[:GAUGED]
    practises = job.recipe.method == "rehearsal"
    held = min(HELD, len(job.rehearsals) // 4) if practises else 0
    practice = list(job.rehearsals[: len(job.rehearsals) - held]) if practises else []
    return Sets(practice, _turn(job.rehearsals[-held:], 0, SEEN), list(anchors), list(gauged))


def _turn(choices: Sequence[T], step: int, count: int) -> list[T]:
    """The next `count` of `choices`, beginning again where they end."""
    return [choices[(step * count + i) % len(choices)] for i in range(count)] if choices else []


def _figures(history: Sequence[Figures]) -> Figures:
    """The last step's loss; the mean over steps of what the clip held back."""
    clipped = [h["clipped"] for h in history if "clipped" in h]
    return {"loss": history[-1]["loss"], "clip_fraction": sum(clipped) / len(clipped) if clipped else 0.0}


def _examples(held: Sequence[Rehearsal], before: Sight, after: Sight) -> tuple[Example, ...]:
    rows = zip(held[:EXAMPLES], before.held, after.held, strict=False)
    return tuple(Example(rehearsal.prompt_ids, old, new) for rehearsal, old, new in rows)


def _state(start: Start, history: Sequence[Figures]) -> State:
    """As JSON has it."""
    return {
        "base": vars(start.base),
        "before": vars(start.before),
        "entropy": start.entropy,
        "margin": start.margin,
        "distance_base": start.distance_base,
        "distance": start.distance,
        "judged": [
            {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(i).items()} for i in start.judged
        ],
        "probes_base": start.probes_base,
        "probes": start.probes,
        "history": list(history),
    }


def _start(state: State) -> Start:
    """The inverse of `_state`."""
    return Start(
        base=_sight(state["base"]),
        before=_sight(state["before"]),
        entropy=state["entropy"],
        margin=state["margin"],
        distance_base=state["distance_base"],
        distance=state["distance"],
        judged=[_judged(raw) for raw in state["judged"]],
        probes_base=state["probes_base"],
        probes=state["probes"],
    )


def _sight(raw: dict[str, Any]) -> Sight:
    replies = {name: [tuple(reply) for reply in raw[name]] for name in ("held", "neutral")}
    return Sight(**{**raw, **replies})


def _judged(raw: dict[str, Any]) -> Judged:
    numbers: dict[str, Floats] = {k: np.array(raw[k], np.float32) for k in ("old", "base", "advantage", "weight")}
    return Judged(
        tuple(raw["prompt"]), tuple(raw["response"]), **numbers, mask=np.array(raw["mask"], bool), share=raw["share"]
    )
