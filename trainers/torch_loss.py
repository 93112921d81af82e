"""The loss of one item. An item carries all that does not change while the student does.

Knows the formulas' names (`torch_objective`) and the policy, not where items come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainers import torch_objective as objective
from trainers.job import Recipe
from trainers.torch_policy import Ids, Policy


@dataclass(frozen=True)
class Judged:
    """A served reply with a verdict, a hint, or both. Tensors are [T]."""

    prompt: Ids
    response: Ids
    old: Tensor
    """log π of the policy that the update starts from, as this code evaluates it."""
    base: Tensor
    advantage: Tensor
    weight: Tensor
    share: float
    """Of this item in the objective."""


@dataclass(frozen=True)
class Practised:
    """A reply that the student gave without the hint, and the teacher's view of each token, [T, V]."""

    prompt: Ids
    response: Ids
    teacher: Tensor
    share: float


@dataclass(frozen=True)
class Anchored:
    """A reply of the base to a neutral prompt, and the base's view of each token, [T, V]."""

    prompt: Ids
    response: Ids
    base: Tensor
    share: float


Item = Judged | Practised | Anchored


def loss(policy: Policy, item: Item, recipe: Recipe) -> tuple[Tensor, dict[str, float]]:
    """The item's loss (a scalar, before its share) and figures to average."""
    student = torch.log_softmax(policy.logits(item.prompt, item.response), dim=-1)
    match item:
        case Judged():
            return _judged(chosen(student, item.response), item, recipe)
        case Practised():
            distance = objective.kl(student, item.teacher).mean()
            return distance, {"distance": float(distance.detach())}
        case Anchored():
            drift = objective.kl(item.base, student).mean()
            return drift, {"anchor": float(drift.detach())}


def chosen(logprobs_TV: Tensor, response: Ids) -> Tensor:
    """Log-probabilities of the tokens that were sampled, [T]."""
    return logprobs_TV.gather(-1, torch.tensor(response).unsqueeze(-1)).squeeze(-1)


def _judged(student: Tensor, item: Judged, recipe: Recipe) -> tuple[Tensor, dict[str, float]]:
    low, high = recipe.clip_low, recipe.clip_high
    gain = objective.surrogate(student, item.old, item.advantage, item.weight, low, high).mean()
    drift = objective.k3(student, item.base).mean()
    clipped = objective.clipped(student.detach(), item.old, item.advantage, low, high)
    figures = {"gain": float(gain.detach()), "k3": float(drift.detach()), "clipped": float(clipped.float().mean())}
    return recipe.beta * drift - gain, figures
