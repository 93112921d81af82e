"""The checks that an adapter passes before it goes live. Figures come from the worker, in fp32."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KL_LIMIT = 0.45
"""Nats per token, KL(base ‖ adapter) on prompts that have nothing to do with the lessons."""
DEGENERATE_LIMIT = 0.05
"""Share of sampled replies that are empty or repeat themselves, beyond what the base does."""


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


def examine(metrics: Mapping[str, float]) -> GateReport:
    """All checks for one trained adapter. A figure that is missing or not a number fails its check."""
    checks = [
        _at_most("kl_base", metrics.get("kl_base", math.nan), KL_LIMIT, "how far it drifted on unrelated prompts"),
        _at_most(
            "degenerate",
            metrics.get("degenerate", math.nan),
            metrics.get("degenerate_base", 0.0) + DEGENERATE_LIMIT,
            "replies that are empty or repeat themselves",
        ),
    ]
    if _measured(metrics, "margin"):
        before, after = _before_and_after(metrics, "margin")
        checks.append(_more_than("margin", after, before, "it prefers what you liked"))
    if _measured(metrics, "distance"):
        before, after = _before_and_after(metrics, "distance")
        checks.append(_less_than("distance", after, before, "it moved towards the lesson"))
    return GateReport(tuple(checks))


def _before_and_after(metrics: Mapping[str, float], name: str) -> tuple[float, float]:
    return metrics.get(f"{name}_before", math.nan), metrics.get(f"{name}_after", math.nan)


def _measured(metrics: Mapping[str, float], name: str) -> bool:
    """Whether there was anything to measure: without lessons there is no distance to them, and both are 0."""
    return any(metrics.get(f"{name}_{when}", 0.0) != 0.0 for when in ("before", "after"))


def _at_most(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value <= limit, text)


def _more_than(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value > limit, text)


def _less_than(name: str, value: float, limit: float, text: str) -> Check:
    return Check(name, value, limit, value < limit, text)
