"""Our trainer on the same update as the yardstick, in a process of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import peak
from benchmarks.rollouts import ALPHA, RANK, judged, recipe, rollouts
from trainers import adapter_peft
from trainers.gguf_base import Base
from trainers.items import Item, View
from trainers.plan import Plan


class OwnTrainer:
    """The policy that the worker loads, with an adapter that changes nothing yet."""

    def __init__(self, folder: Path, precision: str, frozen_prompt: bool, checkpointing: bool, threads: int) -> None:
        import torch

        from trainers.torch_policy import TorchPolicy

        torch.set_num_threads(threads)
        base = Base(folder, json.loads((folder / "config.json").read_text("utf-8")))
        adapter = adapter_peft.fresh(base.shape, RANK, ALPHA, seed=0)
        # Nothing is measured exactly here, so that the base is loaded once and in the type that is trained in.
        self._policy = TorchPolicy(base, adapter, Plan(precision, False, 2048, checkpointing, 0))
        self._recipe = recipe(frozen_prompt=frozen_prompt)
        self._data = rollouts(base.shape.vocabulary)
        view = View(self._data.prompt, base=False)
        self._old = self._policy.logprobs([(view, reply) for reply in self._data.replies])

    def step(self) -> dict[str, float]:
        """One update: seconds of all cores, seconds, and the loss."""
        cpu, wall = time.process_time(), time.perf_counter()
        losses = self._policy.accumulate(self._items(), self._recipe)
        self._policy.step(self._recipe)
        total = sum(learned.loss for learned in losses) / len(losses)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "loss": total}

    def peak_mb(self) -> float:
        """Of the process's resident memory, ever."""
        return peak.peak_mb()

    def _items(self) -> list[Item]:
        data = self._data
        return judged(data.prompt, data.replies, self._old, data.advantages)


@contextmanager
def own_trainer(
    folder: Path, precision: str, frozen_prompt: bool, checkpointing: bool, threads: int
) -> Iterator[OwnTrainer]:
    """To be opened in another process."""
    yield OwnTrainer(folder, precision, frozen_prompt, checkpointing, threads)
