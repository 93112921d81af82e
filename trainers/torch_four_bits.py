"""Frozen weights in four bits, for GPUs whose memory the base would not fit into otherwise.

NF4 in blocks of 64, as in QLoRA (2305.14314, section 3), by bitsandbytes. A base that was quantised for serving is
rounded a second time: ratios and KL taken from it are of a slightly different policy than the one served.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

BLOCK = 64
KIND = "nf4"


@dataclass(frozen=True)
class FourBits:
    """A matrix [out, in] that is unpacked for each product."""

    packed: Tensor
    state: Any
    dtype: torch.dtype
    """Of what is unpacked."""

    def dense(self) -> Tensor:
        from bitsandbytes.functional import dequantize_4bit

        unpacked: Tensor = dequantize_4bit(self.packed, self.state)
        return unpacked


Weight = Tensor | FourBits


def available() -> bool:
    """Whether bitsandbytes is installed: `pip install 'clawlocal[cuda]'`."""
    return find_spec("bitsandbytes") is not None


def pack(weight: Tensor) -> FourBits:
    """A quarter of bfloat16's size, and a little."""
    from bitsandbytes.functional import quantize_4bit

    packed, state = quantize_4bit(weight, blocksize=BLOCK, quant_type=KIND)
    return FourBits(packed, state, weight.dtype)


def dense(weight: Weight) -> Tensor:
    """[out, in], whichever way it is kept."""
    return weight.dense() if isinstance(weight, FourBits) else weight
