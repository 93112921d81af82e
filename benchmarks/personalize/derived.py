"""What follows from a run's measurements. Pure: knows no assistant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.personalize.sittings import SITTING

BARS = (0.76, 0.81)
"""Shares that the figures of others are told at."""
IN_A_ROW = 3
"""So many first replies in a row that please, and the user has settled."""


def figures(
    curve: Sequence[Mapping[str, Any]], pleased: Sequence[bool], updates: Sequence[Mapping[str, Any]], cpu: float
) -> dict[str, Any]:
    """`cpu` are seconds of CPU that trainers took; None is what never came about."""
    published = [update for update in updates if update["status"] == "published"]
    last: Mapping[str, Any] = published[-1] if published else {}
    trained = sum(update["trainer_seconds"] or 0.0 for update in updates)
    asked = len(pleased) or 1
    return {
        **{f"interactions_to_{bar}": reached(curve, bar) for bar in BARS},
        "sittings_to_content": settled(pleased),
        "learner_cpu_seconds_per_interaction": cpu / asked,
        "trainer_seconds_per_interaction": trained / asked,
        "kl_base": last.get("kl_base"),
        "probes_base": last.get("probes_base"),
        "probes_after": last.get("probes_after"),
        "updates_published": len(published),
        "updates_not_published": len(updates) - len(published),
    }


def reached(curve: Sequence[Mapping[str, Any]], bar: float) -> int | None:
    """The first point at which so many replies obeyed and answered."""
    return next((row["interactions"] for row in curve if row["obeys_and_answers"] >= bar), None)


def settled(pleased: Sequence[bool]) -> int | None:
    """Counted from 1: the sitting in which so many first replies in a row had pleased."""
    run = 0
    for i, each in enumerate(pleased):
        run = run + 1 if each else 0
        if run == IN_A_ROW:
            return i // SITTING + 1
    return None
