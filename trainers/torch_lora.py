"""The training loop: a plain function over items, with the loss and the callback passed in.

Knows nothing of jobs, files or processes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from trainers.errors import Diverged
from trainers.job import Recipe
from trainers.progress import Callback
from trainers.torch_loss import Item
from trainers.torch_policy import Policy

BETAS = (0.9, 0.98)

Loss = Callable[[Policy, Item, Recipe], tuple[Tensor, dict[str, float]]]


def train(
    policy: Policy,
    items: Callable[[int], Sequence[Item]],
    loss: Loss,
    recipe: Recipe,
    callback: Callback,
) -> list[dict[str, float]]:
    """`recipe.steps` optimiser steps, each over `items(step)`; the figures of each step. Raises `Diverged`.

    One item at a time goes forward and backward: on a CPU larger batches gain nothing and take memory.
    """
    parameters = policy.parameters()
    optimiser = torch.optim.AdamW(parameters, lr=recipe.lr, betas=BETAS, weight_decay=0.0)
    history = []
    for step in range(recipe.steps):
        figures = _accumulate(policy, items(step), loss, recipe, partial(_tell, callback, step, recipe.steps))
        norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.max_grad_norm)
        if not (math.isfinite(figures["loss"]) and torch.isfinite(norm)):
            raise Diverged("The training diverged: its loss is no number, and nothing of it is kept.")
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        history.append(figures | {"grad_norm": float(norm)})
        callback.step(step, history[-1])
    return history


UNITS = 100
"""Progress units of one step: the number of items differs from step to step."""


def _tell(callback: Callback, step: int, steps: int, part: float) -> None:
    callback.progress("training", int(UNITS * (step + part)), UNITS * steps)


def _accumulate(
    policy: Policy, items: Sequence[Item], loss: Loss, recipe: Recipe, tell: Callable[[float], None]
) -> dict[str, float]:
    """Gradients of the whole objective into the parameters; the mean of each figure, and the total loss."""
    sums: dict[str, list[float]] = defaultdict(list)
    total = 0.0
    for done, item in enumerate(items, 1):
        value, figures = loss(policy, item, recipe)
        (item.share * value).backward()  # type: ignore[no-untyped-call]
        total += item.share * float(value.detach())
        for name, figure in figures.items():
            sums[name].append(figure)
        tell(done / len(items))
    return {name: sum(values) / len(values) for name, values in sums.items()} | {"loss": total}
