"""Which precision makes matrix products faster here: asked of the machine, since no flag tells it."""

from __future__ import annotations

import time

import torch

from trainers.plan import BFLOAT16, FLOAT32

ROWS = 256
WORTH = 1.25
"""How many times faster bfloat16 has to be before its rounding is taken on."""


def faster(width: int, inner: int) -> str:
    """`bfloat16` where the processor has it, else `float32`, for layers of this width. Takes some 50 ms."""
    if torch.cuda.is_available():
        return BFLOAT16 if torch.cuda.is_bf16_supported() else FLOAT32
    wide, narrow = (_seconds(width, inner, dtype) for dtype in (torch.float32, torch.bfloat16))
    return BFLOAT16 if wide > WORTH * narrow else FLOAT32


def _seconds(width: int, inner: int, dtype: torch.dtype) -> float:
    """Of one product of the MLP's size, the best of five."""
    x, weight = torch.ones(ROWS, width, dtype=dtype), torch.ones(inner, width, dtype=dtype)
    found = []
    for _ in range(5):
        began = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        found.append(time.perf_counter() - began)
    return min(found)
