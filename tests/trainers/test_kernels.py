"""The kernels are what autograd makes of the plain formulas: the same values, the same gradients, in float32.

They cast to float32 inside, so that finite differences in float64 would say nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from trainers import torch_kernels
from trainers.torch_kernels import Adapted, Attention, Gated, Norm, Normed, Prepare, Same, rotate

WITHIN = 1e-4
"""Relative error."""

WIDTH = 8


def drawn(*size: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed)).to(dtype)


def error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.double() - theirs.double()).norm() / theirs.double().norm().clamp(min=1e-12))


def gradients(outcome: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    """Of a sum that weighs each number differently."""
    weights = drawn(*outcome.shape, seed=9).to(outcome.dtype)
    return list(torch.autograd.grad((outcome * weights).sum(), leaves))


def agree(kernel: Callable[..., Tensor], plain: Callable[..., Tensor], *inputs: Tensor, within: float = WITHIN) -> None:
    """Values and the gradients of all inputs; `plain` in float64."""
    ours = [x.clone().requires_grad_() for x in inputs]
    theirs = [x.double().requires_grad_() for x in inputs]
    out, wanted = kernel(*ours), plain(*theirs)
    assert out.shape == wanted.shape
    assert error(out.detach(), wanted.detach()) < within
    for mine, right in zip(gradients(out, ours), gradients(wanted, theirs), strict=True):
        assert mine.dtype == torch.float32
        assert error(mine, right) < within


# the plain formulas
def norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight


def gated(x: Tensor, gelu: bool) -> Tensor:
    gate, up = x.chunk(2, dim=-1)
    return (functional.gelu(gate, approximate="tanh") if gelu else functional.silu(gate)) * up


def attention(q: Tensor, k: Tensor, v: Tensor, scale: float, window: int) -> Tensor:
    """[n, H, d] of the last n of m positions."""
    n, heads, m = len(q), q.shape[1], len(k)
    k, v = (x.repeat_interleave(heads // x.shape[1], dim=1) for x in (k, v))
    row, column = torch.arange(m - n, m).unsqueeze(-1), torch.arange(m)
    seen = (column <= row) & ((column > row - window) if window else torch.ones(()).bool())
    scores = torch.einsum("nhd,mhd->hnm", q, k) * scale
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return torch.einsum("hnm,mhd->nhd", weights, v)


NORM = Normed(drawn(WIDTH, seed=5) + 1.0, 1e-5)

PREPARES: dict[str, tuple[Prepare, int, Callable[[Tensor], Tensor]]] = {
    "same": (Same(), WIDTH, lambda x: x),
    "norm": (NORM, WIDTH, lambda x: norm(x, NORM.weight.double(), NORM.eps)),
    "silu": (Gated(gelu=False), 2 * WIDTH, lambda x: gated(x, gelu=False)),
    "gelu": (Gated(gelu=True), 2 * WIDTH, lambda x: gated(x, gelu=True)),
}
"""With the width of what comes in, and the plain formula."""


@pytest.mark.parametrize("prepare", PREPARES)
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("sizes", [(5,), (6, 2, 3)])
def test_an_adapted_map_of_several_parts(prepare: str, biased: bool, sizes: tuple[int, ...]) -> None:
    kernel, width, plain = PREPARES[prepare]
    rank, scale = 3, 0.7
    weight = drawn(sum(sizes), WIDTH, seed=1)
    bias = drawn(sum(sizes), seed=2) if biased else None
    a = drawn(rank * len(sizes), WIDTH, seed=3)
    bs = [drawn(size, rank, seed=10 + size) for size in sizes]

    def ours(x: Tensor, a: Tensor, *bs: Tensor) -> Tensor:
        out: Tensor = Adapted.apply(x, kernel, weight, bias, scale, a, *bs)  # type: ignore[no-untyped-call]
        return out

    def theirs(x: Tensor, a: Tensor, *bs: Tensor) -> Tensor:
        z = plain(x)
        low = (z @ a.T).split(rank, dim=-1)
        added = torch.cat([part @ b.T for part, b in zip(low, bs, strict=True)], dim=-1)
        return functional.linear(z, weight.double(), None if bias is None else bias.double()) + scale * added

    agree(ours, theirs, drawn(7, width), a, *bs)


def test_the_base_of_an_adapted_map_gets_no_gradient() -> None:
    weight, bias = drawn(5, WIDTH).requires_grad_(), drawn(5).requires_grad_()
    x, a, b = drawn(4, WIDTH).requires_grad_(), drawn(2, WIDTH), drawn(5, 2)
    Adapted.apply(x, Same(), weight, bias, 1.0, a, b).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert weight.grad is None and bias.grad is None


def test_an_input_that_wants_no_gradient_gets_none() -> None:
    a, b = drawn(2, WIDTH).requires_grad_(), drawn(5, 2).requires_grad_()
    x = drawn(4, WIDTH)
    Adapted.apply(x, Same(), drawn(5, WIDTH), None, 1.0, a, b).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is None and a.grad is not None and b.grad is not None


@pytest.mark.parametrize("prepare", PREPARES)
def test_an_adapted_map_in_bfloat16_is_near_the_exact_one(prepare: str) -> None:
    """A young adapter's share is not rounded away: its own product is added in float32."""
    kernel, width, plain = PREPARES[prepare]
    weight, a, b = drawn(6, WIDTH, seed=1, dtype=torch.bfloat16), drawn(2, WIDTH, seed=2), drawn(6, 2, seed=3)

    def ours(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = Adapted.apply(x, kernel, weight, None, 0.5, a, b)  # type: ignore[no-untyped-call]
        return out

    def theirs(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return plain(x) @ weight.double().T + 0.5 * (plain(x) @ a.T) @ b.T

    agree(ours, theirs, drawn(9, width), a, b, within=0.02)
    x = drawn(9, width)
    small = ours(x, a, 1e-5 * b) - ours(x, a, 0.0 * b)
    assert error(small, 0.5e-5 * (plain(x.double()) @ a.double().T) @ b.double().T) < 0.05


@pytest.mark.parametrize("size", [(7, WIDTH), (3, 4, WIDTH)])
def test_norm(size: tuple[int, ...]) -> None:
    def ours(x: Tensor) -> Tensor:
        out: Tensor = Norm.apply(x, NORM)  # type: ignore[no-untyped-call]
        return out

    agree(ours, lambda x: norm(x, NORM.weight.double(), NORM.eps), drawn(*size))


def test_norm_of_nearly_nothing_is_finite() -> None:
    x = (1e-12 * drawn(3, WIDTH)).requires_grad_()
    out = Norm.apply(x, NORM)  # type: ignore[no-untyped-call]
    (grad,) = gradients(out, [x])
    assert out.isfinite().all() and grad.isfinite().all()


@pytest.mark.parametrize("gelu", [False, True])
def test_gated(gelu: bool) -> None:
    kernel, x = Gated(gelu), 3.0 * drawn(7, 2 * WIDTH)
    grad = drawn(7, WIDTH, seed=4)
    leaf = x.double().requires_grad_()
    wanted = gated(leaf, gelu)
    (right,) = torch.autograd.grad(wanted, leaf, grad.double())
    assert error(kernel.forward(x), wanted.detach()) < WITHIN
    assert error(kernel.backward(x, grad), right) < WITHIN


@pytest.mark.parametrize("block", [3, 128])
@pytest.mark.parametrize("heads", [(1, 1), (4, 4), (6, 2)])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 7), (1, 9), (7, 12), (9, 40)])
@pytest.mark.parametrize("window", [0, 1, 4, 100])
def test_attention(
    monkeypatch: pytest.MonkeyPatch, block: int, heads: tuple[int, int], n: int, m: int, window: int
) -> None:
    monkeypatch.setattr(torch_kernels, "BLOCK", block)
    attend(n, m, *heads, window)


