"""Temperature and thresholds of the small judge, from turns that it was not trained on. Knows no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from clawlocal.judge.protocol import Exchange
from clawlocal.judge.small.judge import Calibration, Read, SmallJudge, decide
from clawlocal.records import SignalKind
from judging.rows import Row

PRECISION = 0.96
"""Of decided +1 and −1: more than is promised, since it is set on few turns, which are easier than conversations."""
FLIPS = 0.006
"""Of all turns."""
NEUTRAL = 0.85
"""Of decided 0: a mistake there only leaves a turn unused."""
MARGINS = np.arange(0.0, 0.96, 0.02)
TEMPERATURES = np.arange(0.5, 4.01, 0.05)
START = Calibration(temperature=1.0, signed_margin=0.0, neutral_margin=0.0, says_how=0.5, wish=0.7)


def calibrated(judge: SmallJudge, rows: Sequence[Row]) -> Calibration:
    """`judge` has a calibration with the temperature 1. Rows are those that come to it in the cascade."""
    reads = [judge.read(exchange(row)) for row in rows]
    labels = [row.label for row in rows]
    temperature = min(TEMPERATURES, key=lambda t: _loss(reads, labels, float(t)))
    scaled = [_scaled(read, float(temperature)) for read in reads]
    found = replace(START, temperature=float(temperature), says_how=_says_how(reads, rows))
    found = replace(found, signed_margin=_least(MARGINS, lambda m: _signed_is_right(scaled, labels, found, m)))
    return replace(found, neutral_margin=_least(MARGINS, lambda m: _neutral_is_right(scaled, labels, found, m)))


def exchange(row: Row) -> Exchange:
    """As the judges see it."""
    kind = SignalKind.TOOL if row.seen.by_tool else SignalKind.MESSAGE
    return Exchange(row.seen.request, row.seen.reply, kind, row.seen.after)


def _least(margins: Iterable[float], holds: object) -> float:
    """The least margin from which on it holds; the largest where it never does."""
    tried = [float(m) for m in margins]
    kept = tried[-1]
    for margin in reversed(tried):
        if not holds(margin):  # type: ignore[operator]
            break
        kept = margin
    return kept


def _signed_is_right(reads: Sequence[Read], labels: Sequence[int], at: Calibration, margin: float) -> bool:
    values = [decide(read, replace(at, signed_margin=margin)).value for read in reads]
    signed = [(v, label) for v, label in zip(values, labels, strict=True) if v]
    right, flips = sum(v == label for v, label in signed), sum(v == -label for v, label in signed)
    return not signed or (right >= PRECISION * len(signed) and flips <= FLIPS * len(labels))


def _neutral_is_right(reads: Sequence[Read], labels: Sequence[int], at: Calibration, margin: float) -> bool:
    found = [decide(read, replace(at, neutral_margin=margin)) for read in reads]
    neutral = [label for o, label in zip(found, labels, strict=True) if not o.abstained and o.value == 0]
    return not neutral or sum(label == 0 for label in neutral) >= NEUTRAL * len(neutral)


def _says_how(reads: Sequence[Read], rows: Sequence[Row]) -> float:
    """The threshold with the best F1."""
    has = np.array([bool(row.hint) for row in rows])
    said = np.array([read.says_how for read in reads])

    def f1(threshold: float) -> float:
        return float(2 * np.sum((said >= threshold) & has) / max(1, np.sum(said >= threshold) + np.sum(has)))

    return max((float(t) for t in np.arange(0.1, 0.91, 0.05)), key=f1)


def _loss(reads: Sequence[Read], labels: Sequence[int], temperature: float) -> float:
    """Mean negative log-likelihood."""
    scaled = [_scaled(read, temperature).probabilities for read in reads]
    return -float(np.mean([np.log(p[label + 1]) for p, label in zip(scaled, labels, strict=True)]))


def _scaled(read: Read, temperature: float) -> Read:
    logits = np.log(np.array(read.probabilities)) / temperature
    shares = np.exp(logits - logits.max())
    a, b, c = (float(x) for x in shares / shares.sum())
    return replace(read, probabilities=(a, b, c))
