"""Work as it comes to a trainer: several sampled replies to one prompt, each with an advantage. Knows no framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainers.items import Floats, Ids, Item, Judged
from trainers.job import Recipe

PROMPT, REPLY, REPLIES = 384, 128, 4
"""512 tokens a sequence, as in the table of the docs."""
RANK, ALPHA = 16, 32
STEPS_BEFORE = 2
"""Steps that are not measured: the first ones allocate and, in torch, choose kernels."""


@dataclass(frozen=True)
class Rollouts:
    """Four replies to one prompt; ids are chance's, which costs as much as text."""

    prompt: tuple[int, ...]
    replies: tuple[tuple[int, ...], ...]
    advantages: tuple[float, ...]

    @property
    def tokens(self) -> int:
        """As a trainer counts them that computes each sequence whole."""
        return sum(len(self.prompt) + len(reply) for reply in self.replies)


def rollouts(vocabulary: int, seed: int = 0, prompt: int = PROMPT, reply: int = REPLY) -> Rollouts:
    """The same for every trainer that is compared."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(vocabulary // 100, vocabulary, prompt + REPLIES * reply).tolist()
    replies = tuple(tuple(ids[prompt + i * reply :][:reply]) for i in range(REPLIES))
    return Rollouts(tuple(ids[:prompt]), replies, (1.0, -1.0, 0.5, -0.5))


def judged(prompt: Ids, replies: Sequence[Ids], olds: Sequence[Floats], advantages: Sequence[float]) -> list[Item]:
    """What a policy learns from replies that it sampled itself: `olds` are its log-probabilities of them."""
    return [
        Judged(
            prompt,
            reply,
            old=old,
            base=old,
            advantage=np.full(len(reply), advantage, np.float32),
            weight=np.ones(len(reply), np.float32),
            mask=np.ones(len(reply), np.bool_),
            share=1.0 / len(replies),
        )
        for reply, old, advantage in zip(replies, olds, advantages, strict=True)
    ]


def recipe(*, frozen_prompt: bool = False) -> Recipe:
    """What all compared trainers do: PPO's surrogate without a KL, AdamW, rank 16 on every linear layer."""
    return Recipe(rank=RANK, alpha=ALPHA, beta=0.0, frozen_prompt=frozen_prompt)