def attend(n: int, m: int, heads: int, kv_heads: int, window: int, d: int = 6) -> None:
    def ours(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out: Tensor = Attention.apply(q, k, v, 0.4, window)  # type: ignore[no-untyped-call]
        return out

    inputs = drawn(n, heads, d), drawn(m, kv_heads, d, seed=1), drawn(m, kv_heads, d, seed=2)
    if window == 1 or m == 1:
        # Its weights are all one, so that queries and keys have no gradient but rounding.
        out = ours(*inputs)
        assert error(out, attention(*(x.double() for x in inputs), 0.4, window)) < WITHIN
        return
    agree(ours, lambda q, k, v: attention(q, k, v, 0.4, window), *inputs)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 300), before=st.integers(0, 150), window=st.sampled_from([0, 2, 5, 130]))
def test_attention_over_any_number_of_blocks(n: int, before: int, window: int) -> None:
    attend(n, max(2, n + before), 2, 1, window, d=2)


def test_attention_in_bfloat16_is_near_the_exact_one() -> None:
    inputs = [drawn(n, h, 8, seed=h) for n, h in ((20, 4), (30, 2), (30, 2))]
    out = Attention.apply(*(x.bfloat16() for x in inputs), 0.35, 0)  # type: ignore[no-untyped-call]
    assert out.dtype == torch.bfloat16
    assert error(out, attention(*(x.double() for x in inputs), 0.35, 0)) < 0.02


