"""`clawlocal bench hints FILE`: whether a hint brings a model nearer to the reply that the user wanted.

Rows with `corrected` show what the user wanted: the gain is the mean log-probability of its tokens with the hint in the
prompt less without it. Rows with `directive` name a wish that a rule can check: replies are sampled with and without
the hint, and counted. The chat model of the settings answers, the base, without any adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import jsonl
from benchmarks.checkers import check
from benchmarks.report import report
from benchmarks.serving import served
from clawlocal.engine.protocol import ChatMessage, Engine, Sampling
from clawlocal.errors import ConfigError
from clawlocal.judge import hints
from clawlocal.judge.candidates import CANDIDATES, CandidateHints
from clawlocal.judge.directives import DirectiveWriter
from clawlocal.judge.lessons import with_note
from clawlocal.judge.small.judge import SmallJudge

SAMPLES = 4
"""Replies to each prompt."""
MAX_TOKENS = 160
RESAMPLES = 2000
"""Of the bootstrap, over rows."""

NOTHING, RAW, OWN, CHOSEN, ANOTHER = "nothing", "raw_words", "own_words", "hint", "another_hint"
FIRST, BEST = "first_candidate", "best_candidate"


@dataclass(frozen=True)
class Row:
    """What a user said of a reply, and what shows whether a hint is of use."""

    id: str
    request: str
    reply: str
    said: str
    corrected: str
    directive: str


def run(file: Path, model: str | None, candidates: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Every row with every kind of hint. Raises `ConfigError` for a file that is not as it should be."""
    rows = _read(file)
    with served(model) as one:
        engine = one.engine
        say("hints")
        hinted = _hints(rows, engine, candidates)
        results: dict[str, Any] = {"n": len(rows), "model": engine.name, "hints": hinted}
        if wanted := [row for row in rows if row.corrected]:
            say("log-probabilities of corrected replies")
            results["gain"] = _gains(engine, wanted, hinted)
        if checked := [row for row in rows if check(row.directive)]:
            say("replies that a rule can check")
            results["obeyed"] = _obeyed(engine, checked, hinted)
    return report("hints", results, {})


def _hints(rows: Sequence[Row], engine: Engine, candidates: bool) -> dict[str, dict[str, str]]:
    """By row and kind; empty where there is none."""
    writer = DirectiveWriter(SmallJudge())
    drawn = CandidateHints(engine, lambda: None, CANDIDATES)
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        exchange = (row.request, row.reply, row.said)
        kinds = {RAW: row.said, OWN: hints.from_correction(row.said).text, CHOSEN: writer.hint(*exchange).text}
        if candidates:
            usable = drawn.candidates(*exchange)
            kinds[FIRST] = usable[0] if usable else ""
            kinds[BEST] = drawn.best(row.request, row.reply, usable)
        found[row.id] = kinds
    # What any instruction does, whatever it says.
    given = [found[row.id][CHOSEN] for row in rows]
    for row, other in zip(rows, [*given[1:], *given[:1]], strict=True):
        found[row.id][ANOTHER] = other
    return found


def _gains(engine: Engine, rows: Sequence[Row], hinted: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Nats a token; a row without a hint gains nothing."""
    gains: dict[str, list[float]] = {}
    for row in rows:
        ids = engine.tokenize(row.corrected)
        plain = engine.score(_prompt(engine, row.request), [ids])[0]
        for kind, hint in hinted[row.id].items():
            gained = (engine.score(_prompt(engine, row.request, hint), [ids])[0] - plain) / len(ids) if hint else 0.0
            gains.setdefault(kind, []).append(gained)
    return {kind: _summary(values) | {"by_row": values} for kind, values in gains.items()}


def _obeyed(engine: Engine, rows: Sequence[Row], hinted: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Shares of sampled replies that pass the rule of the directive that was meant."""
    shares: dict[str, list[float]] = {}
    sampling = Sampling(seed=0, max_tokens=MAX_TOKENS)
    for row in rows:
        rule = check(row.directive)
        assert rule is not None
        for kind, hint in {NOTHING: "", **hinted[row.id]}.items():
            replies = engine.sample(_prompt(engine, row.request, hint), SAMPLES, sampling)
            shares.setdefault(kind, []).append(sum(rule(reply.text) for reply in replies) / SAMPLES)
    return {kind: _summary(values) | {"by_row": values} for kind, values in shares.items()}


def _prompt(engine: Engine, request: str, hint: str = "") -> tuple[int, ...]:
    return engine.encode([ChatMessage("user", with_note(request, hint))], thinking=False)


def _summary(values: Sequence[float]) -> dict[str, float]:
    """Mean with the 95 % of a bootstrap over rows, and the share of rows above zero."""
    draws = np.random.default_rng(0).choice(np.array(values), (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    above = sum(value > 0 for value in values) / len(values)
    return {"mean": float(np.mean(values)), "low": float(low), "high": float(high), "above_zero": above}


def _read(file: Path) -> list[Row]:
    rows = jsonl.read(file, "corrections", _row)
    if not rows or len({row.id for row in rows}) < len(rows):
        raise ConfigError(f"{file} holds no corrections, or two with the same id.")
    return rows


def _row(number: int, raw: dict[str, Any]) -> Row:
    found = Row(
        id=str(raw.get("id", number)),
        request=raw["request"],
        reply=raw["reply"],
        said=raw["said"],
        corrected=raw.get("corrected") or "",
        directive=raw.get("directive") or "",
    )
    if not all(isinstance(value, str) for value in vars(found).values()) or not (found.request and found.said):
        raise ValueError("a row without a request or what was said, or with something that is no text")
    return found
