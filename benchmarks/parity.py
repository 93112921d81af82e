"""How near the trainer's log-probabilities are to the served model's, beside llama.cpp's own noise.

llama.cpp evaluates a text at once or token by token, and the two differ a little: no trainer can be nearer to
both than they are to each other. Lives in the process that measures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import random_model
from clawlocal.engine.library import high_level
from trainers import adapter_gguf, adapter_peft, gguf_base, gguf_config
from trainers.adapter_peft import Adapter
from trainers.gguf_base import Base
from trainers.items import Ids, View
from trainers.plan import BFLOAT16, FLOAT32, Plan

Array = npt.NDArray[np.float64]

TOKENS = 600
RANK, ALPHA = 16, 32
FLOAT32_CACHE = 0
"""GGML's number for the type."""
B_SPREAD = 0.05
"""Of the random adapter's B: enough to move a log-probability by some tenths."""

TEXT = "\n".join(
    f"{n}. A sentence about the {thing}, with numbers such as {n * 37} and {n * n}, and a question: is it so?"
    for n, thing in enumerate(("sea", "harbour", "winter garden", "second-hand bicycle", "old clock") * 6, 1)
)


def text_ids(gguf: Path) -> Ids:
    """TEXT as the model reads it, its first tokens."""
    with closing(high_level()(str(gguf), vocab_only=True, verbose=False)) as words:
        return tuple(words.tokenize(TEXT.encode(), add_bos=False, special=True))[:TOKENS]


def architectures() -> dict[str, dict[str, Any]]:
    """Small random models, one of each architecture, for those of which no real one is at hand."""
    ids = tuple(int(i) for i in np.random.default_rng(1).integers(0, 256, 300))
    found = {}
    with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as folder:
        for name in gguf_config.NAMES:
            gguf = random_model.write(Path(folder) / f"{name}.gguf", name)
            found[name] = compared(gguf, gguf_base.prepare(gguf, name, Path(folder)), ids, wide_cache=True)
    return found


def compared(gguf: Path, base: Base, ids: Ids, *, wide_cache: bool = False) -> dict[str, Any]:
    """Mean |Δ log p| in nats over the tokens of `ids` after the first, without and with a random adapter.

    With `wide_cache` llama.cpp keeps keys and values in float32: in a float32 model nothing is rounded then.
    """
    adapter = random_adapter(base)
    with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as folder:
        adapter_peft.write(adapter, Path(folder) / "adapter")
        adapter_gguf.convert(Path(folder) / "adapter", base, Path(folder) / "adapter.gguf")
        lora = Path(folder) / "adapter.gguf"
        plain, adapted = (theirs(gguf, ids, path, wide_cache) for path in (None, lora))
    found: dict[str, Any] = {"tokens": len(ids) - 1}
    for name, (batched, single), on in (("base", plain, False), ("lora", adapted, True)):
        noise = _off(batched, single)
        found[f"{name}_noise"] = noise
        for precision in (FLOAT32, BFLOAT16):
            own = ours(base, adapter, precision, ids, adapted=on)
            found[f"{name}_{precision}"] = (_off(own, batched) + _off(own, single)) / 2
        if not wide_cache:
            found[f"{name}_{FLOAT32}_over_noise"] = found[f"{name}_{FLOAT32}"] / noise
    found["lora_effect"] = _off(plain[0], adapted[0])
    return found


def random_adapter(base: Base) -> Adapter:
    """Changes every layer, teaches nothing."""
    rng = np.random.default_rng(0)
    fresh = adapter_peft.fresh(base.shape, RANK, ALPHA, seed=0)
    changed = {
        name: rng.normal(0.0, B_SPREAD, tensor.shape).astype(np.float32)
        for name, tensor in fresh.tensors.items()
        if name.endswith("lora_B")
    }
    return Adapter(RANK, ALPHA, {**fresh.tensors, **changed})


def theirs(gguf: Path, ids: Ids, lora: Path | None, wide_cache: bool) -> tuple[Array, Array]:
    """llama.cpp's log-probabilities, all at once and token by token."""
    size: dict[str, Any] = {"n_ctx": len(ids) + 1, "n_batch": len(ids), "n_ubatch": len(ids)}
    if wide_cache:
        size |= {"type_k": FLOAT32_CACHE, "type_v": FLOAT32_CACHE}
    with closing(
        high_level()(str(gguf), logits_all=True, verbose=False, lora_path=lora and str(lora), **size)
    ) as engine:
        found = []
        for batch in (len(ids), 1):
            engine.reset()
            engine.n_batch = batch
            engine.eval(list(ids))
            found.append(_chosen(np.asarray(engine.scores[: len(ids) - 1], dtype=np.float64), ids))
        return found[0], found[1]


def ours(base: Base, adapter: Adapter, precision: str, ids: Ids, *, adapted: bool) -> Array:
    from trainers.torch_policy import TorchPolicy

    policy = TorchPolicy(base, adapter, Plan(precision, False, len(ids), False, 0))
    (found,) = policy.logprobs([(View(ids[:1], base=not adapted), ids[1:])])
    return found.astype(np.float64)


def _chosen(logits: Array, ids: Sequence[int]) -> Array:
    logits -= logits.max(-1, keepdims=True)
    logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen: Array = logprobs[np.arange(len(ids) - 1), list(ids[1:])]
    return chosen


def _off(one: Array, other: Array) -> float:
    return float(np.abs(one - other).mean())
