"""The checks between a trained adapter and the chat."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.training.gate import DEGENERATE_LIMIT, KL_LIMIT, examine

GOOD = {
    "kl_base": 0.1,
    "degenerate": 0.1,
    "degenerate_base": 0.08,
    "margin_before": 0.0,
    "margin_after": 0.5,
    "distance_before": 1.0,
    "distance_after": 0.4,
}
NAMES = ["kl_base", "degenerate", "margin", "distance"]


def test_what_passes_passes() -> None:
    report = examine(GOOD)
    assert (report.passed, report.reason) == (True, "")
    assert [check.name for check in report.checks] == NAMES
    said = json.loads(json.dumps(report.as_dict()))
    assert said["passed"] is True
    assert {"name", "value", "limit", "passed"} <= set(said["checks"][0])


@pytest.mark.parametrize(
    ("worse", "failed"),
    [
        ({"kl_base": KL_LIMIT * 1.01}, "kl_base"),
        ({"degenerate": 0.08 + DEGENERATE_LIMIT + 0.01}, "degenerate"),
        ({"degenerate_base": 0.0}, "degenerate"),
        ({"margin_after": 0.0, "margin_before": 0.1}, "margin"),
        ({"margin_after": 0.1, "margin_before": 0.1}, "margin"),
        ({"distance_after": 1.0}, "distance"),
        *[({name: math.nan}, name) for name in ("kl_base", "degenerate")],
        *[({f"{name}_{when}": math.nan}, name) for name in ("margin", "distance") for when in ("before", "after")],
        ({"kl_base": math.inf}, "kl_base"),
        ({"distance_after": math.inf}, "distance"),
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


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.floats()))
def test_any_figures_give_a_report_and_nothing_bad_passes(metrics: dict[str, float]) -> None:
    report = examine(metrics)
    if report.passed:
        assert metrics["kl_base"] <= KL_LIMIT
        assert metrics["degenerate"] <= metrics.get("degenerate_base", 0.0) + DEGENERATE_LIMIT
    else:
        assert report.reason
