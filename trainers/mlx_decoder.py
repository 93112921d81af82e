"""The policy's decoder in MLX: mlx-lm's modules for a frozen base, a LoRA on every linear layer.

A prompt is computed once for all replies to it: linear layers run over the prompt's rows and every reply's rows
together, attention lets each reply see the prompt and itself. mlx-lm's own pass through its layers has no such
rows, rounds what a young adapter adds to bfloat16, and Gemma's embedding scale as well; so the pass is made here.
Matrix products are made in the type of the weights; norms, the residual stream and what the adapter adds are
float32. The LoRA comes as an argument: gradients are taken with respect to it. Knows no losses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from trainers.items import Ids, Replied
from trainers.plan import ATTENTION_BLOCK
from trainers.rows import Rows, Span, of_prompts, of_replies
from trainers.shape import Rotary, Shape

QKV = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
O = ("self_attn.o_proj",)  # noqa: E741 - as the field calls it
GATE_UP = ("mlp.gate_proj", "mlp.up_proj")
DOWN = ("mlp.down_proj",)
"""Linear maps of one input."""

Lora = dict[str, mx.array]
"""By the names of `adapter_peft`; always float32."""

Pairs = dict[str, tuple[mx.array, mx.array]]
"""A [r, in] and B [out, r] of one layer's linear maps, by their names in transformers; none for the base."""

Kept = list[tuple[mx.array, mx.array]]
"""Keys and values of each layer, [n, kv_heads, d]."""

Angles = tuple[mx.array, mx.array]
"""Cosine and sine, [N, 1, d/2]."""


Prepare = Callable[..., mx.array]
"""What becomes of a linear map's input first. Cheap, so that it is done again in the backward pass."""

Step = Callable[[mx.array, Pairs], tuple[mx.array, mx.array, mx.array]]
"""A layer, from the residual stream to the residual stream, its keys and its values."""


