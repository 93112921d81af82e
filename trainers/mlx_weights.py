"""From a base on disk to mlx-lm's model of it in memory, in the type that is asked for; an adapter's arrays.

mlx-lm's class checks that every tensor is there in its shape. Weight by weight, so that no second copy of the
base is ever in memory.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.utils import load_model

from trainers.adapter_peft import Adapter
from trainers.errors import BaseError
from trainers.gguf_base import Base
from trainers.mlx_decoder import Decoder, Lora
from trainers.plan import FLOAT32, INT4

GROUP, BITS = 32, 4
"""Blocks as in GGUF's Q4_0 and Q4_1, so that weights which come from there are hardly rounded a second time."""


def lora(adapter: Adapter) -> Lora:
    """The adapter's tensors, float32. Sorted: a file has an order of its own, and the gradient's norm is a sum."""
    return {name: mx.array(tensor, dtype=mx.float32) for name, tensor in sorted(adapter.tensors.items())}


def decoder(base: Base, scale: float, precision: str, checkpointing: bool) -> Decoder:
    """The base's weights in a precision of `plan`, its norms in float32. Raises `BaseError`."""
    try:
        model, _ = load_model(base.folder, lazy=True)
        if precision == INT4:
            # Each layer is read, packed and forgotten before the next.
            for layer in model.layers:
                nn.quantize(layer, group_size=GROUP, bits=BITS)
                mx.eval(layer.parameters())
        _read(model, mx.float32 if precision == FLOAT32 else mx.bfloat16)
    except (OSError, ValueError, KeyError, RuntimeError) as e:
        raise BaseError(f"The base in {base.folder} cannot be read; delete the folder to have it made again.") from e
    return Decoder(base.shape, model, scale, checkpointing)


def _read(model: Any, dtype: mx.Dtype) -> None:
    """Each weight from disk, in its type."""
    pending = tree_flatten(model.parameters())
    while pending:
        name, weight = pending.pop()
        if "norm" not in name and weight.dtype != mx.uint32:
            weight = weight.astype(dtype)
        mx.eval(weight)
        model.update(tree_unflatten([(name, weight)]))
