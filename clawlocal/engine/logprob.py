"""Log-probabilities from logits, the one formula of the serving side. Knows no llama.cpp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


def log_normaliser(logits_TV: Logits) -> Any:
    """log Σ_v exp(logit_v) over the last axis in fp32, moved by the maximum so that nothing overflows."""
    top_T1, sum_T = _sum_of_powers(logits_TV, np.empty_like(logits_TV))
    return top_T1[..., 0] + np.log(sum_T)


class Normaliser:
    """The same of one row at a time, in memory of its own: it stands between every two tokens of a reply."""

    def __init__(self, n_vocab: int) -> None:
        self._powers_V = np.empty(n_vocab, np.float32)

    def __call__(self, row_V: Logits) -> float:
        top_1, total = _sum_of_powers(row_V, self._powers_V)
        return float(top_1[0]) + math.log(total)


def _sum_of_powers(logits_TV: Logits, powers_TV: Logits) -> tuple[Logits, Any]:
    """The maximum m of each row and Σ_v exp(logit_v - m), worked out in `powers_TV`."""
    top_T1: Logits = logits_TV.max(axis=-1, keepdims=True)
    np.subtract(logits_TV, top_T1, out=powers_TV)
    np.exp(powers_TV, out=powers_TV)
    return top_T1, powers_TV.sum(axis=-1)


def log_probs(logits_TV: Logits, ids_T: list[int]) -> Logits:
    """Natural log-probability of each id under its own row: temperature 1, nothing truncated."""
    chosen_T = logits_TV[np.arange(len(ids_T)), ids_T]
    result: Logits = chosen_T - log_normaliser(logits_TV)
    return result


def top(logits_TV: Logits, k: int) -> list[tuple[int, ...]]:
    """The `k` largest of each row, the largest first."""
    k = min(k, logits_TV.shape[-1])
    chosen_Tk = np.argpartition(logits_TV, -k, axis=-1)[:, -k:]
    order_Tk = np.argsort(-np.take_along_axis(logits_TV, chosen_Tk, axis=-1), axis=-1, kind="stable")
    return [tuple(map(int, row)) for row in np.take_along_axis(chosen_Tk, order_Tk, axis=-1)]
