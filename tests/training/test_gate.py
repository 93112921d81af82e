"""The checks between a trained adapter and the chat."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.training.gate import (
    DEGENERATE_LIMIT,
    ENTROPY_RANGE,
    KL_LIMIT,
    LENGTH_MOST,
    PROBES_LIMIT,
    examine,
)

GOOD = {
    "kl_base": 0.1,
    "degenerate": 0.1,
    "degenerate_base": 0.08,
    "margin_before": 0.0,
    "margin_after": 0.5,
    "distance_before": 1.0,
    "distance_after": 0.4,
    "probes": 48.0,
    "probes_lost": 5.0,
    "probes_gained": 4.0,
    "length_base": 60.0,
    "length_after": 20.0,
    "entropy_before": 2.5,
    "entropy_after": 2.8,
}
NAMES = ["kl_base", "degenerate", "margin", "distance", "probes", "length", "entropy"]


def test_what_passes_passes() -> None:
    report = examine(GOOD)
    assert (report.passed, report.reason) == (True, "")
    assert [check.name for check in report.checks] == NAMES
    said = json.loads(json.dumps(report.as_dict()))
    assert said["passed"] is True
    assert {"name", "value", "limit", "passed"} <= set(said["checks"][0])


@pytest.mark.parametrize(
    ("before", "after", "passes"), [(0.0, 0.1, True), (0.4, 0.4, False), (0.5, 0.4, False), (1.0, 0.8, True)]
)
def test_lessons_that_can_be_checked_are_obeyed_more_often_or_nearly_always(
    before: float, after: float, passes: bool
) -> None:
    """Then the teacher, which the model may have outdone, is no measure."""
    figures = {**GOOD, "distance_after": 2.0, "obedience_before": before, "obedience_after": after}
    assert examine(figures).passed is passes
    assert not examine({**figures, "obedience_after": math.nan}).passed


@pytest.mark.parametrize(
    ("before", "after", "passes"), [(0.9, 0.61, True), (0.9, 0.5, False), (0.5, 0.0, True), (0.7, 1.0, True)]
)
def test_lessons_that_were_learned_are_kept(before: float, after: float, passes: bool) -> None:
    report = examine(GOOD, {"Be brief.": (before, after)})
    assert report.passed is passes
    assert passes or "“Be brief.” is still in the weights" in report.reason


@pytest.mark.parametrize(
    ("worse", "failed"),
    [
        ({"kl_base": KL_LIMIT * 1.01}, "kl_base"),
        ({"degenerate": 0.08 + DEGENERATE_LIMIT + 0.01}, "degenerate"),
        ({"degenerate": 0.14, "degenerate_base": 0.0}, "degenerate"),
        ({"margin_after": 0.0, "margin_before": 0.1}, "margin"),
        ({"margin_after": 0.1, "margin_before": 0.1}, "margin"),
        ({"distance_after": 1.0}, "distance"),
        *[({name: math.nan}, name) for name in ("kl_base", "degenerate")],
        *[({f"{name}_{when}": math.nan}, name) for name in ("margin", "distance") for when in ("before", "after")],
        ({"kl_base": math.inf}, "kl_base"),
        ({"distance_after": math.inf}, "distance"),
        ({"probes_gained": 5.0 - PROBES_LIMIT - 1.0}, "probes"),
        ({"probes_lost": 24.0, "probes_gained": 20.0}, "probes"),
        ({"length_after": 1.0}, "length"),
        ({"length_after": 60.0 * LENGTH_MOST + 1.0}, "length"),
        ({"entropy_after": 2.5 * ENTROPY_RANGE[0] - 0.01}, "entropy"),
        ({"entropy_after": 2.5 * ENTROPY_RANGE[1] + 0.01}, "entropy"),
        *[({f"probes_{side}": math.nan}, "probes") for side in ("lost", "gained")],
        *[({f"{name}_after": math.nan}, name) for name in ("length", "entropy")],
        ({"length_base": math.nan}, "length"),
        ({"entropy_before": math.nan}, "entropy"),
    ],
)
def test_each_check_holds_back_alone_and_says_so(worse: dict[str, float], failed: str) -> None:
    report = examine({**GOOD, **worse})
    assert [check.name for check in report.checks if not check.passed] == [failed]
    [check] = [check for check in report.checks if not check.passed]
    assert check.text in report.reason and "limit" in report.reason


@pytest.mark.parametrize("missing", ["kl_base", "degenerate"])
def test_a_figure_that_is_missing_fails(missing: str) -> None:
    assert not examine({name: value for name, value in GOOD.items() if name != missing}).passed


@pytest.mark.parametrize("name", ["margin", "distance"])
def test_what_there_was_nothing_to_measure_for_is_not_asked(name: str) -> None:
    """Thumbs alone teach no lesson: both distances are 0 then."""
    report = examine({**GOOD, f"{name}_before": 0.0, f"{name}_after": 0.0})
    assert report.passed
    assert name not in [check.name for check in report.checks]


@pytest.mark.parametrize(
    "words",
    [
        {"length_after": 1.0, "words": "how long replies are, of the base's (0.0167, limit 0.025)"},
        {"length_after": 600.0, "words": "how long replies are, of the base's (10, limit 4)"},
        {"probes_lost": 9.0, "words": "easy questions that it no longer gets right (5, limit 3)"},
    ],
)
def test_the_limit_that_is_told_is_the_one_that_was_passed(words: dict[str, Any]) -> None:
    said = words.pop("words")
    assert examine({**GOOD, **words}).reason == said


@pytest.mark.parametrize("name", ["edit", "preference"])
@pytest.mark.parametrize(
    ("before", "after", "passes"), [(-2.0, -1.5, True), (0.0, 0.0, False), (-1.0, math.nan, False)]
)
def test_what_was_written_or_kept_must_have_become_likelier(
    name: str, before: float, after: float, passes: bool
) -> None:
    report = examine({**GOOD, f"{name}_before": before, f"{name}_after": after})
    assert [check.name for check in report.checks if not check.passed] == ([] if passes else [name])


def test_a_method_that_practises_nothing_need_not_move_other_replies() -> None:
    further = {**GOOD, "distance_after": 2.0}
    assert not examine(further).passed
    report = examine(further, practised=False)
    assert report.passed and "distance" not in [check.name for check in report.checks]
    assert not examine({**further, "margin_after": -1.0}, practised=False).passed


def test_one_word_and_its_end_is_a_reply() -> None:
    """A lesson may ask for it."""
    assert examine({**GOOD, "length_after": 2.0}).passed


def test_figures_of_an_earlier_version_are_examined_without_what_they_lack() -> None:
    earlier = {k: v for k, v in GOOD.items() if not k.startswith(("probes", "length_base", "entropy"))}
    report = examine(earlier)
    assert report.passed
    assert [check.name for check in report.checks] == NAMES[:4]


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.floats()))
def test_any_figures_give_a_report_and_nothing_bad_passes(metrics: dict[str, float]) -> None:
    report = examine(metrics)
    if report.passed:
        assert metrics["kl_base"] <= KL_LIMIT
        assert metrics["degenerate"] <= metrics.get("degenerate_base", 0.0) + DEGENERATE_LIMIT
    else:
        assert report.reason