@dataclass
class Decoder:
    """Weights in their places. `scale` is α / r."""

    shape: Shape
    model: Any
    """Of mlx-lm."""
    scale: float
    checkpointing: bool = False
    """Recompute a layer in the backward pass instead of keeping its activations."""

    @property
    def dtype(self) -> mx.Dtype:
        """Of all matrix products."""
        dtype: mx.Dtype = self.model.model.embed_tokens.weight.dtype
        return dtype

    def hidden(self, replies: Sequence[Replied], lora: Lora | None, *, frozen_prompt: bool = False) -> list[mx.array]:
        """What the output layer sees at each reply's tokens, [T, width] for each; a prompt's replies are neighbours.

        A reply's rows are its prompt's last token and all of the reply but its last token. With
        `frozen_prompt` no gradient flows into the rows before them. Without `lora` it is the base.
        """
        past: Kept = []
        before: Mapping[tuple[int, ...], slice] = {}
        prompts: list[tuple[int, ...]] = []
        if frozen_prompt:
            # Of a prompt of one token nothing is computed before.
            prompts = list(dict.fromkeys(tuple(prompt) for prompt, _ in replies if len(prompt) > 1))
        if prompts:
            kept, spans, _ = self.read([prompt[:-1] for prompt in prompts], lora)
            past = [(mx.stop_gradient(keys), mx.stop_gradient(values)) for keys, values in kept]
            before = dict(zip(prompts, spans, strict=True))
        rows, own = of_replies(replies, before)
        out, _ = self._run(rows, lora, past)
        parts = _cut(out, rows.spans)
        return [parts[span.start] if span.stop > span.start else out[span] for span in own]

    def read(self, prompts: Sequence[Ids], lora: Lora | None) -> tuple[Kept, list[slice], mx.array]:
        """Keys and values of each layer for all prompts' rows, which rows are whose, what the output layer sees."""
        rows, spans = of_prompts(prompts)
        hidden, kept = self._run(rows, lora, [])
        return kept, spans, hidden

    def logits(self, hidden: mx.array) -> mx.array:
        """[N, width] to [N, V], float32."""
        model = self.model
        head = model.model.embed_tokens.as_linear if self.shape.tied else model.lm_head
        out: mx.array = head(hidden.astype(self.dtype))
        return out.astype(mx.float32)

    def embed(self, ids: mx.array) -> mx.array:
        """[N] to [N, width], float32: the residual stream."""
        rows: mx.array = self.model.model.embed_tokens(ids)
        return rows.astype(mx.float32) * self.shape.embedding_scale

    def normed(self, x: mx.array) -> mx.array:
        """The residual stream as the output layer sees it."""
        normed: mx.array = self.model.model.norm(x)
        return normed

    def angles(self, positions: mx.array) -> dict[bool, Angles]:
        """Of local layers (True) and of the others, for positions [N]."""
        found = {}
        for local in {self.shape.local(number) for number in range(self.shape.layers)}:
            rotary = self.shape.local_rotary if local else self.shape.rotary
            angle = positions[:, None].astype(mx.float32) * _frequencies(rotary, self.shape.head_dim)
            found[local] = mx.cos(angle)[:, None], mx.sin(angle)[:, None]
        return found

    def queries(self, layer: Any, x: mx.array, angles: Angles, pairs: Pairs) -> tuple[mx.array, mx.array, mx.array]:
        """q, k and v of the residual stream x [N, width]: [N, heads, d] and twice [N, kv_heads, d]."""
        parts = self._linears(layer, QKV, layer.input_layernorm, [x], pairs)
        q, k, v = (part.reshape(len(x), -1, self.shape.head_dim) for part in parts)
        if self.shape.head_norm:
            q, k = layer.self_attn.q_norm(q), layer.self_attn.k_norm(k)
        return _rotate(q, *angles).astype(self.dtype), _rotate(k, *angles).astype(self.dtype), v.astype(self.dtype)

    def after_attention(self, layer: Any, x: mx.array, mixed: mx.array, pairs: Pairs) -> mx.array:
        """The residual stream after the layer; `mixed` is what attention gathered, [N, heads · d]."""
        (out,) = self._linears(layer, O, _same, [mixed], pairs)
        if not self.shape.sandwich:
            x = x + out
            return x + self._mlp(layer, layer.post_attention_layernorm, x, pairs)
        x = x + layer.post_attention_layernorm(out)
        out = self._mlp(layer, layer.pre_feedforward_layernorm, x, pairs)
        return x + mx.array(layer.post_feedforward_layernorm(out))

    def _mlp(self, layer: Any, norm: Prepare, x: mx.array, pairs: Pairs) -> mx.array:
        both = [part.astype(self.dtype) for part in self._linears(layer, GATE_UP, norm, [x], pairs)]
        (out,) = self._linears(layer, DOWN, _geglu if self.shape.gelu else _swiglu, both, pairs)
        return out

    def _linears(
        self, layer: Any, names: Sequence[str], prepare: Prepare, x: Sequence[mx.array], pairs: Pairs
    ) -> list[mx.array]:
        """Maps of one input, each [N, in] to [N, out] in float32. It is prepared again in the backward pass, not kept:
        what the maps themselves gave is not needed there, and what is not needed MLX does not compute.
        """

        def run(pairs: Pairs, *x: mx.array) -> list[mx.array]:
            z = prepare(*x).astype(self.dtype)
            return [self._linear(attrgetter(name)(layer), z, pairs.get(name)) for name in names]

        if not pairs:
            return run({}, *x)
        out: list[mx.array] = mx.checkpoint(run)({name: pairs[name] for name in names}, *x)
        return out

    def _linear(self, linear: Any, z: mx.array, pair: tuple[mx.array, mx.array] | None) -> mx.array:
        """z W^T + b + s · z A^T B^T. LoRA: 2106.09685, eq. 3, with s = α / r."""
        out: mx.array = linear(z).astype(mx.float32)
        if pair is None:
            return out
        a, b = pair
        low = (z @ a.astype(z.dtype).T).astype(mx.float32)
        return out + self.scale * (low @ b.T)

    def _run(self, rows: Rows, lora: Lora | None, past: Kept) -> tuple[mx.array, Kept]:
        x = self.embed(mx.array(rows.ids))
        angles = self.angles(mx.array(rows.positions))
        kept: Kept = []
        for number, layer in enumerate(self.model.layers):
            local = self.shape.local(number)
            step: Step = partial(self._layer, layer, rows.spans, past[number] if past else None, angles[local], local)
            if self.checkpointing and lora is not None:
                step = mx.checkpoint(step)
            x, keys, values = step(x, pairs_of(self.shape, lora, number))
            kept.append((keys, values))
        return self.normed(x), kept

    def _layer(
        self,
        layer: Any,
        spans: Sequence[Span],
        past: tuple[mx.array, mx.array] | None,
        angles: Angles,
        local: bool,
        x: mx.array,
        pairs: Pairs,
    ) -> tuple[mx.array, mx.array, mx.array]:
        q, k, v = self.queries(layer, x, angles, pairs)
        window = self.shape.window if local else 0
        qs, ks, vs = (_cut(part, spans) for part in (q, k, v))
        mixed = []
        for span in spans:
            keys, values = [ks[span.own.start]], [vs[span.own.start]]
            if past is not None and _some(span.past):
                keys.insert(0, past[0][span.past])
                values.insert(0, past[1][span.past])
            elif _some(span.prompt):
                keys.insert(0, ks[span.prompt.start])
                values.insert(0, vs[span.prompt.start])
            seen = mx.concatenate(keys), mx.concatenate(values)
            mixed.append(attention(qs[span.own.start], *seen, self.shape.attention_scale, window))
        return self.after_attention(layer, x, mx.concatenate(mixed).flatten(1), pairs), k, v


