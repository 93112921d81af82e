"""Log-probabilities from logits, the one formula of the serving side. Knows no llama.cpp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


def log_normaliser(logits_TV: Logits) -> Any:
    """log Σ_v exp(logit_v) over the last axis in fp32, moved by the maximum so that nothing overflows."""
    top_T1 = logits_TV.max(axis=-1, keepdims=True)
    powers_TV = np.subtract(logits_TV, top_T1)
    np.exp(powers_TV, out=powers_TV)
    return top_T1[..., 0] + np.log(powers_TV.sum(axis=-1))


class Normaliser:
    """The same of one row at a time, in memory of its own: it stands between every two tokens of a reply."""

    def __init__(self, n_vocab: int) -> None:
        self._powers_V = np.empty(n_vocab, np.float32)

    def __call__(self, row_V: Logits) -> float:
        top = row_V.max()
        np.subtract(row_V, top, out=self._powers_V)
        np.exp(self._powers_V, out=self._powers_V)
        return float(top) + math.log(self._powers_V.sum())


def log_probs(logits_TV: Logits, ids_T: list[int]) -> Logits:
    """Natural log-probability of each id under its own row: temperature 1, nothing truncated."""
    chosen_T = logits_TV[np.arange(len(ids_T)), ids_T]
    result: Logits = chosen_T - log_normaliser(logits_TV)
    return result
