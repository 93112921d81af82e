"""torch and MLX agree with the NumPy reference, in value and in gradient.

The reference's gradients are finite differences of it, with respect to every array that a formula takes.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainers import objective, torch_objective
from trainers.objective import Divergence

Array = npt.NDArray[np.float64]

T, V = 5, 7
IMPOSSIBLE = -1e4
"""Log-probability of a token that cannot be sampled: its probability is 0 in every precision."""


class Torch:
    formulas = torch_objective

    def __init__(self, dtype: str) -> None:
        self.dtype = getattr(torch, dtype)

    def array(self, value: npt.NDArray[Any]) -> Any:
        return torch.tensor(value, dtype=torch.bool if value.dtype == bool else self.dtype)

    def numpy(self, value: Any) -> npt.NDArray[Any]:
        return np.asarray(value)

    def gradient(self, f: Callable[[Any], Any], at: Array) -> Array:
        variable = self.array(at).requires_grad_()
        f(variable).sum().backward()
        assert variable.grad is not None
        return np.asarray(variable.grad)


class Mlx:
    def __init__(self, dtype: str) -> None:
        self.core = pytest.importorskip("mlx.core")
        self.formulas = importlib.import_module("trainers.mlx_objective")
        self.dtype = getattr(self.core, dtype)

    def array(self, value: npt.NDArray[Any]) -> Any:
        return self.core.array(value, dtype=self.core.bool_ if value.dtype == bool else self.dtype)

    def numpy(self, value: Any) -> npt.NDArray[Any]:
        return np.array(value)

    def gradient(self, f: Callable[[Any], Any], at: Array) -> Array:
        return np.array(self.core.grad(lambda variable: f(variable).sum())(self.array(at)))


Backend = Torch | Mlx


@pytest.fixture(scope="module", params=["torch-float64", "torch-float32", "mlx-float64", "mlx-float32"])
def backend(request: pytest.FixtureRequest) -> Any:
    library, dtype = request.param.split("-")
    if library == "torch":
        yield Torch(dtype)
        return
    mlx = Mlx(dtype)
    # MLX knows float64 on the CPU alone.
    with mlx.core.stream(mlx.core.cpu):
        yield mlx


def normal(logits: Array) -> Array:
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def sampled(rng: np.random.Generator) -> Array:
    return -rng.exponential(2.0, T)


def near(rng: np.random.Generator) -> Array:
    """Between the bounds of the ratio and past them, against -1."""
    return -1.0 + rng.normal(scale=0.3, size=T)


def advantage(rng: np.random.Generator) -> Array:
    return rng.normal(size=T)


def weight(rng: np.random.Generator) -> Array:
    return rng.uniform(0.1, 2.0, T)


def mask(rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    return rng.random(T) < 0.7


def vocabulary(rng: np.random.Generator) -> Array:
    return normal(rng.normal(scale=2.0, size=(T, V)))


MINUS_ONE = np.full(T, -1.0)

SMOOTH: list[tuple[str, list[Any]]] = [
    ("distillation_advantage", [sampled, sampled, 1.0]),
    ("combined_advantage", [-1.0, sampled, sampled, 0.7, 1.3, 1.0]),
    ("importance_weight", [sampled, sampled]),
    ("surrogate", [sampled, sampled, advantage, weight, 0.2, 0.28]),
    ("surrogate", [near, MINUS_ONE, advantage, weight, 0.2, 0.28]),
    ("k3", [near, MINUS_ONE]),
    ("kl", [vocabulary, vocabulary]),
    ("jsd", [vocabulary, vocabulary]),
    ("jsd", [vocabulary, vocabulary, 0.1]),
    *[("top_k_kl", [vocabulary, vocabulary, k]) for k in (1, 4, V - 1, V, V + 3)],
    *[("divergence", [kind, vocabulary, vocabulary, 4]) for kind in Divergence],
    ("entropy", [vocabulary]),
    ("amplified", [vocabulary, vocabulary, 1.0]),
    ("margin", [sampled, advantage]),
    ("masked_mean", [advantage, mask]),
    ("policy_loss", [near, MINUS_ONE, near, advantage, weight, mask, 0.2, 0.28, 0.02]),
    *[("distillation_loss", [kind, vocabulary, vocabulary, mask, 4]) for kind in Divergence],
    ("demonstration_loss", [sampled, weight, mask]),
]
"""Formulas that have a gradient, almost everywhere."""

OTHERS: list[tuple[str, list[Any]]] = [
    ("binary_advantage", [-1.0, T]),
    ("clipped", [near, MINUS_ONE, advantage, 0.2, 0.28]),
    ("learnable", [[3, 0, 1, 0, 2], {0, 2}]),
]


def titled(formula: tuple[str, list[Any]]) -> str:
    name, arguments = formula
    return "-".join([name, *[str(a) for a in arguments if isinstance(a, (str, int, float))]])


def drawn(arguments: list[Any], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [a(rng) if callable(a) else a for a in arguments]


def converted(backend: Backend, values: list[Any]) -> list[Any]:
    return [backend.array(v) if isinstance(v, np.ndarray) else v for v in values]


def gradients(backend: Backend, name: str, values: list[Any]) -> dict[int, Array]:
    """Of the sum of the formula's values, by the position of the array it is taken with respect to."""
    given, formula = converted(backend, values), getattr(backend.formulas, name)
    return {
        i: backend.gradient(lambda x, i=i: formula(*given[:i], x, *given[i + 1 :]), v)
        for i, v in enumerate(values)
        if isinstance(v, np.ndarray) and v.dtype != bool
    }


