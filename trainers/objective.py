"""The formulas, in NumPy and float64: what torch and MLX are tested against. The one place that explains them.

Symbols: prompt s, reply a = a_1..a_T, verdict r, hint h; policies base π_0, sampler π_old, student π_θ and
teacher π_T. Arrays are log-probabilities in nats: [T] of the tokens that were sampled, [T, V] of the whole
vocabulary. They are finite: a token that cannot be sampled has a very low one, not −inf. Knows nothing of models.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
TopK = npt.NDArray[np.int64]
"""[T, k], token ids."""

WEIGHT_CAP = 2.0
"""Bound of the importance weight between the engine that sampled and the code that trains."""

AMPLIFY_BOUND = 4.0
"""Bound, in nats, of the difference that the amplified teacher exaggerates."""

LOG_RATIO_BOUND = 20.0
"""Bound, in nats, of a log-ratio before it is exponentiated: float32 overflows at 88, and 0·∞ is no number.

A token past it keeps a finite loss and has no gradient.
"""


class Divergence(StrEnum):
    """How the distance between the student and a target distribution is measured."""

    REVERSE = "reverse"
    """KL(π_θ‖π_T): the student leaves what the target would not say. The default of the method."""
    FORWARD = "forward"
    """KL(π_T‖π_θ): the student covers all that the target would say; the anchor's direction."""
    JSD = "jsd"
    """Generalised Jensen-Shannon with β = 0.5: bounded by log 2, symmetric."""
    TOP_K = "top_k"
    """Reverse KL on the student's k likeliest tokens, the rest as one outcome."""


class Normalisation(StrEnum):
    """What counts the same in a batch of sequences of unequal length."""

    SEQUENCE = "sequence"
    """Each sequence: a token of a long reply counts less than one of a short reply."""
    TOKEN = "token"
    """Each token: a long reply counts more than a short one."""


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


def overlap(student: TopK, teacher: TopK) -> float:
    """Mean over tokens of |top-k of the student ∩ top-k of the teacher| / k, a scalar from 0 to 1; both [T, k].

    OpenClaw-RL (2603.10165, v2) takes the hint whose teacher has the largest, with k = 4: what such a teacher wants
    the student can say already. 0 without tokens.
    """
    if not student.size:
        return 0.0
    return float((student[:, :, None] == teacher[:, None, :]).any(axis=-1).mean())


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
    ratio = _ratio(student, old)
    gain: Array = weight * np.minimum(ratio * advantage, np.clip(ratio, 1 - low, 1 + high) * advantage)
    return gain


def clipped(student: Array, old: Array, advantage: Array, low: float, high: float) -> Mask:
    """Where the bound is what counts in `surrogate`, so that the token has no gradient, [T]."""
    ratio = _ratio(student, old)
    held: Mask = ((ratio > 1 + high) & (advantage > 0)) | ((ratio < 1 - low) & (advantage < 0))
    return held


def k3(student: Array, base: Array) -> Array:
    """exp(d) − d − 1 with d = log π_0 − log π_θ, [T]: an unbiased, never negative estimate of KL(π_θ‖π_0).

    Schulman, Approximating KL Divergence (2020).
    """
    difference = np.minimum(base - student, LOG_RATIO_BOUND)
    return np.expm1(difference) - difference


def kl(p: Array, q: Array) -> Array:
    """Σ_v p (log p − log q) at each position; [T, V] and [T, V] to [T]. Reverse KL when p is the student."""
    divergence: Array = np.sum(np.exp(p) * (p - q), axis=-1)
    return divergence


def jsd(p: Array, q: Array, beta: float = 0.5) -> Array:
    """β·KL(p‖m) + (1−β)·KL(q‖m) with m = β·p + (1−β)·q; [T, V] and [T, V] to [T]. GKD (2306.13649, eq. 1).

    p is the target and q the student, as there: divided by β it tends to KL(p‖q) for small β. Strictly between
    0 and 1, since it vanishes at both ends: ValueError there.
    """
    mixture = np.logaddexp(p + math.log(beta), q + math.log(1.0 - beta))
    return beta * kl(p, mixture) + (1.0 - beta) * kl(q, mixture)


