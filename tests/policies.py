"""Policies of the embedded model for tests: with an adapter that does nothing yet, or with one that does much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trainers import adapter_peft
from trainers.adapter_peft import Adapter, Tensors
from trainers.gguf_base import Base
from trainers.items import Floats, Ids, View
from trainers.plan import FLOAT32, Plan
from trainers.policy import Uniform
from trainers.shape import Shape
from trainers.torch_policy import TorchPolicy

PLAN = Plan(FLOAT32, exact=True, positions=1024, checkpointing=False, bytes=0)


def fresh(base: Base, rank: int = 4, alpha: int = 8, plan: Plan = PLAN) -> TorchPolicy:
    """Its adapter changes nothing yet."""
    return TorchPolicy(base, adapter_peft.fresh(base.shape, rank, alpha, seed=0), plan)


def busy(shape: Shape, rank: int = 4, alpha: int = 8, seed: int = 1, size: float = 0.04) -> Adapter:
    """An adapter that changes every layer, as much as one that has learned something."""
    draw = np.random.default_rng(seed)
    made = adapter_peft.fresh(shape, rank, alpha, seed)
    tensors: Tensors = {
        name: draw.normal(0.0, size, t.shape).astype(np.float32) if name.endswith("lora_B") else t
        for name, t in made.tensors.items()
    }
    return replace(made, tensors=tensors)


def student(policy: TorchPolicy, prompt: Ids, response: Ids) -> Floats:
    """Log-probabilities of the response's tokens."""
    return policy.logprobs([(View(prompt, base=False), response)])[0]


def base_of(policy: TorchPolicy, prompt: Ids, response: Ids) -> Floats:
    """The same without the adapter."""
    return policy.logprobs([(View(prompt), response)])[0]


def chance(replies: int, tokens: int, seed: int = 0) -> Uniform:
    return np.random.default_rng(seed).random((replies, tokens))


def gradient(policy: TorchPolicy) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """What the next step would go by, and forget it."""
    found = policy.gradient()
    assert found.keys() == policy.adapter().tensors.keys()
    return found


def flat(tensors: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]) -> Floats:
    return np.concatenate([t.ravel() for _, t in sorted(tensors.items())])


def apart(a: Sequence[float] | Floats, b: Sequence[float] | Floats) -> float:
    """|a − b| / |b|."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.linalg.norm(x - y) / np.linalg.norm(y))


def cosine(a: Floats, b: Floats) -> float:
    x, y = a.astype(np.float64), b.astype(np.float64)
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))
