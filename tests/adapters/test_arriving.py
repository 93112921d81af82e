"""An adapter from elsewhere becomes a version: kept, not live, of this model, and it can be made live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawlocal.adapters.exports import export
from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import AdapterError, StoreError
from clawlocal.paths import Paths
from clawlocal.records import AdapterState
from tests.loras import gguf_tensors, random_lora
from trainers import adapter_peft, linears

MODEL = "smollm2-135m"


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    """Of the embedded model's file, with a stand-in for its engine."""
    with Assistant.open(Settings(model=MODEL), engine=FakeEngine(name=MODEL)) as opened:
        yield opened


@pytest.fixture(scope="module")
def source(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's PEFT folder."""
    folder = tmp_path_factory.mktemp("theirs")
    adapter_peft.write(random_lora(linears.read(model_path), rank=2), folder)
    return folder


def test_it_is_kept_and_can_be_made_live(assistant: Assistant, source: Path, where: Paths, tmp_path: Path) -> None:
    name, sentence = assistant.import_adapter(source)
    assert (name, sentence) == (
        "v1",
        "v1 of smollm2-135m is here, and not live: `clawlocal adapters use v1` makes it live.",
    )
    [found] = assistant.adapters()
    assert (found.state, found.parent, found.rank, found.metrics) == (AdapterState.KEPT, None, 2, {})
    assert found.created and Path(found.path) == where.adapters / MODEL / "v1"
    assert assistant.live_file() is None
    assert assistant.rollback("v1") == "v1 is live."
    live = assistant.live_file()
    assert live is not None and live.path == where.adapters / MODEL / "v1" / "adapter.gguf"
    for format in ("gguf", "mlx", "peft"):
        again = export(found, format, tmp_path / format, lambda: tmp_path)
        name, _ = assistant.import_adapter(again)
        other = where.adapters / MODEL / name / "adapter.gguf"
        assert gguf_tensors(other) == gguf_tensors(live.path), format
    assert [v.version for v in assistant.adapters()] == ["v1", "v2", "v3", "v4"]
    assert not list(where.jobs.iterdir())


def test_what_it_does_not_cover_is_said(assistant: Assistant, source: Path, tmp_path: Path) -> None:
    whole = adapter_peft.read_any(source)
    part = adapter_peft.Adapter(2, 4, {n: t for n, t in whole.tensors.items() if "q_proj" in n})
    adapter_peft.write(part, tmp_path / "part")
    _, sentence = assistant.import_adapter(tmp_path / "part")
    assert sentence.endswith(" It covers 30 of 210 linear layers; the others stay as they are.")


def test_what_does_not_fit_leaves_nothing(
    assistant: Assistant, source: Path, where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x80\x02.")
    (tmp_path / "b.gguf").write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 16)
    for path, words in (("none", "nothing at"), ("a.bin", "may hold code"), ("b.gguf", "b.gguf is damaged: it is cut")):
        with pytest.raises(AdapterError, match=words):
            assistant.import_adapter(tmp_path / path)

    def refuse(file: AdapterFile) -> None:
        raise AdapterError(f"The adapter {file.version} does not fit this model.")

    with monkeypatch.context() as patched, pytest.raises(AdapterError, match=f"The adapter in {source} does not fit"):
        patched.setattr(assistant.engine, "check", refuse)
        assistant.import_adapter(source)
    assert assistant.adapters() == []
    assert not where.adapters.exists()
    assert not list(where.jobs.iterdir())


def test_a_full_disk_is_said(assistant: Assistant, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(made: Path, home: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("clawlocal.adapters.files.install", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"):
        assistant.import_adapter(source)
    assert assistant.adapters() == []
