"""What an update asks of a policy, whatever framework computes it: `torch_policy` and `mlx_policy` are such.

One model in memory: with the adapter it is the student, without it base, reference and teacher. Everything
comes and goes as Python numbers and NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trainers.adapter_peft import Adapter
from trainers.items import Floats, Ids, Item, View
from trainers.job import Recipe
from trainers.objective import TopK

Reply = tuple[int, ...]

Uniform = npt.NDArray[np.float64]
"""[B, T], in [0, 1): what chance decides, one number for each token of each reply."""

Moments = Mapping[str, npt.NDArray[np.float32]]
"""The optimiser's state by name: it and the adapter are all that a run needs to go on."""


@dataclass(frozen=True)
class Drawing:
    """How a token is chosen. As it stands, from the whole distribution: a gradient of a cut one would be biased."""

    temperature: float = 1.0
    """0 takes the likeliest."""
    min_p: float = 0.0
    """Tokens less likely than this, times the likeliest, at temperature 1, are left out."""
    repeat_after: int = 0
    """Phrases of so many tokens are kept from coming again (`repeats`)."""


WHOLE = Drawing()


@dataclass(frozen=True)
class Learned:
    """What one item's loss was."""

    loss: float
    """Before its share."""
    figures: Mapping[str, float]


class Policy(Protocol):
    """A reply's tokens are seen behind a prompt: [T] numbers for a reply of T tokens."""

    @property
    def control_ids(self) -> Collection[int]:
        """The vocabulary's control tokens."""
        ...

    def exact(self, on: bool) -> None:
        """Compute in float32, or in the plan's precision: a bfloat16 forward rounds a young adapter's effect away."""
        ...

    def logprobs(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        """log π(a_t) of each reply's own tokens."""
        ...

    def divergence(self, replies: Sequence[tuple[View, View, Ids]]) -> list[Floats]:
        """KL(p ‖ q) of two views at each token."""
        ...

    def entropy(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        """At each token, nats."""
        ...

    def likeliest(self, replies: Sequence[tuple[View, Ids]], k: int) -> list[TopK]:
        """The k tokens that each view finds likeliest at each token of a reply, [T, k], the likeliest first."""
        ...

    def sample(
        self,
        prompts: Sequence[Ids],
        stop_ids: Collection[int],
        chance: Uniform,
        on_token: Callable[[int], None],
        *,
        base: bool = False,
        drawing: Drawing = WHOLE,
    ) -> list[Reply]:
        """A reply to each prompt, its stop token included unless `chance` ended first.

        `on_token(n)` after the n-th token of all replies.
        """
        ...

    def accumulate(self, items: Sequence[Item], recipe: Recipe) -> list[Learned]:
        """Add the gradient of Σ share · loss; all items go through the model together."""
        ...

    def step(self, recipe: Recipe) -> float:
        """Clip the gradient, make one AdamW step with it and forget it; its norm before. A norm that is not
        finite makes no step.
        """
        ...

    def adapter(self) -> Adapter:
        """A copy of what was learned so far."""
        ...

    def moments(self) -> Moments: ...

    def restore(self, adapter: Adapter, moments: Moments) -> None:
        """Go on from a checkpoint."""
        ...
