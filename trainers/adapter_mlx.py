"""An adapter as mlx-lm keeps it: A and B the other way round, and one scale in place of alpha. Knows no MLX."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from trainers.adapter_peft import Adapter, number, read_config, read_tensors
from trainers.errors import AdapterError
from trainers.files import write_text, write_whole

WEIGHTS = "adapters.safetensors"
CONFIG = "adapter_config.json"

_OURS = {"lora_a": "lora_A", "lora_b": "lora_B"}
_THEIRS = {ours: theirs for theirs, ours in _OURS.items()}


def write(adapter: Adapter, folder: Path) -> None:
    """The folder that `mlx_lm.generate --adapter-path` takes. lora_a [in, r], lora_b [r, out]."""
    from safetensors.numpy import save_file

    tensors = {_renamed(name, _THEIRS): np.ascontiguousarray(t.T) for name, t in adapter.tensors.items()}
    write_whole(folder / WEIGHTS, lambda aside: save_file(tensors, aside, {"format": "mlx"}))
    write_text(folder / CONFIG, json.dumps(_config(adapter), indent=1, sort_keys=True))


def _config(adapter: Adapter) -> dict[str, Any]:
    """mlx-lm computes y + scale · (x·a)·b, where PEFT's factor is alpha / r."""
    found = [re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.lora_[AB]", name) for name in adapter.tensors]
    layers, linears = zip(*(match.groups() for match in found if match), strict=True)
    return {
        "fine_tune_type": "lora",
        "num_layers": 1 + max(map(int, layers)),
        "lora_parameters": {
            "rank": adapter.rank,
            "scale": adapter.alpha / adapter.rank,
            "dropout": 0.0,
            "keys": sorted(set(linears)),
        },
    }


def read(folder: Path) -> Adapter:
    """The adapter in mlx-lm's folder, which must be a plain LoRA. Raises `AdapterError`."""
    path = folder / CONFIG
    config = read_config(path)
    kind, inner = config.get("fine_tune_type", "lora"), config.get("lora_parameters")
    if kind != "lora":
        raise AdapterError(f"The adapter in {folder} is not a plain LoRA, but {kind!r}, which cannot be served.")
    if not isinstance(inner, dict):
        raise AdapterError(f"{path} has no lora_parameters.")
    rank = int(number(inner, "rank", path))
    tensors = read_tensors(folder / WEIGHTS)
    return Adapter(rank, number(inner, "scale", path) * rank, {_renamed(n, _OURS): t.T for n, t in tensors.items()})


def _renamed(name: str, halves: dict[str, str]) -> str:
    stem, _, half = name.rpartition(".")
    if half not in halves:
        raise AdapterError(f"The adapter has a tensor that is not a LoRA on a linear layer: {name}.")
    return f"{stem}.{halves[half]}"
