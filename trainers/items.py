"""What is learned from in one step, without tensors: replies, and what is said about each of their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainers.objective import Divergence

Ids = Sequence[int]
Floats = npt.NDArray[np.float32]
"""[T], one number for each token of a reply."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """Who looks at a reply: a policy, behind a prompt. It sees a distribution at each token of the reply."""

    prompt: Ids
    base: bool = True
    """The adapter is off."""
    plain: Ids | None = None
    """The prompt without the hint: then the difference that the hint makes is amplified."""
    amplify: float = 0.0
    """c of `objective.amplified`."""


@dataclass(frozen=True)
class Judged:
    """A served reply with a verdict, a hint, or both: learned by policy gradient."""

    prompt: Ids
    response: Ids
    old: Floats
    """log π of the policy that the update starts from, as the trainer evaluates it."""
    base: Floats
    advantage: Floats
    weight: Floats
    """Importance of each token: the trainer's policy against the engine's."""
    mask: Mask
    share: float
    """Of this reply in the objective."""

    @property
    def figures(self) -> tuple[str, ...]:
        """What its loss is reported as."""
        return "gain", "k3", "clipped"


@dataclass(frozen=True)
class Distilled:
    """A reply on each token of which the student moves towards a view."""

    prompt: Ids
    response: Ids
    target: View
    divergence: Divergence
    mask: Mask
    share: float
    name: str
    """Of its figure: `distance` to a teacher, `anchor` at the base."""

    @property
    def figures(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True)
class Demonstrated:
    """A reply as it should be: its tokens become likelier. As it should not be, where its weights are negative."""

    prompt: Ids
    response: Ids
    weight: Floats
    """Of each token: what was mended counts for more."""
    mask: Mask
    share: float
    name: str = "demonstration"
    """Of its figure: `demonstration`, `edit`, or `preference` for one of a pair."""

    @property
    def figures(self) -> tuple[str, ...]:
        return (self.name,)


Item = Judged | Distilled | Demonstrated


Replied = tuple[Ids, Ids]
"""A prompt and a reply to it."""


def packs(replies: Sequence[Replied], positions: int) -> list[list[int]]:
    """Which replies go through the model together, by index: at most `positions` at once, at least one reply.

    Replies to one prompt are neighbours: their prompt counts once.
    """
    order: dict[tuple[int, ...], list[int]] = {}
    for i, (prompt, _) in enumerate(replies):
        order.setdefault(tuple(prompt), []).append(i)
    found: list[list[int]] = []
    taken, last = positions, None
    for prompt, members in order.items():
        for i in members:
            reply = len(replies[i][1])
            if taken + reply + (0 if prompt == last else len(prompt)) > positions:
                found.append([])
                taken, last = 0, None
            taken += reply + (0 if prompt == last else len(prompt))
            found[-1].append(i)
            last = prompt
    return found
