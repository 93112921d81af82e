"""The hyperparameters of an update, by the chosen method. Knows no store and no process."""

from __future__ import annotations

from dataclasses import replace

from clawlocal.methods import Method
from trainers.job import Recipe

STEPS_PER_CORRECTION = 4
MOST_CORRECTIONS = 3
"""An update takes more steps for more corrections, up to here: idle time is not endless."""

REFERENCE = Recipe(method="combined", w_rl=1.0, w_opd=1.0, opd_clip=1.0, anchor=0.0, decay=0.0)
"""OpenClaw-RL (2603.10165): on the served replies alone, without practice and anchors."""

_OF = {
    Method.DEFAULT: Recipe(),
    Method.BINARY: replace(REFERENCE, w_opd=0.0),
    Method.OPD: replace(REFERENCE, w_rl=0.0),
    Method.COMBINED: REFERENCE,
    Method.OVERLAP: replace(REFERENCE, method="overlap"),
}
_NEEDS = {
    Method.BINARY: "without a verdict on this version, and the method binary learns from nothing else",
    Method.OPD: "without a correction in words, and the method opd learns from nothing else",
}


def of(method: str) -> Recipe:
    """The recipe of a method, before what an update has to learn is known."""
    return _OF[Method(method)]


def recipe_for(
    corrections: int, tried: int, method: str = Method.DEFAULT, repeat_after: int = 0, *, amplified: bool = True
) -> Recipe:
    """The hyperparameters of an update with so many corrections, after `tried` rejections of its turns.

    `repeat_after`: as the model's replies are drawn in the chat.
    `amplified`: what a lesson does in the prompt is worth exaggerating.
    """
    steps = STEPS_PER_CORRECTION * max(1, min(corrections, MOST_CORRECTIONS))
    recipe = replace(of(method), steps=steps, repeat_after=repeat_after)
    if tried:
        # Smaller steps, less exaggeration of what the lesson does, and more of the base where nothing should change.
        recipe = replace(recipe, lr=recipe.lr / 2, amplify=recipe.amplify / 2, anchor=2 * recipe.anchor)
    return recipe if amplified else replace(recipe, amplify=0.0)


def lacking(method: str) -> str:
    """Of a turn that a method has no use for: what it lacks, in words."""
    return _NEEDS.get(Method(method), f"without anything that the method {method} learns from")
