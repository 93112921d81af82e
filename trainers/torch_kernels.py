"""Steps of a decoder that autograd would make dear: each keeps its input and nothing else.

Matrix products are made in the type of the weights, bfloat16 or float32; norms, the residual stream, softmax and
the adapter's gradients are float32. Knows no layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from trainers.plan import ATTENTION_BLOCK
from trainers.torch_four_bits import Weight, dense

BLOCK = ATTENTION_BLOCK
"""Rows of queries at a time: those of one block do not look at keys behind its end."""


class Prepare(Protocol):
    """What becomes of a linear map's input first. Cheap, so that it is done again in the backward pass."""

    def forward(self, x: Tensor) -> Tensor: ...

    def backward(self, x: Tensor, grad: Tensor) -> Tensor:
        """From the gradient of what `forward` gave to that of `x`."""
        ...


class Same:
    """The input as it is."""

    def forward(self, x: Tensor) -> Tensor:
        return x

    def backward(self, x: Tensor, grad: Tensor) -> Tensor:
        return grad


@dataclass(frozen=True)
class Normed:
    """x / rms(x) · weight over the last dimension: x [..., d] and weight [d] in float32. 1910.07467, eq. 4."""

    weight: Tensor
    eps: float

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x.float(), self.weight.shape, self.weight, self.eps)

    def backward(self, x: Tensor, grad: Tensor) -> Tensor:
        x = x.float()
        inverse = torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps)
        scaled = grad.float() * self.weight
        along = (scaled * x).mean(-1, keepdim=True) * inverse.square()
        return (scaled - x * along) * inverse


@dataclass(frozen=True)
class Gated:
    """act(g) · u of (g, u) side by side, [N, 2 · inner] to [N, inner]: SwiGLU or GeGLU (2002.05202, eq. 6)."""

    gelu: bool

    def forward(self, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, dim=-1)
        return self._activation(gate) * up

    def backward(self, x: Tensor, grad: Tensor) -> Tensor:
        gate, up = x.chunk(2, dim=-1)
        with torch.enable_grad():
            leaf = gate.detach().requires_grad_()
            active = self._activation(leaf)
        (slope,) = torch.autograd.grad(active, leaf, grad * up)
        return torch.cat([slope, grad * active.detach()], dim=-1)

    def _activation(self, gate: Tensor) -> Tensor:
        return functional.gelu(gate, approximate="tanh") if self.gelu else functional.silu(gate)


class Norm(Function):
    """`Normed` alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, norm: Normed) -> Tensor:
        ctx.save_for_backward(x)
        ctx.norm = norm
        return norm.forward(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return ctx.norm.backward(x, grad).to(x.dtype), None


class Adapted(Function):
    """z W^T + b + s · z A^T B^T with z = prepare(x), for several maps of one input that are computed as one.

    x [N, d]; W [out, in] and b [out] are frozen; A [parts · r, in] of all parts and B [out_i, r] of each are
    float32. Returns [N, out], in float32: rounded to bfloat16 a young adapter's share would be gone.
    LoRA: 2106.09685, eq. 3, with s = α / r.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, prepare: Prepare, weight: Weight, bias: Tensor | None, scale: float, a: Tensor, *bs: Tensor
    ) -> Tensor:
        ctx.save_for_backward(x, a, *bs)
        ctx.prepare, ctx.weight, ctx.scale = prepare, weight, scale
        z = prepare.forward(x).to(weight.dtype)
        low = (z @ a.to(z.dtype).T).float()
        out = functional.linear(z, dense(weight), bias).float()
        for columns, ranks, b in _parts(bs):
            out[:, columns].addmm_(low[:, ranks], b.T, alpha=scale)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, a, *bs = ctx.saved_tensors
        z = ctx.prepare.forward(x).to(ctx.weight.dtype)
        low = z @ a.to(z.dtype).T
        grad = grad.to(z.dtype)
        down = torch.empty_like(low)
        grad_bs = []
        for columns, ranks, b in _parts(bs):
            torch.mm(grad[:, columns], b.to(z.dtype), out=down[:, ranks])
            grad_bs.append(ctx.scale * (grad[:, columns].T @ low[:, ranks]).float())
        grad_a = ctx.scale * (down.T @ z).float()
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_z = (grad @ dense(ctx.weight)).addmm_(down, a.to(z.dtype), alpha=ctx.scale)
            grad_x = ctx.prepare.backward(x, grad_z).to(x.dtype)
        return grad_x, None, None, None, None, grad_a, *grad_bs


