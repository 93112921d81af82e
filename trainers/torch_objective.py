"""The formulas of `objective`, in torch: same names, same argument order, differentiable in the student.

The weights of a batch are about Python numbers and stand in `objective` alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from trainers.objective import AMPLIFY_BOUND, LOG_RATIO_BOUND, WEIGHT_CAP, Divergence
from trainers.objective import sequence_weights as sequence_weights
from trainers.objective import token_weights as token_weights
from trainers.objective import weights as weights


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
    ratio = _ratio(student, old)
    return weight * torch.minimum(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage)


def clipped(student: Tensor, old: Tensor, advantage: Tensor, low: float, high: float) -> Tensor:
    """[T], booleans."""
    ratio = _ratio(student, old)
    return ((ratio > 1 + high) & (advantage > 0)) | ((ratio < 1 - low) & (advantage < 0))


def k3(student: Tensor, base: Tensor) -> Tensor:
    """[T]"""
    difference = (base - student).clamp(max=LOG_RATIO_BOUND)
    return torch.expm1(difference) - difference


def kl(p: Tensor, q: Tensor) -> Tensor:
    """[T, V] and [T, V] to [T]"""
    return (p.exp() * (p - q)).sum(-1)


def jsd(p: Tensor, q: Tensor, beta: float = 0.5) -> Tensor:
    """[T, V] and [T, V] to [T]"""
    mixture = torch.logaddexp(p + math.log(beta), q + math.log(1.0 - beta))
    return beta * kl(p, mixture) + (1.0 - beta) * kl(q, mixture)


def top_k_kl(student: Tensor, teacher: Tensor, k: int) -> Tensor:
    """[T, V] and [T, V] to [T]"""
    top = student.detach().topk(min(k, student.shape[-1] - 1), dim=-1).indices
    return kl(_coarse(student, top), _coarse(teacher, top))


def divergence(kind: Divergence, student: Tensor, target: Tensor, k: int) -> Tensor:
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


def learnable(ids: Sequence[int], special: Collection[int]) -> Tensor:
    """[T], booleans."""
    return torch.tensor([token not in special for token in ids], dtype=torch.bool)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """[T] and [T] to a scalar."""
    return torch.where(mask, values, 0.0).sum() / mask.sum().clamp(min=1)


def policy_loss(
    student: Tensor,
    old: Tensor,
    base: Tensor,
    advantage: Tensor,
    weight: Tensor,
    mask: Tensor,
    low: float,
    high: float,
    beta: float,
) -> Tensor:
    """A scalar."""
    gain = surrogate(student, old, advantage, weight, low, high)
    return masked_mean(beta * k3(student, base) - gain, mask)


def distillation_loss(kind: Divergence, student: Tensor, target: Tensor, mask: Tensor, k: int) -> Tensor:
    """A scalar."""
    return masked_mean(divergence(kind, student, target, k), mask)


def demonstration_loss(logprobs: Tensor, weight: Tensor, mask: Tensor) -> Tensor:
    """A scalar."""
    return masked_mean(-weight * logprobs, mask)


def _ratio(student: Tensor, old: Tensor) -> Tensor:
    """[T]"""
    return (student - old).clamp(max=LOG_RATIO_BOUND).exp()


def _coarse(logprobs: Tensor, top: Tensor) -> Tensor:
    """[T, V] and indices [T, k] to [T, k+1]"""
    others = logprobs.scatter(-1, top, -math.inf).logsumexp(-1, keepdim=True)
    return torch.cat([logprobs.gather(-1, top), others], dim=-1)
