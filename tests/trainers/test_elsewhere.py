"""An adapter that another machine made: measured as if it had been trained here, and read with care."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trainers import adapter_peft, elsewhere, worker
from trainers.adapter_peft import CONFIG, WEIGHTS
from trainers.errors import AdapterError
from trainers.gguf_base import Base
from trainers.job import Job, Probe, Recipe, Rehearsal, Result, Sample
from trainers.manifest import Manifest, Origin, Part, origin

RECIPE = Recipe(method="combined", steps=2, max_new=6, threads=1, lr=2e-3)


@pytest.fixture
def job(base: Base, gguf: Path, sha256: str, bases: Path, llama: Any, tmp_path: Path) -> Job:
    """A correction and a rehearsal."""
    hint = llama.ids("Please answer in at most two sentences.\n")
    plain = llama.ids("User: Why do cats purr?\nAssistant:")
    reply = llama.ids(" Cats purr because they are content. There are many other reasons.<|im_end|>")
    sample = Sample("t1", plain, reply, (-2.0,) * len(reply), -1.0, (*hint, *plain))
    neutral = (llama.ids("The capital of France is"), llama.ids("Two and two are"))
    probe = Probe(neutral[1], llama.ids(" four.<|im_end|>"), (llama.ids(" three.<|im_end|>"),))
    return Job(
        *(str(gguf), sha256, str(bases), str(tmp_path / "out"), None, (sample,)),
        *((Rehearsal(plain, (*hint, *plain)),), neutral, llama.ids("<|im_end|>")),
        recipe=RECIPE,
        probes=(probe,),
    )


class Quiet(worker.Events):
    """Nobody listens."""

    def __init__(self) -> None:
        self.on_step: Callable[[], None] = lambda: None
        self.told: list[Any] = []

    def progress(self, stage: str, done: int, total: int) -> None:
        """Not asked."""

    def send(self, message: Any) -> None:
        self.told.append(message)


def done(job: Job, folder: Path) -> Result:
    folder.mkdir()
    Path(job.out).mkdir(parents=True, exist_ok=True)
    job.write(folder / "job.json")
    return worker.run(folder, Quiet())


def test_it_is_measured_as_if_it_had_been_trained_here(job: Job, tmp_path: Path) -> None:
    there = done(job, tmp_path / "there")
    made = tmp_path / "made"
    made.mkdir()
    for name in (f"adapter/{WEIGHTS}", f"adapter/{CONFIG}", "result.json"):
        shutil.copy2(Path(job.out) / name, made)
    told = Result.read(made / "result.json")
    lied = replace(told, metrics={**told.metrics, "kl_base": 0.0, "probes_lost": -9.0})
    (made / "result.json").write_text(lied.json())

    here = done(replace(job, out=str(tmp_path / "home"), trained=str(made)), tmp_path / "here")
    assert here.metrics.keys() == there.metrics.keys()
    assert here.metrics == pytest.approx(there.metrics, rel=1e-3, abs=1e-5)
    assert (here.counts, here.metrics["kl_base"] > 0.0) == (there.counts, True)
    assert (tmp_path / "home" / "adapter" / WEIGHTS).read_bytes() == (made / WEIGHTS).read_bytes()
    assert (tmp_path / "home" / "adapter.gguf").read_bytes() == (Path(job.out) / "adapter.gguf").read_bytes()


def written(folder: Path, base: Base, rank: int = RECIPE.rank, result: str = "") -> Path:
    adapter_peft.write(adapter_peft.fresh(base.shape, rank, 32, 0), folder)
    (folder / "result.json").write_text(result or Result({"loss": 1.0}, {"rl": 1}, rank, 1.0).json())
    return folder


def test_an_adapter_of_another_rank_is_refused(job: Job, base: Base, tmp_path: Path) -> None:
    made = written(tmp_path / "made", base, rank=8)
    with pytest.raises(AdapterError, match="has rank 8 and alpha 32, where the job asked for 16 and 32"):
        done(replace(job, trained=str(made)), tmp_path / "here")


def test_one_that_lacks_a_tensor_is_refused(job: Job, base: Base, tmp_path: Path) -> None:
    made = written(tmp_path / "made", base)
    (made / WEIGHTS).write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(AdapterError, match="it misses"):
        done(replace(job, trained=str(made)), tmp_path / "here")


@pytest.mark.parametrize("result", ["{}", "[]", "x", json.dumps({"metrics": {"loss": "high"}, "examples": []})])
def test_a_result_that_is_none(result: str, job: Job, base: Base, tmp_path: Path) -> None:
    made = written(tmp_path / "made", base, result=result)
    with pytest.raises(AdapterError, match="is not one of this version"):
        elsewhere.told(replace(job, trained=str(made)), Result({}, {"rl": 1}, 16, 1.0))


def test_where_it_is_measured_counts_for_what_a_job_is(job: Job) -> None:
    assert job.digest() != replace(job, trained="made").digest()
    assert elsewhere.told(job, Result({}, {}, 16, 1.0)) == Result({}, {}, 16, 1.0)


def test_a_manifest_survives_being_written_and_tells_what_differs(gguf: Path, sha256: str) -> None:
    found = origin("job", gguf, sha256, "")
    assert found == origin("job", gguf, sha256, "")
    assert len({found.base, found.tokenizer, found.template}) == 3
    told = Manifest(found, {WEIGHTS: Part("0" * 64, 7)})
    assert Manifest.parse(told.json().encode()) == told
    other = Origin("job", "another", found.tokenizer, "another", "v1")
    assert found.differences(other) == ["base", "template", "parent"]
