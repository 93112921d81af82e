"""What an update did, measured: distance to the teacher, drift from the base, broken replies, entropy.

In float32 where it fits, on prompts that were not trained on where the job has enough of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trainers import objective, preferences, replies
from trainers.batch import teacher
from trainers.chance import Chance
from trainers.items import Demonstrated, Floats, Ids, Judged, View
from trainers.job import Job, Probe, Rehearsal
from trainers.policy import WHOLE, Drawing, Policy, Reply
from trainers.preferences import Contrast

MARGIN_BOUND = 4.0
"""Nats: beyond it an answer is as good as certain, and one probe would outweigh the others in the mean."""


@dataclass(frozen=True)
class Sight:
    """A policy seen through its own fresh replies."""

    held: list[Reply]
    """To the held rehearsal prompts, without the hint."""
    neutral: list[Reply]
    degenerate: float
    """Share of all replies."""
    length: float
    """Of `held`, tokens."""


def sight(
    policy: Policy,
    held: Sequence[Rehearsal],
    neutral: Sequence[Ids],
    job: Job,
    chance: Chance,
    on_token: Callable[[int], None],
    *,
    base: bool = False,
    served: Drawing | None = None,
) -> Sight:
    """Sample a reply to each prompt from the policy, or from its base, and look at them.

    Those to `held` are `served`, if so wished: drawn as people would read them, and as long.
    """
    recipe = job.recipe
    longest = recipe.longest if served else recipe.max_new

    def drawn(prompts: Sequence[Ids], purpose: Chance, tokens: int, drawing: Drawing) -> list[Reply]:
        numbers = purpose.of(len(prompts), tokens)
        return policy.sample(prompts, job.stop_ids, numbers, on_token, base=base, drawing=drawing)

    own = drawn([r.prompt_ids for r in held], chance, longest, served or WHOLE)
    rest = drawn(neutral, replace(chance, step=1), recipe.max_new, WHOLE)
    return Sight(own, rest, replies.share([*own, *rest], job.stop_ids), replies.mean_length(own))


def entropy(policy: Policy, held: Sequence[Rehearsal], sampled: Sequence[Reply], *, base: bool = False) -> float:
    """Of the policy on its own replies to `held`, nats per token."""
    pairs = [(View(r.prompt_ids, base=base), reply) for r, reply in zip(held, sampled, strict=True)]
    return _mean(policy.entropy(pairs))


def distances(
    policy: Policy, held: Sequence[Rehearsal], base_replies: Sequence[Reply], amplify: float, *, base: bool = False
) -> list[float]:
    """KL(policy ‖ teacher) on each of the base's replies to `held`, nats per token.

    On the same tokens before and after: on replies of its own, a policy that learned to stop early is
    measured on few tokens, and chance decides.
    """
    pairs = zip(held, base_replies, strict=True)
    views = [(View(r.prompt_ids, base=base), teacher(r, amplify), reply) for r, reply in pairs]
    return [float(tokens.mean()) for tokens in policy.divergence(views)]


def drift(policy: Policy, prompts: Sequence[Ids], base_replies: Sequence[Reply]) -> float:
    """KL(base ‖ student) on the base's own replies, nats per token: what is forgotten (RL's Razor, 2509.04259)."""
    views = [(View(p), View(p, base=False), r) for p, r in zip(prompts, base_replies, strict=True)]
    return _mean(policy.divergence(views))


def probes(policy: Policy, asked: Sequence[Probe], *, base: bool = False) -> list[float]:
    """log π(right) − log π(likeliest wrong) of each probe, nats, at most `MARGIN_BOUND` either way.

    Of the whole answers, not the mean over their tokens: then what the answers share cancels, and the same
    evidence counts the same in a long answer and in a short one. Nothing is sampled, so nothing is left to chance.
    The plan's precision will do: bfloat16 moves a margin by about 0.1, and takes half the time.
    """
    pairs = [(View(probe.prompt_ids, base=base), answer) for probe in asked for answer in probe.answers]
    said = iter([float(tokens.sum(dtype=np.float64)) for tokens in policy.logprobs(pairs)])
    scores = [[next(said) for _ in probe.answers] for probe in asked]
    return [float(np.clip(right - np.max(wrong), -MARGIN_BOUND, MARGIN_BOUND)) for right, *wrong in scores]


def probed(base: Sequence[float], before: Sequence[float], after: Sequence[float]) -> dict[str, float]:
    """The figures of the same probes at three times, each as `probes` tells them; none without probes."""
    if not base:
        return {}
    figures = {"probes": float(len(base))}
    for when, margins in (("base", base), ("before", before), ("after", after)):
        figures[f"probes_{when}"] = float(np.mean([margin > 0.0 for margin in margins]))
        figures[f"probes_margin_{when}"] = float(np.mean(margins))
    pairs = list(zip(base, after, strict=True))
    figures["probes_lost"] = float(sum(then > 0.0 and not now > 0.0 for then, now in pairs))
    figures["probes_gained"] = float(sum(now > 0.0 and not then > 0.0 for then, now in pairs))
    return figures


def margin(policy: Policy, items: Sequence[Judged]) -> float:
    """`objective.margin` of the served replies under the policy as it is now."""
    if not items:
        return 0.0
    logprobs = policy.logprobs([(View(i.prompt, base=False), i.response) for i in items])
    advantages = [i.advantage for i in items]
    return objective.margin(np.concatenate(logprobs, dtype=np.float64), np.concatenate(advantages, dtype=np.float64))


def edit(policy: Policy, items: Sequence[Demonstrated]) -> float:
    """log π of the tokens of replies that the user wrote, mean over all of them, nats; 0 without any."""
    seen = policy.logprobs([(View(i.prompt, base=False), i.response) for i in items])
    kept = [tokens[item.mask] for tokens, item in zip(seen, items, strict=True)]
    return float(np.concatenate(kept).mean(dtype=np.float64)) if sum(map(len, kept)) else 0.0


def preference(policy: Policy, contrasts: Sequence[Contrast]) -> float:
    """`objective.preference_margin`, mean over pairs, nats; 0 without any."""
    found = preferences.margins(policy, contrasts)
    return sum(found) / len(found) if found else 0.0


def _mean(replies: Sequence[Floats]) -> float:
    """The mean over replies of their tokens' mean."""
    return float(np.mean([reply.mean() for reply in replies])) if replies else 0.0
