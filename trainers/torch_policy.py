"""The policy under training: a frozen float32 base with a float32 LoRA on every linear layer.

Without its adapter it is the base, so reference, teacher and student are one model in memory. Float32
because a bfloat16 forward rounds a young adapter's effect away. Knows nothing of losses.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainers.errors import AdapterError, BaseError
from trainers.files import sync, write_whole
from trainers.gguf_base import Base

LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Every linear layer; attention alone learns less at equal rank (LoRA Without Regret, Thinking Machines)."""

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"

Ids = Sequence[int]


@dataclass(frozen=True)
class Policy:
    """A PEFT model and where its base came from."""

    peft: Any
    base: Base
    rank: int
    alpha: int

    @property
    def llama(self) -> Any:
        """The transformers model inside, with the LoRA layers in place."""
        return self.peft.base_model.model

    def parameters(self) -> list[torch.nn.Parameter]:
        """Those that are trained."""
        return [p for p in self.peft.parameters() if p.requires_grad]

    @contextmanager
    def as_base(self) -> Iterator[None]:
        """Inside, the adapter is off."""
        with self.peft.disable_adapter():
            yield

    def logits(self, prompt: Ids, response: Ids) -> torch.Tensor:
        """What the policy says at each response token, [T, V]; the output layer runs on those T positions only."""
        ids = torch.tensor([[*prompt, *response[:-1]]])
        hidden = self.llama.model(input_ids=ids, use_cache=False).last_hidden_state
        logits: torch.Tensor = self.llama.lm_head(hidden[0, len(prompt) - 1 :])
        return logits

    @torch.no_grad()
    def measured(self, prompt: Ids, response: Ids, *, base: bool = False) -> torch.Tensor:
        """Log-probabilities [T, V] without a gradient; of the base when asked."""
        with self.as_base() if base else nullcontext():
            return torch.log_softmax(self.logits(prompt, response), dim=-1)


def load(base: Base, rank: int, alpha: int, parent: Path | None, seed: int) -> Policy:
    """The policy with a fresh adapter (which changes nothing yet), or with the parent's and its rank.

    Raises `BaseError`, `AdapterError`.
    """
    from peft import get_peft_model

    if parent is not None:
        rank, alpha = _shape(parent)
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # PEFT asks transformers for a property under the name that it had before.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        peft = get_peft_model(_llama(base), _lora_config(rank, alpha))
    policy = Policy(peft, base, rank, alpha)
    if parent is not None:
        _restore(policy, parent)
    return policy


def save(policy: Policy, folder: Path) -> None:
    """`adapter_config.json` and `adapter_model.safetensors` as PEFT reads them, flushed to disk."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in _state(policy).items()}
    write_whole(folder / WEIGHTS, lambda aside: save_file(tensors, aside, {"format": "pt"}))
    config = _lora_config(policy.rank, policy.alpha).to_dict() | {"inference_mode": True}
    text = json.dumps(config, indent=1, sort_keys=True, default=sorted)
    write_whole(folder / CONFIG, lambda aside: _write(aside, text))
    sync(folder.parent)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _llama(base: Base) -> Any:
    from transformers import LlamaForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        llama = LlamaForCausalLM.from_pretrained(
            base.folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
    except OSError as e:
        raise BaseError(f"The base in {base.folder} cannot be read; delete the folder to have it made again.") from e
    if base.config["rope_factors"] is not None:
        factors = torch.tensor(base.config["rope_factors"])
        llama.model.rotary_emb.inv_freq /= factors
    return llama


def _lora_config(rank: int, alpha: int) -> Any:
    from peft import LoraConfig, TaskType

    return LoraConfig(
        task_type=TaskType.CAUSAL_LM, r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=list(LINEARS)
    )


def _shape(folder: Path) -> tuple[int, int]:
    """Rank and alpha of an adapter on disk. Its other settings are not taken over: they come from outside."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        rank, alpha = int(config["r"]), int(config["lora_alpha"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise AdapterError(f"The adapter in {folder} cannot be read: {CONFIG} is missing or broken.") from e
    if rank < 1 or config.get("use_rslora") or config.get("use_dora"):
        raise AdapterError(f"The adapter in {folder} is not a plain LoRA.")
    return rank, alpha


def _state(policy: Policy) -> dict[str, torch.Tensor]:
    from peft import get_peft_model_state_dict

    state: dict[str, torch.Tensor] = get_peft_model_state_dict(policy.peft, save_embedding_layers=False)
    return state


def _restore(policy: Policy, folder: Path) -> None:
    from peft import set_peft_model_state_dict
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as e:
        raise AdapterError(f"The adapter in {folder} cannot be read: {WEIGHTS} is missing or broken.") from e
    wanted = {name: tensor.shape for name, tensor in _state(policy).items()}
    if {name: tensor.shape for name, tensor in tensors.items()} != wanted:
        raise AdapterError(f"The adapter in {folder} does not fit this model.")
    set_peft_model_state_dict(policy.peft, tensors)
