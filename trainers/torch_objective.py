"""The formulas of `objective`, in torch: same names, same argument order, differentiable in the student."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trainers.objective import AMPLIFY_BOUND, WEIGHT_CAP


def binary_advantage(reward: float, tokens: int) -> Tensor:
    """[T]"""
    return torch.full((tokens,), reward)


def distillation_advantage(teacher: Tensor, old: Tensor, bound: float) -> Tensor:
    """[T]"""
    return (teacher - old).clamp(-bound, bound)


def combined_advantage(reward: float, teacher: Tensor, old: Tensor, w_rl: float, w_opd: float, bound: float) -> Tensor:
    """[T]"""
    return w_rl * binary_advantage(reward, len(old)) + w_opd * distillation_advantage(teacher, old, bound)


def importance_weight(trainer: Tensor, sampler: Tensor, cap: float = WEIGHT_CAP) -> Tensor:
    """[T]"""
    return (trainer - sampler).clamp(max=math.log(cap)).exp()


def surrogate(student: Tensor, old: Tensor, advantage: Tensor, weight: Tensor, low: float, high: float) -> Tensor:
    """[T], to be maximised."""
    ratio = (student - old).exp()
    return weight * torch.minimum(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage)


def clipped(student: Tensor, old: Tensor, advantage: Tensor, low: float, high: float) -> Tensor:
    """[T], booleans."""
    ratio = (student - old).exp()
    return ((ratio > 1 + high) & (advantage > 0)) | ((ratio < 1 - low) & (advantage < 0))


def k3(student: Tensor, base: Tensor) -> Tensor:
    """[T]"""
    difference = base - student
    return torch.expm1(difference) - difference


def kl(p: Tensor, q: Tensor) -> Tensor:
    """[T, V] and [T, V] to [T]"""
    return (p.exp() * (p - q)).sum(-1)


def entropy(p: Tensor) -> Tensor:
    """[T, V] to [T]"""
    return -(p.exp() * p).sum(-1)


def amplified(hinted: Tensor, plain: Tensor, c: float, bound: float = AMPLIFY_BOUND) -> Tensor:
    """[T, V]"""
    return torch.log_softmax(hinted + c * (hinted - plain).clamp(-bound, bound), dim=-1)


def margin(logprobs: Tensor, advantage: Tensor) -> Tensor:
    """A scalar."""
    total = advantage.abs().sum()
    return (advantage * logprobs).sum() / total if total > 0 else torch.zeros(())
