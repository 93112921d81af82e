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
TAIL = 8
"""Fewer tokens than this at the end of a prompt go with the batch before: templates open the reply with so many."""


@dataclass(frozen=True)
class Snapshot:
    """What a context had evaluated, outside of it: `state` is llama.cpp's own form of the cache."""

    ids: tuple[int, ...]
    ends: tuple[int, ...]
    """Where whole batches end, ascending; the last one is the number of ids."""
    state: NDArray[np.uint8]


def whole_end(ids: Sequence[int], start: int, chunk: int, turn_ends: Container[int]) -> int | None:
    """Where the batch that begins at `start` ends in every prompt that goes on; None if `ids` end before it does.

    After a message, or when it is full.
    """
    stop = min(start + chunk, len(ids))
    message = next((i + 1 for i in range(start + SHORTEST - 1, stop) if ids[i] in turn_ends), None)
    return message or (stop if stop == start + chunk else None)


def batch_end(ids: Sequence[int], start: int, chunk: int, turn_ends: Container[int]) -> int:
    """Where the batch ends that begins at `start`."""
    end = whole_end(ids, start, chunk, turn_ends)
    return len(ids) if end is None or len(ids) - end < TAIL else end


def batch_ends(ids: Sequence[int], chunk: int, turn_ends: Container[int]) -> list[int]:
    """Where all batches of a prompt end."""
    ends = [0]
    while ends[-1] < len(ids):
        ends.append(batch_end(ids, ends[-1], chunk, turn_ends))
    return ends[1:]


def usable(record: Sequence[int], ends: Sequence[int], ids: Sequence[int], cuts: Sequence[int]) -> int:
    """How many of the prompt `ids`, which is cut at `cuts`, stand at the beginning of `record` in whole batches.

    The last batch is always evaluated again, because its logits are needed.
    """
    shared = next((i for i, (a, b) in enumerate(zip(record, ids, strict=False)) if a != b), len(record))
    known = {end for end in ends if end <= shared}
    return max(known.intersection(cuts[:-1]), default=0)