def _parts(bs: Sequence[Tensor]) -> Iterator[tuple[slice, slice, Tensor]]:
    """For each part its columns of the output, its columns of the low-rank input, its B."""
    start, rank = 0, bs[0].shape[1]
    for i, b in enumerate(bs):
        yield slice(start, start + b.shape[0]), slice(i * rank, (i + 1) * rank), b
        start += b.shape[0]


class Attention(Function):
    """softmax(q k^T · s) v, causal: q [n, H, d] are the last n of the m positions of k and v, [m, H_kv, d].

    With a window w > 0 a position sees the last w, itself included. Heads that share keys go through one
    product (2305.13245). Computed block by block, and again in the backward pass (2205.14135, without its
    tiling of keys): weights of n · m for each head are not kept. Returns [n, H, d].
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, scale: float, window: int) -> Tensor:
        ctx.save_for_backward(q, k, v)
        ctx.scale, ctx.window = scale, window
        out = torch.empty_like(q)
        for rows, seen in _blocks(len(q), len(k), window):
            weights = _weights(_folded(q[rows], k), k[seen], rows, seen, len(k) - len(q), scale, window)
            out[rows] = _unfolded(weights @ v[seen].transpose(0, 1), q[rows])
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v = ctx.saved_tensors
        grad_q, grad_k, grad_v = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for rows, seen in _blocks(len(q), len(k), ctx.window):
            queries, given = _folded(q[rows], k), _folded(grad[rows], k)
            weights = _weights(queries, k[seen], rows, seen, len(k) - len(q), ctx.scale, ctx.window)
            grad_v[seen] += (weights.transpose(1, 2) @ given).transpose(0, 1)
            slope = given @ v[seen].permute(1, 2, 0)
            slope = torch._softmax_backward_data(slope, weights, -1, weights.dtype).mul_(ctx.scale)
            grad_q[rows] = _unfolded(slope @ k[seen].transpose(0, 1), q[rows])
            grad_k[seen] += (slope.transpose(1, 2) @ queries).transpose(0, 1)
        return grad_q, grad_k, grad_v, None, None


def _blocks(n: int, m: int, window: int) -> Iterator[tuple[slice, slice]]:
    """Rows of queries, and the keys that any of them may see."""
    before = m - n
    for start in range(0, n, BLOCK):
        end = min(n, start + BLOCK)
        first = max(0, before + start + 1 - window) if window else 0
        yield slice(start, end), slice(first, before + end)


def _folded(q: Tensor, k: Tensor) -> Tensor:
    """[n, H, d] to [H_kv, H / H_kv · n, d]: the heads that share keys, one after the other."""
    n, heads, d = q.shape
    groups = heads // k.shape[1]
    return q.view(n, -1, groups, d).permute(1, 2, 0, 3).reshape(-1, groups * n, d)


def _unfolded(x: Tensor, like: Tensor) -> Tensor:
    """The inverse of `_folded`."""
    n, heads, d = like.shape
    return x.view(x.shape[0], -1, n, d).permute(2, 0, 1, 3).reshape(n, heads, d)


def _weights(q: Tensor, k: Tensor, rows: slice, seen: slice, before: int, scale: float, window: int) -> Tensor:
    """Attention weights, [H_kv, groups · n, keys], of folded queries; the softmax is made in float32."""
    scores = (q @ k.permute(1, 2, 0)).float().mul_(scale)
    row = torch.arange(before + rows.start, before + rows.stop, device=q.device).unsqueeze(-1)
    column = torch.arange(seen.start, seen.stop, device=q.device)
    hidden = column > row
    if window:
        hidden |= column <= row - window
    by_head = scores.view(scores.shape[0], -1, len(row), len(column))
    # Only the columns behind the first row's position can be hidden by order alone.
    first = 0 if window else max(0, before + rows.start - seen.start)
    by_head[..., first:].masked_fill_(hidden[:, first:], float("-inf"))
    return scores.softmax(-1).to(q.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of x [N, H, d] by angles [N, 1, d/2], halves against halves. RoFormer, 2104.09864, eq. 34."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