def test_what_is_behind_a_position_does_not_reach_it() -> None:
    q, k, v = drawn(5, 2, 4), drawn(5, 1, 4, seed=1), drawn(5, 1, 4, seed=2)
    before = Attention.apply(q, k, v, 0.5, 0)  # type: ignore[no-untyped-call]
    k[3:], v[3:] = 100.0, -100.0
    after = Attention.apply(q, k, v, 0.5, 0)  # type: ignore[no-untyped-call]
    assert torch.equal(before[:3], after[:3])
    assert not torch.equal(before[3:], after[3:])


def test_rotation_keeps_lengths_and_tells_distances_only() -> None:
    d = 6
    frequencies = torch.tensor([1.0, 0.1, 0.01])

    def at(x: Tensor, position: int) -> Tensor:
        angle = (position * frequencies)[None, None]
        return rotate(x, angle.cos(), angle.sin())

    q, k = drawn(1, 1, d), drawn(1, 1, d, seed=1)
    assert torch.equal(at(q, 0), q)
    assert error(at(q, 17).norm(), q.norm()) < 1e-6
    assert error((at(q, 12) * at(k, 5)).sum(), (at(q, 7) * at(k, 0)).sum()) < WITHIN


def test_rotation_is_a_product_of_complex_numbers() -> None:
    x, angle = drawn(5, 3, 8, dtype=torch.float64), drawn(5, 1, 4, seed=1, dtype=torch.float64)
    turned = torch.complex(x[..., :4], x[..., 4:]) * torch.exp(1j * angle)
    wanted = torch.cat([turned.real, turned.imag], dim=-1)
    assert torch.allclose(rotate(x, angle.cos(), angle.sin()), wanted)
    leaf = x.requires_grad_()
    assert torch.autograd.gradcheck(lambda y: rotate(y, angle.cos(), angle.sin()), leaf)


@pytest.mark.parametrize("n", [1, 127, 128, 129, 300])
@pytest.mark.parametrize("window", [0, 10])
def test_blocks_hold_every_query_once_and_every_key_that_it_may_see(n: int, window: int) -> None:
    m = n + 20
    blocks = list(torch_kernels._blocks(n, m, window))
    assert [i for rows, _ in blocks for i in range(rows.start, rows.stop)] == list(range(n))
    for rows, seen in blocks:
        for i in range(rows.start, rows.stop):
            first = max(0, 20 + i + 1 - window) if window else 0
            assert seen.start <= first and seen.stop >= 20 + i + 1
