"""How the next token is drawn from a row of logits, by llama.cpp's own chain of samplers.

The chain works on a list of candidates. llama.cpp's own call makes one of the whole vocabulary for every
token, which costs a copy of 12 bytes an entry and a sort. Where the chain begins with the k likeliest,
only entries that can be among them are handed over: the token drawn is the same. Knows no context.
"""

from __future__ import annotations

import ctypes
import secrets
from functools import cache
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clawlocal.engine.library import library
from clawlocal.engine.logprob import Logits
from clawlocal.engine.protocol import Sampling
from clawlocal.engine.quick import quick
from trainers.repeats import Repeats

RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp takes this seed for "choose one yourself"; ours stay below it."""
_BLOCK = 256
_FEW = 1024
"""Candidates that there is room for from the beginning."""
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_COLDEST = 1e-5
"""A smaller temperature takes the likeliest token too, and logits that are divided by it are no longer finite."""


class Sampler:
    """One reply's sampler. Truncation comes before temperature, as it does in llama.cpp's own tools."""

    def __init__(self, sampling: Sampling) -> None:
        lib = library()
        self._greedy = _is_greedy(sampling)
        self._top_k = sampling.top_k
        self._repeats = Repeats(sampling.repeat_after) if sampling.repeat_after else None
        self._candidates = _Candidates(_FEW)
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for link in _links(lib, sampling):
            lib.llama_sampler_chain_add(self._chain, link)

    def draw(self, row_V: Logits) -> int:
        """An id, by its logit in `row_V`."""
        if self._repeats is None:
            return self._drawn(row_V)
        if less := self._repeats.penalties():
            row_V = row_V.copy()
            row_V[list(less)] -= np.fromiter(less.values(), row_V.dtype)
        token = self._drawn(row_V)
        self._repeats.take(token)
        return token

    def _drawn(self, row_V: Logits) -> int:
        if self._greedy:
            return int(row_V.argmax())
        ids = likeliest(row_V, self._top_k)
        if len(ids) > self._candidates.room:
            self._candidates = _Candidates(len(ids))
        self._candidates.fill(ids, row_V[ids])
        quick().llama_sampler_apply(self._chain, self._candidates.reference)
        return self._candidates.chosen()

    def __enter__(self) -> Sampler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        library().llama_sampler_free(self._chain)


class _Candidates:
    """Memory for llama.cpp's list of candidates, used for one token after the other."""

    def __init__(self, room: int) -> None:
        self.room = room
        rows = np.zeros(room, _CANDIDATE)
        self._ids, self._logits = rows["id"], rows["logit"]
        self._list = library().llama_token_data_array()
        self._list.data = ctypes.cast(rows.ctypes.data, type(self._list.data))
        self.reference = ctypes.byref(self._list)

    def fill(self, ids: NDArray[np.int64], logits: Logits) -> None:
        n = len(ids)
        self._ids[:n], self._logits[:n] = ids, logits
        self._list.size, self._list.selected, self._list.sorted = n, -1, False

    def chosen(self) -> int:
        """The id that a chain has chosen."""
        return int(self._ids[self._list.selected])


def likeliest(row_V: Logits, k: int) -> NDArray[np.int64]:
    """Ids among which the `k` likeliest are, in order; all ids where it is not worth finding them.

    The k-th highest of the maxima of k or more blocks is at most the k-th highest entry: what is below it
    is not wanted. Usually little more than k entries are left, without sorting the vocabulary.
    """
    if not 0 < k <= len(row_V) // _BLOCK:
        return np.arange(len(row_V))
    tops = np.maximum.reduceat(row_V, _starts(len(row_V)))
    return np.flatnonzero(row_V >= np.partition(tops, -k)[-k])


@cache
def _starts(size: int) -> NDArray[np.int64]:
    """Where the blocks of a row begin."""
    return np.arange(0, size, _BLOCK)


def _is_greedy(sampling: Sampling) -> bool:
    return sampling.temperature < _COLDEST


def _links(lib: Any, sampling: Sampling) -> list[Any]:
    if _is_greedy(sampling):
        return []
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed
    return [
        lib.llama_sampler_init_top_k(sampling.top_k),
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_min_p(sampling.min_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_dist(seed % RANDOM_SEED),
    ]
