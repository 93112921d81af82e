"""How long a cluster's job took, by its own log, and how that scales with its workers. Pure: knows no clock, no Ray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.spread import ratios, spread
from clawlocal.errors import ClawlocalError
from trainers.messages import Planned, Progress, Step, found_in

PREPARING, LOADING, WRITING = "preparing", "loading", "writing"
"""Stages before the first step, and after the last one."""
FIRST = ("rehearsing", "training")
"""What a step begins with: replies to practise on, where there are prompts for it."""


@dataclass(frozen=True)
class Times:
    """Of one job, in seconds."""

    start: float
    """From being sent until the workers have met and read the job."""
    base: float
    """Making the base of the model's file, each worker for itself."""
    measuring: float
    """Loading it, and all that is measured before the first step."""
    steps: tuple[float, ...]
    """Of each step but the first one, which allocates and chooses kernels; its checkpoint included."""
    tokens: tuple[float, ...]
    """Learned from in each of these, prompts included."""
    whole: float
    """From being sent until the adapter is written, for which all is measured again."""
    plan: str
    """How it was computed."""

    @property
    def until_first_step(self) -> float:
        return self.start + self.base + self.measuring


def times(log: str, sent: float) -> Times:
    """Of a job that was sent at `sent`, seconds since 1970.

    Raises `ClawlocalError` for one that lost a worker or says too little: it is no measurement.
    """
    said = [(at.timestamp(), message) for at, message in found_in(log)]
    plans = [message for _, message in said if isinstance(message, Planned)]
    steps = [(at, message) for at, message in said if isinstance(message, Step)]
    stages: dict[str, float] = {}
    for at, message in said:
        if isinstance(message, Progress):
            stages.setdefault(message.stage, at)
    begins = [stages[stage] for stage in FIRST if stage in stages]
    if len(plans) != 1 or len(steps) < 2 or not begins or not {LOADING, WRITING} <= stages.keys():
        raise ClawlocalError(
            f"A job lost a worker or does not say when it did what ({len(plans)} beginnings, {len(steps)} steps): "
            "free some memory, then try again."
        )
    loading = stages[LOADING]
    preparing = stages.get(PREPARING, loading)
    return Times(
        start=preparing - sent,
        base=loading - preparing,
        measuring=min(begins) - loading,
        steps=tuple(later - earlier for (earlier, _), (later, _) in pairwise(steps)),
        tokens=tuple(step.figures["tokens"] for _, step in steps[1:]),
        whole=stages[WRITING] - sent,
        plan=_plan(plans[0]),
    )


def summary(found: Mapping[int, Sequence[Times]], cores: int) -> tuple[dict[str, Any], dict[str, float]]:
    """By workers, of which one must be alone: what was measured, and the ratios of rounds side by side."""
    results: dict[str, Any] = {_named(count): _figures(found[count]) for count in sorted(found)}
    sharing = [str(count) for count in sorted(found) if count > cores]
    if sharing:
        results["sharing"] = (
            f"{' and '.join(sharing)} workers share {cores} core{'s' if cores > 1 else ''}: "
            "what their efficiency is here says nothing about a cluster."
        )
    alone, scaled = [median(each.steps) for each in found[1]], {}
    for count in sorted(found):
        if count > 1:
            faster = median(ratios(alone, [median(each.steps) for each in found[count]]))
            scaled[f"speed_up_{_named(count)}"] = faster
            scaled[f"efficiency_{_named(count)}"] = faster / count
    return results, scaled


def _named(count: int) -> str:
    return f"{count}_worker{'s' if count > 1 else ''}"


def _figures(jobs: Sequence[Times]) -> dict[str, Any]:
    steps = [(seconds, tokens) for job in jobs for seconds, tokens in zip(job.steps, job.tokens, strict=True)]
    return {
        "until_first_step_seconds": spread([job.until_first_step for job in jobs]),
        "start_seconds": spread([job.start for job in jobs]),
        "base_seconds": spread([job.base for job in jobs]),
        "measuring_seconds": spread([job.measuring for job in jobs]),
        "step_seconds": spread([seconds for seconds, _ in steps]),
        "learned_tokens_per_s": spread([tokens / seconds for seconds, tokens in steps]),
        "until_written_seconds": spread([job.whole for job in jobs]),
        "tokens_of_a_step": spread([tokens for _, tokens in steps])["median"],
        "plan": "; ".join(sorted({job.plan for job in jobs})),
    }


def _plan(plan: Planned) -> str:
    again = ", activations again" if plan.checkpointing else ""
    return f"{plan.backend}, {plan.precision}, {plan.positions} tokens at once{again}"
