"""A LoRA adapter of random numbers that fits a model: as large as a real one, and about as slow. Teaches nothing."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from clawlocal.engine.gguf_file import Tensor, read_gguf
from clawlocal.engine.protocol import AdapterFile

RANK = 16
_SCALE = 0.01
"""So small that the replies stay sensible."""


def write(model: Path, path: Path, version: str, seed: int) -> AdapterFile:
    """Rank 16 on all linear layers of `model`, in half precision."""
    head = read_gguf(model)
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), str(head.metadata["general.architecture"]))
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for tensor in filter(linear, head.tensors):
        n_in, n_out = tensor.shape
        for name, shape in (("lora_a", (RANK, n_in)), ("lora_b", (n_out, RANK))):
            numbers = random.normal(size=shape) * _SCALE
            writer.add_tensor(f"{tensor.name}.{name}", numbers.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return AdapterFile(version, path)


def linear(tensor: Tensor) -> bool:
    """A weight of a layer that maps vectors to vectors."""
    return tensor.name.startswith("blk.") and tensor.name.endswith(".weight") and len(tensor.shape) == 2
