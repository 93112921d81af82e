"""Adapters that change every layer, made without a framework, and how far two measurements are apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainers.adapter_peft import Adapter
from trainers.linears import Linears


def random_lora(model: Linears, rank: int = 16, alpha: float = 32, seed: int = 1) -> Adapter:
    """As large as one that has learned something."""
    draw = np.random.default_rng(seed)
    tensors = {}
    for linear, (rows, columns) in model.sizes.items():
        bound = columns**-0.5
        tensors[f"{linear}.lora_A"] = draw.uniform(-bound, bound, (rank, columns)).astype(np.float32)
        tensors[f"{linear}.lora_B"] = draw.normal(0, 0.04, (rows, rank)).astype(np.float32)
    return Adapter(rank, alpha, tensors)


def one_by_one(llama: Any, ids: Sequence[int]) -> npt.NDArray[np.float64]:
    """`Llama.logprobs` with a batch for each token: the same numbers but for llama.cpp's own rounding."""
    engine = llama.engine
    engine.reset()
    for i in ids:
        engine.eval([i])
    logits = np.asarray(engine.scores[: len(ids) - 1], dtype=np.float64)
    return log_softmax(logits)[np.arange(len(ids) - 1), list(ids[1:])]


def log_softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    normal = logits - logits.max(-1, keepdims=True)
    return normal - np.log(np.exp(normal).sum(-1, keepdims=True))


def apart(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Mean |Δ log p|."""
    return float(np.abs(a - b).mean())


def gguf_tensors(path: Path) -> dict[str, bytes]:
    """Every tensor of a file as it is stored."""
    from gguf import GGUFReader

    return {t.name: t.data.tobytes() for t in GGUFReader(path).tensors}
