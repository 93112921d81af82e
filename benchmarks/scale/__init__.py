"""`clawlocal bench scale`: many users on shared GPUs, simulated. How many GPUs, how long to an adapter, what is saved.

Nothing is measured here: the figures follow from assumptions (`assumptions.py`), each with its unit and origin, which
are printed with them. Serving and training have GPUs of their own; a user's requests and updates do not meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.report import report
from benchmarks.scale.assumptions import Assumptions
from benchmarks.scale.options import Adapter, assumptions
from clawlocal.errors import ConfigError

__all__ = ["run"]

BUSY = 0.6
"""Of the machines over the day, for the plot."""


def run(
    *,
    model: str | None,
    rank: int | None,
    adapter_mib: float | None,
    gpus: int | None,
    serving_gpus: int | None,
    seeds: int,
    first_seed: int,
    only: Sequence[str],
    plot: Path | None,
    say: Callable[[str], None],
    **given: Any,
) -> dict[str, Any]:
    """All parts or some. Raises `ConfigError`, and `ModelError` for a model whose size is not known."""
    try:
        from benchmarks.scale import adapted, checkpoints, checks, replies
    except ModuleNotFoundError as e:
        raise ConfigError(f"The simulation needs {e.name}: pip install 'clawlocal[bench]'.") from e
    if plot is not None:
        plots.check(plot)
    adapter = Adapter.of(model, rank, adapter_mib)
    taken = assumptions(adapter, given)
    chosen = range(first_seed, first_seed + seeds)
    parts: dict[str, Callable[[], Any]] = {
        "serving": lambda: replies.answer(taken, chosen, serving_gpus),
        "training": lambda: adapted.answer(taken, chosen, gpus),
        "queue": lambda: adapted.queue(taken, chosen),
        "checkpoints": lambda: {
            "by_interval": checkpoints.by_interval(taken.training, chosen),
            "by_cost": checkpoints.by_cost(taken.training, chosen),
        },
        "checks": lambda: {
            "formulas": checks.against_formulas(chosen),
            "plan": checks.against_the_plan(chosen),
        },
    }
    results: dict[str, Any] = {"seeds": list(chosen), "adapter": vars(adapter), "assumptions": taken.rows()}
    for name, part in parts.items():
        if not only or name in only:
            say(name)
            results[name] = part()
    if plot is not None:
        say("plot")
        machines = gpus or ceil(adapted.load(taken) / BUSY)
        plots.write(plot, adapted.curves(taken, machines, first_seed), x="minutes since asking", y="adapters live")
    return report("scale", results, ratios(taken, results))


def ratios(taken: Assumptions, results: dict[str, Any]) -> dict[str, float]:
    """GPUs for each thousand users."""
    thousands = taken.people.users / 1000
    found = {name: results.get(name, {}).get("gpus") for name in ("serving", "training")}
    return {f"{name}_gpus_per_1000_users": number / thousands for name, number in found.items() if number}
