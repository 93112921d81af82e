"""The served model with an adapter merged in, as one GGUF file: W + alpha / r · B·A, in float16.

All that the adapter does not touch is copied byte for byte: other tensors, metadata, tokenizer, template. The
adapter is the one in llama.cpp's form, so that its rows are in the weights' order. Knows no transformers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from trainers.errors import AdapterError, BaseError, UnsupportedArchitecture
from trainers.files import write_whole

F16, STRING = 1, 8
"""GGUF's numbers for a tensor's type and a value's type."""
NAME = "general.name"
HALVES = (".lora_a", ".lora_b")


def write(gguf: Path, adapter: Path, out: Path, name: str) -> None:
    """Merge the GGUF `adapter` into the model file `gguf`; `name` is how the result calls itself.

    One tensor is in memory at a time. Raises `AdapterError`, `BaseError`, `OSError` when it cannot be written.
    """
    from gguf import GGUFReader

    try:
        model = GGUFReader(gguf)
    except (ValueError, IndexError, KeyError) as e:
        raise BaseError(f"The model file {gguf} cannot be read.") from e
    try:
        lora = GGUFReader(adapter)
        deltas = _Deltas(lora)
    except (ValueError, IndexError, KeyError) as e:
        raise AdapterError(f"The adapter file {adapter} cannot be read.") from e
    if missing := deltas.linears - {t.name for t in model.tensors}:
        raise AdapterError(f"The adapter does not fit this model, which has no {min(missing)}.")
    write_whole(out, lambda aside: _write(aside, model, deltas, name))


class _Deltas:
    """What the adapter adds to each weight."""

    def __init__(self, lora: Any) -> None:
        self._tensors = {t.name: t for t in lora.tensors}
        self._alpha = float(lora.fields["adapter.lora.alpha"].contents())
        self.linears = {name[: -len(half)] for name in self._tensors for half in HALVES if name.endswith(half)}

    def merged(self, weight: Any) -> np.ndarray[Any, np.dtype[np.float16]]:
        """[out, in]"""
        from gguf.quants import dequantize

        try:
            whole = np.array(dequantize(weight.data, weight.tensor_type), np.float32)
        except NotImplementedError as e:
            raise UnsupportedArchitecture(f"Weights in {weight.tensor_type.name} cannot be merged.") from e
        a, b = (np.asarray(self._tensors[weight.name + half].data, np.float32) for half in HALVES)
        whole += (self._alpha / a.shape[0]) * (b @ a)
        if not (np.abs(whole) <= np.finfo(np.float16).max).all():
            raise AdapterError(f"Merged, {weight.name} has numbers that float16 cannot hold.")
        return whole.astype(np.float16)


def _write(path: Path, model: Any, deltas: _Deltas, name: str) -> None:
    with path.open("wb") as file:
        fields = list(_fields(model, name))
        version = int(model.fields["GGUF.version"].parts[0][0])
        file.write(b"GGUF" + struct.pack("<IQQ", version, len(model.tensors), len(fields)))
        file.writelines(fields)
        file.writelines(_heads(model, deltas))
        for tensor in model.tensors:
            _pad(file, model.alignment)
            # A memory map: what is copied is never in memory as a whole.
            file.write((deltas.merged(tensor) if tensor.name in deltas.linears else tensor.data).data)
        _pad(file, model.alignment)


def _fields(model: Any, name: str) -> Iterator[bytes]:
    """The metadata as they stand in the file, but for the name."""
    named = _text(NAME) + struct.pack("<I", STRING) + _text(name)
    found = {key: field for key, field in model.fields.items() if not key.startswith("GGUF.")}
    for key, field in found.items():
        yield named if key == NAME else b"".join(part.tobytes() for part in field.parts)
    if NAME not in found:
        yield named


def _heads(model: Any, deltas: _Deltas) -> Iterator[bytes]:
    """Name, shape, type and place of each tensor."""
    offset = 0
    for tensor in model.tensors:
        merged = tensor.name in deltas.linears
        shape = [int(n) for n in tensor.shape]
        kind = F16 if merged else int(tensor.tensor_type)
        yield _text(tensor.name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        size = 2 * int(np.prod(shape)) if merged else int(tensor.n_bytes)
        offset += -(-size // model.alignment) * model.alignment


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _pad(file: BinaryIO, alignment: int) -> None:
    file.write(bytes(-file.tell() % alignment))
