"""The base is the served model: its log-probabilities are llama.cpp's, and it is made once."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize
from hypothesis import given
from hypothesis import strategies as st

from trainers import gguf_base
from trainers.errors import BaseError, TooLittleDisk, UnsupportedArchitecture
from trainers.gguf_base import Base


def writer_of(path: Path, architecture: str) -> GGUFWriter:
    """Of one block, its tensors still missing."""
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    return writer


def finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tiny(path: Path, architecture: str, tensors: Sequence[str] = ("token_embd.weight",)) -> Path:
    """A GGUF of one block and random weights."""
    writer = writer_of(path, architecture)
    for name in tensors:
        writer.add_tensor(name, np.ones((8, 8), dtype=np.float32))
    finish(writer)
    return path


def test_log_probabilities_are_those_of_llama_cpp(base: Base, llama: Any, text_ids: tuple[int, ...]) -> None:
    import torch

    from tests.policies import base_of, fresh

    policy = fresh(base)
    ours = base_of(policy, text_ids[:1], text_ids[1:])
    assert policy.decoder.head.dtype == torch.float32
    assert np.abs(ours - llama.logprobs(text_ids)).mean() < 0.1


def test_the_second_time_nothing_is_made(base: Base, gguf: Path, sha256: str, bases: Path) -> None:
    calls: list[int] = []
    assert gguf_base.prepare(gguf, sha256, bases, lambda done, total: calls.append(done)) == base
    assert not calls


def test_another_model_is_another_folder(tmp_path: Path) -> None:
    first = gguf_base.prepare(tiny(tmp_path / "a.gguf", "llama"), "a" * 64, tmp_path / "bases")
    second = gguf_base.prepare(tiny(tmp_path / "b.gguf", "llama"), "b" * 64, tmp_path / "bases")
    assert first.folder != second.folder


def test_stopped_while_it_is_made_nothing_stays(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gguf_base.prepare(tiny(tmp_path / "m.gguf", "llama"), "0" * 64, tmp_path / "bases", stop)
    assert not list((tmp_path / "bases").iterdir())


def test_what_a_kill_left_is_swept(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    bases = tmp_path / "bases"
    for pid in (killed.pid, os.getpid()):
        (bases / f".making-{pid}-x").mkdir(parents=True)
        (bases / f".making-{pid}-x" / "config.json").write_text("{}")
    base = gguf_base.prepare(tiny(tmp_path / "m.gguf", "llama"), "0" * 64, bases)
    assert {p.name for p in bases.iterdir()} == {base.folder.name, f".making-{os.getpid()}-x"}


@pytest.mark.parametrize(
    ("architecture", "tensors", "words"),
    [
        ("mamba", ["token_embd.weight"], "architecture 'mamba'"),
        ("llama", ["token_embd.weight", "blk.0.ffn_gate_exps.weight"], "ffn_gate_exps"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(
    tmp_path: Path, architecture: str, tensors: list[str], words: str
) -> None:
    with pytest.raises(UnsupportedArchitecture, match=words) as caught:
        gguf_base.prepare(tiny(tmp_path / "m.gguf", architecture, tensors), "0" * 64, tmp_path / "bases")
    assert str(caught.value).startswith("Chat works with this model, learning does not")


@pytest.mark.parametrize("content", [b"", b"not a model", b"GGUF" + bytes(60)])
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(content)
    with pytest.raises(BaseError, match="cannot be read"):
        gguf_base.prepare(tmp_path / "m.gguf", "0" * 64, tmp_path / "bases")


def test_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(BaseError, match="cannot be read"):
        gguf_base.prepare(tmp_path / "none.gguf", "0" * 64, tmp_path / "bases")


def test_a_disk_that_is_too_full_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000_000))
    with pytest.raises(TooLittleDisk, match=r"needs 0\.1 GB of disk, 0\.0 GB are free .* goes on by itself"):
        gguf_base.prepare(tiny(tmp_path / "m.gguf", "llama"), "0" * 64, tmp_path / "bases")
    assert not list((tmp_path / "bases").iterdir())


def test_block_by_block_a_base_is_the_same(
    gguf: Path, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_base, "BLOCK_NUMBERS", 100_000)
    again = gguf_base.prepare(gguf, "0" * 64, tmp_path)
    assert filecmp.cmp(again.weights, base.weights, shallow=False)


def test_a_vocabulary_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """Of a table of 400 MB in float32, NumPy holds less than a quarter at any time."""
    rows, columns = 100_000, 1_024
    table = quantize(np.ones((rows, columns), np.float32), GGMLQuantizationType.Q4_0)
    writer = writer_of(tmp_path / "m.gguf", "llama")
    writer.add_tensor("token_embd.weight", table, raw_dtype=GGMLQuantizationType.Q4_0)
    finish(writer)
    del table
    tracemalloc.start()
    try:
        gguf_base.prepare(tmp_path / "m.gguf", "0" * 64, tmp_path / "bases")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < rows * columns


@given(heads=st.integers(1, 6), pairs=st.integers(1, 5), columns=st.integers(1, 3))
def test_permutation_is_undone(heads: int, pairs: int, columns: int) -> None:
    rows = np.arange(heads * pairs * 2 * columns, dtype=np.float32).reshape(-1, columns)
    assert (gguf_base.unpermute(gguf_base.permute(rows, heads), heads) == rows).all()
    assert (gguf_base.permute(gguf_base.unpermute(rows, heads), heads) == rows).all()
