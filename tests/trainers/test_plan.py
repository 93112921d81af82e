"""Less memory, a more frugal plan; what is promised is never more than what is free."""

from __future__ import annotations

from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers import plan
from trainers.backend import BACKENDS
from trainers.errors import TooLittleMemory
from trainers.job import Job, Pair, Recipe, Rehearsal, Sample
from trainers.plan import BFLOAT16, FLOAT32, NF4, Plan
from trainers.shape import Rotary, Shape

SMOL = Shape(
    layers=30,
    width=576,
    inner=1536,
    heads=9,
    kv_heads=3,
    head_dim=64,
    vocabulary=49152,
    eps=1e-5,
    tied=True,
    rotary=Rotary(1e5),
    local_rotary=Rotary(1e5),
    attention_scale=0.125,
)
"""The embedded model's."""

REFUSAL = r"needs \d+\.\d GB of memory, \d+\.\d GB are free for it: choose a smaller model, or a remote"


def job(prompt: int = 40, reply: int = 60, memory: int = 0, **recipe: int) -> Job:
    sample = Sample("t", (1,) * prompt, (1,) * reply, (-1.0,) * reply, -1.0)
    return Job("", "", "", "", None, (sample,), (), ((1, 2),), (2,), recipe=Recipe(**recipe), memory=memory)  # type: ignore[arg-type]


def least(shape: Shape, wanted: Job, fast: str) -> int:
    """The smallest number of bytes for which there is a plan."""
    return min(p.bytes for p in ways(shape, wanted, fast))


def ways(shape: Shape, wanted: Job, fast: str) -> list[Plan]:
    """From the fastest to the most frugal."""
    return [plan._plan(shape, wanted, *way) for way in plan._ways(fast, BFLOAT16)]


@pytest.mark.parametrize("fast", [FLOAT32, BFLOAT16])
@given(prompt=st.integers(1, 3000), reply=st.integers(1, 2000), share=st.floats(0.0, 3.0))
def test_a_plan_fits_or_is_refused(fast: str, prompt: int, reply: int, share: float) -> None:
    wanted = job(prompt, reply)
    low = least(SMOL, wanted, fast)
    free = int(low * share)
    if free < low:
        with pytest.raises(TooLittleMemory, match=REFUSAL):
            plan.make(SMOL, wanted, fast, free)
        return
    found = plan.make(SMOL, wanted, fast, free)
    assert found.bytes <= free
    assert found.bytes > plan.RUNTIME + plan.WEIGHT_BYTES[found.precision] * SMOL.parameters


@pytest.mark.parametrize("fast", [FLOAT32, BFLOAT16])
@given(smaller=st.floats(0.0, 3.0), larger=st.floats(0.0, 3.0))
def test_with_less_memory_it_is_more_frugal(fast: str, smaller: float, larger: float) -> None:
    smaller, larger = sorted((smaller, larger))
    order = ways(SMOL, job(), fast)
    low, span = least(SMOL, job(), fast), order[0].bytes
    found = [plan.make(SMOL, job(), fast, int(low + span * share)) for share in (smaller, larger)]
    assert order.index(found[0]) >= order.index(found[1])


def test_with_plenty_it_is_the_fastest_way() -> None:
    found = plan.make(SMOL, job(), BFLOAT16, 10**12)
    assert (found.precision, found.exact, found.positions, found.checkpointing) == (BFLOAT16, True, 2048, False)
    assert plan.make(SMOL, job(), FLOAT32, 10**12).precision == FLOAT32


@pytest.mark.parametrize("fast", [FLOAT32, BFLOAT16])
def test_with_the_least_it_is_the_most_frugal_way(fast: str) -> None:
    found = plan.make(SMOL, job(), fast, least(SMOL, job(), fast))
    assert (found.precision, found.exact, found.positions, found.checkpointing) == (BFLOAT16, False, 0, True)


def test_figures_stay_exact_as_long_as_they_can() -> None:
    order = ways(SMOL, job(), BFLOAT16)
    exact = [p.exact for p in order]
    assert exact == sorted(exact, reverse=True)
    assert any(exact) and not all(exact)


