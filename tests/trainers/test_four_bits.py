"""A base in four bits: near the one it was made from, and trained through. bitsandbytes computes on CPUs too."""

from __future__ import annotations

import numpy as np
import pytest

from trainers import adapter_peft
from trainers.gguf_base import Base
from trainers.items import Judged, View
from trainers.job import Recipe
from trainers.plan import BFLOAT16, NF4, Plan
from trainers.torch_four_bits import dense
from trainers.torch_policy import TorchPolicy

pytest.importorskip("bitsandbytes")

Ids = tuple[int, ...]


def policy(base: Base, precision: str) -> TorchPolicy:
    return TorchPolicy(base, adapter_peft.fresh(base.shape, 4, 8, seed=0), Plan(precision, False, 2048, False, 0))


def judged(text_ids: Ids) -> Judged:
    old = np.full(30, -1.0, np.float32)
    return Judged(
        text_ids[:20], text_ids[20:50], old, old, np.ones(30, np.float32), np.ones(30, np.float32), old < 0, 1.0
    )


def unpacked(packed: TorchPolicy) -> TorchPolicy:
    """The same weights, no longer packed."""
    for layer in packed.decoder.layers:
        for linear in layer.linears.values():
            linear.weight = dense(linear.weight)
    return packed


def test_it_computes_with_what_it_unpacks(base: Base, text_ids: Ids) -> None:
    packed, plain = policy(base, NF4), unpacked(policy(base, NF4))
    view = [(View(text_ids[:20]), text_ids[20:])]
    assert np.array_equal(packed.logprobs(view)[0], plain.logprobs(view)[0])
    gradients = []
    for each in (packed, plain):
        each.accumulate([judged(text_ids)], Recipe(beta=0.0))
        gradients.append(each.gradient())
    assert all(np.array_equal(gradients[0][name], gradients[1][name]) for name in gradients[0])
    assert any(np.abs(g).max() > 0.0 for g in gradients[0].values())


def test_a_matrix_takes_a_quarter(base: Base) -> None:
    from trainers.torch_four_bits import FourBits

    weight = policy(base, NF4).decoder.layers[0].linears["o"].weight
    assert isinstance(weight, FourBits)
    assert weight.packed.numel() == base.shape.width**2 // 2
    wide = policy(base, BFLOAT16).decoder.layers[0].linears["o"].weight
    off = (dense(weight) - dense(wide)).float().abs().mean() / dense(wide).float().abs().mean()
    assert 0.0 < float(off) < 0.15
