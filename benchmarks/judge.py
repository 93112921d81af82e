"""`clawlocal bench judge FILE`: the judge against labelled turns. The file's rows are as docs/judge.md says."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import jsonl
from benchmarks.report import report
from clawlocal import config, paths
from clawlocal.errors import ConfigError
from clawlocal.judge.cascade import cascade
from clawlocal.judge.protocol import Exchange, Opinion, first_opinion
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.records import SignalKind

CLASSES = (-1, 0, 1)
BINS = 10
"""Of the calibration error: confidence in equal steps."""
KINDS = {"user": SignalKind.MESSAGE, "tool": SignalKind.TOOL}


@dataclass(frozen=True)
class Item:
    """One labelled turn."""

    label: int
    exchange: Exchange
    category: str = ""


@dataclass(frozen=True)
class Judged:
    label: int
    opinion: Opinion
    category: str = ""

    @property
    def leaning(self) -> int:
        """The verdict; of an abstention, what it would have been."""
        return self.opinion.value if self.opinion.leaning is None else self.opinion.leaning


def run(file: Path) -> dict[str, Any]:
    """Judge every row. Raises `ConfigError` for a file that is not as it should be."""
    items = _read(file)
    judges = cascade(SmallJudge(config.load(paths.find().settings).votes))
    began = time.perf_counter()
    first_opinion(judges, Exchange("What is a heron?", "A bird.", SignalKind.MESSAGE, "And where does it live?"))
    loaded = time.perf_counter()
    judged = [Judged(item.label, first_opinion(judges, item.exchange), item.category) for item in items]
    ended = time.perf_counter()
    seconds = {"seconds_to_load": loaded - began, "seconds_per_item": (ended - loaded) / len(judged)}
    return report("judge", {**figures(judged), **seconds}, {})


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Fractions over all rows.

    `accuracy`, `macro_f1` and `confusion` take what an abstention leans to: how well the classes are told apart.
    `sign_flips`, `coverage` and `decided_precision` are of what is acted on: an abstention teaches nothing.
    """
    pairs = [(j.label, j.leaning) for j in judged]
    decided = [j for j in judged if not j.opinion.abstained]
    signed = [j for j in decided if j.opinion.value != 0]
    return {
        "n": len(pairs),
        "accuracy": _share([a == b for a, b in pairs]),
        "macro_f1": sum(_f1(pairs, k) for k in CLASSES) / len(CLASSES),
        "sign_flips": sum(_flip(j.label, j.opinion.value) for j in decided) / len(judged),
        "sign_flips_if_forced": _share([_flip(a, b) for a, b in pairs]),
        "coverage": len(decided) / len(pairs),
        "decided_accuracy": _share([j.label == j.opinion.value for j in decided]),
        "decided_precision": _share([j.label == j.opinion.value for j in signed]),
        "signed": len(signed) / len(pairs),
        "ece": _calibration_error(judged),
        "confusion": _confusion(pairs),
        "stages": dict(Counter(j.opinion.stage for j in judged)),
        "categories": _categories(judged),
    }


def _read(file: Path) -> list[Item]:
    rows = jsonl.read(file, "labelled turns", _row)
    if not rows:
        raise ConfigError(f"{file} holds no turns.")
    return rows


def _row(number: int, raw: dict[str, Any]) -> Item:
    requests = [m["content"] for m in raw["context"] if m["role"] == "user"]
    request = requests[-1] if requests else ""
    label = raw["label"]
    if label not in CLASSES:
        raise ValueError(f"a label of {label!r}")
    exchange = Exchange(request, raw["assistant"], KINDS[raw.get("next_role", "user")], raw["next"])
    return Item(label, exchange, raw.get("category") or "")


def _flip(label: int, value: int) -> bool:
    return label * value == -1


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _f1(pairs: Sequence[tuple[int, int]], k: int) -> float:
    both = sum(a == k and b == k for a, b in pairs)
    either = sum(a == k for a, _ in pairs) + sum(b == k for _, b in pairs)
    return 2 * both / either if either else 0.0


def _calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error: |accuracy − confidence| per bin of confidence, weighted by size."""
    error = 0.0
    for inside in _bins(judged):
        right = _share([j.label == j.leaning for j in inside])
        sure = sum(j.opinion.confidence for j in inside) / len(inside)
        error += len(inside) / len(judged) * abs(right - sure)
    return error


def _bins(judged: Sequence[Judged]) -> list[list[Judged]]:
    found: dict[int, list[Judged]] = defaultdict(list)
    for j in judged:
        found[min(BINS - 1, int(j.opinion.confidence * BINS))].append(j)
    return [found[i] for i in sorted(found)]


def _categories(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Where the rows have one: how many, how many of them right, decided, and right of the decided."""
    found: dict[str, list[Judged]] = defaultdict(list)
    for j in judged:
        if j.category:
            found[j.category].append(j)
    return {name: _of_category(rows) for name, rows in sorted(found.items())}


def _of_category(rows: Sequence[Judged]) -> dict[str, float]:
    decided = [j for j in rows if not j.opinion.abstained]
    return {
        "n": len(rows),
        "accuracy": _share([j.label == j.leaning for j in rows]),
        "coverage": len(decided) / len(rows),
        "decided_accuracy": _share([j.label == j.opinion.value for j in decided]),
    }


def _confusion(pairs: Sequence[tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Rows are labels, columns verdicts."""
    counts = Counter(pairs)
    return {str(a): {str(b): counts[a, b] for b in CLASSES} for a in CLASSES}