def test_a_smaller_way_costs_no_more() -> None:
    """Within one precision: each way needs at most what the one before it needs."""
    for exact in (True, False):
        costs = [p.bytes for p in ways(SMOL, job(), BFLOAT16) if p.exact is exact]
        assert costs == sorted(costs, reverse=True)


@given(more=st.integers(1, 2000))
def test_longer_texts_cost_more(more: int) -> None:
    for short, long in zip(ways(SMOL, job(), FLOAT32), ways(SMOL, job(40 + more, 60 + more), FLOAT32), strict=True):
        assert long.bytes >= 0.98 * short.bytes, "the same positions hold fewer replies"
        if not long.positions:
            assert long.bytes > short.bytes


def test_the_longest_prompt_counts_whoever_it_belongs_to() -> None:
    long, wanted = (1,) * 5000, job()
    low = least(SMOL, wanted, FLOAT32)
    hinted = replace(wanted.samples[0], hinted_prompt_ids=long)
    for other in (
        replace(wanted, samples=(hinted,)),
        replace(wanted, rehearsals=(Rehearsal((1,), long),)),
        replace(wanted, rehearsals=(Rehearsal(long, (1,)),)),
        replace(wanted, neutral=(long,)),
    ):
        assert least(SMOL, other, FLOAT32) > low


def test_the_longest_text_counts_also_where_the_user_wrote_or_kept_it() -> None:
    long, wanted = (1,) * 5000, job()
    low = least(SMOL, wanted, FLOAT32)
    [sample] = wanted.samples
    for other in (
        replace(wanted, samples=(replace(sample, edited_ids=long),)),
        replace(wanted, samples=(replace(sample, hinted_options=(long,)),)),
        replace(wanted, pairs=(Pair(long, (1,), (2,)),)),
        replace(wanted, pairs=(Pair((1,), long, (2,)),)),
        replace(wanted, pairs=(Pair((1,), (2,), long),)),
    ):
        assert least(SMOL, other, FLOAT32) > low


def test_a_larger_model_is_refused_where_a_smaller_one_fits() -> None:
    large = replace(SMOL, layers=36, width=2560, inner=9728, heads=32, kv_heads=8, head_dim=128, vocabulary=151936)
    free = 4 * 10**9
    assert plan.make(SMOL, job(), BFLOAT16, free).bytes <= free
    with pytest.raises(TooLittleMemory, match=REFUSAL) as refused:
        plan.make(large, job(), BFLOAT16, free)
    assert "4.0 GB are free" in str(refused.value)
    assert isinstance(refused.value, MemoryError)


def test_a_job_without_samples_has_a_plan() -> None:
    assert plan.make(SMOL, replace(job(), samples=(), neutral=()), FLOAT32, 10**12).bytes > 0


def test_four_bits_are_the_last_resort() -> None:
    low = least(SMOL, job(), BFLOAT16)
    found = plan.make(SMOL, job(), BFLOAT16, low - 1, frugal=NF4)
    assert (found.precision, found.exact) == (NF4, False)
    assert plan.make(SMOL, job(), BFLOAT16, low, frugal=NF4).precision == BFLOAT16


@pytest.mark.parametrize("name", BACKENDS)
def test_what_is_free_is_asked_of_the_machine(name: str) -> None:
    assert 0 < BACKENDS[name]().free() <= psutil.virtual_memory().total


@given(vocabulary=st.integers(1, 10**7))
def test_the_output_layer_comes_in_chunks(vocabulary: int) -> None:
    size = plan.chunk_size(vocabulary)
    assert plan.LEAST_CHUNK <= size <= plan.MOST_CHUNK
    assert size in (plan.LEAST_CHUNK,) or size * vocabulary <= plan.CHUNK_NUMBERS


def test_the_receipt_tells_how_not_how_much() -> None:
    assert plan.words(Plan(BFLOAT16, True, 512, True, 7)) == {
        "precision": BFLOAT16,
        "exact": True,
        "positions": 512,
        "checkpointing": True,
    }
