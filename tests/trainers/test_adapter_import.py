"""Adapters from elsewhere: what fits becomes ours, number by number; what does not is refused in a sentence."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.loras import gguf_tensors, random_lora
from tests.policies import fresh
from trainers import adapter_gguf, adapter_import, adapter_mlx, adapter_peft, linears
from trainers.adapter_peft import Adapter
from trainers.errors import AdapterError, BaseError, UnsupportedArchitecture
from trainers.gguf_base import Base
from trainers.linears import Linears

Q = "model.layers.3.self_attn.q_proj"


@pytest.fixture(scope="module")
def model(gguf: Path) -> Linears:
    return linears.read(gguf)


@pytest.fixture(scope="module")
def made(model: Linears) -> Adapter:
    """Rank 2, so that files are small."""
    return random_lora(model, rank=2, alpha=4)


@pytest.fixture(scope="module")
def version(model: Linears, made: Adapter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("version")
    adapter_peft.write(made, folder / "adapter")
    adapter_gguf.convert(folder / "adapter", model.base, folder / "adapter.gguf")
    return folder


@pytest.fixture
def given(version: Path, made: Adapter, tmp_path: Path) -> Callable[[str], Path]:
    """`given("mlx")`: the adapter as it leaves in that format."""

    def one(format: str) -> Path:
        match format:
            case "mlx":
                (tmp_path / "mlx").mkdir()
                adapter_mlx.write(made, tmp_path / "mlx")
                return tmp_path / "mlx"
            case "gguf":
                return version / "adapter.gguf"
        return version / "adapter"

    return one


@pytest.mark.parametrize("format", ["peft", "mlx", "gguf"])
def test_out_and_in_again_it_is_the_same(
    given: Callable[[str], Path], version: Path, model: Linears, tmp_path: Path, format: str
) -> None:
    made = adapter_import.convert(given(format), model, tmp_path / "in")
    assert (made.rank, made.covered, made.linears) == (2, 210, 210)
    assert gguf_tensors(tmp_path / "in" / "adapter.gguf") == gguf_tensors(version / "adapter.gguf")
    ours, theirs = (load_file(f / "adapter" / "adapter_model.safetensors") for f in (tmp_path / "in", version))
    assert {n: t.shape for n, t in ours.items()} == {n: t.shape for n, t in theirs.items()}
    assert all((ours[n] == (t.astype(np.float16) if format == "gguf" else t)).all() for n, t in theirs.items())
    config = json.loads((tmp_path / "in" / "adapter" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (2, 4)


@pytest.mark.parametrize("format", ["peft", "mlx", "gguf"])
def test_what_it_does_not_cover_stays_as_it_is(model: Linears, made: Adapter, tmp_path: Path, format: str) -> None:
    part = replace(made, tensors={n: t for n, t in made.tensors.items() if ".o_proj." in n or n.startswith(Q)})
    source = tmp_path / "part"
    source.mkdir()
    match format:
        case "peft":
            adapter_peft.write(part, source)
        case "mlx":
            adapter_mlx.write(part, source)
        case _:
            source = gguf_of(part, model, tmp_path / "part.gguf")
    found = adapter_import.convert(source, model, tmp_path / "in")
    assert (found.covered, found.linears) == (31, 210)
    written = adapter_peft.read_any(tmp_path / "in" / "adapter").tensors
    for name, tensor in written.items():
        if name in part.tensors:
            assert np.abs(tensor - part.tensors[name]).max() < 1e-3
        elif name.endswith("B"):
            assert not tensor.any()
        else:
            assert tensor.any(), "from zeros in both halves it would never learn"


def gguf_of(part: Adapter, model: Linears, path: Path) -> Path:
    """An adapter file with some of the layers."""
    named = {f"{adapter_peft.PREFIX}{name}{adapter_peft.SUFFIX}": t for name, t in part.tensors.items()}
    adapter_gguf._write(path, "llama", part.alpha, dict(adapter_gguf._named(named, model.base)))
    return path


def test_what_peft_itself_writes_comes_in(version: Path, model: Linears, tmp_path: Path) -> None:
    from peft import LoraConfig, TaskType

    theirs = tmp_path / "theirs"
    LoraConfig(task_type=TaskType.CAUSAL_LM, r=2, lora_alpha=4, target_modules=["q_proj"]).save_pretrained(theirs)
    (theirs / "adapter_model.safetensors").symlink_to(version / "adapter" / "adapter_model.safetensors")
    adapter_import.convert(theirs, model, tmp_path / "in")
    assert gguf_tensors(tmp_path / "in" / "adapter.gguf") == gguf_tensors(version / "adapter.gguf")


def test_what_the_trainer_writes_can_leave(base: Base, model: Linears, tmp_path: Path) -> None:
    adapter_peft.write(fresh(base, rank=2, alpha=4).adapter(), tmp_path / "adapter")
    found = adapter_peft.read_any(tmp_path / "adapter")
    assert (found.rank, found.alpha, len(found.tensors)) == (2, 4, 420)
    assert {n.rpartition(".")[0] for n in found.tensors} == set(model.sizes)


def test_an_alpha_that_is_no_whole_number_goes_into_b(model: Linears, made: Adapter, tmp_path: Path) -> None:
    adapter_peft.write(replace(made, alpha=3.3), tmp_path / "odd")
    adapter_import.convert(tmp_path / "odd", model, tmp_path / "in")
    found = adapter_peft.read_any(tmp_path / "in" / "adapter")
    assert found.alpha == 3
    for half, factor in (("lora_A", 1.0), ("lora_B", 1.1)):
        assert np.allclose(found.tensors[f"{Q}.{half}"], made.tensors[f"{Q}.{half}"] * factor, rtol=1e-6)


def test_bfloat16_is_read(version: Path, model: Linears, tmp_path: Path) -> None:
    (tmp_path / "bf").mkdir()
    (tmp_path / "bf" / "adapter_config.json").write_bytes((version / "adapter" / "adapter_config.json").read_bytes())
    tensors = load_file(version / "adapter" / "adapter_model.safetensors")
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = (np.ascontiguousarray(tensor).view(np.uint32) >> 16).astype(np.uint16).tobytes()
        header[name] = {"dtype": "BF16", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    (tmp_path / "bf" / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    adapter_import.convert(tmp_path / "bf", model, tmp_path / "in")
    found = adapter_peft.read_any(tmp_path / "in" / "adapter").tensors[f"{Q}.lora_A"]
    wanted = tensors[f"base_model.model.{Q}.lora_A.weight"]
    assert np.allclose(found, wanted, rtol=2**-7)


SETTINGS = {
    "use_dora": ({"use_dora": True}, "use_dora"),
    "use_rslora": ({"use_rslora": True}, "use_rslora"),
    "bias": ({"bias": "all"}, "bias"),
    "modules_to_save": ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
    "rank_pattern": ({"rank_pattern": {"q_proj": 8}}, "rank_pattern"),
    "alpha_pattern": ({"alpha_pattern": {"q_proj": 8}}, "alpha_pattern"),
    "another method": ({"peft_type": "IA3"}, "'IA3'"),
    "a changed base": ({"init_lora_weights": "pissa_niter_4"}, "pissa"),
    "no rank": ({"r": 0}, "no sensible r"),
    "half a rank": ({"r": 0.5}, "rank 0"),
    "no number": ({"lora_alpha": "many"}, "no sensible lora_alpha"),
    "not finite": ({"lora_alpha": float("nan")}, "no sensible lora_alpha"),
    "another rank": ({"r": 3}, "2 by 1536, not 3 by 1536"),
}


@pytest.mark.parametrize(("change", "words"), SETTINGS.values(), ids=SETTINGS.keys())
def test_settings_that_are_no_plain_lora(
    version: Path, model: Linears, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    config = json.loads((version / "adapter" / "adapter_config.json").read_text())
    source = tmp_path / "x"
    source.mkdir()
    (source / "adapter_config.json").write_text(json.dumps(config | change))
    (source / "adapter_model.safetensors").symlink_to(version / "adapter" / "adapter_model.safetensors")
    refused(source, model, tmp_path, words)


def refused(source: Path, model: Linears, tmp_path: Path, words: str) -> None:
    """In one sentence, and nothing is left."""
    with pytest.raises(AdapterError, match=words) as caught:
        adapter_import.convert(source, model, tmp_path / "in")
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert not (tmp_path / "in").exists()


TENSORS: dict[str, tuple[str, object, str]] = {
    "unexpected": ("base_model.model.lm_head.lora_A.weight", np.zeros((2, 576), np.float32), "lm_head"),
    "no lora": (f"base_model.model.{Q}.base_layer.weight", np.zeros((2, 2), np.float32), "base_layer"),
    "magnitude": (f"base_model.model.{Q}.lora_magnitude_vector", np.zeros(2, np.float32), "magnitude"),
    "another layer": (f"base_model.model.{Q}.lora_A.weight".replace(".3.", ".30."), np.zeros((2, 576)), "layers.30."),
    "half": (f"base_model.model.{Q}.lora_B.weight", None, "lacks model.layers.3.self_attn.q_proj.lora_B"),
    "shape": (f"base_model.model.{Q}.lora_B.weight", np.zeros((64, 2), np.float32), "64 by 2, not 576 by 2"),
    "a vector": (f"base_model.model.{Q}.lora_B.weight", np.zeros(1152, np.float32), "1152, not 576 by 2"),
    "not finite": (f"base_model.model.{Q}.lora_B.weight", np.full((576, 2), np.nan, np.float32), "not finite"),
    "too large": (f"base_model.model.{Q}.lora_B.weight", np.full((576, 2), 1e5, np.float32), "too large"),
    "integers": (f"base_model.model.{Q}.lora_B.weight", np.zeros((576, 2), np.int64), "floating-point"),
}


@pytest.mark.parametrize(("name", "tensor", "words"), TENSORS.values(), ids=TENSORS.keys())
def test_tensors_that_do_not_fit(
    version: Path, model: Linears, tmp_path: Path, name: str, tensor: object, words: str
) -> None:
    tensors = dict(load_file(version / "adapter" / "adapter_model.safetensors"))
    tensors.pop(name, None)
    if isinstance(tensor, np.ndarray):
        tensors[name] = tensor
    source = tmp_path / "x"
    source.mkdir()
    (source / "adapter_config.json").symlink_to(version / "adapter" / "adapter_config.json")
    save_file(tensors, source / "adapter_model.safetensors")
    refused(source, model, tmp_path, words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fine_tune_type": "dora"}, "'dora'"),
        ({"fine_tune_type": "full"}, "'full'"),
        ({"lora_parameters": None}, "no lora_parameters"),
        ({"lora_parameters": {"rank": 2, "alpha": 4}}, "no sensible scale"),
    ],
)
def test_an_mlx_adapter_that_is_no_plain_lora(
    given: Callable[[str], Path], model: Linears, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    config = given("mlx") / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    refused(config.parent, model, tmp_path, words)


def test_files_that_are_no_adapter(gguf: Path, version: Path, model: Linears, made: Adapter, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    refused(tmp_path / "none", model, tmp_path, "There is nothing at")
    refused(folder, model, tmp_path, "holds no adapter")
    (folder / "adapter_model.bin").write_bytes(b"\x80\x02}q\x00.")
    refused(folder, model, tmp_path, "may hold code .* save the adapter as safetensors")
    for suffix in ("bin", "pt", "PTH"):
        (tmp_path / f"a.{suffix}").write_bytes(b"\x80\x02}q\x00.")
        refused(tmp_path / f"a.{suffix}", model, tmp_path, "may hold code")
    refused(version / "adapter" / "adapter_model.safetensors", model, tmp_path, "Name the folder")
    (tmp_path / "text.gguf").write_text("not a model")
    refused(tmp_path / "text.gguf", model, tmp_path, "cannot be read as a GGUF file")
    refused(gguf, model, tmp_path, "not a LoRA")
    adapter_gguf._write(tmp_path / "empty.gguf", "llama", 4.0, {})
    refused(tmp_path / "empty.gguf", model, tmp_path, "holds no weights")
    adapter_gguf._write(tmp_path / "qwen.gguf", "qwen2", 4.0, {})
    refused(tmp_path / "qwen.gguf", model, tmp_path, "architecture 'qwen2'; this model is 'llama'")
    (folder / "adapter_model.safetensors").write_bytes(b"\xff" * 40)
    refused(folder, model, tmp_path, "adapter_config.json is missing or broken")
    (folder / "adapter_config.json").write_text("[]")
    refused(folder, model, tmp_path, "adapter_config.json is missing or broken")
    (folder / "adapter_config.json").write_bytes((version / "adapter" / "adapter_config.json").read_bytes())
    refused(folder, model, tmp_path, "cannot be read as safetensors")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_gguf_cut_short(version: Path, model: Linears, tmp_path: Path, share: float) -> None:
    data = (version / "adapter.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(data[: int(len(data) * share)])
    refused(tmp_path / "cut.gguf", model, tmp_path, "cannot be read|not a LoRA|lacks|no weights")


def test_a_model_whose_order_of_rows_is_not_known(tmp_path: Path) -> None:
    from test_gguf_base import tiny

    with pytest.raises(UnsupportedArchitecture, match="'mamba' cannot be converted"):
        linears.read(tiny(tmp_path / "m.gguf", "mamba"))
    with pytest.raises(BaseError, match="lacks a layer"):
        linears.read(tiny(tmp_path / "l.gguf", "llama"))
