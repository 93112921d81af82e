"""One update: from a job's data and a loaded policy to a trained policy and its figures.

It goes on from a checkpoint as if it had never stopped. Knows no framework and no processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from trainers import batch, gauge, objective, preferences, replies, rules
from trainers.adapter_peft import Adapter
from trainers.chance import Chance
from trainers.demonstrations import Demonstrator, Round, checkable, wordless
from trainers.gauge import Sight
from trainers.items import Floats, Ids, Judged
from trainers.job import Job, Rehearsal, Result
from trainers.policy import Drawing, Moments, Policy, Reply
from trainers.practice import Fixed, Practice, restored, stored, turn
from trainers.progress import Callback
from trainers.repair import repaired
from trainers.steps import Figures, train
from trainers.texts import Texts

HELD = 6
"""Rehearsal prompts to measure on where they are what is practised on; a quarter of them where there are few."""

SEEN = 18
"""Replies to them: fewer would leave obedience and the distance to the teacher to chance."""

GAUGED = 8
"""Neutral prompts to measure on."""

ANCHORS = 2
"""Neutral replies in each step."""

BASE, BEFORE, AFTER = 0, 1, 3
"""What chance is used for."""

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
    edit: float
    preference: float
    distance_base: list[float]
    """As `gauge.distances` tells it, of `base.held`."""
    distance: list[float]
    judged: list[Judged]
    """With what the policy said of them when the update began."""
    probes_base: list[float]
    probes: list[float]
    """As `gauge.probes` tells them."""
    obedience_base: float
    obedience: float


@dataclass(frozen=True)
class Sets:
    """Prompts by their purpose."""

    practice: list[Rehearsal]
    held: list[Rehearsal]
    anchors: list[Ids]
    gauged: list[Ids]


def update(
    job: Job,
    policy: Policy,
    positions: int,
    callback: Callback,
    state: dict[str, Any] | None,
    keep: Keep,
    texts: Texts | None = None,
    trained: Adapter | None = None,
) -> Result:
    """Train `policy` in place on a job that was sifted, at most `positions` tokens at once.

    Without `texts`, which read and write its vocabulary, no lesson is shown by mended replies. `state` is what an
    earlier run of the same job gave to `keep` last; the policy was restored to that step. What was `trained` already
    is measured as if it had been trained here.
    """
    started = time.monotonic()
    sets = _sets(job)
    # Without rehearsal nothing is mended, and how well lessons are obeyed is no measure of what was learned.
    shows = job.recipe.rehearses and any(checkable(r) for r in sets.held)
    demonstrator = Demonstrator(policy, job, texts) if texts is not None and shows else None
    if state is None:
        start, history, rounds = _measure(job, policy, sets, demonstrator, callback), [], []
    else:
        start, history, rounds = _start(state), list(state["history"]), restored(state["rounds"])
    policy.exact(False)

    def checkpoint(steps: int) -> None:
        keep(steps, policy.adapter(), policy.moments(), _state(start, history, rounds))

    if state is None:
        checkpoint(0)
    fixed = _fixed(job, policy, sets, start)
    practice = Practice(job, policy, sets.practice, fixed, demonstrator, callback, rounds)
    if trained is None:
        recipe = replace(job.recipe, steps=practice.steps)
        train(policy, practice.items, recipe, positions, callback, history, checkpoint)
    else:
        policy.restore(trained, {})
    result = repaired(policy, partial(_result, job, policy, sets, start, history, practice, callback))
    return replace(result, seconds=time.monotonic() - started)


def _measure(job: Job, policy: Policy, sets: Sets, demonstrator: Demonstrator | None, callback: Callback) -> Start:
    """Everything that is known before the first step: replies are sampled fast, figures are exact."""
    recipe, held = job.recipe, sets.held
    tell = partial(callback.progress, "measuring", total=_longest(job, demonstrator))
    look = partial(gauge.sight, policy, held, job=job, on_token=tell, served=_served(demonstrator))
    policy.exact(False)
    neutral = [*sets.gauged, *sets.anchors]
    base = look(neutral, chance=Chance(recipe.seed, BASE), base=True)
    # Of the prompts that are looked at again in the end, and no others.
    again = [*base.held, *base.neutral[: len(sets.gauged)]]
    base = replace(base, degenerate=replies.share(again, job.stop_ids))
    before = base
    if job.parent is not None:
        before = look([], chance=Chance(recipe.seed, BEFORE))
    probed = gauge.probes(policy, job.probes, base=True)
    probed_now = probed if job.parent is None else gauge.probes(policy, job.probes)
    policy.exact(True)
    judged = batch.judged(policy, job.samples, recipe, job.stop_ids)
    entropy = gauge.entropy(policy, held, before.held)
    margin = gauge.margin(policy, judged)
    edit = gauge.edit(policy, batch.edited(policy, job.edits, recipe, job.stop_ids))
    preference = gauge.preference(policy, preferences.contrasts(policy, job.preferences, job.stop_ids))
    distance = partial(_distances, policy, held, base.held, recipe.amplify, demonstrator)
    far = distance(base=True)
    now = far if job.parent is None else distance()
    policy.exact(False)
    judged = batch.seen_again(policy, judged)
    obedience = [demonstrator.obedience(held, seen.held) if demonstrator else 0.0 for seen in (base, before)]
    return Start(base, before, entropy, margin, edit, preference, far, now, judged, probed, probed_now, *obedience)


def _served(demonstrator: Demonstrator | None) -> Drawing | None:
    return demonstrator.drawing if demonstrator else None


def _longest(job: Job, demonstrator: Demonstrator | None) -> int:
    return job.recipe.longest if demonstrator else job.recipe.max_new


def _fixed(job: Job, policy: Policy, sets: Sets, start: Start) -> Fixed:
    anchors = min(ANCHORS, len(sets.anchors))
    replies = start.base.neutral[len(sets.gauged) :]
    anchored = batch.anchored(policy, sets.anchors, replies, job.recipe.anchor / max(1, anchors), job.stop_ids)
    edits = batch.edited(policy, job.edits, job.recipe, job.stop_ids)
    contrasts = preferences.contrasts(policy, job.preferences, job.stop_ids)
    return Fixed(start.judged, anchored, anchors, edits, contrasts)


def _result(
    job: Job,
    policy: Policy,
    sets: Sets,
    start: Start,
    history: Sequence[Figures],
    practice: Practice,
    callback: Callback,
) -> Result:
    """What the update did, measured again: in the precision in which it was measured before."""
    policy.exact(False)
    recipe, held, gauged, demonstrator = job.recipe, sets.held, sets.gauged, practice.demonstrator
    tell = partial(callback.progress, "measuring", total=_longest(job, demonstrator))
    after = gauge.sight(policy, held, gauged, job, Chance(recipe.seed, AFTER), tell, served=_served(demonstrator))
    probed = gauge.probes(policy, job.probes)
    policy.exact(True)
    distance = _distances(policy, held, start.base.held, recipe.amplify, demonstrator)
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
            "distance_base": _mean(start.distance_base),
            "distance_before": _mean(start.distance),
            "distance_after": _mean(distance),
            **gauge.probed(start.probes_base, start.probes, probed),
            **_obedience(start, held, after, practice),
            **_shown(job, policy, start),
            "tokens": float(sum(len(item.response) for item in start.judged)),
        },
        counts={
            "rl": sum(map(recipe.rewards, job.samples)),
            "opd": sum(map(recipe.distils, job.samples)),
            "rehearsed": practice.rehearsed,
            "demonstrated": sum(r.count for r in practice.rounds) + len(job.edits),
            "edited": len(job.edits),
            "preferred": len(job.preferences),
        },
        rank=policy.adapter().rank,
        seconds=0.0,
        lessons=_lessons(start, held, after, distance, demonstrator),
    )


def _distances(
    policy: Policy,
    held: Sequence[Rehearsal],
    base_replies: Sequence[Reply],
    amplify: float,
    demonstrator: Demonstrator | None,
    *,
    base: bool = False,
) -> list[float]:
    """As `gauge.distances`; zeros where rules say how well each lesson is obeyed: it costs as much as sampling does."""
    if demonstrator is not None and not any(map(wordless, held)):
        return [0.0] * len(held)
    return gauge.distances(policy, held, base_replies, amplify, base=base)


def _lessons(
    start: Start,
    held: Sequence[Rehearsal],
    after: Sight,
    distance: Sequence[float],
    demonstrator: Demonstrator | None,
) -> dict[str, tuple[float, float]]:
    """Of each lesson how far it was in the weights, and how far it is."""
    found = {}
    for lesson in dict.fromkeys(lesson for rehearsal in held for lesson in rehearsal.lessons):
        if demonstrator and rules.rules(lesson):
            shares = [demonstrator.obedience_to(lesson, held, seen.held) for seen in (start.before, after)]
        else:
            of_it = [i for i, rehearsal in enumerate(held) if lesson in rehearsal.lessons]
            base, *now = ([each[i] for i in of_it] for each in (start.distance_base, start.distance, distance))
            shares = [_covered(base, each) for each in now]
        found[lesson] = (shares[0], shares[1])
    return found


def _covered(base: Sequence[float], now: Sequence[float]) -> float:
    return min(1.0, max(0.0, objective.internalised(_mean(now), _mean(base))))


def _obedience(start: Start, held: Sequence[Rehearsal], after: Sight, practice: Practice) -> dict[str, float]:
    """None where no lesson can be checked. Fresh replies of each round tell the way there."""
    if practice.demonstrator is None:
        return {}
    found = {"base": start.obedience_base, "before": start.obedience}
    found |= {f"round_{number}": r.obeyed for number, r in enumerate(practice.rounds)}
    found["after"] = practice.demonstrator.obedience(held, after.held)
    return {f"obedience_{when}": share for when, share in found.items()}


def _shown(job: Job, policy: Policy, start: Start) -> dict[str, float]:
    """What the user wrote or kept, before and after; nothing of what there is not."""
    found: dict[str, float] = {}
    if job.edits:
        items = batch.edited(policy, job.edits, job.recipe, job.stop_ids)
        found |= {"edit_before": start.edit, "edit_after": gauge.edit(policy, items)}
    if job.preferences:
        of = preferences.contrasts(policy, job.preferences, job.stop_ids)
        found |= {"preference_before": start.preference, "preference_after": gauge.preference(policy, of)}
    return found


def _sets(job: Job) -> Sets:
    """Rehearsals to practise on and to measure on: the same ones when there are too few to part."""
    anchors = list(job.neutral[0::2])[: ANCHORS * job.recipe.steps] if job.recipe.anchor > 0.0 else []
    gauged = list(job.neutral[1::2] or job.neutral)[:GAUGED]
    held = held_back(job.rehearsals)
    practice = [rehearsal for i, rehearsal in enumerate(job.rehearsals) if i not in held]
    measured = turn([job.rehearsals[i] for i in held] or practice, 0, SEEN)
    return Sets(practice if job.recipe.rehearses else [], measured, list(anchors), list(gauged))


def held_back(rehearsals: Sequence[Rehearsal]) -> list[int]:
    """Places of some among the last ones, and of one more for each lesson that those are not about, if it has others.

    Not all neighbours: those who list prompts put the like beside each other. Where drills are nearly all that is
    practised on, more prompts can be spared.
    """
    askable = [i for i, rehearsal in enumerate(rehearsals) if not rehearsal.drill]
    count = len(askable)
    most, quarters = (SEEN, 2) if len(rehearsals) > 3 * count else (HELD, 1)
    held = askable[:: -max(1, count // (2 * most))][: min(most, quarters * (count // 4))]
    places: dict[str, list[int]] = {}
    for i in askable:
        for lesson in rehearsals[i].lessons:
            places.setdefault(lesson, []).append(i)
    for its in places.values():
        if held and len(its) > 1 and not set(its) & set(held):
            held.append(its[-1])
    return held


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _figures(history: Sequence[Figures]) -> Figures:
    """The last step's loss; the mean over steps of what the clip held back."""
    if not history:
        return {}
    clipped = [h["clipped"] for h in history if "clipped" in h]
    return {"loss": history[-1]["loss"], "clip_fraction": sum(clipped) / len(clipped) if clipped else 0.0}


