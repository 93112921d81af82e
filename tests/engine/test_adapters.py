"""Adapter files: every kind of damage is an error in words, and the engine lives on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DEADLINE, user, write_adapter

from clawlocal.engine.adapters import KEPT
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import AdapterFile, Sampling, Stop
from clawlocal.errors import AdapterError

SHORT = Sampling(temperature=0, max_tokens=2)


def shelf(engine: LlamaEngine) -> list[str]:
    assert engine._machine is not None
    return [file.version for file in engine._machine._adapters._shelf]


def test_a_sound_adapter_passes(llama_engine: LlamaEngine, adapter: AdapterFile) -> None:
    before = shelf(llama_engine)
    llama_engine.check(adapter)
    assert shelf(llama_engine) == before


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.2, 0.9, 0.999])
def test_a_file_cut_short(llama_engine: LlamaEngine, adapter: AdapterFile, tmp_path: Path, share: float) -> None:
    data = adapter.path.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(AdapterError, match=r"The adapter v9 is damaged.*go back"):
        llama_engine.check(AdapterFile("v9", path))


def test_other_damage(llama_engine: LlamaEngine, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.gguf"
    garbage.write_bytes(b"\x00garbage" * 1000)
    path = tmp_path / "x.gguf"
    cases = [
        (AdapterFile("v9", tmp_path / "none.gguf"), "is gone"),
        (AdapterFile("v9", tmp_path), "cannot be read"),
        (AdapterFile("v9", garbage), "not a GGUF"),
        (write_adapter(path, "v9", architecture="qwen2"), "another kind of model"),
        (write_adapter(tmp_path / "k.gguf", "v9", kind="control_vector"), "not a LoRA"),
        (write_adapter(tmp_path / "w.gguf", "v9", width=64), "does not fit"),
        (write_adapter(tmp_path / "l.gguf", "v9", layers=40), "does not fit"),
        (write_adapter(tmp_path / "e.gguf", "v9", layers=0), "holds no weights"),
        (write_adapter(tmp_path / "n.gguf", "v9", poison=float("nan")), "not finite"),
    ]
    for file, words in cases:
        with pytest.raises(AdapterError, match=words):
            llama_engine.check(file)
    prompt = llama_engine.encode(user("hi"))
    assert llama_engine.generate(prompt, SHORT).result(DEADLINE).stopped is Stop.LENGTH


def test_a_reply_under_a_missing_adapter_fails_in_words(llama_engine: LlamaEngine, tmp_path: Path) -> None:
    prompt = llama_engine.encode(user("hi"))
    gone = AdapterFile("v9", tmp_path / "none.gguf")
    completion = llama_engine.generate(prompt, SHORT, gone).result(DEADLINE)
    assert completion.stopped is Stop.FAILED
    assert "is gone" in (completion.error or "")


def test_numbers_that_overflow_fail_in_words(llama_engine: LlamaEngine, tmp_path: Path) -> None:
    """Finite weights, infinite logits: the samplers never see them."""
    huge = write_adapter(tmp_path / "huge.gguf", "huge", poison=3e38)
    prompt = llama_engine.encode(user("hi"))
    completion = llama_engine.generate(prompt, SHORT, huge).result(DEADLINE)
    assert completion.stopped in (Stop.FAILED, Stop.LENGTH, Stop.END)
    assert llama_engine.generate(prompt, SHORT).result(DEADLINE).stopped is Stop.LENGTH


def test_numbers_that_overflow_leave_nothing_behind(llama_engine: LlamaEngine, tmp_path: Path) -> None:
    """A long prompt fills cells that a short one does not overwrite."""
    huge = write_adapter(tmp_path / "huge.gguf", "huge2", poison=3e38)
    short, long = llama_engine.encode(user("hi")), llama_engine.encode(user("The sea is wide. " * 60))
    before = llama_engine.generate(short, SHORT).result(DEADLINE)
    llama_engine.generate(long, SHORT, huge).result(DEADLINE)
    after = llama_engine.generate(short, SHORT).result(DEADLINE)
    assert (after.token_ids, after.logprobs) == (before.token_ids, before.logprobs)


def test_a_few_versions_stay_loaded(llama_engine: LlamaEngine, tmp_path: Path) -> None:
    files = [write_adapter(tmp_path / f"{n}.gguf", f"lru{n}", seed=n) for n in range(KEPT + 2)]
    prompt = llama_engine.encode(user("hi"))
    for file in files:
        llama_engine.generate(prompt, SHORT, file).result(DEADLINE)
    assert shelf(llama_engine) == [f.version for f in files[-KEPT:]]


def test_a_forgotten_adapter_is_freed_even_if_it_speaks(
    llama_engine: LlamaEngine, adapter: AdapterFile, until: Callable[[Callable[[], bool]], None]
) -> None:
    prompt = llama_engine.encode(user("Name a colour."))
    first = llama_engine.generate(prompt, SHORT, adapter).result(DEADLINE)
    llama_engine.forget_adapter(adapter.version)
    until(lambda: adapter.version not in shelf(llama_engine))
    again = llama_engine.generate(prompt, SHORT, adapter).result(DEADLINE)
    assert (again.token_ids, again.logprobs) == (first.token_ids, first.logprobs)
