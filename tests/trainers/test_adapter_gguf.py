"""The adapter that llama.cpp serves is the one that was trained."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from trainers import adapter_gguf, torch_policy
from trainers.errors import AdapterError
from trainers.gguf_base import Base
from trainers.torch_loss import chosen
from trainers.torch_policy import Policy


@pytest.fixture(scope="module")
def policy(base: Base) -> Policy:
    """With an adapter that changes every layer."""
    policy = torch_policy.load(base, rank=16, alpha=32, parent=None, seed=0)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in policy.peft.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(std=0.04, generator=generator)
    return policy


@pytest.fixture(scope="module")
def folder(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapters") / "adapter"
    torch_policy.save(policy, folder)
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
    policy: Policy, folder: Path, base: Base, gguf: Path, llama: Any, text_ids: tuple[int, ...], tmp_path: Path
) -> None:
    out = tmp_path / "adapter.gguf"
    adapter_gguf.convert(folder, base, out)
    with closing(type(llama)(gguf, lora=out)) as adapted:
        theirs = adapted.logprobs(text_ids)
    ours = chosen(policy.measured(text_ids[:1], text_ids[1:]), text_ids[1:]).numpy()
    assert np.abs(theirs - llama.logprobs(text_ids)).mean() > 0.3, "the adapter has to do something"
    assert np.abs(ours - theirs).mean() < 0.1
    assert [p.name for p in tmp_path.iterdir()] == ["adapter.gguf"]


def test_a_saved_adapter_comes_back(policy: Policy, folder: Path, base: Base, text_ids: tuple[int, ...]) -> None:
    again = torch_policy.load(base, rank=4, alpha=1, parent=folder, seed=5)
    assert (again.rank, again.alpha) == (16, 32)
    before, after = (p.measured(text_ids[:1], text_ids[1:20]) for p in (policy, again))
    assert torch.equal(before, after)


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
        torch_policy.load(base, rank=16, alpha=32, parent=other, seed=0)


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
    with pytest.raises(AdapterError, match="cannot be read"):
        torch_policy.load(base, rank=16, alpha=32, parent=tmp_path, seed=0)


def convert(tensors: dict[str, torch.Tensor], folder: Path, base: Base) -> None:
    save_file(tensors, folder / "adapter_model.safetensors")
    adapter_gguf.convert(folder, base, folder / "out.gguf")
    assert not (folder / "out.gguf").exists()
