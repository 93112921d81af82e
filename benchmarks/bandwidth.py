"""How fast memory can be read here, and how much of a model is read for one token. Knows no engine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from clawlocal.engine.gguf_file import read_gguf

ARRAY_BYTES = 1 << 29
"""Much more than any cache, where there is the memory for it."""
TRIES = 5


def weights_per_token(model: Path) -> int:
    """Bytes of weights that one decoded token reads.

    All tensors, but of the embedding table a single row; where it is the output matrix too, all of it once.
    Says nothing of a mixture of experts, which reads only some of its weights.
    """
    sizes = {tensor.name: tensor.size for tensor in read_gguf(model).tensors}
    if "output.weight" in sizes:
        sizes.pop("token_embd.weight", None)
    return sum(sizes.values())


def read_bandwidth(threads: int, size: int = ARRAY_BYTES) -> float:
    """Bytes a second: the best of several sums over one large array, shared out among `threads`."""
    room = int(psutil.virtual_memory().available) // 8
    numbers = np.ones(min(size, room) // 4, dtype=np.float32)
    shares = np.array_split(numbers, threads)
    with ThreadPoolExecutor(threads) as pool:
        return max(numbers.nbytes / _seconds(pool, shares) for _ in range(TRIES))


def _seconds(pool: ThreadPoolExecutor, shares: list[np.ndarray[tuple[int], np.dtype[np.float32]]]) -> float:
    began = time.perf_counter()
    list(pool.map(np.max, shares))
    return time.perf_counter() - began