def slope(f: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    """Central differences."""
    result = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[i] = step
        result[i] = (f(at + nudge) - f(at - nudge)) / (2 * step)
    return result


@pytest.mark.parametrize("formula", SMOOTH + OTHERS, ids=titled)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_values_agree(backend: Backend, formula: tuple[str, list[Any]], seed: int) -> None:
    name, arguments = formula
    values = drawn(arguments, seed)
    expected = getattr(objective, name)(*values)
    got = backend.numpy(getattr(backend.formulas, name)(*converted(backend, values)))
    assert got.shape == np.shape(expected)
    assert np.allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("formula", SMOOTH, ids=titled)
@pytest.mark.parametrize("seed", range(4))
def test_gradients_agree_with_finite_differences(backend: Backend, formula: tuple[str, list[Any]], seed: int) -> None:
    name, arguments = formula
    values, reference = drawn(arguments, seed), getattr(objective, name)
    for i, got in gradients(backend, name, values).items():
        expected = slope(lambda x, i=i: float(np.sum(reference(*values[:i], x, *values[i + 1 :]))), values[i])
        assert np.allclose(got, expected, rtol=1e-4, atol=1e-4), f"argument {i}"


CERTAIN = np.full((1, V), IMPOSSIBLE)
CERTAIN[0, 2] = 0.0
ELSEWHERE = CERTAIN[:, ::-1].copy()
UNEVEN = normal(np.linspace(0.0, 1.0, V)[None])
"""No two alike, so that there is one choice of the likeliest."""
ALONE = np.zeros((3, 1))
"""The only distribution over a vocabulary of one token."""
NOWHERE = np.zeros((0, V))
ONE = np.ones(1)

EDGES: list[tuple[str, list[Any]]] = [
    *[
        ("divergence", [kind, student, target, k])
        for kind in Divergence
        for student, target in [(CERTAIN, UNEVEN), (UNEVEN, CERTAIN), (CERTAIN, CERTAIN), (CERTAIN, ELSEWHERE)]
        for k in (1, V)
    ],
    *[("divergence", [kind, ALONE, ALONE, 4]) for kind in Divergence],
    *[("divergence", [kind, NOWHERE, NOWHERE, 4]) for kind in Divergence],
    *[("distillation_loss", [kind, NOWHERE, NOWHERE, np.zeros(0, bool), 4]) for kind in Divergence],
    *[("distillation_loss", [kind, CERTAIN, UNEVEN, np.zeros(1, bool), 4]) for kind in Divergence],
    ("amplified", [CERTAIN, UNEVEN, 1.0]),
    ("amplified", [NOWHERE, NOWHERE, 1.0]),
    ("entropy", [CERTAIN]),
    ("demonstration_loss", [np.zeros(0), np.zeros(0), np.zeros(0, bool)]),
    ("demonstration_loss", [np.full(T, IMPOSSIBLE), np.ones(T), np.ones(T, bool)]),
    ("masked_mean", [np.zeros(0), np.zeros(0, bool)]),
    ("masked_mean", [np.ones(T), np.zeros(T, bool)]),
    ("policy_loss", [*[np.zeros(0)] * 5, np.zeros(0, bool), 0.2, 0.28, 0.02]),
    ("policy_loss", [*[np.ones(T)] * 5, np.zeros(T, bool), 0.2, 0.28, 0.02]),
    *[
        ("policy_loss", [student * ONE, old * ONE, base * ONE, a * ONE, ONE, ONE > 0, 0.2, 0.28, 0.02])
        for student in (0.0, IMPOSSIBLE)
        for old in (0.0, IMPOSSIBLE)
        for base in (0.0, IMPOSSIBLE)
        for a in (-1.0, 0.0, 1.0)
    ],
]
"""Certainty, a vocabulary of one, no tokens, none kept, and policies that disagree about what is possible."""


@pytest.mark.parametrize("formula", EDGES, ids=lambda formula: formula[0])
def test_at_the_edges_values_agree_and_all_is_finite(backend: Backend, formula: tuple[str, list[Any]]) -> None:
    name, values = formula
    expected = getattr(objective, name)(*values)
    assert np.isfinite(expected).all()
    if isinstance(backend, Mlx) and any(np.size(v) == 0 for v in values):
        return  # kept away from MLX: `mlx_objective` says why
    got = backend.numpy(getattr(backend.formulas, name)(*converted(backend, values)))
    assert np.allclose(got, expected, rtol=1e-5, atol=1e-5)
    assert all(np.isfinite(gradient).all() for gradient in gradients(backend, name, values).values())


@pytest.mark.parametrize("kind", Divergence)
def test_at_the_target_there_is_nothing_to_learn(backend: Backend, kind: Divergence) -> None:
    """The gradient for the logits, through which alone the student moves, vanishes where it is at its target."""
    logits = np.random.default_rng(0).normal(size=(T, V))
    target = backend.array(normal(logits))

    def distance(x: Any) -> Any:
        # Nothing amplified is the distribution itself, normalised.
        return backend.formulas.divergence(kind, backend.formulas.amplified(x, x, 0.0), target, 4)

    assert np.allclose(backend.gradient(distance, logits), 0.0, atol=1e-6)


@pytest.mark.parametrize("name", ["sequence_weights", "token_weights", "weights"])
def test_what_is_about_python_numbers_is_the_reference_itself(backend: Backend, name: str) -> None:
    assert getattr(backend.formulas, name) is getattr(objective, name)
