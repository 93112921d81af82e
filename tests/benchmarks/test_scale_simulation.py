"""The simulation of many users against closed forms, and what has to hold whatever the figures are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scale import arrivals, checks, closed, serving, training
from benchmarks.scale.assumptions import Order, People, Routing, Serving, Training
from benchmarks.scale.serving import Fleet, Slots
from benchmarks.scale.summary import mean, quantile
from benchmarks.scale.training import Pool

PEOPLE = People(users=300, requests_per_day=20, jobs_per_day=3, newcomers=0.3, paying=0.3)
JOB = Training()
BARE = Training(checkpoint_seconds=0.0, start_seconds=0.0, replace_seconds=0.0)


def test_waiting_as_erlang_says() -> None:
    gpu = Serving(8.0, 1.0, 8, 8, load_seconds=0.0)
    found = mean(each.waited for each in checks.simulated_queue(gpu, 0.8, 0).replies)
    assert found == pytest.approx(closed.mmc_wait(8, 0.8, 8.0), rel=0.1)


def test_waiting_for_services_of_one_length() -> None:
    gpu = Serving(1.0, 1.0, 1, 1, load_seconds=0.0, fixed_length=True)
    found = [mean(each.waited for each in checks.simulated_queue(gpu, 0.0875, seed).replies) for seed in range(4)]
    assert mean(found) == pytest.approx(closed.md1_wait(0.0875, 8.0), rel=0.1)


@pytest.mark.parametrize("fixed", [False, True])
def test_a_shared_gpu_is_as_slow_whatever_the_lengths(fixed: bool) -> None:
    gpu = Serving(1.0, 1.0, 10**6, 10**6, load_seconds=0.0, fixed_length=fixed)
    runs = [checks.simulated_queue(gpu, 0.0875, seed).replies for seed in range(4)]
    found = mean(each.end - each.asked for run in runs for each in run)
    assert found == pytest.approx(closed.sharing_time(0.0875, 8.0), rel=0.1)


@pytest.mark.parametrize("every", [0, 1, 7])
@pytest.mark.parametrize(("start", "replace_seconds"), [(0.0, 0.0), (120.0, 300.0)])
def test_jobs_that_are_interrupted_take_as_long_as_the_formula_says(
    every: int, start: float, replace_seconds: float
) -> None:
    job = replace(JOB, checkpoint_every=every, start_seconds=start, replace_seconds=replace_seconds)
    found = [each.taken for each in training.alone(job, 2000, 0)]
    assert mean(found) == pytest.approx(training.expected(job), rel=0.04)


def test_the_slowest_jobs_too() -> None:
    job = replace(BARE, checkpoint_every=1)
    formula = closed.completion_quantile(0.99, training.segments(job), job.preempted_after)
    assert quantile((each.taken for each in training.alone(job, 4000, 0)), 0.99) == pytest.approx(formula, rel=0.02)


def test_an_interrupted_job_keeps_what_was_saved() -> None:
    job = replace(JOB, steps=10, checkpoint_every=4)
    assert training.segments(job) == [242.0, 242.0, 120.0]
    assert training.segments(job, 8) == [120.0]
    assert [training.saved_after(job, 0, 120 + worked) for worked in (-60, 241, 243, 485)] == [0, 0, 4, 8]
    assert training.saved_after(replace(job, checkpoint_every=0), 0, 500) == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.sampled_from(Order), st.floats(0.1, 80))
def test_every_request_ends_or_is_still_there(seed: int, machines: int, order: Order, hours: float) -> None:
    job = replace(JOB, order=order)
    pool = training.day(PEOPLE, job, machines, seed, until=hours * arrivals.HOUR)
    ended = [each for each in pool.jobs if each.ended < float("inf")]
    assert len(pool.jobs) == len(ended) + pool.queued + pool.running
    assert pool.asked == len(pool.jobs) + pool.merged + pool.waiting
    assert 0 <= pool.running <= machines
    assert all(each.busy <= each.taken + 1e-6 and each.attempts for each in ended)
    assert all(each.taken >= training.seconds(job) - 1e-6 for each in ended)
    _one_at_a_time(pool)


def _one_at_a_time(pool: Pool) -> None:
    last: dict[int, float] = {}
    for job in pool.jobs:
        assert last.get(job.user, -1e9) < float("inf")
        last[job.user] = job.ended


def test_a_second_wish_waits_for_the_first_and_a_third_joins_it() -> None:
    env = simpy.Environment()
    pool = Pool(env, replace(BARE, preempted_after=0.0), 2, np.random.default_rng(0))
    for _ in range(3):
        pool.ask(7, 0.0)
    assert (len(pool.jobs), pool.waiting, pool.merged) == (1, 1, 1)
    env.run()
    assert [job.ended for job in pool.jobs] == [1200.0, 2400.0]


@pytest.mark.parametrize("order", [Order.FIRST, Order.PAYING])
def test_priorities_change_who_waits_and_lose_nobody(order: Order) -> None:
    fair, other = (training.day(PEOPLE, replace(JOB, order=each), 18, 1) for each in (Order.FIFO, order))
    assert fair.asked == other.asked
    assert {each.ended < float("inf") for each in other.jobs} == {True}

    def waits(pool: Pool, preferred: bool) -> float:
        return mean(
            each.taken for each in pool.today if (each.first if order is Order.FIRST else each.paying) is preferred
        )

    assert waits(other, True) < waits(fair, True) * 0.8
    assert waits(other, False) > waits(fair, False)


def test_a_preferred_job_stops_none_that_runs() -> None:
    env = simpy.Environment()
    job = replace(BARE, preempted_after=0.0, order=Order.PAYING)
    pool = Pool(env, job, 1, np.random.default_rng(0), paying=frozenset({3}))
    for user in (1, 2):
        pool.ask(user, 0.0)
    env.run(until=1.0)
    pool.ask(3, 1.0)
    env.run()
    assert sorted((each.ended, each.user) for each in pool.jobs) == [(1200.0, 1), (2400.0, 3), (3600.0, 2)]


def test_one_seed_one_day() -> None:
    def ended(seed: int) -> list[float]:
        return [job.ended for job in training.day(PEOPLE, JOB, 20, seed).jobs]

    def replied(seed: int) -> list[float]:
        return [each.end for each in serving.hours(PEOPLE, Serving(), 2, seed, 18, 2).replies]

    assert ended(3) == ended(3) != ended(4)
    assert replied(3) == replied(3) != replied(4)


def test_who_asks_does_not_depend_on_the_machines() -> None:
    few, many = (training.day(PEOPLE, JOB, machines, 5) for machines in (10, 100))
    assert few.asked == many.asked


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4), st.sampled_from(Routing), st.integers(1, 6), st.integers(1, 6))
def test_every_reply_has_all_of_its_tokens(seed: int, gpus: int, routing: Routing, streams: int, slots: int) -> None:
    gpu = Serving(streams=streams, slots=slots, routing=routing)
    fleet = serving.hours(PEOPLE, gpu, gpus, seed, 20, 1)
    assert all(each.asked <= each.begun < each.end for each in fleet.replies)
    assert all(each.speed <= gpu.tokens_per_stream * (1 + 1e-6) for each in fleet.replies)
    given_ = sum(gpu_.given for gpu_ in fleet.gpus)
    assert given_ == pytest.approx(sum(each.tokens for each in fleet.replies))
    assert all(not gpu_.waiting and not gpu_.under_way for gpu_ in fleet.gpus)


def test_replies_share_a_gpu() -> None:
    env = simpy.Environment()
    fleet = Fleet(env, Serving(tokens_per_second=100.0, tokens_per_stream=50.0, load_seconds=0.5), 1)
    for user, tokens in ((1, 100.0), (2, 100.0), (3, 200.0), (4, 200.0)):
        fleet.ask(user, tokens)
    env.run()
    # Four at 25 tokens a second until the short ones end after 4 s; the others have 100 left, at 50 a second.
    assert [each.end for each in fleet.replies] == pytest.approx([4.5, 4.5, 6.5, 6.5])
    fleet.ask(4, 50.0)
    env.run()
    assert (fleet.replies[-1].hit, fleet.replies[-1].waited) == (True, 0.0)


def test_a_slot_in_use_is_not_given_away() -> None:
    env = simpy.Environment()
    fleet = Fleet(env, Serving(tokens_per_stream=50.0, slots=1, load_seconds=0.5), 1)
    fleet.ask(1, 100.0)
    fleet.ask(2, 100.0)
    env.run()
    assert [(each.hit, each.waited) for each in fleet.replies] == [(False, 0.5), (False, 3.0)]


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=60), st.integers(1, 4))
def test_slots_forget_what_was_unused_for_longest(steps: list[tuple[int, bool]], size: int) -> None:
    slots, kept, in_use = Slots(size), [], list[int]()
    for user, back in steps:
        if back and in_use:
            user = in_use.pop(0)
            slots.give_back(user)
            if user not in in_use:
                kept = [*(each for each in kept if each != user), user]
            continue
        idle = [each for each in kept if each not in in_use]
        there = user in kept
        if not there and len(kept) == size and not idle:
            assert slots.take(user) is None
            continue
        if not there and len(kept) == size:
            kept.remove(idle[0])
        assert slots.take(user) is there
        in_use.append(user)
        kept = kept if there else [*kept, user]
        assert len(kept) <= size


def test_a_day_has_its_hours() -> None:
    rng = np.random.default_rng(0)
    found = arrivals.times(rng, 100_000, "evening", -2, 26)
    assert np.all(np.diff(found) >= 0) and found[0] >= -7200 and found[-1] < 86_400
    counts = np.histogram(found, bins=np.arange(-2, 25) * 3600)[0]
    rates = arrivals.weights("evening") * 100_000 / 24
    assert np.abs(counts[2:] - rates).max() < 5 * np.sqrt(rates.max())
    assert counts[:2] == pytest.approx(rates[22:], rel=0.1)


def test_one_machine_is_a_queue_of_services_of_one_length() -> None:
    job = replace(BARE, step_seconds=1.0, checkpoint_every=0, preempted_after=0.0)
    people = People(users=10**6, jobs_per_day=0.7 * 86_400 / 20 / 10**6, day="flat")
    runs = [training.day(people, job, 1, seed).today for seed in range(4)]
    waited = mean(each.taken - 20.0 for run in runs for each in run)
    assert waited == pytest.approx(closed.md1_wait(0.7 / 20, 20.0), rel=0.1)
