"""The small judge's network in NumPy: token ids in, probabilities out. Knows no text and no verdicts.

A BERT-like encoder (1810.04805, section 3): post-norm layers, learned positions. One sequence at a time, in
float32 on one core; weights are quantised on disk and unpacked when loaded, except those of the vocabulary,
of which a sequence needs a few rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from clawlocal.judge.small.views import View

Array = npt.NDArray[np.float32]

PADDING = 2
"""The first position, as in RoBERTa: those before it are of padding."""

HEADS = ("verdict", "says_how", "about_form")
"""Small maps on the features: −1, 0, +1; whether the next state says how the reply should have been; whether that
is about its form."""
WISH = "wish"
"""A map on what layers of its own make of what came next: which directive was meant."""
WISH_AFTER = 6
"""Layers that both ways share: above them, the verdict's tell moods apart, and no longer subjects."""


@dataclass(frozen=True)
class Linear:
    """x W^T + b; the weight is kept as [in, out]."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        out: Array = x @ self.weight
        out += self.bias
        return out


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last dimension. 1607.06450, eq. 4."""

    weight: Array
    bias: Array
    eps: float

    def __call__(self, x: Array) -> Array:
        x = x - x.mean(-1, keepdims=True)
        scaled: Array = x / np.sqrt(np.square(x).mean(-1, keepdims=True) + self.eps)
        return scaled * self.weight + self.bias


@dataclass(frozen=True)
class Layer:
    """Attention and a feed-forward network, each with its norm after it."""

    query: Linear
    key: Linear
    value: Linear
    joined: Linear
    norm: Norm
    up: Linear
    down: Linear
    last_norm: Norm

    def __call__(self, x: Array, heads: int) -> Array:
        """[N, width] to [N, width]."""
        q, k, v = (_by_head(part(x), heads) for part in (self.query, self.key, self.value))
        scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(q.shape[-1]))
        mixed = (softmax(scores) @ v).transpose(1, 0, 2).reshape(x.shape)
        x = self.norm(x + self.joined(mixed))
        return self.last_norm(x + self.down(gelu(self.up(x))))


@dataclass(frozen=True)
class Encoder:
    """All weights. `words` gives rows of the vocabulary's embeddings, [N, width]."""

    words: Callable[[npt.NDArray[np.int64]], Array]
    positions: Array
    norm: Norm
    layers: tuple[Layer, ...]
    dense: Linear
    heads: Mapping[str, Linear]
    wish_layers: tuple[Layer, ...]
    wish: Linear
    attention_heads: int

    @classmethod
    def load(cls, path: Path) -> Encoder:
        """From the GGUF that `make judge` writes. Raises `OSError`, `ValueError`, `KeyError`."""
        # Imported here: who only chats reads no tensors.
        from gguf import GGUFReader
        from gguf.quants import dequantize

        reader = GGUFReader(path)
        raw = {t.name: t for t in reader.tensors}

        def tensor(name: str) -> Array:
            found: Array = dequantize(raw[name].data, raw[name].tensor_type).astype(np.float32)
            return found

        def words(ids: npt.NDArray[np.int64]) -> Array:
            table = raw["token_embd.weight"]
            rows: Array = dequantize(table.data[ids], table.tensor_type)
            return rows

        number = {key: _number(reader, f"bert.{key}") for key in ("block_count", "attention.head_count")}
        eps = float(_number(reader, "bert.attention.layer_norm_epsilon"))
        return cls(
            words=words,
            # All tokens are of the first type.
            positions=tensor("position_embd.weight") + tensor("token_types.weight")[:1],
            norm=_norm(tensor, "token_embd_norm", eps),
            layers=tuple(_layer(tensor, f"blk.{i}", eps) for i in range(int(number["block_count"]))),
            dense=_linear(tensor, "judge.dense"),
            heads={name: _linear(tensor, f"judge.{name}") for name in HEADS},
            wish_layers=tuple(_layer(tensor, f"{WISH}.blk.{i}", eps) for i in range(_wish_layers(raw))),
            wish=_linear(tensor, f"judge.{WISH}"),
            attention_heads=int(number["attention.head_count"]),
        )

    def logits(self, view: View, give_way: Callable[[], None]) -> dict[str, Array]:
        """Of each head. `give_way` is called between layers, and may wait."""
        x = self._through(self.layers, view, give_way)
        # What opens the sequence, and the mean of what came next.
        inner = np.tanh(self.dense(np.concatenate([x[0], x[view.after :].mean(0)])))
        return {name: head(inner) for name, head in self.heads.items()}

    def wish_logits(self, view: View, give_way: Callable[[], None]) -> Array:
        """Of each directive. `give_way` as above."""
        x = self._through((*self.layers[:WISH_AFTER], *self.wish_layers), view, give_way)
        return self.wish(x[view.after :].mean(0))

    def _through(self, layers: Sequence[Layer], view: View, give_way: Callable[[], None]) -> Array:
        """[N, width]"""
        ids = np.array(view.ids)
        x = self.norm(self.words(ids) + self.positions[PADDING : PADDING + len(ids)])
        for layer in layers:
            give_way()
            x = layer(x, self.attention_heads)
        return x


def softmax(x: Array) -> Array:
    """Over the last dimension."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def gelu(x: Array) -> Array:
    """With the tanh approximation, as the weights were trained with it. 1606.08415, section 2."""
    inner: Array = np.tanh(x * (np.float32(0.7978845608) + np.float32(0.0356774081) * x * x))
    out: Array = np.float32(0.5) * x * (np.float32(1.0) + inner)
    return out


def _by_head(x: Array, heads: int) -> Array:
    """[N, width] to [heads, N, width / heads]."""
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def _linear(tensor: Callable[[str], Array], name: str) -> Linear:
    return Linear(np.ascontiguousarray(tensor(f"{name}.weight").T), tensor(f"{name}.bias"))


def _norm(tensor: Callable[[str], Array], name: str, eps: float) -> Norm:
    return Norm(tensor(f"{name}.weight"), tensor(f"{name}.bias"), eps)


def _layer(tensor: Callable[[str], Array], name: str, eps: float) -> Layer:
    return Layer(
        query=_linear(tensor, f"{name}.attn_q"),
        key=_linear(tensor, f"{name}.attn_k"),
        value=_linear(tensor, f"{name}.attn_v"),
        joined=_linear(tensor, f"{name}.attn_output"),
        norm=_norm(tensor, f"{name}.attn_output_norm", eps),
        up=_linear(tensor, f"{name}.ffn_up"),
        down=_linear(tensor, f"{name}.ffn_down"),
        last_norm=_norm(tensor, f"{name}.layer_output_norm", eps),
    )


def _wish_layers(names: Iterable[str]) -> int:
    return sum(name.startswith(f"{WISH}.blk.") and name.endswith(".attn_q.weight") for name in names)


def _number(reader: Any, key: str) -> float:
    return float(reader.fields[key].parts[-1][0])
