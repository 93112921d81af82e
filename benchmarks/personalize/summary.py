"""Runs as a row for each, and their medians with the spread by persona and method. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.personalize.derived import BARS
from benchmarks.spread import spread

COLUMNS = ("frozen", "memory", "weights", "both")
MEASURES = ("obeys_and_answers", "obeys", "pmi")
FIGURES = (
    *(f"interactions_to_{bar}" for bar in BARS),
    "sittings_to_content",
    "learner_cpu_seconds_per_interaction",
    "kl_base",
    "probes_base",
    "probes_after",
)

Run = Mapping[str, Any]


def of(runs: Sequence[Run]) -> dict[str, Any]:
    """`rows` to read, `summary` to compare, `runs` with all that explains them."""
    detailed = {f"{run['persona']}/{run['method']}/{run['seed']}": _details(run) for run in runs}
    summaries = {name: _summary(group) for name, group in _groups(runs).items()}
    return {"rows": [_row(run) for run in runs], "summary": summaries, "runs": detailed}


def ratios(runs: Sequence[Run]) -> dict[str, float]:
    """What the weights hold of what the lessons in the prompt gave."""
    found = {}
    for name, group in _groups(runs).items():
        if "memory" not in _measured(group):
            continue
        weights, memory = (median(_column(group, column, MEASURES[0])) for column in ("weights", "memory"))
        if memory:
            found[f"{name}/weights_to_memory"] = weights / memory
    return found


def curves(runs: Sequence[Run]) -> dict[str, list[tuple[float, float]]]:
    """Medians over seeds at each point; the method is named where there are several."""
    several = len({run["method"] for run in runs}) > 1
    found: dict[str, list[tuple[float, float]]] = {}
    for name, group in _groups(runs).items():
        shown = name if several else group[0]["persona"]
        found[shown] = [(at, median(scores)) for at, scores in _curve(group).items()]
    return found


def _curve(group: Sequence[Run]) -> dict[int, list[float]]:
    """The scores at each point at which all of them were measured, and of the base, whoever measured it."""
    measured = [{row["interactions"]: row[MEASURES[0]] for row in run["curve"]} for run in group]
    shared = [at for at in sorted({at for each in measured for at in each}) if not at or all(at in m for m in measured)]
    return {at: [each[at] for each in measured if at in each] for at in shared}


def _groups(runs: Sequence[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(f"{run['persona']}/{run['method']}", []).append(run)
    return found


def _row(run: Run) -> dict[str, Any]:
    scores = {column: run["columns"][column][MEASURES[0]] for column in _measured([run])}
    return {**{key: run[key] for key in ("persona", "method", "seed")}, **scores, **{key: run[key] for key in FIGURES}}


def _summary(group: Sequence[Run]) -> dict[str, Any]:
    columns = {
        column: {measure: spread(_column(group, column, measure)) for measure in MEASURES}
        for column in _measured(group)
    }
    curve = {str(at): spread(scores) for at, scores in _curve(group).items()}
    ratio = [run["perplexity"]["after"] / run["perplexity"]["before"] for run in group]
    found = {key: [run[key] for run in group if run[key] is not None] for key in FIGURES}
    return {
        **{key: spread(values) if values else None for key, values in found.items()},
        "perplexity_after_to_before": spread(ratio),
        **columns,
        "curve": curve,
    }


def _measured(group: Sequence[Run]) -> list[str]:
    """The columns that all of them have: of some runs only the weights were measured."""
    return [column for column in COLUMNS if all(column in run["columns"] for run in group)]


def _column(group: Sequence[Run], column: str, measure: str) -> list[float]:
    return [run["columns"][column][measure] for run in group]


def _details(run: Run) -> dict[str, Any]:
    return {key: value for key, value in run.items() if key not in ("persona", "method", "seed")}
