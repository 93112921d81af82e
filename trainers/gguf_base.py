"""The base that is trained: the served GGUF's own weights, dequantised once to float32.

A base is a folder named after the GGUF's SHA-256, with `config.json` and `model.safetensors` as
transformers reads them. Float32 because a block's scale times its step is exact in nothing smaller.
Knows no torch.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from trainers import gguf_config
from trainers.errors import BaseError, TooLittleDisk
from trainers.files import sync
from trainers.shape import Shape

Array = npt.NDArray[np.float32]

MAKING = ".making-"
"""Begins the name of a folder that is not a base yet; the process id follows."""

BLOCK_NUMBERS = 1 << 22
"""Weights that are dequantised at a time: 16 MB, of which the gguf package needs several times as much."""

SPARE_BYTES = 64_000_000
"""Of disk, which stay free beside a base."""


@dataclass(frozen=True)
class Base:
    """A dequantised base on disk."""

    folder: Path
    config: dict[str, Any]

    @property
    def architecture(self) -> str:
        """As GGUF names it."""
        return str(self.config["gguf_architecture"])

    @property
    def heads(self) -> int:
        return int(self.config["num_attention_heads"])

    @property
    def kv_heads(self) -> int:
        return int(self.config["num_key_value_heads"])

    @property
    def layers(self) -> int:
        return int(self.config["num_hidden_layers"])

    @property
    def control_ids(self) -> frozenset[int]:
        return frozenset(self.config["control_ids"])

    @property
    def shape(self) -> Shape:
        return Shape.of(self.config)

    @property
    def weights(self) -> Path:
        """Float32, as safetensors."""
        return self.folder / "model.safetensors"


def prepare(gguf: Path, sha256: str, bases: Path, on_tensor: Callable[[int, int], None] | None = None) -> Base:
    """The base of `gguf`, made on first use (about 3 s for 135M parameters) and found afterwards.

    `on_tensor(done, total)` is called as it is made. Raises `BaseError`, `UnsupportedArchitecture` or `TooLittleDisk`.
    """
    folder = bases / sha256
    config = _read(folder)
    if config is None:
        # Of another format, or damaged.
        shutil.rmtree(folder, ignore_errors=True)
        _make(gguf, folder, on_tensor or (lambda done, total: None))
        config = _read(folder)
    assert config is not None
    return Base(folder, config)


def shape(gguf: Path, sha256: str, bases: Path) -> Shape:
    """The sizes of the base of `gguf`, whether or not it was made. Raises `BaseError` or `UnsupportedArchitecture`."""
    return Shape.of(_read(bases / sha256) or gguf_config.config(_open(gguf), _floats))


def fields(gguf: Path) -> dict[str, Any]:
    """What a GGUF says of itself, as the gguf package reads it. Raises `BaseError`."""
    return dict(_open(gguf).fields)


def _read(folder: Path) -> dict[str, Any] | None:
    """The config of a base that is there and of this format."""
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return config if config.get("format") == gguf_config.FORMAT else None


def permute(rows: Array, heads: int) -> Array:
    """Rows of q or k, [out, …], from transformers' order (halves) to llama.cpp's (interleaved pairs)."""
    split = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


def unpermute(rows: Array, heads: int) -> Array:
    """The inverse of `permute`."""
    split = rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


def _make(gguf: Path, folder: Path, on_tensor: Callable[[int, int], None]) -> None:
    reader = _open(gguf)
    config = gguf_config.config(reader, _floats)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    _make_sure_of_disk(reader, folder.parent)
    aside = Path(tempfile.mkdtemp(prefix=f"{MAKING}{os.getpid()}-", dir=folder.parent))
    try:
        with (aside / "model.safetensors").open("wb") as file:
            _write_weights(file, reader, config, on_tensor)
            file.flush()
            os.fsync(file.fileno())
        (aside / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
        sync(aside / "config.json")
        sync(aside)
        _move(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sweep(bases: Path) -> None:
    """Remove what a killed process left half made: it is as large as a base."""
    import psutil

    for left in bases.glob(f"{MAKING}*"):
        pid = left.name.removeprefix(MAKING).split("-")[0]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _make_sure_of_disk(reader: Any, bases: Path) -> None:
    needed = sum(4 * int(tensor.n_elements) for tensor in reader.tensors) + SPARE_BYTES
    free = shutil.disk_usage(bases).free
    if free < needed:
        raise TooLittleDisk(
            f"Learning with this model needs {needed / 1e9:.1f} GB of disk, {free / 1e9:.1f} GB are free in {bases}: "
            "free some space, then learning goes on by itself."
        )


def _move(aside: Path, folder: Path) -> None:
    try:
        os.replace(aside, folder)
    except OSError:
        # Another process was faster: its base is the same, byte for byte.
        if not (folder / "config.json").is_file():
            raise
    sync(folder.parent)


def _open(gguf: Path) -> Any:
    from gguf import GGUFReader

    try:
        return GGUFReader(gguf)
    except (OSError, ValueError, IndexError, KeyError, UnicodeDecodeError) as e:
        raise BaseError(f"The model file {gguf} cannot be read: {_first_line(e)}.") from e


def _first_line(e: BaseException) -> str:
    text = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
    return (text.splitlines() or [type(e).__name__])[0].rstrip(".")


def _floats(tensor: Any) -> list[float]:
    return [float(x) for block in _dequantised(tensor) for x in block.ravel()]


def _dequantised(tensor: Any) -> Iterator[Array]:
    """Float32, some rows of [out, in] at a time; a vector [n] at once."""
    from gguf.quants import dequantize

    rows = tensor.data.shape[0]
    at_once = max(1, BLOCK_NUMBERS * rows // int(tensor.n_elements)) if tensor.data.ndim > 1 else rows
    for start in range(0, rows, at_once):
        try:
            block = dequantize(tensor.data[start : start + at_once], tensor.tensor_type)
        except NotImplementedError as e:
            raise gguf_config.refusal(f"quantisation {tensor.tensor_type.name}") from e
        yield np.ascontiguousarray(block, dtype=np.float32)


def _write_weights(file: BinaryIO, reader: Any, config: dict[str, Any], on_tensor: Callable[[int, int], None]) -> None:
    """A safetensors file, block by block: a vocabulary's embeddings are never in memory as a whole."""
    tensors = [t for t in reader.tensors if t.name != gguf_config.ROPE_FACTORS]
    header = json.dumps(dict(_entries(tensors, config)) | {"__metadata__": {"format": "pt"}}).encode()
    header += b" " * (-len(header) % 8)
    file.write(len(header).to_bytes(8, "little") + header)
    for done, tensor in enumerate(tensors, 1):
        for block in _as_transformers(tensor.name, _dequantised(tensor), config):
            file.write(block.data)
        on_tensor(done, len(tensors))


def _as_transformers(name: str, blocks: Iterator[Array], config: dict[str, Any]) -> Iterator[Array]:
    """Undo what llama.cpp's converter did to a tensor."""
    match config["gguf_architecture"]:
        case "llama" if ".attn_q." in name:
            yield unpermute(np.concatenate(list(blocks)), config["num_attention_heads"])
        case "llama" if ".attn_k." in name:
            yield unpermute(np.concatenate(list(blocks)), config["num_key_value_heads"])
        case "gemma3" if name.endswith("norm.weight"):
            yield from (block - np.float32(1.0) for block in blocks)
        case _:
            yield from blocks


def _entries(tensors: list[Any], config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    offset = 0
    for tensor in tensors:
        # GGUF names the fastest dimension first.
        shape = [int(n) for n in reversed(tensor.shape)]
        end = offset + 4 * int(np.prod(shape))
        name = gguf_config.tensor_name(tensor.name, config["gguf_architecture"])
        yield name, {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
