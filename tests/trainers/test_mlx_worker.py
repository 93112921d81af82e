"""A whole job with MLX, as a process that is killed after its first step and goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mlx.core")
pytest.importorskip("mlx_lm")

from benchmarks import random_model
from trainers import adapter_peft, gguf_base
from trainers.job import Job, Recipe, Rehearsal, Result, Sample

DEADLINE = 300.0
RECIPE = Recipe(backend="mlx", steps=2, rollouts=2, max_new=6, rank=4, alpha=8)


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "trainers.worker", str(folder)]
    with (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE)
        assert process.stdout is not None
        process.stdout.close()


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    return map(json.loads, process.stdout)


def written(job: Job, folder: Path) -> Path:
    folder.mkdir()
    replace(job, out=str(folder)).write(folder / "job.json")
    return folder


def finished(folder: Path) -> list[dict[str, Any]]:
    with started(folder) as process:
        told = list(events(process))
        assert process.wait(DEADLINE) == 0, (folder / "stderr").read_text()
    assert told[-1]["event"] == "done"
    return told


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A correction, two prompts to rehearse, two neutral ones."""
    gguf = random_model.write(tmp_path / "model.gguf", "qwen3")
    ids = [tuple(int(i) for i in row) for row in np.random.default_rng(1).integers(0, 256, (6, 12))]
    sample = Sample("t1", ids[0], ids[1], (-6.0,) * 12, -1.0, (*ids[2], *ids[0]))
    rehearsals = tuple(Rehearsal(p, (*ids[2], *p)) for p in (ids[0], ids[3]))
    bases = str(tmp_path / "bases")
    return Job(
        str(gguf), "0" * 64, bases, "", None, (sample,), rehearsals, (ids[4], ids[5]), stop_ids=(256,), recipe=RECIPE
    )


def test_killed_after_the_first_step_it_comes_to_the_same_adapter(job: Job, tmp_path: Path) -> None:
    whole = written(job, tmp_path / "whole")
    told = finished(whole)
    assert next(e for e in told if e["event"] == "planned")["backend"] == "mlx"
    assert [e["event"] for e in told].count("step") == RECIPE.steps
    result = Result.read(whole / "result.json")
    assert result.computed["backend"] == "mlx"
    assert result.metrics["kl_base"] > 0.0

    parts = written(job, tmp_path / "parts")
    with started(parts) as process:
        assert any(e["event"] == "step" for e in events(process)), (parts / "stderr").read_text()
        process.kill()
    assert not (parts / "result.json").exists()
    told = finished(parts)
    assert next(e for e in told if e["event"] == "planned")["resumed"] == 1

    shape = gguf_base.prepare(Path(job.model), job.model_sha256, Path(job.bases)).shape
    one, other = (adapter_peft.read(folder / "adapter", shape) for folder in (whole, parts))
    assert all((other.tensors[name] == tensor).all() for name, tensor in one.tensors.items())
