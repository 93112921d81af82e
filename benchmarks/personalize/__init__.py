"""`clawlocal bench personalize`: after how many interactions does a person notice? Real chats, judge, trainer and gate.

Each run is one simulated user with a data folder of their own, who asks, says what they think of the reply as the next
message of the chat, and goes away while the assistant learns. What was learned is measured on questions of other
subjects, in temporary chats, in four columns: `frozen` (the base), `memory` (the base with the lessons in the prompt),
`weights` (the adapter alone) and `both`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.home import empty_home
from benchmarks.personalize import summary
from benchmarks.personalize.plan import Plan
from benchmarks.personalize.reported import read
from benchmarks.personalize.users import one_user
from benchmarks.report import report
from clawlocal.config import Settings

__all__ = ["run"]


def run(
    *,
    personas: Sequence[str],
    methods: Sequence[str],
    model: str | None,
    seeds: int,
    interactions: int,
    judge: str,
    user: str | None,
    user_model: str,
    prompts: Path | None,
    held_out: int | None,
    first_seed: int,
    at: Sequence[int],
    weights_only: bool,
    plot: Path | None,
    reported: Sequence[Path],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Every persona with every method and seed; or nothing but what was `reported` before, put together.

    Raises `ConfigError` before the first of them, and what the product raises.
    """
    if plot is not None:
        plots.check(plot)
    if reported:
        return _told(*read(reported), plot)
    plan = Plan(
        model or Settings().model,
        interactions,
        judge,
        user,
        user_model,
        prompts,
        held_out,
        at=tuple(at),
        weights_only=weights_only,
    )
    people = plan.people(personas)
    settings = {method: plan.settings(method) for method in methods}
    runs = []
    with empty_home(plan.model):
        for persona, method, seed in product(people, methods, range(first_seed, first_seed + seeds)):
            name = f"{persona.name}/{method}/{seed}"
            found = one_user(persona, plan, settings[method], seed, _named(name, say))
            runs.append({"persona": persona.name, "method": method, "seed": seed, **found})
    asked = {"model": plan.model, "judge": judge, "user": user_model if user else "scripted"}
    return _told({**asked, "seeds": seeds, "interactions": interactions}, runs, plot)


def _told(asked: dict[str, Any], runs: Sequence[summary.Run], plot: Path | None) -> dict[str, Any]:
    if plot is not None:
        plots.write(plot, summary.curves(runs), x="interactions", y="obeys and answers")
    return report("personalize", {**asked, **summary.of(runs)}, summary.ratios(runs))


def _named(name: str, say: Callable[[str], None]) -> Callable[[str], None]:
    return lambda stage: say(f"{name}: {stage}")
