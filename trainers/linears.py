"""The linear layers of a served model, read from the head of its file: what an adapter must fit. Knows no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainers.adapter_gguf import LINEAR
from trainers.errors import BaseError, UnsupportedArchitecture
from trainers.gguf_base import Base
from trainers.gguf_config import NAMES


@dataclass(frozen=True)
class Linears:
    """What an adapter for this model looks like."""

    base: Base
    """Without a folder: for what it knows of heads, layers and architecture."""
    sizes: Mapping[str, tuple[int, int]]
    """(out, in) of `model.layers.0.self_attn.q_proj` and all others, as transformers names them."""


def read(gguf: Path) -> Linears:
    """Of a model file. Raises `BaseError`, `UnsupportedArchitecture`."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(gguf)
        architecture = str(_value(reader, "general.architecture"))
        if architecture not in NAMES:
            raise UnsupportedArchitecture(f"Adapters for architecture {architecture!r} cannot be converted.")
        config = _config(reader, architecture)
        shapes = {t.name: (int(t.shape[1]), int(t.shape[0])) for t in reader.tensors if len(t.shape) == 2}
        sizes = {
            f"model.layers.{layer}.{linear}": shapes[f"blk.{layer}.{kind}.weight"]
            for layer in range(config["num_hidden_layers"])
            for linear, kind in LINEAR.items()
        }
    except UnsupportedArchitecture:
        raise
    except (OSError, ValueError, IndexError, KeyError, TypeError) as e:
        raise BaseError(f"The model file {gguf} cannot be read, or lacks a layer.") from e
    return Linears(Base(gguf.parent, config), sizes)


def _config(reader: Any, architecture: str) -> dict[str, Any]:
    """As much of a base's config as a conversion asks for."""
    heads = int(_value(reader, f"{architecture}.attention.head_count"))
    kv_heads = reader.get_field(f"{architecture}.attention.head_count_kv")
    return {
        "gguf_architecture": architecture,
        "num_attention_heads": heads,
        "num_key_value_heads": heads if kv_heads is None else int(kv_heads.contents()),
        "num_hidden_layers": int(_value(reader, f"{architecture}.block_count")),
    }


def _value(reader: Any, key: str) -> Any:
    """Raises `KeyError`."""
    field = reader.get_field(key)
    if field is None:
        raise KeyError(key)
    return field.contents()