def pairs_of(shape: Shape, lora: Lora | None, number: int) -> Pairs:
    """One layer's share of the adapter."""
    if lora is None:
        return {}
    prefix = f"model.layers.{number}."
    return {name: (lora[f"{prefix}{name}.lora_A"], lora[f"{prefix}{name}.lora_B"]) for name in shape.linears}


def _some(rows: slice) -> bool:
    """Arrays without elements are kept away from MLX: on a CPU its kernels read whatever is in memory for them."""
    return bool(rows.stop > rows.start)


def _cut(x: mx.array, spans: Sequence[Span]) -> dict[int, mx.array]:
    """The rows of each span, by where they begin. A slice's gradient is as large as `x`, that of these parts is not."""
    parts = mx.split(x, [span.own.start for span in spans[1:]])
    return {span.own.start: part for span, part in zip(spans, parts, strict=True)}


def attention(q: mx.array, k: mx.array, v: mx.array, scale: float, window: int) -> mx.array:
    """softmax(q k^T · s) v, causal: q [n, H, d] are the last n of the m positions of k and v, [m, H_kv, d].

    With a window w > 0 a position sees the last w, itself included. Computed block by block, and again in the
    backward pass (2205.14135, without its tiling of keys). Returns [n, H, d].
    """
    before = len(k) - len(q)
    parts = []
    for rows, seen in _blocks(len(q), len(k), window):
        block = mx.checkpoint(partial(_block, scale, window, before + rows.start - seen.start))
        parts.append(block(q[rows], k[seen], v[seen]))
    return mx.concatenate(parts)


def _block(scale: float, window: int, first: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
    """Attention of a few rows; the first of them stands at `first` in the keys."""
    row, column = mx.arange(first, first + len(q))[:, None], mx.arange(len(k))
    mask = column <= row
    if window:
        mask &= column > row - window
    heads = (x.swapaxes(0, 1)[None] for x in (q, k, v))
    return mx.fast.scaled_dot_product_attention(*heads, scale=scale, mask=mask)[0].swapaxes(0, 1)


def _blocks(n: int, m: int, window: int) -> Iterator[tuple[slice, slice]]:
    """Rows of queries, and the keys that any of them may see."""
    before = m - n
    for start in range(0, n, ATTENTION_BLOCK):
        end = min(n, start + ATTENTION_BLOCK)
        first = max(0, before + start + 1 - window) if window else 0
        yield slice(start, end), slice(first, before + end)


def _same(x: mx.array) -> mx.array:
    return x


def _swiglu(gate: mx.array, up: mx.array) -> mx.array:
    """2002.05202, eq. 6."""
    out: mx.array = nn.silu(gate) * up
    return out


def _geglu(gate: mx.array, up: mx.array) -> mx.array:
    """2002.05202, eq. 6, with the tanh approximation."""
    out: mx.array = nn.gelu_approx(gate) * up
    return out


def _rotate(x: mx.array, cos: mx.array, sin: mx.array) -> mx.array:
    """Rotary embedding of x [N, H, d] by angles [N, 1, d/2], halves against halves. RoFormer, 2104.09864, eq. 34."""
    first, second = mx.split(x, 2, axis=-1)
    return mx.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def _frequencies(rotary: Rotary, head_dim: int) -> mx.array:
    """[d/2]"""
    powers = mx.arange(0, head_dim, 2, dtype=mx.float32) / head_dim
    frequencies = 1.0 / (rotary.theta**powers) / rotary.factor
    return frequencies / mx.array(rotary.divisors) if rotary.divisors else frequencies
