"""The formulas, in NumPy and float64: what the torch code is tested against. The one place that explains them.

Symbols: prompt s, reply a = a_1..a_T, verdict r, hint h; policies base π_0, sampler π_old, student π_θ and
teacher π_T. Arrays are log-probabilities in nats: [T] of the tokens that were sampled, [T, V] of the whole
vocabulary. Knows nothing of models.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

WEIGHT_CAP = 2.0
"""Bound of the importance weight between the engine that sampled and the code that trains."""

AMPLIFY_BOUND = 4.0
"""Bound, in nats, of the difference that the amplified teacher exaggerates."""


def binary_advantage(reward: float, tokens: int) -> Array:
    """A_t = r for each token, not normalised, [T]. OpenClaw-RL (2603.10165), binary RL.

    No z-score: in a batch of one, or of equal verdicts, it would leave nothing to learn from.
    """
    return np.full(tokens, reward, dtype=np.float64)


def distillation_advantage(teacher: Array, old: Array, bound: float) -> Array:
    """A_t = clip(log π_T(a_t|s⊕h) − log π_old(a_t|s), ±bound), [T]. OpenClaw-RL (2603.10165), OPD."""
    return np.clip(teacher - old, -bound, bound)


def combined_advantage(reward: float, teacher: Array, old: Array, w_rl: float, w_opd: float, bound: float) -> Array:
    """A_t = w_rl·r + w_opd·clip(log π_T − log π_old), [T]. OpenClaw-RL (2603.10165), combined method."""
    return w_rl * binary_advantage(reward, len(old)) + w_opd * distillation_advantage(teacher, old, bound)


def importance_weight(trainer: Array, sampler: Array, cap: float = WEIGHT_CAP) -> Array:
    """min(π_trainer(a_t)/π_sampler(a_t), cap), [T]: the same weights evaluated by two engines differ a little.

    Truncated importance sampling as in FlashRL.
    """
    weight: Array = np.exp(np.minimum(trainer - sampler, np.log(cap)))
    return weight


def surrogate(student: Array, old: Array, advantage: Array, weight: Array, low: float, high: float) -> Array:
    """w_t · min(ρ_t A_t, clip(ρ_t, 1−low, 1+high) A_t), ρ_t = π_θ/π_old, [T]: to be maximised.

    PPO (1707.06347, eq. 7) with the wider upper bound of DAPO (2503.14476, 3.1).
    """
    ratio = np.exp(student - old)
    gain: Array = weight * np.minimum(ratio * advantage, np.clip(ratio, 1 - low, 1 + high) * advantage)
    return gain


def clipped(student: Array, old: Array, advantage: Array, low: float, high: float) -> npt.NDArray[np.bool_]:
    """Where the bound is what counts in `surrogate`, so that the token has no gradient, [T]."""
    ratio = np.exp(student - old)
    held: npt.NDArray[np.bool_] = ((ratio > 1 + high) & (advantage > 0)) | ((ratio < 1 - low) & (advantage < 0))
    return held


def k3(student: Array, base: Array) -> Array:
    """exp(d) − d − 1 with d = log π_0 − log π_θ, [T]: an unbiased, never negative estimate of KL(π_θ‖π_0).

    Schulman, Approximating KL Divergence (2020).
    """
    difference = base - student
    return np.expm1(difference) - difference


def kl(p: Array, q: Array) -> Array:
    """Σ_v p (log p − log q) at each position; [T, V] and [T, V] to [T]. Reverse KL when p is the student."""
    divergence: Array = np.sum(np.exp(p) * (p - q), axis=-1)
    return divergence


def entropy(p: Array) -> Array:
    """−Σ_v p log p, [T, V] to [T]."""
    uncertainty: Array = -np.sum(np.exp(p) * p, axis=-1)
    return uncertainty


def amplified(hinted: Array, plain: Array, c: float, bound: float = AMPLIFY_BOUND) -> Array:
    """log π_T ∝ log π_0(·|x⊕ℓ) + c·clamp(log π_0(·|x⊕ℓ) − log π_0(·|x), ±bound), normalised, [T, V].

    The difference tells where the hint acts, and is exaggerated because a small model follows a hint weakly;
    it is bounded because it exaggerates noise as well. c = 0 is the hinted base itself. The form is that of
    classifier-free guidance for language models (2306.17806, eq. 7), on log-probabilities.
    """
    raised = hinted + c * np.clip(hinted - plain, -bound, bound)
    peak = raised.max(axis=-1, keepdims=True)
    teacher: Array = raised - peak - np.log(np.exp(raised - peak).sum(axis=-1, keepdims=True))
    return teacher


def internalised(student_distance: float, base_distance: float) -> float:
    """1 − KL(π_θ‖π_T)/KL(π_0‖π_T): 0 as the base, 1 when the teacher's view needs no hint any more.

    0 when the base is at the teacher already: there is nothing to take in. Negative when it went away.
    """
    return 1.0 - student_distance / base_distance if base_distance > 0.0 else 0.0


def margin(logprobs: Array, advantage: Array) -> float:
    """Σ_t A_t log π(a_t) / Σ_t |A_t| over a batch's tokens: rises as wanted tokens gain and unwanted ones lose."""
    total = float(np.abs(advantage).sum())
    return float((advantage * logprobs).sum()) / total if total > 0.0 else 0.0
