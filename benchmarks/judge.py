"""`clawlocal bench judge FILE`: the judge against labelled turns. The file's rows are as docs/judge.md says."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import report
from clawlocal import config, paths
from clawlocal.errors import ConfigError
from clawlocal.judge.cascade import cascade
from clawlocal.judge.protocol import Exchange, Judge, Opinion
from clawlocal.models.opened import OpenedModel
from clawlocal.records import SignalKind

CLASSES = (-1, 0, 1)
BINS = 5
"""Of the calibration error: confidence in equal steps."""


@dataclass(frozen=True)
class Judged:
    label: int
    opinion: Opinion


def run(file: Path) -> dict[str, Any]:
    """Judge every row. Raises `ConfigError` for a file that is not as it should be."""
    rows = _read(file)
    settings = config.load(paths.find().settings)
    opened = OpenedModel.open(settings.model, settings, paths.find())
    try:
        opened.engine.wait_ready()
        judges = cascade(opened.engine, settings.votes)
        began = time.perf_counter()
        judged = [Judged(label, _judge(judges, exchange)) for label, exchange in rows]
        seconds = time.perf_counter() - began
    finally:
        opened.engine.close()
    return report("judge", {**figures(judged), "seconds_per_item": seconds / len(judged)}, {})


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Fractions over all rows; an abstention counts as the class 0 that it has as its value."""
    pairs = [(j.label, j.opinion.value) for j in judged]
    decided = [j for j in judged if not j.opinion.abstained]
    signed = [j for j in decided if j.opinion.value != 0]
    return {
        "n": len(pairs),
        "accuracy": _share([a == b for a, b in pairs]),
        "macro_f1": sum(_f1(pairs, k) for k in CLASSES) / len(CLASSES),
        "sign_flips": _share([a == -b and a != 0 for a, b in pairs]),
        "coverage": len(decided) / len(pairs),
        "decided_precision": _share([j.label == j.opinion.value for j in signed]),
        "ece": _calibration_error(decided),
        "confusion": _confusion(pairs),
        "stages": dict(Counter(j.opinion.stage for j in judged)),
    }


def _judge(judges: Sequence[Judge], exchange: Exchange) -> Opinion:
    return next(opinion for judge in judges if (opinion := judge.judge(exchange)) is not None)


def _read(file: Path) -> list[tuple[int, Exchange]]:
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
        rows = [_row(json.loads(line)) for line in lines]
    except OSError as e:
        raise ConfigError(f"Cannot read {file}: {e.strerror}.") from e
    except (ValueError, KeyError, TypeError) as e:
        raise ConfigError(f"{file} is not a file of labelled turns, one JSON object per line ({e!r}).") from e
    if not rows:
        raise ConfigError(f"{file} holds no turns.")
    return rows


def _row(raw: dict[str, Any]) -> tuple[int, Exchange]:
    requests = [m["content"] for m in raw["context"] if m["role"] == "user"]
    request = requests[-1] if requests else ""
    return int(raw["label"]), Exchange(request, raw["assistant"], SignalKind.MESSAGE, raw["next"])


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _f1(pairs: Sequence[tuple[int, int]], k: int) -> float:
    both = sum(a == k and b == k for a, b in pairs)
    either = sum(a == k for a, _ in pairs) + sum(b == k for _, b in pairs)
    return 2 * both / either if either else 0.0


def _calibration_error(decided: Sequence[Judged]) -> float:
    """Expected calibration error: |accuracy − confidence| per bin of confidence, weighted by size."""
    error = 0.0
    for i in range(BINS):
        low, high = i / BINS, (i + 1) / BINS
        inside = [j for j in decided if low <= j.opinion.confidence < high or (high == 1.0 == j.opinion.confidence)]
        if inside:
            right = _share([j.label == j.opinion.value for j in inside])
            sure = sum(j.opinion.confidence for j in inside) / len(inside)
            error += len(inside) / len(decided) * abs(right - sure)
    return error


def _confusion(pairs: Sequence[tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Rows are labels, columns verdicts."""
    counts = Counter(pairs)
    return {str(a): {str(b): counts[a, b] for b in CLASSES} for a in CLASSES}
