"""The worker as what it is: a child process that is read, suspended and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from gguf import GGUFWriter

from trainers.gguf_base import Base
from trainers.job import Job, Recipe, Rehearsal, Result, Sample

DEADLINE = 300.0
"""Seconds; the worker has the lowest priority, and the machine may be busy."""

TICK = threading.Event()
"""Never set: lets a predicate be asked a hundred times a second, not more."""

RECIPE = Recipe(steps=2, rollouts=2, max_new=6)

posix = pytest.mark.skipif(os.name == "nt", reason="no such signals")


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        TICK.wait(0.01)


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "trainers.worker", str(folder)]
    with (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(DEADLINE)
        assert process.stdout is not None
        process.stdout.close()


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Each line of stdout is an event, or this raises."""
    assert process.stdout is not None
    return map(json.loads, process.stdout)


def reach(process: subprocess.Popen[str], stage: str) -> None:
    assert any(e.get("stage") == stage for e in events(process)), f"{stage} was never reached"


def outcome(folder: Path) -> tuple[list[dict[str, Any]], int]:
    with started(folder) as process:
        return list(events(process)), process.wait(DEADLINE)


def refused(folder: Path) -> str:
    """The reason of a job that has to fail."""
    told, code = outcome(folder)
    assert code == 1
    assert told[-1]["event"] == "failed"
    assert not (folder / "result.json").exists()
    reason: str = told[-1]["reason"]
    assert "\n" not in reason
    return reason


@pytest.fixture
def job(base: Base, gguf: Path, sha256: str, bases: Path, llama: Any, tmp_path: Path) -> Job:
    """A correction, three prompts to rehearse, two neutral ones."""
    hint = llama.ids("Please answer in at most two sentences.\n")
    questions = ("Why do cats purr?", "How do I boil an egg?", "What is jazz?")
    plain = [llama.ids(f"User: {q}\nAssistant:") for q in questions]
    response = llama.ids(" Cats purr because they are content. There are many other reasons.<|im_end|>")
    sample = Sample("t1", plain[0], response, (-2.0,) * len(response), -1.0, (*hint, *plain[0]))
    rehearsals = tuple(Rehearsal(p, (*hint, *p)) for p in plain)
    neutral = (llama.ids("The capital of France is"), llama.ids("Two and two are"))
    stop = llama.ids("<|im_end|>")
    return Job(str(gguf), sha256, str(bases), str(tmp_path), None, (sample,), rehearsals, neutral, stop, RECIPE)


def written(job: Job) -> Path:
    folder = Path(job.out)
    job.write(folder / "job.json")
    return folder


def test_a_job_survives_being_written(job: Job) -> None:
    assert Job.read(written(job) / "job.json") == job


def test_to_the_end_from_a_parent_and_with_a_pause(job: Job, gguf: Path, llama: Any, tmp_path: Path) -> None:
    folder = written(job)
    with started(folder) as process:
        reach(process, "training")
        if os.name != "nt":
            process.send_signal(signal.SIGSTOP)
            child = psutil.Process(process.pid)
            until(lambda: child.status() == psutil.STATUS_STOPPED, "the worker is suspended")
            assert child.nice() == 19
            assert not (folder / "result.json").exists()
            process.send_signal(signal.SIGCONT)
        told = list(events(process))
        assert process.wait(DEADLINE) == 0, (folder / "stderr").read_text()
    assert told[-1] == {"event": "done"}
    assert all(0 <= e["done"] <= e["total"] for e in told if e["event"] == "progress")

    result = Result.read(folder / "result.json")
    assert result.rank == RECIPE.rank
    assert result.counts == {"rl": 1, "opd": 1, "rehearsed": RECIPE.rollouts * RECIPE.steps}
    assert result.metrics["kl_base"] > 0.0
    assert result.metrics["margin_after"] > result.metrics["margin_before"]
    assert {"distance_after", "degenerate", "entropy_after", "length_after"} <= result.metrics.keys()
    assert result.examples[0].prompt_ids == job.rehearsals[0].prompt_ids
    type(llama)(gguf, lora=folder / "adapter.gguf").close()

    out = tmp_path / "second"
    out.mkdir()
    recipe = replace(RECIPE, method="combined", steps=1)
    next_job = replace(job, out=str(out), parent=str(folder / "adapter"), recipe=recipe)
    told, code = outcome(written(next_job))
    assert (told[-1], code) == ({"event": "done"}, 0)
    second = Result.read(out / "result.json")
    assert second.counts["rehearsed"] == 0
    assert second.metrics["distance_before"] != second.metrics["distance_base"], "the parent is where it starts"


def test_killed_in_the_middle_there_is_no_result(job: Job) -> None:
    folder = written(job)
    with started(folder) as process:
        reach(process, "training")
        process.kill()
        process.wait(DEADLINE)
    assert not (folder / "result.json").exists()
    assert not (folder / "adapter.gguf").exists()


@posix
def test_without_a_parent_it_stops(job: Job) -> None:
    folder = written(job)
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'trainers.worker', sys.argv[1]], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(folder)], capture_output=True, text=True, timeout=DEADLINE
    )
    pid = int(done.stdout)
    until(lambda: not alive(pid), "the worker has ended")
    assert not (folder / "result.json").exists()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_architecture_that_cannot_be_trained(job: Job, tmp_path: Path) -> None:
    writer = GGUFWriter(tmp_path / "other.gguf", "mamba")
    writer.add_tensor("token_embd.weight", np.ones((4, 4), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    reason = refused(written(replace(job, model=str(tmp_path / "other.gguf"), model_sha256="0" * 64)))
    assert reason == "Chat works with this model, learning does not for architecture 'mamba'."


@pytest.mark.parametrize("content", [None, "", "{}", '{"model": 1}', "[]"])
def test_a_file_that_is_no_job(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "job.json").write_text(content)
    assert refused(tmp_path).startswith(f"The training job {tmp_path / 'job.json'} ")


def test_nothing_to_learn_from(job: Job) -> None:
    assert refused(written(replace(job, samples=(), rehearsals=()))).startswith("There is nothing to learn from")


def test_too_little_memory_is_said_before_anything_is_loaded(job: Job, base: Base) -> None:
    from trainers import memory
    from trainers.errors import TooLittleMemory

    with pytest.raises(TooLittleMemory, match=r"needs \d+\.\d GB of memory, \d+\.\d GB are free"):
        memory.check(10**15, 49152, job)
    memory.check(1, 1, replace(job, samples=()))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out of memory"),
        (OSError(28, "No space left on device"), "disk is full"),
        (OSError(13, "Permission denied", "/x"), "/x: Permission denied"),
        (KeyError("k"), "KeyError"),
    ],
)
def test_failures_are_sentences(error: Exception, words: str) -> None:
    from trainers.worker import reason

    assert words in reason(error)
