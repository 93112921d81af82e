"""What benchmarks make of their measurements: statistics, turns, timelines."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import rounds
from benchmarks.rounds import interleaved, until_quiet
from benchmarks.spread import differences, ratios, slope, spread
from benchmarks.timeline import Timeline, Watch, gaps

NUMBERS = st.floats(-1e6, 1e6)


def test_a_spread_of_known_values() -> None:
    assert spread([4.0, 1.0, 3.0, 2.0, 5.0]) == {"median": 3.0, "min": 1.0, "max": 5.0, "iqr": 2.0, "n": 5}


def test_a_spread_of_one_value() -> None:
    assert spread([7.0]) == {"median": 7.0, "min": 7.0, "max": 7.0, "iqr": 0.0, "n": 1}


@given(st.lists(NUMBERS, min_size=1))
def test_a_spread_is_in_order(values: list[float]) -> None:
    found = spread(values)
    assert found["min"] <= found["median"] <= found["max"]
    assert 0 <= found["iqr"] <= found["max"] - found["min"] + 1e-6


def test_rounds_are_compared_one_by_one() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
    assert differences([2.0, 9.0], [1.0, 3.0]) == [1.0, 6.0]
    with pytest.raises(ValueError):
        ratios([1.0], [1.0, 2.0])


@given(NUMBERS, st.floats(-1e3, 1e3), st.lists(st.integers(0, 500), min_size=2, max_size=20, unique=True))
def test_the_slope_of_a_line(start: float, rise: float, xs: list[int]) -> None:
    assert math.isclose(slope(xs, [start + rise * x for x in xs]), rise, rel_tol=1e-4, abs_tol=1e-4)


def test_the_slope_of_a_point_and_of_a_zigzag() -> None:
    assert slope([3.0], [9.0]) == 0.0
    assert slope([0.0, 1.0, 2.0, 3.0], [0.0, 2.0, 0.0, 2.0]) == pytest.approx(0.4)


def test_runs_take_turns_in_alternating_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "until_quiet", lambda: None)
    order: list[str] = []

    def run(name: str) -> int:
        order.append(name)
        return len(order)

    found = interleaved(2, {"a": lambda: run("a"), "b": lambda: run("b")})
    assert "".join(order) == "ba" + "ab" + "ba"
    assert found == {"a": [3, 6], "b": [4, 5]}


def test_without_a_warm_up_every_run_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "until_quiet", lambda: None)
    assert interleaved(1, {"a": lambda: 1}, warm_up=False) == {"a": [1]}
    assert interleaved(0, {"a": lambda: 1}, warm_up=False) == {"a": []}


def test_waiting_for_quiet_has_an_end() -> None:
    began = time.monotonic()
    until_quiet(patience=0.0)
    assert time.monotonic() - began < 5


def test_a_timeline() -> None:
    line = Timeline(10.0, (10.5, 10.75, 11.5))
    assert (line.first, line.per_token, line.rate, line.worst_gap) == (0.5, 0.5, 2.0, 0.75)


def test_a_timeline_of_one_token_has_a_beginning_and_no_rate() -> None:
    line = Timeline(1.0, (3.0,))
    assert (line.first, line.worst_gap) == (2.0, 0.0)
    assert math.isnan(line.rate)


def test_a_timeline_without_a_token_has_no_beginning() -> None:
    with pytest.raises(ValueError, match="no token"):
        _ = Timeline(1.0, ()).first


def test_gaps() -> None:
    assert gaps([1.0, 1.5, 4.0]) == [0.5, 2.5]
    assert gaps([1.0]) == gaps([]) == []


def test_a_watch_notes_each_piece() -> None:
    watch = Watch()
    for _ in range(3):
        watch.tick("piece")
    line = watch.timeline()
    assert len(line.stamps) == 3
    assert line.asked <= line.stamps[0] <= line.stamps[2]
