"""The training loop: a plain function over a policy and items. Knows no framework, jobs, files or processes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from trainers.errors import Diverged
from trainers.items import Item, packs
from trainers.job import Recipe
from trainers.policy import Policy
from trainers.progress import Callback

LEAST_RATE = 0.1
WIDTH, LEAST_SHARE = 576, 0.2
"""Of the residual stream of SmolLM2-135M, on which the learning rate was chosen; part of it that any model takes."""
UNITS = 100
"""Progress units of one step: the number of items differs from step to step."""

Figures = dict[str, float]


def train(
    policy: Policy,
    items: Callable[[int], Sequence[Item]],
    recipe: Recipe,
    positions: int,
    callback: Callback,
    history: list[Figures],
    on_step: Callable[[int], None],
) -> None:
    """Optimiser steps over `items(step)` until `history`, which grows by each step's figures, has `recipe.steps`.

    No items end it before. At most `positions` tokens go through the policy together. `on_step(n)` after n steps are
    made and in `history`. Raises `Diverged` and leaves the last step's adapter as it was.
    """
    for step in range(len(history), recipe.steps):
        batch = items(step)
        if not batch:
            break
        groups = [[batch[i] for i in pack] for pack in packs([(x.prompt, x.response) for x in batch], positions)]
        figures = _accumulate(policy, groups, recipe, callback, step)
        norm = policy.step(replace(recipe, lr=recipe.lr * rate(step, recipe)))
        if not (math.isfinite(figures["loss"]) and math.isfinite(norm)):
            raise Diverged("The training diverged: its loss is no number, and nothing of it is kept.")
        tokens = sum(len(item.prompt) + len(item.response) for item in batch)
        history.append(figures | {"grad_norm": norm, "tokens": float(tokens)})
        on_step(step + 1)
        callback.step(step, history[-1])


def rate(step: int, recipe: Recipe) -> float:
    """What part of the learning rate a step takes: all of it, and in the last ones less and less.

    Where the last steps are as large as the first, it is chance which of them is the last.
    """
    falling = recipe.decay * recipe.steps
    return min(1.0, max(LEAST_RATE, (recipe.steps - step) / falling)) if falling else 1.0


def paced(recipe: Recipe, width: int) -> Recipe:
    """With smaller steps for a wider model: of Qwen2.5-0.5B (896) they left the base four times as fast.

    5e-4 was right for the one and 2e-4 for the other, which is about the inverse square of the width.
    """
    return replace(recipe, lr=recipe.lr * min(1.0, max(LEAST_SHARE, (WIDTH / width) ** 2)))


def _accumulate(
    policy: Policy, groups: Sequence[Sequence[Item]], recipe: Recipe, callback: Callback, step: int
) -> Figures:
    """Gradients of the whole objective into the policy; the mean of each figure, and the total loss."""
    sums: dict[str, list[float]] = defaultdict(list)
    total = 0.0
    for done, group in enumerate(groups, 1):
        for item, learned in zip(group, policy.accumulate(group, recipe), strict=True):
            total += item.share * learned.loss
            for name, figure in learned.figures.items():
                sums[name].append(figure)
        callback.progress("training", int(UNITS * (step + done / len(groups))), UNITS * recipe.steps)
    return {name: sum(values) / len(values) for name, values in sums.items()} | {"loss": total}
