"""What distinguishes the decoders that can be trained: sizes, and where one architecture departs from another.

A decoder is embeddings, layers of attention and a gated MLP around a residual stream, a norm and an output
layer. Read from a base's `config.json`; knows no framework and no weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rotary:
    """Rotary position embedding: angles are position / factor · theta^(−2i/d), divided by `divisors` where given."""

    theta: float
    factor: float = 1.0
    divisors: tuple[float, ...] = ()
    """Llama 3's long-context factors, one for each pair of dimensions."""


@dataclass(frozen=True)
class Shape:
    """Llama's shape, and what the others add to it."""

    layers: int
    width: int
    """Of the residual stream."""
    inner: int
    """Of the MLP."""
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    eps: float
    tied: bool
    """The embeddings are the output layer as well."""
    rotary: Rotary
    local_rotary: Rotary
    """In layers with a window."""
    attention_scale: float
    bias: bool = False
    """Qwen2: q, k and v have a bias."""
    head_norm: bool = False
    """Qwen3, Gemma 3: q and k are normalised in each head."""
    sandwich: bool = False
    """Gemma 3: what attention and MLP give is normalised too, before it joins the residual stream."""
    norm_offset: float = 0.0
    """Gemma 3: added to the weights of every norm."""
    gelu: bool = False
    """Gemma 3: the gate is a GELU (tanh approximation), elsewhere a SiLU."""
    embedding_scale: float = 1.0
    window: int = 0
    """Gemma 3: how many positions a local layer sees, itself included."""
    pattern: int = 1
    """Gemma 3: every layer but each `pattern`-th is local."""

    @staticmethod
    def of(config: Mapping[str, Any]) -> Shape:
        """From the `config.json` that `gguf_base` writes."""
        width, head_dim = int(config["hidden_size"]), int(config["head_dim"])
        kind = str(config["model_type"])
        gemma = kind == "gemma3_text"
        scalar = config["query_pre_attn_scalar"] if gemma else head_dim
        whole, local = _rotary(config, gemma)
        return Shape(
            layers=int(config["num_hidden_layers"]),
            width=width,
            inner=int(config["intermediate_size"]),
            heads=int(config["num_attention_heads"]),
            kv_heads=int(config["num_key_value_heads"]),
            head_dim=head_dim,
            vocabulary=int(config["vocab_size"]),
            eps=float(config["rms_norm_eps"]),
            tied=bool(config["tie_word_embeddings"]),
            rotary=whole,
            local_rotary=local,
            attention_scale=1.0 / math.sqrt(float(scalar)),
            bias=kind == "qwen2",
            head_norm=gemma or kind == "qwen3",
            sandwich=gemma,
            norm_offset=1.0 if gemma else 0.0,
            gelu=gemma,
            embedding_scale=math.sqrt(width) if gemma else 1.0,
            window=int(config["sliding_window"]) if gemma else 0,
            pattern=int(config["sliding_window_pattern"]) if gemma else 1,
        )

    def local(self, layer: int) -> bool:
        """Whether a layer sees only the last `window` positions."""
        return (layer + 1) % self.pattern != 0

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """The linear layers that are adapted, of one decoder layer: name as in transformers, (out, in)."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "self_attn.q_proj": (q, self.width),
            "self_attn.k_proj": (kv, self.width),
            "self_attn.v_proj": (kv, self.width),
            "self_attn.o_proj": (self.width, q),
            "mlp.gate_proj": (self.inner, self.width),
            "mlp.up_proj": (self.inner, self.width),
            "mlp.down_proj": (self.width, self.inner),
        }

    @property
    def layer_parameters(self) -> int:
        """Weights of one layer's linear maps."""
        return sum(rows * columns for rows, columns in self.linears.values())

    @property
    def parameters(self) -> int:
        """Weights, norms left out: a thousandth."""
        heads = 1 if self.tied else 2
        return self.layers * self.layer_parameters + heads * self.vocabulary * self.width

    def adapter_parameters(self, rank: int) -> int:
        """Of a LoRA on every linear layer."""
        return self.layers * rank * sum(rows + columns for rows, columns in self.linears.values())


def _rotary(config: Mapping[str, Any], gemma: bool) -> tuple[Rotary, Rotary]:
    given = config["rope_parameters"]
    if gemma:
        whole, local = given["full_attention"], given["sliding_attention"]
        return Rotary(whole["rope_theta"], whole.get("factor", 1.0)), Rotary(local["rope_theta"])
    rotary = Rotary(given["rope_theta"], given.get("factor", 1.0), tuple(config.get("rope_factors") or ()))
    return rotary, rotary
