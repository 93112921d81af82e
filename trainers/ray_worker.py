"""One worker of a training job, as Ray Train runs it: `train` on each. Imported on a cluster alone."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ray.train
import torch
import torch.distributed as dist

from trainers import backend, checkpoint, worker
from trainers.adapter_peft import CONFIG, WEIGHTS
from trainers.job import GIVEN, RESULT, Job
from trainers.messages import Message, Progress, dated
from trainers.ray_storage import Storage, deliver, localised, sweep
from trainers.torch_team import TorchTeam
from trainers.worker import ADAPTER


class RayTeam(TorchTeam):
    """Reports each checkpoint, so that the job goes on from it when a worker dies."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def kept(self, step: int) -> None:
        if not self.first:
            ray.train.report({"step": step})
            return
        with tempfile.TemporaryDirectory(dir=self._folder) as aside:
            os.link(self._folder / checkpoint.FILE, Path(aside) / checkpoint.FILE)
            ray.train.report({"step": step}, checkpoint=ray.train.Checkpoint.from_directory(aside))


class Events(worker.Events):
    """What the worker says and when, for whoever reads the job's log: stages rather than tokens."""

    _stage = ""

    def progress(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self.send(Progress(stage, done, total))

    def send(self, message: Message) -> None:
        # Ray hands lines on in its own time, and Ray Train prints what is printed a second time.
        self.out.write(dated(message, datetime.now(UTC)) + "\n")
        self.out.flush()


def _fitted(job: Job, cpus: int, neighbours: int) -> Job:
    """For one of several workers on a machine: its share of the memory, unless that is a GPU's, and of the cores."""
    memory = job.memory if torch.cuda.is_available() else backend.Torch().free() // neighbours
    return replace(job, memory=memory, recipe=replace(job.recipe, threads=cpus, backend=backend.Torch.name))


def train(config: dict[str, Any]) -> None:
    """What `trainers.worker` does, as one of a team. `config` names the storage, the job and its hash."""
    storage = Storage(config["storage"], config["endpoint"])
    folder = Path(tempfile.mkdtemp(prefix="clawlocal-"))
    try:
        job, here = localised(storage, config["name"], config["digest"], folder)
        here = _fitted(here, config["cpus"], ray.train.get_context().get_local_world_size())
        here.write(folder / GIVEN)
        saved = ray.train.get_checkpoint()
        if saved is not None:
            with saved.as_directory() as kept:
                shutil.copy2(Path(kept) / checkpoint.FILE, folder / checkpoint.FILE)
        team = RayTeam(folder)
        with open(os.devnull, "w") as nowhere:
            events = Events(sys.stdout if team.first else nowhere)
            worker.run(folder, events, team, job.digest())
        if team.first:
            out = Path(here.out)
            made = (out / ADAPTER / WEIGHTS, out / ADAPTER / CONFIG, out / RESULT)
            deliver(storage, config["name"], here, config["digest"], made)
        dist.barrier()
    finally:
        sweep(folder)
