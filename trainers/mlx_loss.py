"""Losses and figures of replies from what the output layer sees, a few positions at a time.

The vocabulary never costs [T, V] floats: a chunk's logits, their loss and their gradient come and go together.
Nothing is evaluated here. Knows the formulas' names (`mlx_objective`), not where hidden states come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn

from trainers import mlx_objective as objective
from trainers.items import Demonstrated, Distilled, Item, Judged
from trainers.job import Recipe
from trainers.plan import chunks

Logits = Callable[[mx.array], mx.array]
"""[N, width] to [N, V], float32."""

Figures = dict[str, mx.array]


@dataclass(frozen=True)
class Seen:
    """A view's hidden states at a reply's tokens, [T, width]; with `plain` an amplified one."""

    hidden: mx.array
    plain: mx.array | None = None
    amplify: float = 0.0

    def logprobs(self, logits: Logits, rows: slice) -> mx.array:
        """[C, V]"""
        hinted: mx.array = nn.log_softmax(logits(self.hidden[rows]))
        if self.plain is None:
            return hinted
        return objective.amplified(hinted, nn.log_softmax(logits(self.plain[rows])), self.amplify)


@dataclass(frozen=True)
class Lazy:
    """What one item's loss will be, and its gradient at the hidden states, [T, width]."""

    gradient: mx.array
    loss: mx.array
    figures: Figures


def chosen(logprobs_TV: mx.array, response: Sequence[int]) -> mx.array:
    """Log-probabilities of the tokens that were sampled, [T]."""
    return mx.take_along_axis(logprobs_TV, mx.array(list(response))[:, None], axis=-1)[:, 0]


def backward(hidden: mx.array, item: Item, target: Seen | None, logits: Logits, size: int, recipe: Recipe) -> Lazy:
    """The gradient of `share · loss` with respect to `hidden` [T, width], and the loss."""
    kept = max(1, int(item.mask.sum()))
    total, sums = mx.array(0.0), {name: mx.array(0.0) for name in item.figures}
    gradients: list[mx.array] = []
    for rows in chunks(len(hidden), size):
        part = int(item.mask[rows].sum()) / kept
        if part == 0.0:
            gradients.append(mx.zeros_like(hidden[rows]))
            continue
        leaf = hidden[rows]
        if gradients:
            # One chunk after the other: in no order, all their logits could be in memory at once.
            leaf = mx.depends(leaf, gradients[-1])
        loss, figures, gradient = _chunk(leaf, item, rows, target, logits, recipe)
        gradients.append(item.share * part * gradient)
        total = total + part * loss
        sums = {name: sums[name] + part * figure for name, figure in figures.items()}
    return Lazy(mx.concatenate(gradients), total, sums)


def _chunk(
    leaf: mx.array, item: Item, rows: slice, target: Seen | None, logits: Logits, recipe: Recipe
) -> tuple[mx.array, Figures, mx.array]:
    """The loss, its figures, and its gradient at the hidden states `leaf` [C, width]."""

    def loss(leaf: mx.array) -> tuple[mx.array, Figures]:
        return _loss(nn.log_softmax(logits(leaf)), item, rows, target, logits, recipe)

    (value, figures), gradient = mx.value_and_grad(loss)(leaf)
    return value, figures, gradient


def _loss(
    student: mx.array, item: Item, rows: slice, target: Seen | None, logits: Logits, recipe: Recipe
) -> tuple[mx.array, Figures]:
    mask = mx.array(item.mask[rows])
    match item:
        case Judged():
            return _judged(chosen(student, item.response[rows]), item, rows, mask, recipe)
        case Distilled():
            assert target is not None
            view = target.logprobs(logits, rows)
            loss = objective.distillation_loss(item.divergence, student, view, mask, recipe.top_k)
            return loss, {item.name: loss}
        case Demonstrated():
            weight = mx.array(item.weight[rows])
            loss = objective.demonstration_loss(chosen(student, item.response[rows]), weight, mask)
            return loss, {item.name: loss}


def _judged(student: mx.array, item: Judged, rows: slice, mask: mx.array, recipe: Recipe) -> tuple[mx.array, Figures]:
    old, base, advantage, weight = (mx.array(x[rows]) for x in (item.old, item.base, item.advantage, item.weight))
    low, high = recipe.clip_low, recipe.clip_high
    loss = objective.policy_loss(student, old, base, advantage, weight, mask, low, high, recipe.beta)
    figures = {
        "gain": objective.surrogate(student, old, advantage, weight, low, high),
        "k3": objective.k3(student, base),
        "clipped": objective.clipped(student, old, advantage, low, high).astype(mx.float32),
    }
    return loss, {name: objective.masked_mean(figure, mask) for name, figure in figures.items()}
