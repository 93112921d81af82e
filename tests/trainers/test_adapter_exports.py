"""What leaves is what was served: each consumer's log-probabilities against llama.cpp's with the GGUF adapter."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.loras import apart, gguf_tensors, log_softmax, one_by_one, random_lora
from trainers import adapter_gguf, adapter_mlx, adapter_peft, linears, merged_gguf, tokenizer
from trainers.adapter_peft import Adapter
from trainers.errors import AdapterError, BaseError
from trainers.gguf_base import Base
from trainers.linears import Linears

Numbers = npt.NDArray[np.float64]
WITHIN = 1.5
"""Times llama.cpp's own noise: between evaluating the same tokens in one batch and one by one."""


MORE = (
    "<|im_start|>user\nAnd why is the sea salty, then?<|im_end|>\n<|im_start|>assistant\n"
    "Rivers wash minerals out of the rocks and carry them down to the sea. There the water evaporates, rises as "
    "clouds and falls as rain again, while the salt stays where it is. After some hundred million years a litre "
    "holds about 35 grams. Lakes that have an outlet stay fresh, for they give away what they are given; the Dead "
    "Sea has none, and is nearly ten times as salty. Volcanoes below the waves add their share, and so "
    "does the dust that the wind brings from deserts.<|im_end|>\n"
)


@pytest.fixture(scope="module")
def model(gguf: Path) -> Linears:
    return linears.read(gguf)


@pytest.fixture(scope="module")
def made(model: Linears) -> Adapter:
    return random_lora(model)


