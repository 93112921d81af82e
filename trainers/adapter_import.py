"""An adapter from elsewhere, checked against the served model and brought into our form.

Comes as a PEFT folder, an mlx-lm folder or a GGUF file; goes as `adapter/` (PEFT) and `adapter.gguf`. Nothing
that could run code is opened. Knows no framework.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainers import adapter_gguf, adapter_mlx, adapter_peft
from trainers.adapter_gguf import LINEAR
from trainers.adapter_peft import Adapter, Array
from trainers.errors import AdapterError
from trainers.gguf_base import unpermute
from trainers.linears import Linears

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
NOT_GGUF = (*PICKLES, ".safetensors")
"""What a file is called that is refused before it is read; any other is read as GGUF."""
LARGEST = float(np.finfo(np.float16).max)
"""The served file is float16."""


@dataclass(frozen=True)
class Imported:
    """What was made of it."""

    rank: int
    covered: int
    """Linear layers that the adapter changes."""
    linears: int
    """Linear layers of the model; those that are not covered stay as they are."""


def convert(path: Path, model: Linears, out: Path) -> Imported:
    """Write `out`/adapter and `out`/adapter.gguf. Raises `AdapterError` in a sentence."""
    try:
        found = _integral(read(path, model))
    except OSError as e:
        raise AdapterError(f"{path} cannot be read: {e.strerror}.") from e
    covered = {name.rpartition(".")[0] for name in found.tensors}
    _check(found, model, covered)
    whole = Adapter(found.rank, found.alpha, {**found.tensors, **dict(_missing(found.rank, model, covered))})
    adapter_peft.write(whole, out / "adapter")
    adapter_gguf.convert(out / "adapter", model.base, out / "adapter.gguf")
    return Imported(found.rank, len(covered), len(model.sizes))


def read(path: Path, model: Linears) -> Adapter:
    """Whatever is at `path`, as it is there. Raises `AdapterError`."""
    if path.is_dir():
        names = {each.name for each in path.iterdir()}
        if adapter_peft.WEIGHTS in names:
            return adapter_peft.read_any(path)
        if adapter_mlx.WEIGHTS in names:
            return adapter_mlx.read(path)
        _refuse_pickles(each for each in path.iterdir())
        raise AdapterError(
            f"{path} holds no adapter: neither {adapter_peft.WEIGHTS} (PEFT) nor {adapter_mlx.WEIGHTS} (MLX)."
        )
    if not path.is_file():
        raise AdapterError(f"There is nothing at {path}.")
    _refuse_pickles(iter([path]))
    if path.suffix == ".safetensors":
        raise AdapterError(f"Name the folder, not the file: beside {path} there has to be an adapter_config.json.")
    return _read_gguf(path, model)


def _refuse_pickles(paths: Iterator[Path]) -> None:
    if found := next((p for p in paths if p.suffix.lower() in PICKLES), None):
        raise AdapterError(f"{found} may hold code that would be run on loading: save the adapter as safetensors.")


def _read_gguf(path: Path, model: Linears) -> Adapter:
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        values = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
        tensors = dict(_renamed(reader, model))
    except AdapterError:
        raise
    except (OSError, ValueError, IndexError, KeyError, TypeError, NotImplementedError) as e:
        raise AdapterError(f"{path} cannot be read as a GGUF file.") from e
    if (values.get("general.type"), values.get("adapter.type")) != ("adapter", "lora"):
        raise AdapterError(f"{path} is a GGUF file, but not a LoRA adapter.")
    if (theirs := values.get("general.architecture")) != model.base.architecture:
        raise AdapterError(
            f"The adapter was made for architecture {theirs!r}; this model is {model.base.architecture!r}."
        )
    rank = next((t.shape[0] for name, t in tensors.items() if name.endswith("A")), 0)
    return Adapter(rank, adapter_peft.number(values, "adapter.lora.alpha", path), tensors)


def _renamed(reader: Any, model: Linears) -> Iterator[tuple[str, Array]]:
    from gguf.quants import dequantize

    linears = {gguf: peft for peft, gguf in LINEAR.items()}
    for tensor in reader.tensors:
        match = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight\.lora_([ab])", tensor.name)
        if match is None or match[2] not in linears:
            raise AdapterError(f"The adapter has a tensor that is not a LoRA on a linear layer: {tensor.name}.")
        name = f"model.layers.{match[1]}.{linears[match[2]]}.lora_{match[3].upper()}"
        array = np.asarray(dequantize(tensor.data, tensor.tensor_type), np.float32)
        yield name, _as_transformers(array, match[2], model) if match[3] == "b" else array


def _as_transformers(rows: Array, kind: str, model: Linears) -> Array:
    """llama.cpp has the rows of a llama's q and k in another order."""
    if model.base.architecture != "llama" or kind not in ("attn_q", "attn_k"):
        return rows
    heads = model.base.heads if kind == "attn_q" else model.base.kv_heads
    if rows.shape[0] % (2 * heads):
        raise AdapterError("The adapter does not fit this model: q or k has another number of rows.")
    return unpermute(rows, heads)


def _integral(found: Adapter) -> Adapter:
    """The trainer's alpha is a whole number; what is left over goes into B."""
    alpha = max(1, round(found.alpha))
    if alpha == found.alpha:
        return Adapter(found.rank, alpha, found.tensors)
    factor = np.float32(found.alpha / alpha)
    return Adapter(found.rank, alpha, {n: t * factor if n.endswith("B") else t for n, t in found.tensors.items()})


def _check(found: Adapter, model: Linears, covered: set[str]) -> None:
    """Only layers that the model has, both halves of each, in their shapes, of numbers that can be served."""
    if not found.tensors:
        raise AdapterError("The adapter holds no weights.")
    if found.rank < 1:
        raise AdapterError(f"The adapter has rank {found.rank}.")
    for linear in sorted(covered):
        if linear not in model.sizes:
            raise AdapterError(f"The adapter does not fit this model, which has no linear layer {linear}.")
        rows, columns = model.sizes[linear]
        for half, size in (("lora_A", (found.rank, columns)), ("lora_B", (rows, found.rank))):
            tensor = found.tensors.get(f"{linear}.{half}")
            if tensor is None:
                raise AdapterError(f"The adapter is not whole: it lacks {linear}.{half}.")
            if tensor.shape != size:
                raise AdapterError(
                    f"The adapter does not fit this model: {linear}.{half} is {_by(tensor.shape)}, not {_by(size)}."
                )
    wanted = {f"{linear}.{half}" for linear in covered for half in ("lora_A", "lora_B")}
    if odd := sorted(found.tensors.keys() - wanted):
        raise AdapterError(f"The adapter has a tensor that is not a LoRA on a linear layer: {odd[0]}.")
    for name, tensor in found.tensors.items():
        if not (np.abs(tensor) <= LARGEST).all():
            raise AdapterError(
                f"The adapter is damaged: {name} has numbers that are not finite, or too large to serve."
            )


def _by(shape: tuple[int, ...]) -> str:
    return " by ".join(map(str, shape))


def _missing(rank: int, model: Linears, covered: set[str]) -> Iterator[tuple[str, Array]]:
    """Zeros for B, so that nothing changes. A is begun as PEFT begins it: from zeros it would never learn."""
    draw = np.random.default_rng(0)
    for linear, (rows, columns) in model.sizes.items():
        if linear not in covered:
            bound = columns**-0.5
            yield f"{linear}.lora_A", draw.uniform(-bound, bound, (rank, columns)).astype(np.float32)
            yield f"{linear}.lora_B", np.zeros((rows, rank), np.float32)