def _state(start: Start, history: Sequence[Figures], rounds: Sequence[Round]) -> State:
    """As JSON has it."""
    return {
        "base": vars(start.base),
        "before": vars(start.before),
        "entropy": start.entropy,
        "margin": start.margin,
        "edit": start.edit,
        "preference": start.preference,
        "distance_base": start.distance_base,
        "distance": start.distance,
        "judged": [
            {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(i).items()} for i in start.judged
        ],
        "probes_base": start.probes_base,
        "probes": start.probes,
        "obedience_base": start.obedience_base,
        "obedience": start.obedience,
        "history": list(history),
        "rounds": stored(rounds),
    }


def _start(state: State) -> Start:
    """The inverse of `_state`."""
    return Start(
        base=_sight(state["base"]),
        before=_sight(state["before"]),
        entropy=state["entropy"],
        margin=state["margin"],
        edit=state["edit"],
        preference=state["preference"],
        distance_base=state["distance_base"],
        distance=state["distance"],
        judged=[_judged(raw) for raw in state["judged"]],
        probes_base=state["probes_base"],
        probes=state["probes"],
        obedience_base=state["obedience_base"],
        obedience=state["obedience"],
    )


def _sight(raw: dict[str, Any]) -> Sight:
    replies = {name: [tuple(reply) for reply in raw[name]] for name in ("held", "neutral")}
    return Sight(**{**raw, **replies})


def _judged(raw: dict[str, Any]) -> Judged:
    numbers: dict[str, Floats] = {k: np.array(raw[k], np.float32) for k in ("old", "base", "advantage", "weight")}
    return Judged(
        tuple(raw["prompt"]), tuple(raw["response"]), **numbers, mask=np.array(raw["mask"], bool), share=raw["share"]
    )
