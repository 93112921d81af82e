"""Damaged files are found by looking, for every place at which a file can end and every byte that can flip."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawlocal.engine.gguf_file import DamagedFile, read_gguf
from clawlocal.engine.protocol import AdapterFile


def test_the_embedded_model(model_path: Path) -> None:
    head = read_gguf(model_path)
    assert head.metadata["general.architecture"] == "llama"
    assert head.metadata["llama.block_count"] == 30
    assert len(head.tensors) == 272
    assert max(t.start + t.size for t in head.tensors) <= model_path.stat().st_size


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_anywhere_is_damaged(data: st.DataObject, adapter: AdapterFile, tmp_path: Path) -> None:
    whole = adapter.path.read_bytes()
    last = max(t.start + t.size for t in read_gguf(adapter.path).tensors)
    short = tmp_path / "short.gguf"
    short.write_bytes(whole[: data.draw(st.integers(0, last - 1))])
    with pytest.raises(DamagedFile):
        read_gguf(short)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 600), value=st.integers(0, 255))
def test_a_flipped_byte_is_read_or_refused(place: int, value: int, adapter: AdapterFile, tmp_path: Path) -> None:
    data = bytearray(adapter.path.read_bytes())
    data[place] = value
    path = tmp_path / "flipped.gguf"
    path.write_bytes(data)
    try:
        head = read_gguf(path)
    except DamagedFile:
        return
    assert all(t.start + t.size <= len(data) for t in head.tensors)


@given(st.binary(max_size=200))
def test_garbage_after_the_magic(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    path = tmp_path_factory.mktemp("garbage") / "g.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + garbage)
    with pytest.raises(DamagedFile):
        read_gguf(path)


@pytest.mark.parametrize("data", [b"", b"GG", b"PK\x03\x04 not a model", b"GGUF" + struct.pack("<I", 99)])
def test_not_a_gguf(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(data)
    with pytest.raises(DamagedFile):
        read_gguf(path)