def top_k_kl(student: Array, teacher: Array, k: int) -> Array:
    """Reverse KL over k+1 outcomes, the student's k likeliest tokens and all others; [T, V] and [T, V] to [T].

    The student's own support is that of OpenClaw-RL (2603.10165, v2, k = 4). The outcome for the others is as in
    SDPO (2601.20802) and in the top-K loss that OpenClaw-RL had before, on the teacher's support. Without it the
    sum over a part of the vocabulary can be negative, and the student could lower it by moving mass to where it
    is not counted. With it this is a KL of two distributions: never negative, at most the full one (data
    processing inequality), and equal to it for k ≥ V−1. k is at least 1. The choice of the support has no gradient.
    """
    # Past V-1 there are no others, whose mass would have no logarithm.
    order = np.argpartition(-student, min(k, student.shape[-1] - 1), axis=-1)
    return kl(_coarse(student, order, k), _coarse(teacher, order, k))


def divergence(kind: Divergence, student: Array, target: Array, k: int) -> Array:
    """The distance of the student from its target at each position, [T, V] and [T, V] to [T]. TOP_K alone uses k."""
    match kind:
        case Divergence.REVERSE:
            return kl(student, target)
        case Divergence.FORWARD:
            return kl(target, student)
        case Divergence.JSD:
            return jsd(target, student)
        case Divergence.TOP_K:
            return top_k_kl(student, target, k)


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
    return raised - _log_mass(raised)


def internalised(student_distance: float, base_distance: float) -> float:
    """1 − KL(π_θ‖π_T)/KL(π_0‖π_T): 0 as the base, 1 when the teacher's view needs no hint any more.

    0 when the base is at the teacher already: there is nothing to take in. Negative when it went away.
    """
    return 1.0 - student_distance / base_distance if base_distance > 0.0 else 0.0


def margin(logprobs: Array, advantage: Array) -> float:
    """Σ_t A_t log π(a_t) / Σ_t |A_t| over a batch's tokens: rises as wanted tokens gain and unwanted ones lose."""
    total = float(np.abs(advantage).sum())
    return float((advantage * logprobs).sum()) / total if total > 0.0 else 0.0


def learnable(ids: Sequence[int], special: Collection[int]) -> Mask:
    """Which of a reply's tokens are learned from, [T]: all but the special (control) ones.

    The caller leaves the tokens that end a reply out of `special`: when to stop is the policy's decision too.
    """
    return np.array([token not in special for token in ids], dtype=np.bool_)


def masked_mean(values: Array, mask: Mask) -> float:
    """Mean of [T] over the tokens of one sequence that the mask [T] keeps, a scalar; 0 if it keeps none."""
    return float(np.where(mask, values, 0.0).sum()) / max(int(mask.sum()), 1)


def sequence_weights(lengths: Sequence[int]) -> list[float]:
    """w_i with which Σ_i w_i·mean_i is the mean over sequences of their means, [N]. GRPO (2402.03300, eq. 3).

    A length is the number of tokens that a sequence's mask keeps. One that keeps none weighs 0 and is not counted.
    """
    counted = sum(length > 0 for length in lengths)
    return [1.0 / counted if length > 0 else 0.0 for length in lengths]


def token_weights(lengths: Sequence[int]) -> list[float]:
    """w_i with which Σ_i w_i·mean_i is the mean over all tokens of the batch, [N].

    DAPO (2503.14476, 3.3, token-level policy gradient loss). All 0 if there are no tokens.
    """
    total = max(sum(lengths), 1)
    return [length / total for length in lengths]


