"""From a base on disk and an adapter to a decoder in memory, in the type that is asked for.

Tensor by tensor, so that no second copy of the base is ever in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from trainers.adapter_peft import Adapter
from trainers.errors import BaseError
from trainers.gguf_base import Base
from trainers.plan import FLOAT32, NF4
from trainers.shape import Shape
from trainers.torch_decoder import PARTS, Decoder, Layer, Linear
from trainers.torch_four_bits import Weight, pack
from trainers.torch_kernels import Normed

Lora = dict[str, torch.nn.Parameter]
"""By the names of `adapter_peft`; always float32."""


class Weights:
    """A base's safetensors file, read by name. Maps nothing: pages of a mapped file count as memory in use."""

    def __init__(self, file: BinaryIO, dtype: torch.dtype, device: torch.device, four_bits: bool) -> None:
        size = int.from_bytes(file.read(8), "little")
        self._entries = json.loads(file.read(size))
        self._file, self._start = file, 8 + size
        self._dtype, self._device, self._four_bits = dtype, device, four_bits

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def get(self, name: str, dtype: torch.dtype | None = None) -> Tensor:
        """A tensor in the decoder's type, or in `dtype`."""
        entry = self._entries[name]
        begin, end = entry["data_offsets"]
        self._file.seek(self._start + begin)
        raw = np.fromfile(self._file, np.float32, (end - begin) // 4)
        return torch.from_numpy(raw).view(entry["shape"]).to(self._device, dtype or self._dtype)

    def joined(self, names: list[str]) -> Tensor:
        """Rows of several tensors, one after the other."""
        return torch.cat([self.get(name) for name in names])

    def matrix(self, names: list[str]) -> Weight:
        """`joined`, packed where that was asked for."""
        found = self.joined(names)
        return pack(found) if self._four_bits else found


@contextmanager
def opened(base: Base, dtype: torch.dtype, device: torch.device, four_bits: bool) -> Iterator[Weights]:
    """Raises `BaseError`."""
    try:
        with base.weights.open("rb") as file:
            yield Weights(file, dtype, device, four_bits)
    except (OSError, ValueError, KeyError, RuntimeError) as e:
        raise BaseError(f"The base in {base.folder} cannot be read; delete the folder to have it made again.") from e


def lora(adapter: Adapter, device: torch.device) -> Lora:
    """The adapter's tensors as parameters. Sorted: a file has an order of its own, and the gradient's norm is a sum."""
    ordered = sorted(adapter.tensors.items())
    return {name: torch.nn.Parameter(torch.from_numpy(t.copy()).to(device)) for name, t in ordered}


def decoder(base: Base, adapter: Lora, scale: float, precision: str, device: torch.device) -> Decoder:
    """The base's weights in a precision of `plan`, with `adapter` in its places. Raises `BaseError`."""
    shape = base.shape
    dtype = torch.float32 if precision == FLOAT32 else torch.bfloat16
    with opened(base, dtype, device, precision == NF4) as weights:
        embeddings = weights.get("model.embed_tokens.weight")
        return Decoder(
            shape=shape,
            embeddings=embeddings,
            head=embeddings if shape.tied else weights.get("lm_head.weight"),
            norm=_norm(weights, "model.norm.weight", shape),
            layers=[_layer(weights, base, number, adapter) for number in range(shape.layers)],
            scale=scale,
        )


def _layer(weights: Weights, base: Base, number: int, adapter: Lora) -> Layer:
    shape, prefix = base.shape, f"model.layers.{number}."
    norms = ["input_layernorm", "post_attention_layernorm"]
    if shape.head_norm:
        norms += ["self_attn.q_norm", "self_attn.k_norm"]
    if shape.sandwich:
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
    return Layer(
        linears={slot: _linear(weights, [prefix + part for part in parts], adapter) for slot, parts in PARTS.items()},
        norms={name: _norm(weights, f"{prefix}{name}.weight", shape) for name in norms},
        local=shape.local(number),
    )


def _linear(weights: Weights, parts: list[str], adapter: Lora) -> Linear:
    biased = f"{parts[0]}.bias" in weights
    return Linear(
        weight=weights.matrix([f"{part}.weight" for part in parts]),
        bias=weights.joined([f"{part}.bias" for part in parts]) if biased else None,
        a=[adapter[f"{part}.lora_A"] for part in parts],
        b=[adapter[f"{part}.lora_B"] for part in parts],
    )


def _norm(weights: Weights, name: str, shape: Shape) -> Normed:
    return Normed(weights.get(name, torch.float32) + shape.norm_offset, shape.eps)
