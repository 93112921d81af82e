"""The adapter that llama.cpp serves is the one that was trained."""

from __future__ import annotations

import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.loras import apart, log_softmax, one_by_one
from tests.policies import PLAN, busy, student
from trainers import adapter_gguf, adapter_peft
from trainers.errors import AdapterError
from trainers.gguf_base import Base
from trainers.torch_policy import TorchPolicy

WITHIN = 1.5
"""Times llama.cpp's own noise: between evaluating the same tokens in one batch and one by one."""


@pytest.fixture(scope="module")
def policy(base: Base) -> TorchPolicy:
    """With an adapter that changes every layer."""
    return TorchPolicy(base, busy(base.shape, rank=16, alpha=32), PLAN)


@pytest.fixture(scope="module")
def folder(policy: TorchPolicy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapters") / "adapter"
    adapter_peft.write(policy.adapter(), folder)
    return folder


@pytest.fixture
def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(folder / "adapter_model.safetensors"))


@pytest.fixture
def other(folder: Path, tmp_path: Path) -> Path:
    """A folder with the same config, for other tensors."""
    (tmp_path / "adapter_config.json").write_bytes((folder / "adapter_config.json").read_bytes())
    return tmp_path


def test_log_probabilities_are_those_of_llama_cpp(
    policy: TorchPolicy, folder: Path, base: Base, gguf: Path, llama: Any, text_ids: tuple[int, ...], tmp_path: Path
) -> None:
    out = tmp_path / "adapter.gguf"
    adapter_gguf.convert(folder, base, out)
    with closing(type(llama)(gguf, lora=out)) as adapted:
        theirs = adapted.logprobs(text_ids)
        noise = apart(theirs, one_by_one(adapted, text_ids))
    ours = student(policy, text_ids[:1], text_ids[1:]).astype(np.float64)
    assert apart(theirs, llama.logprobs(text_ids)) > 0.3, "the adapter has to do something"
    assert apart(ours, theirs) < WITHIN * noise
    assert noise < 0.15
    assert [p.name for p in tmp_path.iterdir()] == ["adapter.gguf"]


def test_log_probabilities_are_those_of_transformers_and_peft(
    policy: TorchPolicy, folder: Path, base: Base, text_ids: tuple[int, ...]
) -> None:
    """The same weights in the same precision: here nothing is rounded as llama.cpp does."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32, local_files_only=True)
        model = PeftModel.from_pretrained(model, folder)
    with torch.no_grad():
        logits = model(torch.tensor([text_ids])).logits[0].double().numpy()
    theirs = log_softmax(logits[:-1])[np.arange(len(text_ids) - 1), text_ids[1:]]
    ours = student(policy, text_ids[:1], text_ids[1:])
    assert np.abs(ours - theirs).max() < 1e-3


def test_a_saved_adapter_comes_back(policy: TorchPolicy, folder: Path, base: Base, text_ids: tuple[int, ...]) -> None:
    again = TorchPolicy(base, adapter_peft.read(folder, base.shape), PLAN)
    assert (again.adapter().rank, again.adapter().alpha) == (16, 32)
    before, after = (student(p, text_ids[:1], text_ids[1:20]) for p in (policy, again))
    assert (before == after).all()


def test_peft_reads_what_is_saved(folder: Path) -> None:
    from peft import LoraConfig

    config = LoraConfig.from_pretrained(folder)
    assert (config.r, config.lora_alpha) == (16, 32)
    assert not config.base_model_name_or_path, "an exported adapter tells no path of this machine"


def test_unexpected_tensor(tensors: dict[str, torch.Tensor], other: Path, base: Base) -> None:
    tensors["base_model.model.lm_head.lora_A.weight"] = torch.zeros(16, 4)
    with pytest.raises(AdapterError, match="lm_head"):
        convert(tensors, other, base)


def test_missing_tensor(tensors: dict[str, torch.Tensor], other: Path, base: Base) -> None:
    tensors.pop(min(tensors))
    with pytest.raises(AdapterError, match="does not fit this model"):
        convert(tensors, other, base)
    with pytest.raises(AdapterError, match="does not fit this model"):
        adapter_peft.read(other, base.shape)


def test_halves_of_different_rank(tensors: dict[str, torch.Tensor], other: Path, base: Base) -> None:
    name = min(n for n in tensors if "lora_A" in n)
    tensors[name] = tensors[name][:3].contiguous()
    with pytest.raises(AdapterError, match="other half"):
        convert(tensors, other, base)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_broken_file_is_said_in_a_sentence(folder: Path, base: Base, tmp_path: Path, name: str) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(b"[]" if file.name == name else file.read_bytes())
    with pytest.raises(AdapterError, match="cannot be read"):
        adapter_gguf.convert(tmp_path, base, tmp_path / "out.gguf")
    with pytest.raises(AdapterError, match=r"cannot be read|is missing or broken"):
        adapter_peft.read(tmp_path, base.shape)


def convert(tensors: dict[str, torch.Tensor], folder: Path, base: Base) -> None:
    save_file(tensors, folder / "adapter_model.safetensors")
    adapter_gguf.convert(folder, base, folder / "out.gguf")
    assert not (folder / "out.gguf").exists()
