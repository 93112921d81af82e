"""Drawing from few candidates is drawing from all."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal.engine.library import library
from clawlocal.engine.protocol import Sampling
from clawlocal.engine.sampler import _CANDIDATE, Sampler, _links, likeliest

SIZES = (1000, 49152, 50001)


def from_all(sampling: Sampling, rows: list[np.ndarray]) -> list[int]:
    """llama.cpp's chain over the whole vocabulary."""
    lib = library()
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for link in _links(lib, sampling):
        lib.llama_sampler_chain_add(chain, link)
    drawn = []
    for row_V in rows:
        data = np.zeros(len(row_V), _CANDIDATE)
        data["id"], data["logit"] = np.arange(len(row_V)), row_V
        candidates = lib.llama_token_data_array()
        candidates.data = ctypes.cast(data.ctypes.data, type(candidates.data))
        candidates.size, candidates.selected, candidates.sorted = len(row_V), -1, False
        lib.llama_sampler_apply(chain, ctypes.byref(candidates))
        drawn.append(int(data["id"][candidates.selected]))
    lib.llama_sampler_free(chain)
    return drawn


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(seed=1),
        Sampling(seed=2, temperature=1.5, top_p=1.0, min_p=0.0),
        Sampling(seed=3, top_k=1),
        Sampling(seed=4, top_k=0, temperature=1.0),
        Sampling(seed=5, top_k=100_000),
        Sampling(seed=6, top_k=190, top_p=0.2, min_p=0.5),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_the_token_drawn_is_the_same(sampling: Sampling, size: int) -> None:
    random = np.random.default_rng(size)
    rows = [random.permutation(random.normal(size=size) * 3).astype(np.float32) for _ in range(20)]
    with Sampler(sampling) as sampler:
        assert [sampler.draw(row_V) for row_V in rows] == from_all(sampling, rows)


def test_greedy_takes_the_likeliest() -> None:
    row_V = np.random.default_rng(0).normal(size=49152).astype(np.float32)
    with Sampler(Sampling(temperature=0)) as sampler:
        assert sampler.draw(row_V) == int(row_V.argmax())


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_a_phrase_is_kept_from_coming_again(temperature: float) -> None:
    """By a model that would say the same four words for ever."""
    rows = np.zeros((4, 5000), np.float32)
    rows[range(4), [11, 12, 13, 10]] = 12.0
    said: dict[int, list[int]] = {}
    for after in (0, 4):
        with Sampler(Sampling(temperature=temperature, seed=1, repeat_after=after)) as sampler:
            said[after] = [10]
            for _ in range(23):
                said[after].append(sampler.draw(rows[max(0, said[after][-1] - 10) % 4]))
    assert said[0] == [10, 11, 12, 13] * 6
    assert said[4][:8] == [10, 11, 12, 13] * 2 and said[4] != said[0] and rows.max() == 12.0


@settings(deadline=None, max_examples=60)
@given(size=st.integers(1, 3000), k=st.integers(0, 60), seed=st.integers(0, 999), flat=st.booleans())
def test_the_k_likeliest_are_among_the_candidates(size: int, k: int, seed: int, flat: bool) -> None:
    """Also where many entries are equal."""
    row_V = np.random.default_rng(seed).normal(size=size).round(0 if flat else 6).astype(np.float32)
    ids = likeliest(row_V, k)
    assert sorted(ids) == list(ids)
    lowest = np.sort(row_V)[-k] if 0 < k <= size else row_V.min()
    assert set(np.flatnonzero(row_V > lowest)) <= set(ids)
