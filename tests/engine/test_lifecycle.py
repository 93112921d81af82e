"""Opening and closing: what is wrong with a model is said in a sentence, and closing always ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import gguf
import pytest
from conftest import DEADLINE, user

from clawlocal.engine import library as library_module
from clawlocal.engine.gguf_file import read_gguf
from clawlocal.engine.library import high_level, library
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.model import check_memory, kv_bytes
from clawlocal.engine.protocol import Sampling, Stop
from clawlocal.errors import EngineClosed, ModelError

LONG = Sampling(temperature=0, max_tokens=1500)


def refusal(path: Path) -> str:
    engine = LlamaEngine(path, name="bad", n_ctx=256, threads=1)
    with pytest.raises(ModelError) as caught:
        engine.wait_ready(DEADLINE)
    with pytest.raises(ModelError):
        engine.tokenize("x")
    with pytest.raises(ModelError):
        engine.generate([1], LONG)
    engine.close()
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no model file" in refusal(tmp_path / "none.gguf")


def test_a_folder(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)


def test_not_a_gguf(tmp_path: Path) -> None:
    path = tmp_path / "page.gguf"
    path.write_text("<html>not found</html>")
    assert "not a GGUF" in refusal(path)


def test_a_download_that_was_cut_short(model_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    with model_path.open("rb") as whole:
        path.write_bytes(whole.read(20_000_000))
    assert "cut short" in refusal(path)


def test_a_gguf_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(str(path), "unheardof")
    writer.add_string("general.name", "odd")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "cannot be loaded" in refusal(path)


def test_not_enough_memory(model_path: Path) -> None:
    needed = kv_bytes(read_gguf(model_path), 1000)
    assert needed == 30 * 1000 * 2 * 3 * 64 * 2
    assert kv_bytes(read_gguf(model_path), 10_000_000) == kv_bytes(read_gguf(model_path), 8192)
    check_memory(needed, needed)
    with pytest.raises(ModelError, match=r"needs .* GB of memory and .* are free"):
        check_memory(needed, needed - 1)


def test_a_context_no_larger_than_the_model_was_trained_for(model_path: Path) -> None:
    engine = LlamaEngine(model_path, name="m", n_ctx=100_000, threads=1)
    engine.wait_ready(DEADLINE)
    assert engine.n_ctx == 8192
    engine.close()


def test_closing_while_it_loads(model_path: Path) -> None:
    engine = LlamaEngine(model_path, name="m", n_ctx=256, threads=1)
    reply = engine.generate([1, 2, 3], LONG)
    engine.close()
    engine.close()
    assert reply.result(DEADLINE).stopped is Stop.CANCELLED
    for call in (engine.wait_ready, lambda: engine.tokenize("x"), lambda: engine.generate([1], LONG)):
        with pytest.raises(EngineClosed):
            call()


def test_closing_while_it_speaks(model_path: Path) -> None:
    engine = LlamaEngine(model_path, name="m", n_ctx=2048, threads=1)
    prompt = engine.encode(user("Tell me a long story."))
    speaking, waiting = engine.generate(prompt, LONG), engine.generate(prompt, LONG)
    failed: list[BaseException] = []

    def score() -> None:
        try:
            engine.score(prompt, [(1,)])
        except EngineClosed as e:
            failed.append(e)

    thread = threading.Thread(target=score)
    thread.start()
    next(iter(speaking))
    engine.close()
    thread.join(DEADLINE)
    assert speaking.result(DEADLINE).stopped is Stop.CANCELLED
    assert waiting.result(DEADLINE).stopped is Stop.CANCELLED
    assert waiting.result().token_ids == ()
    assert len(failed) == 1


def test_closing_from_a_callback(model_path: Path) -> None:
    engine = LlamaEngine(model_path, name="m", n_ctx=256, threads=1)
    reply = engine.generate([1, 2, 3], LONG, on_text=lambda _text: engine.close())
    assert reply.result(DEADLINE).stopped is Stop.CANCELLED
    engine.close()


def test_a_program_that_forgets_to_close_ends_silently(model_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from clawlocal.engine.llamacpp import LlamaEngine;"
        "from clawlocal.engine.protocol import Sampling;"
        "e = LlamaEngine(Path(sys.argv[1]), name='m', n_ctx=512, threads=1);"
        "next(iter(e.generate(e.tokenize('Once upon a time'), Sampling(max_tokens=500))))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(model_path)],
        capture_output=True, timeout=DEADLINE, check=False, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(("flags", "repacked"), [("fpu avx512_vnni", True), ("fpu amx_tile amx_int8", False)])
def test_weights_are_not_repacked_where_the_cpu_has_tiles(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, repacked: bool
) -> None:
    """llama.cpp's kernels for AMX, as GCC compiles them, would end the process."""
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: amx_tile\n")
    monkeypatch.setattr(library_module, "CPU_INFO", cpu_info)
    lib = library()
    load, asked = lib.llama_model_load_from_file, []

    def asked_for(path: bytes, wish: Any) -> Any:
        asked.append(wish.use_extra_bufts)
        # This machine may have tiles.
        wish.use_extra_bufts = False
        return load(path, wish)

    monkeypatch.setattr(lib, "llama_model_load_from_file", asked_for)
    engine = LlamaEngine(model_path, name="tiles", n_ctx=256, threads=1)
    engine.wait_ready(DEADLINE)
    said = engine.generate(engine.encode(user("Name a colour.")), Sampling(temperature=0, max_tokens=3))
    assert said.result(DEADLINE).text
    engine.close()
    assert asked == [repacked]


def test_llama_cpps_own_class_loads_as_the_engine_does(model_path: Path) -> None:
    with closing(high_level()(str(model_path), n_ctx=64, verbose=False)) as theirs:
        assert theirs.model_params.use_extra_bufts is not library_module.tiles()


def test_a_machine_without_cpuinfo_has_no_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "CPU_INFO", tmp_path / "none")
    assert not library_module.tiles()
