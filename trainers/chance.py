"""The numbers that chance decides by, made anew from seed, purpose and step: a run that goes on draws the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainers.policy import Uniform


@dataclass(frozen=True)
class Chance:
    """One purpose of one run."""

    seed: int
    purpose: int
    """What is sampled; two purposes share no numbers."""
    step: int = 0

    def of(self, replies: int, tokens: int) -> Uniform:
        """[replies, tokens]; the first replies get the same numbers however many there are."""
        rows = [
            np.random.default_rng([self.seed, self.purpose, self.step, row]).random(tokens) for row in range(replies)
        ]
        return np.stack(rows) if rows else np.zeros((0, tokens))
