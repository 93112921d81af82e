"""How large a LoRA adapter is, exactly, from a model's shapes and the rank. Downloads nothing."""

from __future__ import annotations

from pathlib import Path

from benchmarks.random_adapter import linear
from clawlocal import paths
from clawlocal.engine.gguf_file import read_gguf
from clawlocal.errors import ConfigError, ModelError
from clawlocal.models import Catalog, locate
from trainers.shape import Rotary, Shape

MIB = 2**20
HALF = 2
"""Bytes of a number in an adapter as it is served."""
CHECKPOINT = 3 * 4
"""Bytes of a parameter in a checkpoint: itself and two moments, in single precision."""


def decoder(layers: int, width: int, inner: int, heads: int, kv_heads: int, head_dim: int, vocabulary: int) -> Shape:
    """A shape of which only the sizes matter."""
    rotary = Rotary(1e6)
    return Shape(layers, width, inner, heads, kv_heads, head_dim, vocabulary, 1e-6, False, rotary, rotary, 1.0)


SHAPES = {
    "smollm2-135m": decoder(30, 576, 1536, 9, 3, 64, 49152),
    "qwen2.5-0.5b": decoder(24, 896, 4864, 14, 2, 64, 151936),
    "qwen2.5-1.5b": decoder(28, 1536, 8960, 12, 2, 128, 151936),
    "qwen3-4b": decoder(36, 2560, 9728, 32, 8, 128, 151936),
    "qwen3-8b": decoder(36, 4096, 12288, 32, 8, 128, 151936),
    "llama-3.1-8b": decoder(32, 4096, 14336, 32, 8, 128, 128256),
    "qwen3-32b": decoder(64, 5120, 25600, 64, 8, 128, 151936),
    "llama-3.1-70b": decoder(80, 8192, 28672, 64, 8, 128, 128256),
}
"""From the `config.json` that each of these models is published with."""


def parameters(model: str, rank: int) -> int:
    """Of a LoRA on every linear layer of a model above, or of one in `models.toml` whose file is here.

    Raises `ConfigError`, `ModelError`.
    """
    if rank < 1:
        raise ConfigError(f"A LoRA of rank {rank}: the least is 1.")
    if model in SHAPES:
        return SHAPES[model].adapter_parameters(rank)
    where = paths.find()
    catalog = Catalog.load(where)
    try:
        entry = catalog.entry(model)
    except ModelError as e:
        raise ConfigError(f"No sizes are known of {model}: {', '.join(SHAPES)}, or one of `models.toml`.") from e
    return of_gguf(locate(entry, where), rank)


def of_gguf(file: Path, rank: int) -> int:
    """From the sizes in the head of the model's file. Raises `ModelError`."""
    return rank * sum(sum(tensor.shape) for tensor in read_gguf(file).tensors if linear(tensor))


def served_mib(count: int) -> float:
    """Size of an adapter of so many parameters in half precision."""
    return HALF * count / MIB


def checkpoint_mib(count: int) -> float:
    """Size of what a job goes on from."""
    return CHECKPOINT * count / MIB
