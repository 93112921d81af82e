"""A PEFT adapter as the GGUF file that llama.cpp loads beside the base.

Float16: it halves the file and moves log-probabilities less than llama.cpp's own arithmetic does.
Knows no torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainers.errors import AdapterError
from trainers.files import write_whole
from trainers.gguf_base import Base, permute
from trainers.gguf_config import LAYER

Array = npt.NDArray[np.float32]

KEY = re.compile(r"base_model\.model\.model\.layers\.(\d+)\.(.+)\.lora_([AB])\.weight")
LINEAR = {
    peft.removesuffix(".weight"): gguf.removesuffix(".weight")
    for gguf, peft in LAYER["llama"].items()
    if peft.endswith("_proj.weight")
}
"""The linear layers have the same names in all architectures."""


def convert(adapter: Path, base: Base, out: Path) -> None:
    """Write the adapter in folder `adapter` to the file `out`, whole or not at all.

    Raises `AdapterError` for a tensor that is unknown, missing or of another shape.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        alpha = float(json.loads((adapter / "adapter_config.json").read_text("utf-8"))["lora_alpha"])
        tensors = load_file(adapter / "adapter_model.safetensors")
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as e:
        raise AdapterError(f"The adapter in {adapter} cannot be read.") from e
    named = dict(_named(tensors, base))
    _complete(named, base)
    write_whole(out, lambda aside: _write(aside, base.architecture, alpha, named))


def _named(tensors: dict[str, Array], base: Base) -> Iterator[tuple[str, Array]]:
    for key, tensor in tensors.items():
        match = KEY.fullmatch(key)
        if match is None or match[2] not in LINEAR:
            raise AdapterError(f"The adapter has a tensor that is not a LoRA on a linear layer: {key}.")
        kind, half = LINEAR[match[2]], match[3].lower()
        yield f"blk.{match[1]}.{kind}.weight.lora_{half}", _ordered(tensor, kind, half, base)


def _ordered(tensor: Array, kind: str, half: str, base: Base) -> Array:
    """Rows of B are rows of the weight, and q and k of a llama have them in llama.cpp's order."""
    if base.architecture == "llama" and half == "b" and kind in ("attn_q", "attn_k"):
        return permute(tensor, base.heads if kind == "attn_q" else base.kv_heads)
    return tensor


def _complete(named: dict[str, Array], base: Base) -> None:
    wanted = {
        f"blk.{layer}.{kind}.weight.lora_{half}"
        for layer in range(base.layers)
        for kind in LINEAR.values()
        for half in "ab"
    }
    if odd := sorted(wanted ^ named.keys()):
        raise AdapterError(f"The adapter does not fit this model: {len(odd)} tensors too many or too few, as {odd[0]}.")
    for name in wanted:
        if name.endswith("_a") and named[name].shape[0] != named[name[:-1] + "b"].shape[1]:
            raise AdapterError(f"The adapter's tensor {name} does not fit its other half.")


def _write(path: Path, architecture: str, alpha: float, tensors: dict[str, Array]) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name in sorted(tensors):
        writer.add_tensor(name, np.ascontiguousarray(tensors[name], dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
