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

from trainers.errors import BaseError, UnsupportedArchitecture
from trainers.files import sync

Array = npt.NDArray[np.float32]

LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""A layer's tensors in GGUF and in transformers."""

WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}

ROPE_FACTORS = "rope_freqs.weight"
"""Llama 3's long-context factors: they divide the rotary frequencies, and go into the config."""

MAKING = ".making-"
"""Begins the name of a folder that is not a base yet; the process id follows."""


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
    def bytes(self) -> int:
        """Size of the weights in memory."""
        return (self.folder / "model.safetensors").stat().st_size


def prepare(gguf: Path, sha256: str, bases: Path, on_tensor: Callable[[int, int], None] | None = None) -> Base:
    """The base of `gguf`, made on first use (about 3 s for 135M parameters) and found afterwards.

    `on_tensor(done, total)` is called as it is made. Raises `BaseError` or `UnsupportedArchitecture`.
    """
    folder = bases / sha256
    if not (folder / "config.json").is_file():
        _make(gguf, folder, on_tensor or (lambda done, total: None))
    return Base(folder, json.loads((folder / "config.json").read_text("utf-8")))


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
    config = _config(reader)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
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


def _config(reader: Any) -> dict[str, Any]:
    """The transformers config that the GGUF's metadata amounts to."""
    architecture = _value(reader, "general.architecture", "unknown")
    if architecture != "llama":
        raise UnsupportedArchitecture(
            f"Chat works with this model, learning does not for architecture {architecture!r}."
        )

    def of(key: str, default: Any = None) -> Any:
        value = _value(reader, f"llama.{key}", default)
        if value is None:
            raise BaseError(f"The model file lacks llama.{key}.")
        return value

    heads, width = int(of("attention.head_count")), int(of("embedding_length"))
    head_dim = int(of("attention.key_length", width // heads))
    if int(of("rope.dimension_count", head_dim)) != head_dim:
        raise UnsupportedArchitecture("Chat works with this model, learning does not: partial rotary embedding.")
    names = {t.name: t for t in reader.tensors}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "gguf_architecture": architecture,
        "dtype": "float32",
        "hidden_act": "silu",
        "vocab_size": int(names["token_embd.weight"].shape[1]),
        "hidden_size": width,
        "intermediate_size": int(of("feed_forward_length")),
        "num_hidden_layers": int(of("block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(of("attention.head_count_kv", heads)),
        "head_dim": head_dim,
        "max_position_embeddings": int(of("context_length")),
        "rms_norm_eps": float(of("attention.layer_norm_rms_epsilon")),
        "tie_word_embeddings": "output.weight" not in names,
        "rope_parameters": _rope(reader),
        "rope_factors": _floats(names[ROPE_FACTORS]) if ROPE_FACTORS in names else None,
        "bos_token_id": _value(reader, "tokenizer.ggml.bos_token_id", None),
        "eos_token_id": _value(reader, "tokenizer.ggml.eos_token_id", None),
    }


def _rope(reader: Any) -> dict[str, Any]:
    theta = float(_value(reader, "llama.rope.freq_base", 10000.0))
    kind = _value(reader, "llama.rope.scaling.type", "none")
    match kind:
        case "none":
            return {"rope_type": "default", "rope_theta": theta}
        case "linear":
            factor = float(_value(reader, "llama.rope.scaling.factor", 1.0))
            return {"rope_type": "linear", "rope_theta": theta, "factor": factor}
        case _:
            raise UnsupportedArchitecture(f"Chat works with this model, learning does not for rotary scaling {kind!r}.")


def _value(reader: Any, key: str, default: Any) -> Any:
    field = reader.get_field(key)
    return default if field is None else field.contents()


def _floats(tensor: Any) -> list[float]:
    return [float(x) for x in _dequantised(tensor).ravel()]


def _dequantised(tensor: Any) -> Array:
    """[out, in], or [n] for a vector."""
    from gguf.quants import dequantize

    try:
        return np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
    except NotImplementedError as e:
        kind = tensor.tensor_type.name
        raise UnsupportedArchitecture(f"Chat works with this model, learning does not for quantisation {kind}.") from e


def _name(gguf_name: str) -> str:
    if gguf_name in WHOLE:
        return WHOLE[gguf_name]
    match gguf_name.split("."):
        case ["blk", layer, kind, "weight"] if kind in LAYER:
            return f"model.layers.{layer}.{LAYER[kind]}.weight"
    raise UnsupportedArchitecture(f"Chat works with this model, learning does not: it has a tensor {gguf_name!r}.")


def _write_weights(file: BinaryIO, reader: Any, config: dict[str, Any], on_tensor: Callable[[int, int], None]) -> None:
    """A safetensors file, one tensor after the other: no more than one is in memory at a time."""
    tensors = [t for t in reader.tensors if t.name != ROPE_FACTORS]
    header = json.dumps(dict(_entries(tensors)) | {"__metadata__": {"format": "pt"}}).encode()
    header += b" " * (-len(header) % 8)
    file.write(len(header).to_bytes(8, "little") + header)
    for done, tensor in enumerate(tensors, 1):
        array = _dequantised(tensor)
        if ".attn_q." in tensor.name:
            array = unpermute(array, config["num_attention_heads"])
        elif ".attn_k." in tensor.name:
            array = unpermute(array, config["num_key_value_heads"])
        file.write(array.tobytes())
        on_tensor(done, len(tensors))


def _entries(tensors: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    offset = 0
    for tensor in tensors:
        # GGUF names the fastest dimension first.
        shape = [int(n) for n in reversed(tensor.shape)]
        end = offset + 4 * int(np.prod(shape))
        yield _name(tensor.name), {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
