"""How large the steps of an update are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.job import Recipe
from trainers.steps import LEAST_RATE, LEAST_SHARE, WIDTH, paced, rate


def test_the_last_steps_are_smaller_and_smaller() -> None:
    found = [rate(step, Recipe(steps=8, decay=0.5)) for step in range(8)]
    assert found == pytest.approx([1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25])
    assert {rate(step, Recipe(steps=8, decay=0.0)) for step in range(8)} == {1.0}


@given(st.integers(1, 100), st.floats(0.0, 1.0))
def test_every_step_is_one_and_none_is_larger_than_the_one_before(steps: int, decay: float) -> None:
    found = [rate(step, Recipe(steps=steps, decay=decay)) for step in range(steps)]
    assert all(LEAST_RATE <= each <= 1.0 for each in found) and found == sorted(found, reverse=True)


def test_wider_models_take_smaller_steps() -> None:
    at = {width: paced(Recipe(lr=5e-4), width).lr for width in (64, WIDTH, 896, 1536, 8192)}
    assert at[64] == at[WIDTH] == 5e-4
    assert at[896] == pytest.approx(2e-4, rel=0.05), "Qwen2.5-0.5B"
    assert at[1536] == at[8192] == pytest.approx(5e-4 * LEAST_SHARE)
