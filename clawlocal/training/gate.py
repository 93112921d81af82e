"""The checks that an adapter passes before it goes live. Figures come from the worker, in fp32."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KL_LIMIT = 0.45
"""Nats per token, KL(base ‖ adapter) on prompts that have nothing to do with the lessons."""
DEGENERATE_LIMIT = 0.13
"""Share of sampled replies that are empty or repeat themselves, beyond what the base does."""

PROBES_LIMIT = 3
"""Of the questions with a known answer, how many more may be lost against the base than are won.

Nothing is sampled there, but an answer that was nearly as likely as another can change sides under any lesson, one way
as well as the other. Of four that changed sides, chance loses all in one of sixteen (sign test), of three in one of
eight; updates that taught something lost two net at most, and three where the lesson was to answer in German. Two
deviations of the difference, 2·√(lost + won), are more than 3 as soon as three changed sides, and would let the more
pass the more changed: an update after which a quarter of the answers are other ones is no better for having won some.
"""
LENGTH_LEAST, LENGTH_MOST = 1.5, 4.0
"""Mean length of replies to held prompts: tokens at least, times the base's at most. Wide, since a lesson may be about
length, and a reply of one word and its end is one: below it says nothing, above it does not come to an end.
"""
HELD, LOST = 0.6, 0.3
"""A lesson that was in the weights so far may not lose more than this: of eighteen replies, chance makes three to five
that obeyed disobey, hardly more.
"""
OBEDIENT = 0.8
"""Share of replies that do as the lessons say, from which on an update need not have bettered it: a model that wrote
hardly an exclamation mark before has little to gain.
"""
ENTROPY_RANGE = (0.25, 2.5)
"""Entropy of replies, times what it was before. Updates that taught something were at 0.9 to 1.6; a policy that says
one thing whatever is asked is near 0. Noise in place of an adapter stays below 2: the probes tell that.
"""


_RISING = {"edit": "what you wrote yourself is likelier", "preference": "it prefers the reply that you preferred"}
"""Figures that are there where the update learned from such a thing, and must have risen."""


@dataclass(frozen=True)
class Check:
    """One figure beside its limit."""

    name: str
    value: float
    limit: float
    passed: bool
    text: str
    """What the check means, for a person."""


@dataclass(frozen=True)
class GateReport:
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(c.passed for c in self.checks)

    @property
    def reason(self) -> str:
        """The failed checks in words; empty when all passed."""
        failed = [f"{c.text} ({c.value:.3g}, limit {c.limit:.3g})" for c in self.checks if not c.passed]
        return "; ".join(failed)

    def as_dict(self) -> dict[str, Any]:
        return {"passed": self.passed, "checks": [asdict(c) for c in self.checks]}


def examine(
    metrics: Mapping[str, float], lessons: Mapping[str, tuple[float, float]] | None = None, *, practised: bool = True
) -> GateReport:
    """All checks for one trained adapter. A figure that is missing or not a number fails its check.

    `lessons` tells how far each was in the weights, and is (`Result.lessons`). A method that did not have them
    `practised` on other prompts need not have moved replies to those.
    """
    checks = [
        _at_most("kl_base", metrics.get("kl_base", math.nan), KL_LIMIT, "how far it drifted on unrelated prompts"),
        _at_most(
            "degenerate",
            metrics.get("degenerate", math.nan),
            metrics.get("degenerate_base", 0.0) + DEGENERATE_LIMIT,
            "replies that are empty or repeat themselves",
        ),
    ]
    # Beside demonstrations served replies weigh little, and what is obeyed is what counts.
    if _measured(metrics, "margin") and "obedience_after" not in metrics:
        before, after = _before_and_after(metrics, "margin")
        checks.append(_more_than("margin", after, before, "it prefers what you liked"))
    for name, text in _RISING.items():
        if f"{name}_after" in metrics:
            before, after = _before_and_after(metrics, name)
            checks.append(_more_than(name, after, before, text))
    if "obedience_after" in metrics:
        before, after = _before_and_after(metrics, "obedience")
        good = after > before or after >= OBEDIENT
        checks.append(Check("obedience", after, min(before, OBEDIENT), good, "replies that do as you asked"))
    elif practised and _measured(metrics, "distance"):
        before, after = _before_and_after(metrics, "distance")
        checks.append(_less_than("distance", after, before, "it moved towards the lesson"))
    # Receipts and jobs of earlier versions have no such figures.
    if "probes" in metrics:
        lost = metrics.get("probes_lost", math.nan) - metrics.get("probes_gained", math.nan)
        checks.append(_at_most("probes", lost, PROBES_LIMIT, "easy questions that it no longer gets right"))
    if base := metrics.get("length_base", 0.0):
        ratio = metrics.get("length_after", math.nan) / base
        checks.append(_within("length", ratio, LENGTH_LEAST / base, LENGTH_MOST, "how long replies are, of the base's"))
    if before := metrics.get("entropy_before", 0.0):
        ratio = metrics.get("entropy_after", math.nan) / before
        checks.append(_within("entropy", ratio, *ENTROPY_RANGE, "how varied its words are, of what it was"))
    checks += [_kept(*lesson) for lesson in (lessons or {}).items() if lesson[1][0] >= HELD]
    return GateReport(tuple(checks))


def _kept(lesson: str, shares: tuple[float, float]) -> Check:
    before, after = shares
    return _at_least("lesson kept", after, before - LOST, f"“{lesson}” is still in the weights")


def _before_and_after(metrics: Mapping[str, float], name: str) -> tuple[float, float]:
    return metrics.get(f"{name}_before", math.nan), metrics.get(f"{name}_after", math.nan)


def _measured(metrics: Mapping[str, float], name: str) -> bool:
    """Whether there was anything to measure: without lessons there is no distance to them, and both are 0."""
    return any(metrics.get(f"{name}_{when}", 0.0) != 0.0 for when in ("before", "after"))


def _at_least(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value >= limit, text)


def _at_most(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value <= limit, text)


def _within(name: str, value: float, low: float, high: float, text: str) -> Check:
    """The limit that is told is the one that the value is beyond; the upper one if it is beyond none."""
    return Check(name, value, low if value < low else high, low <= value <= high, text)


def _more_than(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value > limit, text)


def _less_than(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value < limit, text)
