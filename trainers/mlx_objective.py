"""The formulas of `objective`, in MLX: same names, same argument order, differentiable in the student.

The weights of a batch are about Python numbers and stand in `objective` alone. Arrays have at least
one token: on a CPU, MLX's kernels read whatever is in memory for an array without elements, and may not come back.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import mlx.core as mx

from trainers.objective import AMPLIFY_BOUND, LOG_RATIO_BOUND, WEIGHT_CAP, Divergence
from trainers.objective import sequence_weights as sequence_weights
from trainers.objective import token_weights as token_weights
from trainers.objective import weights as weights


def binary_advantage(reward: float, tokens: int) -> mx.array:
    """[T]"""
    return mx.full((tokens,), reward)


def distillation_advantage(teacher: mx.array, old: mx.array, bound: float) -> mx.array:
    """[T]"""
    return mx.clip(teacher - old, -bound, bound)


def combined_advantage(
    reward: float, teacher: mx.array, old: mx.array, w_rl: float, w_opd: float, bound: float
) -> mx.array:
    """[T]"""
    return w_rl * binary_advantage(reward, len(old)) + w_opd * distillation_advantage(teacher, old, bound)


def importance_weight(trainer: mx.array, sampler: mx.array, cap: float = WEIGHT_CAP) -> mx.array:
    """[T]"""
    return mx.exp(mx.minimum(trainer - sampler, math.log(cap)))


def surrogate(
    student: mx.array, old: mx.array, advantage: mx.array, weight: mx.array, low: float, high: float
) -> mx.array:
    """[T], to be maximised."""
    ratio = _ratio(student, old)
    return weight * mx.minimum(ratio * advantage, mx.clip(ratio, 1 - low, 1 + high) * advantage)


def clipped(student: mx.array, old: mx.array, advantage: mx.array, low: float, high: float) -> mx.array:
    """[T], booleans."""
    ratio = _ratio(student, old)
    return ((ratio > 1 + high) & (advantage > 0)) | ((ratio < 1 - low) & (advantage < 0))


def k3(student: mx.array, base: mx.array) -> mx.array:
    """[T]"""
    difference = mx.minimum(base - student, LOG_RATIO_BOUND)
    return mx.expm1(difference) - difference


def kl(p: mx.array, q: mx.array) -> mx.array:
    """[T, V] and [T, V] to [T]"""
    return (mx.exp(p) * (p - q)).sum(-1)


def jsd(p: mx.array, q: mx.array, beta: float = 0.5) -> mx.array:
    """[T, V] and [T, V] to [T]"""
    mixture = mx.logaddexp(p + math.log(beta), q + math.log(1.0 - beta))
    return beta * kl(p, mixture) + (1.0 - beta) * kl(q, mixture)


def top_k_kl(student: mx.array, teacher: mx.array, k: int) -> mx.array:
    """[T, V] and [T, V] to [T]"""
    order = mx.argpartition(-mx.stop_gradient(student), min(k, student.shape[-1] - 1), axis=-1)
    return kl(_coarse(student, order, k), _coarse(teacher, order, k))


def divergence(kind: Divergence, student: mx.array, target: mx.array, k: int) -> mx.array:
    """[T, V] and [T, V] to [T]"""
    match kind:
        case Divergence.REVERSE:
            return kl(student, target)
        case Divergence.FORWARD:
            return kl(target, student)
        case Divergence.JSD:
            return jsd(target, student)
        case Divergence.TOP_K:
            return top_k_kl(student, target, k)


def entropy(p: mx.array) -> mx.array:
    """[T, V] to [T]"""
    return -(mx.exp(p) * p).sum(-1)


def amplified(hinted: mx.array, plain: mx.array, c: float, bound: float = AMPLIFY_BOUND) -> mx.array:
    """[T, V]"""
    raised = hinted + c * mx.clip(hinted - plain, -bound, bound)
    return raised - _log_mass(raised)


def margin(logprobs: mx.array, advantage: mx.array) -> mx.array:
    """A scalar."""
    total = mx.abs(advantage).sum()
    return (advantage * logprobs).sum() / mx.where(total > 0, total, 1.0)


def learnable(ids: Sequence[int], special: Collection[int]) -> mx.array:
    """[T], booleans."""
    return mx.array([token not in special for token in ids], dtype=mx.bool_)


def masked_mean(values: mx.array, mask: mx.array) -> mx.array:
    """[T] and [T] to a scalar."""
    return mx.where(mask, values, 0.0).sum() / mx.maximum(mask.sum(), 1)


def policy_loss(
    student: mx.array,
    old: mx.array,
    base: mx.array,
    advantage: mx.array,
    weight: mx.array,
    mask: mx.array,
    low: float,
    high: float,
    beta: float,
) -> mx.array:
    """A scalar."""
    gain = surrogate(student, old, advantage, weight, low, high)
    return masked_mean(beta * k3(student, base) - gain, mask)


def distillation_loss(kind: Divergence, student: mx.array, target: mx.array, mask: mx.array, k: int) -> mx.array:
    """A scalar."""
    return masked_mean(divergence(kind, student, target, k), mask)


def demonstration_loss(logprobs: mx.array, weight: mx.array, mask: mx.array) -> mx.array:
    """A scalar."""
    return masked_mean(-weight * logprobs, mask)


def _ratio(student: mx.array, old: mx.array) -> mx.array:
    """[T]"""
    return mx.exp(mx.minimum(student - old, LOG_RATIO_BOUND))


def _log_mass(x: mx.array) -> mx.array:
    """[T, V] to [T, 1]"""
    mass: mx.array = mx.logsumexp(x, axis=-1, keepdims=True)
    return mass


def _coarse(logprobs: mx.array, order: mx.array, k: int) -> mx.array:
    """[T, V] and indices [T, V] to [T, min(k+1, V)]"""
    k = min(k, logprobs.shape[-1] - 1)
    ordered = mx.take_along_axis(logprobs, order, axis=-1)
    return mx.concatenate([ordered[:, :k], _log_mass(ordered[:, k:])], axis=-1)