@pytest.fixture(scope="module")
def folder(model: Linears, made: Adapter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With `adapter/` and `adapter.gguf`, as a version has them."""
    folder = tmp_path_factory.mktemp("version")
    adapter_peft.write(made, folder / "adapter")
    adapter_gguf.convert(folder / "adapter", model.base, folder / "adapter.gguf")
    return folder


@pytest.fixture(scope="module")
def ids(llama: Any, text_ids: tuple[int, ...]) -> tuple[int, ...]:
    found: tuple[int, ...] = (text_ids + llama.ids(MORE))[:200]
    assert len(found) == 200
    return found


@pytest.fixture(scope="module")
def adapted(gguf: Path, folder: Path, llama: Any) -> Iterator[Any]:
    with closing(type(llama)(gguf, lora=folder / "adapter.gguf")) as engine:
        yield engine


@pytest.fixture(scope="module")
def served(adapted: Any, ids: tuple[int, ...]) -> Numbers:
    found: Numbers = adapted.logprobs(ids)
    return found


@pytest.fixture(scope="module")
def noise(adapted: Any, ids: tuple[int, ...], served: Numbers) -> float:
    return apart(served, one_by_one(adapted, ids))


@pytest.fixture(scope="module")
def elsewhere(base: Base, gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base as a folder for other libraries: with the tokenizer."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "model.safetensors").symlink_to(base.folder / "model.safetensors")
    # mlx-lm asks for the rotary base by its older name.
    (folder / "config.json").write_text(
        json.dumps(base.config | {"rope_theta": base.config["rope_parameters"]["rope_theta"]})
    )
    tokenizer.write(gguf, folder)
    return folder


def test_the_adapter_does_something(llama: Any, ids: tuple[int, ...], served: Numbers) -> None:
    assert apart(llama.logprobs(ids), served) > 0.2


def test_mlx(
    made: Adapter, elsewhere: Path, llama: Any, ids: tuple[int, ...], served: Numbers, noise: float, tmp_path: Path
) -> None:
    pytest.importorskip("mlx_lm")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlx.core as mx
        from mlx_lm import load

    adapter_mlx.write(made, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["adapter_config.json", "adapters.safetensors"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, words = load(str(elsewhere), adapter_path=str(tmp_path))
    assert tuple(words.encode(MORE, add_special_tokens=False)) == llama.ids(MORE)
    logits = np.array(model(mx.array([ids]))[0].astype(mx.float32), np.float64)
    theirs = log_softmax(logits[:-1])[np.arange(len(ids) - 1), ids[1:]]
    print(f"\nmlx {apart(theirs, served):.4f}, noise {noise:.4f}")
    assert apart(theirs, served) < WITHIN * noise


def test_peft(folder: Path, elsewhere: Path, ids: tuple[int, ...], served: Numbers, noise: float) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AutoModelForCausalLM.from_pretrained(elsewhere, dtype=torch.float32, local_files_only=True)
        model = PeftModel.from_pretrained(model, folder / "adapter")
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double().numpy()
    theirs = log_softmax(logits[:-1])[np.arange(len(ids) - 1), ids[1:]]
    print(f"\npeft {apart(theirs, served):.4f}, noise {noise:.4f}")
    assert apart(theirs, served) < WITHIN * noise


@pytest.fixture(scope="module")
def merged(gguf: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    out = tmp_path_factory.mktemp("merged")
    merged_gguf.write(gguf, folder / "adapter.gguf", out / "merged.gguf", "Merged")
    assert [p.name for p in out.iterdir()] == ["merged.gguf"]
    yield out / "merged.gguf"
    # A quarter of a gigabyte; pytest would keep it for three runs.
    shutil.rmtree(out)


def test_merged(merged: Path, llama: Any, ids: tuple[int, ...], served: Numbers, noise: float) -> None:
    with closing(type(llama)(merged)) as engine:
        theirs = engine.logprobs(ids)
    print(f"\nmerged {apart(theirs, served):.4f}, noise {noise:.4f}")
    assert apart(theirs, served) < WITHIN * noise


def test_all_else_in_a_merged_file_is_the_models_own(merged: Path, gguf: Path) -> None:
    from gguf import GGUFReader

    ours, theirs = GGUFReader(merged), GGUFReader(gguf)

    def fields(reader: Any) -> dict[str, bytes]:
        return {n: b"".join(p.tobytes() for p in f.parts) for n, f in reader.fields.items() if n[:5] != "GGUF."}

    assert ours.fields["general.name"].contents() == "Merged"
    assert list(fields(ours)) == list(fields(theirs))
    assert [n for n, data in fields(ours).items() if fields(theirs)[n] != data] == ["general.name"]
    assert [t.name for t in ours.tensors] == [t.name for t in theirs.tensors]
    changed = {t.name for t in ours.tensors if t.tensor_type.name == "F16"}
    assert len(changed) == 30 * 7
    kept = gguf_tensors(gguf)
    assert all(t.data.tobytes() == kept[t.name] for t in ours.tensors if t.name not in changed)


def test_merging_adds_the_adapter_and_nothing_else(merged: Path, gguf: Path, folder: Path) -> None:
    from gguf import GGUFReader
    from gguf.quants import dequantize

    name = "blk.7.attn_q.weight"
    ours, theirs, added = ({t.name: t for t in GGUFReader(p).tensors} for p in (merged, gguf, folder / "adapter.gguf"))
    a, b = (added[name + half].data.astype(np.float64) for half in (".lora_a", ".lora_b"))
    wanted = dequantize(theirs[name].data, theirs[name].tensor_type) + 2.0 * b @ a
    assert np.abs(ours[name].data.astype(np.float64) - wanted).max() < 1e-3


def test_a_file_without_a_name_gets_one(folder: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader
    from test_gguf_base import tiny

    model = tiny(tmp_path / "m.gguf", "llama", ["token_embd.weight"])
    with pytest.raises(AdapterError, match="has no blk"):
        merged_gguf.write(model, folder / "adapter.gguf", tmp_path / "out.gguf", "New")
    assert not (tmp_path / "out.gguf").exists()
    for wrong, error in (
        ((tmp_path / "x", folder / "adapter.gguf"), BaseError),
        ((model, tmp_path / "x"), AdapterError),
    ):
        (tmp_path / "x").write_text("no GGUF")
        with pytest.raises(error, match="cannot be read"):
            merged_gguf.write(*wrong, tmp_path / "out.gguf", "New")
    nothing = tmp_path / "nothing.gguf"
    adapter_gguf._write(nothing, "llama", 1.0, {})
    merged_gguf.write(model, nothing, tmp_path / "out.gguf", "New")
    found = GGUFReader(tmp_path / "out.gguf")
    assert found.fields["general.name"].contents() == "New"
    assert gguf_tensors(tmp_path / "out.gguf") == gguf_tensors(model)
