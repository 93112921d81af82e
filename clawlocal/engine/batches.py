"""How a prompt is cut into batches, and what of one is worth keeping. Knows no llama.cpp.

llama.cpp's numbers depend in their last bits on how many tokens a batch has. So that the same prompt
gives the same reply whatever came before, every prompt is cut into the same batches, by its ids alone,
and only whole ones are ever reused. Most end with a message, so that a turn finds all earlier messages
evaluated.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORTEST = 16
"""Fewest tokens of a batch that ends with a message: shorter ones would make a long prefill slower."""


@dataclass(frozen=True)
class Snapshot:
    """What a context had evaluated, outside of it: `state` is llama.cpp's own form of the cache."""

    ids: tuple[int, ...]
    ends: tuple[int, ...]
    """Where whole batches end, ascending; the last one is the number of ids."""
    state: NDArray[np.uint8]


def batch_end(ids: Sequence[int], start: int, chunk: int, turn_ends: Container[int]) -> int:
    """Where the batch ends that begins at `start`: after a message, or when it is full, or at the end."""
    stop = min(start + chunk, len(ids))
    return next((i + 1 for i in range(start + SHORTEST - 1, stop) if ids[i] in turn_ends), stop)


def usable(record: Sequence[int], ends: Sequence[int], ids: Sequence[int]) -> int:
    """How many of `ids` stand at the beginning of `record` in whole batches.

    At least the last token is always evaluated again, because its logits are needed.
    """
    last = min(len(record), len(ids) - 1)
    shared = next((i for i, (a, b) in enumerate(zip(record, ids, strict=False)) if a != b), last)
    return next((end for end in reversed(ends) if end <= min(shared, last)), 0)
