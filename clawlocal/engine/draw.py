"""The next token and its log-probability, for a reply and for samples alike. Knows no context."""

from __future__ import annotations

import math

from clawlocal.engine.context import DecodeError
from clawlocal.engine.logprob import Logits, Normaliser
from clawlocal.engine.sampler import Sampler


def draw(sampler: Sampler, normaliser: Normaliser, row_V: Logits) -> tuple[int, float]:
    """An id, and its natural log-probability at temperature 1. Raises `DecodeError`."""
    log_sum = normaliser(row_V)
    if not math.isfinite(log_sum):
        # llama.cpp's samplers end the process when they are given such a row.
        raise DecodeError("its numbers are not finite")
    token = sampler.draw(row_V)
    return token, float(row_V[token]) - log_sum
