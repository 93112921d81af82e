"""Losses and figures of replies from what the output layer sees, a few positions at a time.

The vocabulary never costs [T, V] floats: a chunk's logits, their loss and their gradient come and go together.
Knows the formulas' names (`torch_objective`), not where hidden states come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainers import torch_objective as objective
from trainers.items import Demonstrated, Distilled, Item, Judged
from trainers.job import Recipe
from trainers.plan import chunks
from trainers.policy import Learned

Logits = Callable[[Tensor], Tensor]
"""[N, width] to [N, V], float32."""


@dataclass(frozen=True)
class Seen:
    """A view's hidden states at a reply's tokens, [T, width]; with `plain` an amplified one."""

    hidden: Tensor
    plain: Tensor | None = None
    amplify: float = 0.0

    def logprobs(self, logits: Logits, rows: slice) -> Tensor:
        """[C, V]"""
        hinted = torch.log_softmax(logits(self.hidden[rows]), dim=-1)
        if self.plain is None:
            return hinted
        return objective.amplified(hinted, torch.log_softmax(logits(self.plain[rows]), dim=-1), self.amplify)


def chosen(logprobs_TV: Tensor, response: Sequence[int]) -> Tensor:
    """Log-probabilities of the tokens that were sampled, [T]."""
    ids = torch.tensor(response, device=logprobs_TV.device)
    return logprobs_TV.gather(-1, ids.unsqueeze(-1)).squeeze(-1)


def backward(
    hidden: Tensor, item: Item, target: Seen | None, logits: Logits, size: int, recipe: Recipe
) -> tuple[Tensor, Learned]:
    """The gradient of `share · loss` with respect to `hidden` [T, width], and the loss."""
    gradient = torch.zeros_like(hidden)
    mask = torch.from_numpy(item.mask).to(hidden.device)
    kept = max(1, int(mask.sum()))
    total, sums = 0.0, dict.fromkeys(item.figures, 0.0)
    for rows in chunks(len(hidden), size):
        part = int(mask[rows].sum()) / kept
        if part == 0.0:
            continue
        leaf = hidden[rows].detach().requires_grad_()
        student = torch.log_softmax(logits(leaf), dim=-1)
        loss, figures = _loss(student, item, rows, mask[rows], target, logits, recipe)
        (gradient[rows],) = torch.autograd.grad(item.share * part * loss, leaf)
        total += part * float(loss.detach())
        sums = {name: sums[name] + part * figure for name, figure in figures.items()}
    return gradient, Learned(total, sums)


def _loss(
    student: Tensor, item: Item, rows: slice, mask: Tensor, target: Seen | None, logits: Logits, recipe: Recipe
) -> tuple[Tensor, dict[str, float]]:
    match item:
        case Judged():
            return _judged(chosen(student, item.response[rows]), item, rows, mask, recipe)
        case Distilled():
            assert target is not None
            with torch.no_grad():
                view = target.logprobs(logits, rows)
            loss = objective.distillation_loss(item.divergence, student, view, mask, recipe.top_k)
            return loss, {item.name: float(loss.detach())}
        case Demonstrated():
            weight = torch.from_numpy(item.weight[rows]).to(student.device)
            loss = objective.demonstration_loss(chosen(student, item.response[rows]), weight, mask)
            return loss, {item.name: float(loss.detach())}


def _judged(
    student: Tensor, item: Judged, rows: slice, mask: Tensor, recipe: Recipe
) -> tuple[Tensor, dict[str, float]]:
    old, base, advantage, weight = (
        torch.from_numpy(x[rows]).to(student.device) for x in (item.old, item.base, item.advantage, item.weight)
    )
    low, high = recipe.clip_low, recipe.clip_high
    loss = objective.policy_loss(student, old, base, advantage, weight, mask, low, high, recipe.beta)
    with torch.no_grad():
        figures = {
            "gain": objective.surrogate(student, old, advantage, weight, low, high),
            "k3": objective.k3(student, base),
            "clipped": objective.clipped(student, old, advantage, low, high).float(),
        }
    return loss, {name: float(objective.masked_mean(figure, mask)) for name, figure in figures.items()}
