"""Small adapter files, made on the spot."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from clawlocal.engine.protocol import AdapterFile, ChatMessage

WIDTH = 576
RANK = 4
DEADLINE = 120.0


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> AdapterFile:
    return write_adapter(tmp_path_factory.mktemp("adapters") / "a.gguf", "a1", seed=1)


@pytest.fixture(scope="session")
def other_adapter(tmp_path_factory: pytest.TempPathFactory) -> AdapterFile:
    return write_adapter(tmp_path_factory.mktemp("adapters") / "b.gguf", "b1", seed=2)


def user(text: str) -> list[ChatMessage]:
    return [ChatMessage("user", text)]


def write_adapter(
    path: Path,
    version: str,
    *,
    seed: int = 0,
    architecture: str = "llama",
    width: int = WIDTH,
    kind: str = "lora",
    poison: float | None = None,
    layers: int = 2,
) -> AdapterFile:
    """Random weights on the attention outputs of the first layers: large enough to change a reply."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for layer in range(layers):
        a = random.normal(size=(RANK, width)).astype(np.float32) * 0.1
        b = random.normal(size=(width, RANK)).astype(np.float32) * 0.1
        if poison is not None:
            b[0, 0] = poison
        writer.add_tensor(f"blk.{layer}.attn_output.weight.lora_a", a)
        writer.add_tensor(f"blk.{layer}.attn_output.weight.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return AdapterFile(version, path)
