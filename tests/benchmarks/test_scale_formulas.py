"""Closed forms that the simulation of many users is held against: known values, limits, and each by the other."""

from __future__ import annotations

from math import exp, expm1, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale import closed

LOADS = st.floats(0.05, 0.95)


@given(LOADS)
def test_one_server_is_busy_for_as_many_as_find_it_so(load: float) -> None:
    assert closed.erlang_c(1, load) == pytest.approx(load)
    assert closed.mmc_wait(1, load, 1.0) == pytest.approx(load / (1 - load))
    assert closed.md1_wait(load, 1.0) == pytest.approx(closed.mmc_wait(1, load, 1.0) / 2)
    assert closed.sharing_time(load, 1.0) == pytest.approx(closed.mmc_wait(1, load, 1.0) + 1.0)


def test_erlangs_own_figures() -> None:
    assert closed.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert closed.erlang_c(10, 8.0) == pytest.approx(0.4092, abs=1e-4)


@given(LOADS, st.integers(1, 40))
def test_more_servers_wait_less_at_the_same_load(load: float, servers: int) -> None:
    more = closed.mmc_wait(servers + 1, load * (servers + 1), 1.0)
    assert more < closed.mmc_wait(servers, load * servers, 1.0)


def test_a_queue_that_is_too_slow_grows_for_ever() -> None:
    assert closed.mmc_wait(2, 2.0, 1.0) == closed.md1_wait(1.0, 1.0) == closed.sharing_time(1.5, 1.0) == inf


@given(st.floats(1, 3000), st.floats(100, 10_000))
def test_a_job_from_scratch(work: float, between: float) -> None:
    assert closed.completion([work], between) == pytest.approx(between * expm1(work / between))


def test_a_job_on_machines_that_stay() -> None:
    assert closed.completion([60, 60, 30], inf, start=10, replace=99) == 160
    assert closed.completion([60, 60, 30], 1e12, start=10, replace=99) == pytest.approx(160)


def test_a_job_that_never_ends() -> None:
    assert closed.completion([1e6], 1.0) == inf


@given(st.lists(st.floats(1, 600), min_size=1, max_size=8), st.floats(0, 100), st.floats(0, 100))
def test_a_segment_more_to_save_is_time_saved(segments: list[float], start: float, replace: float) -> None:
    whole = closed.completion([sum(segments)], 600, start, replace)
    assert closed.completion(segments, 600, start, replace) <= whole * (1 + 1e-9)


def test_who_is_not_interrupted_is_first() -> None:
    """With λT = 2/3 half of the jobs are never interrupted, and end after exactly T."""
    undisturbed = exp(-1200 / 1800)
    assert closed.completion_quantile(undisturbed - 0.01, [1200], 1800) == pytest.approx(1200, abs=2)
    assert closed.completion_quantile(undisturbed + 0.01, [1200], 1800) > 1202


def test_quantiles_give_the_mean() -> None:
    shares = [(i + 0.5) / 200 for i in range(200)]
    found = [closed.completion_quantile(share, [300, 300], 600, 60, 30, grid=4.0) for share in shares]
    assert sum(found) / len(found) == pytest.approx(closed.completion([300, 300], 600, 60, 30), rel=0.02)


@given(st.floats(0.1, 60), st.floats(600, 86_400))
def test_daly_is_young_for_cheap_checkpoints_and_the_best_of_the_exact_mean(cost: float, between: float) -> None:
    daly = closed.daly(cost, between)
    assert daly == pytest.approx(closed.young(cost, between), rel=0.4)

    def a_second_of_work(interval: float) -> float:
        return between * expm1((interval + cost) / between) / interval

    assert all(a_second_of_work(daly) <= a_second_of_work(daly * factor) for factor in (0.8, 1.25))
    assert closed.daly(3 * between, between) == between
