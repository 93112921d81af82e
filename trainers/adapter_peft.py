"""An adapter in memory, whatever it was read from, and PEFT's folder for it. Knows no framework.

Names are PEFT's without its prefix: `model.layers.0.self_attn.q_proj.lora_A` [r, in], `….lora_B` [out, r].
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainers.errors import AdapterError
from trainers.files import sync, write_text, write_whole
from trainers.shape import Shape

Array = npt.NDArray[np.float32]
Tensors = dict[str, Array]

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
PREFIX, SUFFIX = "base_model.model.", ".weight"
LARGEST_BYTES = 4_000_000_000
"""Of a file that is read: a LoRA of rank 64 on a model of 30 billion weights takes 2 GB."""


@dataclass(frozen=True)
class Adapter:
    """Adds alpha / rank · B·A to each linear layer that it has tensors for.

    The trainer's has them for all: attention alone learns less at equal rank (LoRA Without Regret).
    """

    rank: int
    alpha: float
    tensors: Mapping[str, Array]


def names(shape: Shape) -> Iterator[tuple[str, tuple[int, int]]]:
    """The adapted linear layers and their (out, in)."""
    for layer in range(shape.layers):
        for linear, size in shape.linears.items():
            yield f"model.layers.{layer}.{linear}", size


def fresh(shape: Shape, rank: int, alpha: int, seed: int) -> Adapter:
    """An adapter that changes nothing yet: A uniform within ±1/√in, as PEFT begins, and B zero."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}
    for name, (rows, columns) in names(shape):
        bound = columns**-0.5
        tensors[f"{name}.lora_A"] = rng.uniform(-bound, bound, (rank, columns)).astype(np.float32)
        tensors[f"{name}.lora_B"] = np.zeros((rows, rank), np.float32)
    return Adapter(rank, alpha, tensors)


def read(folder: Path, shape: Shape) -> Adapter:
    """The adapter in PEFT's folder. Raises `AdapterError` for anything that does not fit this model exactly."""
    found = read_any(folder)
    check(found, shape, str(folder))
    return found


def check(adapter: Adapter, shape: Shape, where: str) -> None:
    """Every tensor that is expected, in its shape, of finite numbers, and no other. Raises `AdapterError`."""
    rank, tensors = adapter.rank, adapter.tensors
    wanted: dict[str, tuple[int, int]] = {}
    for name, (rows, columns) in names(shape):
        wanted |= {f"{name}.lora_A": (rank, columns), f"{name}.lora_B": (rows, rank)}
    if odd := sorted(wanted.keys() ^ tensors.keys()):
        kind = "misses" if odd[0] in wanted else "has a tensor that this model has no place for:"
        raise AdapterError(f"The adapter in {where} does not fit this model: it {kind} {odd[0]}.")
    for name, size in wanted.items():
        if tensors[name].shape != size:
            raise AdapterError(
                f"The adapter in {where} does not fit this model: {name} is {tensors[name].shape}, not {size}."
            )
        if not np.isfinite(tensors[name]).all():
            raise AdapterError(f"The adapter in {where} is damaged: {name} has numbers that are not finite.")


def read_tensors(path: Path) -> Tensors:
    """A safetensors file as float32; bfloat16 too, which NumPy has no word for. Raises `AdapterError`."""
    from safetensors import SafetensorError, deserialize

    try:
        size = path.stat().st_size
    except OSError as e:
        raise AdapterError(f"{path} cannot be read: {e.strerror}.") from e
    if size > LARGEST_BYTES:
        raise AdapterError(f"{path} is larger than {LARGEST_BYTES // 10**9} GB: that is a model, not a LoRA.")
    try:
        found = dict(deserialize(path.read_bytes()))  # type: ignore[no-untyped-call]
        return {name: _floats(each["dtype"], each["data"]).reshape(each["shape"]) for name, each in found.items()}
    except (OSError, SafetensorError, ValueError, KeyError) as e:
        raise AdapterError(f"{path} cannot be read as safetensors of floating-point numbers.") from e


def _floats(dtype: str, data: bytes) -> Array:
    """Raises `KeyError` for a type that is not of floating-point numbers."""
    if dtype == "BF16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[dtype]).astype(np.float32)


def read_config(path: Path) -> dict[str, Any]:
    """A JSON object. Raises `AdapterError`."""
    try:
        config = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise AdapterError(f"{path} is missing or broken.") from e
    if not isinstance(config, dict):
        raise AdapterError(f"{path} is missing or broken.")
    return config


def number(config: Mapping[str, Any], key: str, path: Path) -> float:
    """Raises `AdapterError` unless it is a finite number above zero."""
    found = config.get(key)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 < found < 1e9:
        raise AdapterError(f"{path} has no sensible {key}.")
    return found


def read_any(folder: Path) -> Adapter:
    """The adapter in PEFT's folder, which must be a plain LoRA of any layers. Raises `AdapterError`."""
    config = read_config(folder / CONFIG)
    if what := _more_than_lora(config):
        raise AdapterError(f"The adapter in {folder} is not a plain LoRA: it uses {what}, which cannot be served.")
    rank, alpha = number(config, "r", folder / CONFIG), number(config, "lora_alpha", folder / CONFIG)
    tensors = read_tensors(folder / WEIGHTS)
    for key in tensors:
        if not (key.startswith(PREFIX) and key.endswith(SUFFIX)):
            raise AdapterError(f"The adapter has a tensor that is not a LoRA on a linear layer: {key}.")
    return Adapter(int(rank), alpha, {key[len(PREFIX) : -len(SUFFIX)]: t for key, t in tensors.items()})


def _more_than_lora(config: Mapping[str, Any]) -> str:
    """What the config asks for that B·A cannot express; empty for nothing."""
    if config.get("peft_type") != "LORA":
        return f"the method {config.get('peft_type')!r}"
    if config.get("bias", "none") != "none":
        return "bias"
    # These change the base as well, so that on the served one the adapter means something else.
    if str(config.get("init_lora_weights")).lower().startswith(("pissa", "olora", "corda", "loftq", "lora_ga", "mica")):
        return f"init_lora_weights={config['init_lora_weights']!r}"
    odd: tuple[str, ...] = ("use_dora", "use_rslora", "lora_bias", "modules_to_save", "rank_pattern", "alpha_pattern")
    odd += ("fan_in_fan_out", "layer_replication", "trainable_token_indices", "use_qalora", "alora_invocation_tokens")
    return next((key for key in odd if config.get(key)), "")


def write(adapter: Adapter, folder: Path) -> None:
    """`adapter_config.json` and `adapter_model.safetensors` as PEFT reads them, on disk when this returns."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{PREFIX}{name}{SUFFIX}": np.ascontiguousarray(t) for name, t in adapter.tensors.items()}
    write_whole(folder / WEIGHTS, lambda aside: save_file(tensors, aside, {"format": "pt"}))
    # It says nothing of this machine: where the base is stays here.
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": None,
        "r": adapter.rank,
        "lora_alpha": adapter.alpha,
        "lora_dropout": 0.0,
        "target_modules": sorted({name.split(".")[-2] for name in adapter.tensors}),
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
    }
    write_text(folder / CONFIG, json.dumps(config, indent=1, sort_keys=True))
    sync(folder.parent)
