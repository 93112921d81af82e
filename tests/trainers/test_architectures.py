"""Every architecture is computed as llama.cpp computes it, and its base is read by transformers as it was meant.

The models are small and random, in float32 from the file to the cache: what differs is a mistake and no rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import random_model
from clawlocal.engine.library import high_level
from trainers import adapter_gguf, adapter_peft, gguf_base, gguf_config
from trainers.adapter_peft import Adapter
from trainers.gguf_base import Base
from trainers.items import View
from trainers.plan import BFLOAT16, FLOAT32, Plan
from trainers.torch_policy import TorchPolicy

IDS = tuple(int(i) for i in np.random.default_rng(1).integers(0, 256, 160))
"""Longer than a block of queries, and than the window."""

FLOAT32_CACHE = 0
"""GGML's number for the type."""

ARCHITECTURES = tuple(gguf_config.NAMES)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp(request.param)
    gguf = random_model.write(folder / "model.gguf", request.param)
    return gguf_base.prepare(gguf, "0" * 64, folder / "bases")


@pytest.fixture(scope="module")
def adapter(base: Base) -> Adapter:
    """One that changes every layer."""
    rng = np.random.default_rng(2)
    fresh = adapter_peft.fresh(base.shape, 4, 8, seed=0)
    changed = {k: rng.normal(0, 0.1, t.shape).astype(np.float32) for k, t in fresh.tensors.items() if k[-1] == "B"}
    return replace(fresh, tensors={**fresh.tensors, **changed})


def gguf_of(base: Base) -> Path:
    return base.folder.parents[1] / "model.gguf"


def served(gguf: Path, lora: Path | None = None) -> np.ndarray[Any, Any]:
    """llama.cpp's log-probabilities of IDS after the first, [T-1]."""
    cache: dict[str, Any] = {"type_k": FLOAT32_CACHE, "type_v": FLOAT32_CACHE, "swa_full": True}
    with closing(
        high_level()(
            str(gguf), n_ctx=512, logits_all=True, verbose=False, n_threads=1, lora_path=lora and str(lora), **cache
        )
    ) as engine:
        engine.eval(list(IDS))
        return normal(np.asarray(engine.scores[: len(IDS) - 1], dtype=np.float64))


def normal(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    logits = logits - logits.max(-1, keepdims=True)
    logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen: np.ndarray[Any, Any] = logprobs[np.arange(len(IDS) - 1), list(IDS[1:])]
    return chosen


def ours(base: Base, adapter: Adapter, *, adapted: bool, precision: str = FLOAT32, prompt: int = 1) -> Any:
    policy = TorchPolicy(base, adapter, Plan(precision, precision == FLOAT32, 2048, False, 0))
    policy.exact(precision == FLOAT32)
    (found,) = policy.logprobs([(View(IDS[:prompt], base=not adapted), IDS[prompt:])])
    return found


def off(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.abs(np.asarray(one) - np.asarray(other)).mean())


def test_the_base_is_what_llama_cpp_serves(base: Base, adapter: Adapter) -> None:
    assert off(ours(base, adapter, adapted=False), served(gguf_of(base))) < 2e-3


def test_so_is_the_adapter(base: Base, adapter: Adapter, tmp_path: Path) -> None:
    adapter_peft.write(adapter, tmp_path / "adapter")
    adapter_gguf.convert(tmp_path / "adapter", base, tmp_path / "adapter.gguf")
    theirs = served(gguf_of(base), tmp_path / "adapter.gguf")
    assert off(theirs, served(gguf_of(base))) > 0.2, "the adapter has to do something"
    assert off(ours(base, adapter, adapted=True), theirs) < 4e-3


def test_a_prompt_that_was_computed_before_changes_nothing(base: Base, adapter: Adapter) -> None:
    whole = ours(base, adapter, adapted=True)
    assert off(ours(base, adapter, adapted=True, prompt=100), whole[99:]) < 1e-4


def test_bfloat16_is_near(base: Base, adapter: Adapter) -> None:
    exact = ours(base, adapter, adapted=True)
    assert off(ours(base, adapter, adapted=True, precision=BFLOAT16), exact) < 0.1 * float(np.std(exact))


def test_transformers_reads_the_base(base: Base, adapter: Adapter) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32, local_files_only=True)
    with torch.no_grad():
        logits = model(torch.tensor([IDS])).logits[0, :-1].double().numpy()
    assert off(normal(logits), ours(base, adapter, adapted=False)) < 1e-3


def test_sampling_goes_on_where_the_prompt_ends(base: Base, adapter: Adapter) -> None:
    """Token by token with a cache gives what the whole text at once gives."""
    policy = TorchPolicy(base, adapter, Plan(FLOAT32, True, 2048, False, 0))
    chance = np.random.default_rng(0).random((3, 40))
    prompts = [IDS[:30], IDS[:50], IDS[:30]]
    replies = policy.sample(prompts, (), chance, lambda n: None)
    for prompt, reply, row in zip(prompts, replies, chance, strict=True):
        again = policy.sample([(*prompt, *reply[:20])], (), row[None, 20:], lambda n: None)
        assert again == [reply[20:]]
