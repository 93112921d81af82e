"""The policy's decoder in torch: a frozen base, a LoRA on every linear layer, several replies to one prompt at once.

A prompt is computed once for all replies to it: linear layers run over the prompt's rows and every reply's rows
together, attention lets each reply see the prompt and itself. Rows are [N, …]: no padding. Knows no losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from trainers.items import Ids, Replied
from trainers.rows import Rows, Span, of_prompts, of_replies
from trainers.shape import Rotary, Shape
from trainers.torch_four_bits import Weight, dense
from trainers.torch_kernels import Adapted, Attention, Gated, Norm, Normed, Prepare, Same, rotate

PARTS = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "o": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
"""Linear maps of one input are one matrix product."""

SAME = Same()

Kept = list[tuple[Tensor, Tensor]]
"""Keys and values of each layer, [n, kv_heads, d]."""


@dataclass
class Linear:
    """A frozen map [out, in] and the LoRA on its parts."""

    weight: Weight
    bias: Tensor | None
    a: list[Tensor]
    """Of each part, [r, in], float32."""
    b: list[Tensor]
    """Of each part, [out_i, r], float32."""

    def __call__(self, x: Tensor, prepare: Prepare, scale: float | None) -> Tensor:
        """[N, d] to [N, out], float32; `scale` None is the base."""
        if scale is None:
            return self._base(prepare.forward(x).to(self.weight.dtype))
        out: Tensor = Adapted.apply(x, prepare, self.weight, self.bias, scale, torch.cat(self.a), *self.b)  # type: ignore[no-untyped-call]
        return out

    def _base(self, z: Tensor) -> Tensor:
        return functional.linear(z, dense(self.weight), self.bias).float()


@dataclass
class Layer:
    """One decoder layer: its linear maps by the names in `PARTS`, its norms by their names in transformers."""

    linears: dict[str, Linear]
    norms: dict[str, Normed]
    local: bool


@dataclass
class Decoder:
    """Weights in their places. `scale` is α / r."""

    shape: Shape
    embeddings: Tensor
    head: Tensor
    """[V, width]; the embeddings where they are tied. Its type is the type of all matrix products."""
    norm: Normed
    layers: list[Layer]
    scale: float
    checkpointing: bool = False
    """Recompute a layer in the backward pass instead of keeping its activations."""

    def hidden(self, replies: Sequence[Replied], *, adapted: bool, frozen_prompt: bool = False) -> list[Tensor]:
        """What the output layer sees at each reply's tokens, [T, width] for each; a prompt's replies are neighbours.

        A reply's rows are its prompt's last token and all of the reply but its last token. With
        `frozen_prompt` no gradient flows into the rows before them.
        """
        past: Kept = []
        before: dict[tuple[int, ...], slice] = {}
        if frozen_prompt and torch.is_grad_enabled():
            prompts = list(dict.fromkeys(tuple(prompt) for prompt, _ in replies))
            with torch.no_grad():
                past, spans, _ = self.read([prompt[:-1] for prompt in prompts], adapted=adapted)
            before = dict(zip(prompts, spans, strict=True))
        rows, own = of_replies(replies, before)
        out = self._run(rows, adapted, past)
        return [out[span] for span in own]

    def read(self, prompts: Sequence[Ids], *, adapted: bool) -> tuple[Kept, list[slice], Tensor]:
        """Keys and values of each layer for all prompts' rows, which rows are whose, what the output layer sees."""
        kept: Kept = []
        rows, spans = of_prompts(prompts)
        return kept, spans, self._run(rows, adapted, [], kept)

    def logits(self, hidden: Tensor) -> Tensor:
        """[N, width] to [N, V], float32."""
        return functional.linear(hidden.to(self.head.dtype), self.head).float()

    def embed(self, ids: Tensor) -> Tensor:
        """[N] to [N, width], float32: the residual stream."""
        return functional.embedding(ids, self.embeddings).float() * self.shape.embedding_scale

    def normed(self, x: Tensor) -> Tensor:
        """The residual stream as the output layer sees it."""
        return _normed(x, self.norm)

    def tensor(self, numbers: Sequence[int]) -> Tensor:
        """[N], where the weights are."""
        return torch.tensor(numbers, device=self.head.device)

    def angles(self, positions: Tensor) -> dict[bool, tuple[Tensor, Tensor]]:
        """Cosine and sine of local layers (True) and of the others, [N, 1, d/2] each."""
        found = {}
        for local in {layer.local for layer in self.layers}:
            rotary = self.shape.local_rotary if local else self.shape.rotary
            angle = positions.unsqueeze(-1) * _frequencies(rotary, self.shape.head_dim).to(positions.device)
            found[local] = angle.cos().unsqueeze(1), angle.sin().unsqueeze(1)
        return found

    def queries(
        self, layer: Layer, x: Tensor, angles: tuple[Tensor, Tensor], scale: float | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """q, k and v of the residual stream x [N, width]: [N, heads, d] and twice [N, kv_heads, d]."""
        shape, n, dtype = self.shape, len(x), self.head.dtype
        both = layer.linears["qkv"](x, layer.norms["input_layernorm"], scale)
        widths = [shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim, shape.kv_heads * shape.head_dim]
        q, k, v = torch.split(both, widths, dim=-1)
        q, k = q.view(n, shape.heads, -1), k.view(n, shape.kv_heads, -1)
        if shape.head_norm:
            q, k = _normed(q, layer.norms["self_attn.q_norm"]), _normed(k, layer.norms["self_attn.k_norm"])
        return rotate(q, *angles).to(dtype), rotate(k, *angles).to(dtype), v.view(n, shape.kv_heads, -1).to(dtype)

    def after_attention(self, layer: Layer, x: Tensor, mixed: Tensor, scale: float | None) -> Tensor:
        """The residual stream after the layer; `mixed` is what attention gathered, [N, heads · d]."""
        x = x + self._joined(layer.linears["o"](mixed, SAME, scale), layer, "post_attention_layernorm")
        norm = layer.norms["pre_feedforward_layernorm" if self.shape.sandwich else "post_attention_layernorm"]
        both = layer.linears["gate_up"](x, norm, scale).to(self.head.dtype)
        out = layer.linears["down"](both, Gated(self.shape.gelu), scale)
        return x + self._joined(out, layer, "post_feedforward_layernorm")

    def _joined(self, out: Tensor, layer: Layer, norm: str) -> Tensor:
        return _normed(out, layer.norms[norm]) if self.shape.sandwich else out

    def _run(self, rows: Rows, adapted: bool, past: Kept, kept: Kept | None = None) -> Tensor:
        scale = self.scale if adapted else None
        if not rows.ids:
            # Prompts of a single token have nothing that could be computed before.
            return self.head.new_zeros(0, self.shape.width)
        x = self.embed(self.tensor(rows.ids))
        angles = self.angles(self.tensor(rows.positions))
        for number, layer in enumerate(self.layers):
            before = past[number] if past else None
            step = partial(self._layer, layer, rows.spans, before, angles[layer.local], scale, kept)
            if self.checkpointing and torch.is_grad_enabled():
                x = checkpoint(step, x, use_reentrant=False, preserve_rng_state=False)
            else:
                x = step(x)
        return self.normed(x)

    def _layer(
        self,
        layer: Layer,
        spans: Sequence[Span],
        past: tuple[Tensor, Tensor] | None,
        angles: tuple[Tensor, Tensor],
        scale: float | None,
        kept: Kept | None,
        x: Tensor,
    ) -> Tensor:
        q, k, v = self.queries(layer, x, angles, scale)
        if kept is not None:
            kept.append((k, v))
        window = self.shape.window if layer.local else 0
        mixed = []
        for span in spans:
            seen = (k[span.prompt], v[span.prompt]) if past is None else (past[0][span.past], past[1][span.past])
            keys, values = torch.cat([seen[0], k[span.own]]), torch.cat([seen[1], v[span.own]])
            mixed.append(Attention.apply(q[span.own], keys, values, self.shape.attention_scale, window))  # type: ignore[no-untyped-call]
        return self.after_attention(layer, x, torch.cat(mixed).flatten(1), scale)


def _normed(x: Tensor, norm: Normed) -> Tensor:
    out: Tensor = Norm.apply(x, norm)  # type: ignore[no-untyped-call]
    return out


def _frequencies(rotary: Rotary, head_dim: int) -> Tensor:
    powers = torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim
    frequencies = 1.0 / (rotary.theta**powers) / rotary.factor
    return frequencies / torch.tensor(rotary.divisors) if rotary.divisors else frequencies
