"""What the quicker ways do to the gradient: its direction beside that in float32 through the prompt.

On replies that the model sampled to real text, with a small random adapter, at which A has a gradient too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.parity import random_adapter
from benchmarks.rollouts import REPLIES, judged, recipe
from trainers.gguf_base import Base
from trainers.items import Ids, Item, View
from trainers.plan import BFLOAT16, FLOAT32, Plan
from trainers.torch_policy import TorchPolicy

REPLY = 64
ADVANTAGES = (1.0, -1.0, 0.5, -0.5)

Gradient = npt.NDArray[np.float64]


def cosines(base: Base, prompt: Ids) -> dict[str, float]:
    """Of bfloat16, of a prompt without a gradient, and of both, with the exact gradient."""
    exact = TorchPolicy(base, random_adapter(base), Plan(FLOAT32, False, 4096, False, 0))
    chance = np.random.default_rng(0).random((REPLIES, REPLY))
    replies = exact.sample([prompt] * REPLIES, base.config["control_ids"], chance, lambda done: None)
    items = _items(exact, prompt, replies)
    whole, frozen = (_gradient(exact, items, frozen=on) for on in (False, True))
    quick = TorchPolicy(base, random_adapter(base), Plan(BFLOAT16, False, 4096, False, 0))
    rounded, both = (_gradient(quick, items, frozen=on) for on in (False, True))
    ways = {"bfloat16": rounded, "frozen_prompt": frozen, "bfloat16_and_frozen_prompt": both}
    return {name: _cosine(gradient, whole) for name, gradient in ways.items()}


def _items(policy: TorchPolicy, prompt: Ids, replies: list[tuple[int, ...]]) -> list[Item]:
    olds = policy.logprobs([(View(prompt, base=False), reply) for reply in replies])
    return judged(prompt, replies, olds, ADVANTAGES)


def _gradient(policy: TorchPolicy, items: list[Item], *, frozen: bool) -> Gradient:
    policy.accumulate(items, recipe(frozen_prompt=frozen))
    found = policy.gradient()
    return np.concatenate([found[name].ravel() for name in sorted(found)]).astype(np.float64)


def _cosine(one: Gradient, other: Gradient) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))
