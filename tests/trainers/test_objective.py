"""The NumPy reference has the properties that its docstrings promise, and torch agrees with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trainers import objective, torch_objective

Array = npt.NDArray[np.float64]

T, V = 5, 7


def normal(logits: Array) -> Array:
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def tokens(low: float = -12.0, high: float = -1e-3) -> st.SearchStrategy[Array]:
    """Log-probabilities of sampled tokens, [T]."""
    return arrays(np.float64, (T,), elements=st.floats(low, high))


def vocabularies() -> st.SearchStrategy[Array]:
    """Distributions, [T, V]."""
    return arrays(np.float64, (T, V), elements=st.floats(-8.0, 8.0)).map(normal)


advantages = arrays(np.float64, (T,), elements=st.floats(-2.0, 2.0))


@given(st.sampled_from([-1.0, 0.0, 1.0]), st.integers(0, 9))
def test_binary_advantage_is_the_verdict_for_every_token(reward: float, n: int) -> None:
    assert objective.binary_advantage(reward, n).tolist() == [reward] * n


@given(tokens(), tokens())
def test_distillation_advantage_is_bounded_and_points_to_the_teacher(teacher: Array, old: Array) -> None:
    advantage = objective.distillation_advantage(teacher, old, 1.0)
    assert (np.abs(advantage) <= 1.0).all()
    assert (np.sign(advantage) == np.sign(teacher - old)).all()


@given(tokens(), tokens())
def test_a_weight_of_zero_leaves_its_part_out(teacher: Array, old: Array) -> None:
    rl = objective.combined_advantage(-1.0, teacher, old, 1.0, 0.0, 1.0)
    opd = objective.combined_advantage(-1.0, teacher, old, 0.0, 1.0, 1.0)
    assert rl.tolist() == [-1.0] * T
    assert opd.tolist() == objective.distillation_advantage(teacher, old, 1.0).tolist()


@given(tokens(), tokens())
def test_importance_weight_is_positive_and_capped(trainer: Array, sampler: Array) -> None:
    weight = objective.importance_weight(trainer, sampler)
    assert (weight > 0.0).all()
    assert (weight <= objective.WEIGHT_CAP + 1e-12).all()
    assert np.allclose(objective.importance_weight(trainer, trainer), 1.0)


@given(tokens(), tokens(), advantages)
def test_surrogate_never_promises_more_than_the_ratio(student: Array, old: Array, advantage: Array) -> None:
    value = objective.surrogate(student, old, advantage, np.ones(T), 0.2, 0.28)
    assert (value <= np.exp(student - old) * advantage + 1e-9).all()
    assert (value[advantage > 0] <= 1.28 * advantage[advantage > 0] + 1e-9).all()


@given(tokens(), advantages)
def test_at_the_old_policy_nothing_is_clipped(old: Array, advantage: Array) -> None:
    assert np.allclose(objective.surrogate(old, old, advantage, np.ones(T), 0.2, 0.28), advantage)
    assert not objective.clipped(old, old, advantage, 0.2, 0.28).any()


@given(tokens(), tokens())
def test_k3_is_never_negative_and_zero_where_they_agree(student: Array, base: Array) -> None:
    assert (objective.k3(student, base) >= 0.0).all()
    assert objective.k3(base, base).tolist() == [0.0] * T


def test_k3_is_the_kl_in_expectation() -> None:
    rng = np.random.default_rng(0)
    student, base = normal(rng.normal(size=(1, V))), normal(rng.normal(size=(1, V)))
    expected = float((np.exp(student) * objective.k3(student, base)).sum())
    assert expected == pytest.approx(float(objective.kl(student, base)[0]))


@given(vocabularies(), vocabularies())
def test_kl_is_never_negative_and_zero_for_the_same(p: Array, q: Array) -> None:
    assert (objective.kl(p, q) >= -1e-9).all()
    assert np.allclose(objective.kl(p, p), 0.0)


@given(vocabularies())
def test_entropy_is_between_certainty_and_the_uniform(p: Array) -> None:
    assert (objective.entropy(p) >= -1e-9).all()
    assert (objective.entropy(p) <= np.log(V) + 1e-9).all()


@given(vocabularies(), vocabularies(), st.floats(0.0, 3.0))
def test_the_amplified_teacher_is_a_distribution(hinted: Array, plain: Array, c: float) -> None:
    assert np.allclose(np.exp(objective.amplified(hinted, plain, c)).sum(-1), 1.0)


@given(vocabularies(), vocabularies())
def test_without_amplification_the_teacher_is_the_hinted_base(hinted: Array, plain: Array) -> None:
    assert np.allclose(objective.amplified(hinted, plain, 0.0), hinted)
    assert np.allclose(objective.amplified(hinted, hinted, 1.0), hinted)


@given(vocabularies(), vocabularies())
def test_amplification_raises_most_what_the_hint_raised_most(hinted: Array, plain: Array) -> None:
    moved = objective.amplified(hinted, plain, 1.0) - hinted
    by_hint = np.clip(hinted - plain, -objective.AMPLIFY_BOUND, objective.AMPLIFY_BOUND)
    best = by_hint.argmax(-1)[:, None]
    assert np.allclose(np.take_along_axis(moved, best, -1)[:, 0], moved.max(-1))


def test_internalised_goes_from_the_base_to_the_teacher() -> None:
    assert objective.internalised(0.5, 0.5) == 0.0
    assert objective.internalised(0.0, 0.5) == 1.0
    assert objective.internalised(0.75, 0.5) == -0.5
    assert objective.internalised(0.1, 0.0) == 0.0


@given(tokens(), advantages)
def test_margin_is_a_weighted_mean(logprobs: Array, advantage: Array) -> None:
    assert abs(objective.margin(logprobs, advantage)) <= np.abs(logprobs).max() + 1e-9
    assert objective.margin(logprobs, np.zeros(T)) == 0.0


def sampled(rng: np.random.Generator) -> Array:
    return -rng.exponential(2.0, T)


def advantage(rng: np.random.Generator) -> Array:
    return rng.normal(size=T)


def vocabulary(rng: np.random.Generator) -> Array:
    return normal(rng.normal(scale=2.0, size=(T, V)))


FORMULAS: list[tuple[str, list[Any]]] = [
    ("distillation_advantage", [sampled, sampled, 1.0]),
    ("combined_advantage", [-1.0, sampled, sampled, 0.7, 1.3, 1.0]),
    ("importance_weight", [sampled, sampled]),
    ("surrogate", [sampled, sampled, advantage, lambda rng: rng.uniform(0.1, 2.0, T), 0.2, 0.28]),
    ("clipped", [sampled, sampled, advantage, 0.2, 0.28]),
    ("k3", [sampled, sampled]),
    ("kl", [vocabulary, vocabulary]),
    ("entropy", [vocabulary]),
    ("amplified", [vocabulary, vocabulary, 1.0]),
    ("margin", [sampled, advantage]),
]


def drawn(arguments: list[Any], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [a(rng) if callable(a) else a for a in arguments]


def as_torch(arguments: list[Any]) -> list[Any]:
    return [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arguments]


@pytest.mark.parametrize(("name", "arguments"), FORMULAS, ids=[name for name, _ in FORMULAS])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_torch_agrees_with_the_reference(name: str, arguments: list[Any], seed: int) -> None:
    values = drawn(arguments, seed)
    expected = getattr(objective, name)(*values)
    got = getattr(torch_objective, name)(*as_torch(values))
    assert np.allclose(np.asarray(got), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [f for f in FORMULAS if f[0] in {"surrogate", "k3", "kl", "entropy", "margin"}],
    ids=lambda v: v if isinstance(v, str) else "",
)
@pytest.mark.parametrize("seed", range(5))
def test_gradients_agree_with_finite_differences(name: str, arguments: list[Any], seed: int) -> None:
    """With respect to the first argument, the student."""
    student, *rest = drawn(arguments, seed)
    variable = torch.from_numpy(student).requires_grad_()
    getattr(torch_objective, name)(variable, *as_torch(rest)).sum().backward()
    assert variable.grad is not None
    expected = slope(lambda x: float(np.sum(getattr(objective, name)(x, *rest))), student)
    assert np.allclose(variable.grad.numpy(), expected, atol=1e-4)


def slope(f: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    """Central differences."""
    result = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[i] = step
        result[i] = (f(at + nudge) - f(at - nudge)) / (2 * step)
    return result