def weights(normalisation: Normalisation, lengths: Sequence[int]) -> list[float]:
    """Share of each sequence's masked mean in the batch, [N]: sums to 1, or all 0 if there is nothing to learn."""
    match normalisation:
        case Normalisation.SEQUENCE:
            return sequence_weights(lengths)
        case Normalisation.TOKEN:
            return token_weights(lengths)


def policy_loss(
    student: Array,
    old: Array,
    base: Array,
    advantage: Array,
    weight: Array,
    mask: Mask,
    low: float,
    high: float,
    beta: float,
) -> float:
    """Masked mean of β·k3(π_θ, π_0) − surrogate, a scalar: the whole loss of one judged reply. Arrays are [T].

    The objective of GRPO (2402.03300, eq. 3) for one sequence, with the advantages of OpenClaw-RL (2603.10165).
    """
    gain = surrogate(student, old, advantage, weight, low, high)
    return masked_mean(beta * k3(student, base) - gain, mask)


def distillation_loss(kind: Divergence, student: Array, target: Array, mask: Mask, k: int) -> float:
    """Masked mean of the divergence, a scalar: the whole loss of one practised or anchored reply. Arrays [T, V]."""
    return masked_mean(divergence(kind, student, target, k), mask)


def demonstration_loss(logprobs: Array, weight: Array, mask: Mask) -> float:
    """Masked mean of −w_t·log π_θ(a_t), a scalar: the whole loss of one demonstrated reply. Arrays are [T].

    Cross-entropy with a weight per token: where a reply was mended is where there is something to learn, and what is
    the policy's own already would only be sharpened.
    """
    return masked_mean(-weight * logprobs, mask)


def preference_margin(chosen: Array, chosen_base: Array, rejected: Array, rejected_base: Array) -> float:
    """m = Σ_t (log π_θ − log π_0) of the chosen reply, less that of the rejected one, nats; arrays [T].

    The difference of DPO's implicit rewards before β (2305.18290, eq. 5): 0 at the base.
    """
    return float((chosen - chosen_base).sum() - (rejected - rejected_base).sum())


def preference_loss(margin: float, beta: float) -> float:
    """−log σ(β·m), a scalar: the whole loss of one pair. DPO (2305.18290, eq. 7) with the base as reference."""
    return float(np.logaddexp(0.0, -beta * margin))


def preference_weight(margin: float, beta: float) -> float:
    """β·σ(−β·m): what the gradient of `preference_loss` weighs that of each reply's log-probability with.

    ∇ −log σ(β·m) = −β·σ(−β·m)·(∇ log π_θ(chosen) − ∇ log π_θ(rejected)), DPO (2305.18290, section 4). So a pair is two
    demonstrations whose tokens weigh as much, the rejected one's negatively, if the weight is told anew at each step.
    """
    return beta * float(np.exp(-np.logaddexp(0.0, beta * margin)))


def _ratio(student: Array, old: Array) -> Array:
    """ρ_t = π_θ/π_old, bounded, [T]."""
    ratio: Array = np.exp(np.minimum(student - old, LOG_RATIO_BOUND))
    return ratio


def _log_mass(x: Array) -> Array:
    """log Σ_v exp(x), [T, V] to [T, 1]."""
    peak = x.max(axis=-1, keepdims=True)
    mass: Array = peak + np.log(np.exp(x - peak).sum(axis=-1, keepdims=True))
    return mass


def _coarse(logprobs: Array, order: npt.NDArray[np.intp], k: int) -> Array:
    """The first k tokens of each row's order as they are, the others as one outcome: [T, V] to [T, min(k+1, V)].

    The others are added up rather than taken as 1 − Σ of the first, which loses its digits as it nears 0.
    """
    k = min(k, logprobs.shape[-1] - 1)
    ordered = np.take_along_axis(logprobs, order, axis=-1)
    return np.concatenate([ordered[:, :k], _log_mass(ordered[:, k:])], axis=-1)
