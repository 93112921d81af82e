"""Several continuations at a time: independent, repeatable, and no obstacle to a chat."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import DEADLINE, user

from clawlocal.engine.context import BRANCHES
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import Sampling, Stop
from clawlocal.errors import ModelError, PromptError

SEEDED = Sampling(temperature=1.0, seed=5, max_tokens=6)


def test_samples_are_independent_and_repeatable(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Name an animal."))
    samples = llama_engine.sample(prefix, 5, SEEDED)
    assert len(samples) == 5
    assert len({s.token_ids for s in samples}) > 1
    assert llama_engine.sample(prefix, 5, SEEDED) == samples
    for s in samples:
        assert len(s.logprobs) == len(s.token_ids) <= 6
        assert s.text == llama_engine.detokenize(s.token_ids)
        assert s.stopped is (Stop.END if s.token_ids[-1] in llama_engine.stop_ids else Stop.LENGTH)
        alone = llama_engine.score(prefix, [s.token_ids])[0]
        assert abs(alone - sum(s.logprobs)) / len(s.token_ids) < 0.15


def test_more_than_fit_together(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Name an animal."))
    greedy = Sampling(temperature=0, max_tokens=2)
    samples = llama_engine.sample(prefix, BRANCHES + 3, greedy)
    assert len({s.token_ids for s in samples}) == 1
    assert len(samples) == BRANCHES + 3
    alone = llama_engine.generate(prefix, greedy).result(DEADLINE).token_ids
    # A batch rounds otherwise than one token after the other: a near tie may fall the other way.
    together, apart = llama_engine.score(prefix, [samples[0].token_ids, alone])
    assert abs(together - apart) < 0.3
    assert llama_engine.sample(prefix, 0, greedy) == []


def test_a_stop_string_ends_a_sample(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Count from one to five."))
    greedy = Sampling(temperature=0, max_tokens=12)
    whole = llama_engine.sample(prefix, 1, greedy)[0].text
    stop = whole[len(whole) // 2 :][:3]
    cut = llama_engine.sample(prefix, 1, Sampling(temperature=0, max_tokens=12, stop=(stop,)))[0]
    assert (cut.text, cut.stopped) == (whole[: whole.index(stop)], Stop.END)


def test_a_chat_goes_first_and_the_samples_are_the_same(
    llama_engine: LlamaEngine, until: Callable[[Callable[[], object]], None]
) -> None:
    prefix = llama_engine.encode(user("Is water wet? " * 60))
    few = Sampling(temperature=1.0, seed=1, max_tokens=3)
    quiet = llama_engine.sample(prefix, 3, few)
    machine = llama_engine._machine
    assert machine is not None
    llama_engine.score(llama_engine.encode(user("Something else.")), [(1,)])
    context = machine._score
    assert context is not None
    asked = llama_engine.encode(user("hi"))
    with ThreadPoolExecutor(1) as pool:
        sampling = pool.submit(llama_engine.sample, prefix, 3, few)
        until(lambda: 0 < len(context.record) < len(prefix) - 64)
        llama_engine.generate(asked, Sampling(temperature=0, max_tokens=2)).result(DEADLINE)
        assert not sampling.done()
        assert sampling.result(DEADLINE) == quiet


def test_what_cannot_be_sampled(llama_engine: LlamaEngine) -> None:
    with pytest.raises(PromptError):
        llama_engine.sample([], 2, SEEDED)
    with pytest.raises(PromptError):
        llama_engine.sample([1] * 2045, 2, SEEDED)
    with pytest.raises(ModelError, match="could not continue"):
        llama_engine.sample([1, 10**6], 2, SEEDED)
