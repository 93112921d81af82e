"""The yardstick: the same update as libraries are used for it. transformers' model, PEFT's LoRA, full logits.

As TRL's trainers compute it without options: every sequence whole, logits and log-probabilities of all positions,
float32, or bfloat16 by autocast. Lives in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import peak
from benchmarks.rollouts import ALPHA, RANK, Rollouts, rollouts

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class PeftTrainer:
    """One model, one optimiser; `batch` sequences go through it at once."""

    def __init__(self, base: Path, autocast: bool, batch: int, threads: int) -> None:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        torch.set_num_threads(threads)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
        config = LoraConfig(task_type="CAUSAL_LM", r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=TARGETS)
        self._torch = torch
        self._model: Any = get_peft_model(model, config)
        self._autocast, self._batch = autocast, batch
        parameters = [p for p in self._model.parameters() if p.requires_grad]
        self._parameters = parameters
        self._optimiser = torch.optim.AdamW(parameters, lr=5e-4, betas=(0.9, 0.98), weight_decay=0.0)
        self._data: Rollouts = rollouts(int(model.config.vocab_size))

    def step(self) -> dict[str, float]:
        """One update over the four sequences: seconds of all cores, seconds, and the loss."""
        torch = self._torch
        cpu, wall = time.process_time(), time.perf_counter()
        total = 0.0
        for start in range(0, len(self._data.replies), self._batch):
            loss = self._loss(slice(start, start + self._batch))
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "loss": total}

    def peak_mb(self) -> float:
        """Of the process's resident memory, ever."""
        return peak.peak_mb()

    def _loss(self, rows: slice) -> Any:
        """The surrogate's mean over each reply, the mean of those over all replies; the first step is on-policy."""
        torch, data = self._torch, self._data
        ids = torch.tensor([[*data.prompt, *reply] for reply in data.replies[rows]])
        with torch.autocast("cpu", torch.bfloat16, enabled=self._autocast):
            logits = self._model(input_ids=ids).logits
        logprobs = torch.log_softmax(logits[:, :-1].float(), dim=-1)
        chosen = logprobs.gather(-1, ids[:, 1:].unsqueeze(-1)).squeeze(-1)[:, len(data.prompt) - 1 :]
        ratio = (chosen - chosen.detach()).exp()
        advantage = torch.tensor(data.advantages[rows]).unsqueeze(-1)
        gain = torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.28) * advantage)
        return -gain.mean(-1).sum() / len(data.replies)


@contextmanager
def peft_trainer(base: Path, autocast: bool, batch: int, threads: int) -> Iterator[PeftTrainer]:
    """To be opened in another process."""
    yield PeftTrainer(base, autocast, batch, threads)
