"""The worker as what it is: a child process that is read, suspended and killed."""

from __future__ import annotations

import json
import os
import re
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

from trainers import checkpoint, plan, sift, worker
from trainers.errors import Diverged, TooLittleDisk, TooLittleMemory
from trainers.gguf_base import Base
from trainers.job import Job, Pair, Probe, Recipe, Rehearsal, Result, Sample
from trainers.messages import Done, Failed, Message, Planned, Progress, Step, decode
from trainers.plan import BFLOAT16
from trainers.steps import UNITS

DEADLINE = 300.0
"""Seconds; the worker has the lowest priority, and the machine may be busy."""

TICK = threading.Event()
"""Never set: lets a predicate be asked a hundred times a second, not more."""

RECIPE = Recipe(steps=3, rollouts=2, max_new=6, threads=1)

SPARE = 1.01
"""Times the least memory for which there is a plan."""

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


def messages(process: subprocess.Popen[str]) -> Iterator[Message]:
    """Each line of stdout is a message, or this raises."""
    assert process.stdout is not None
    return map(decode, process.stdout)


def reach(process: subprocess.Popen[str], wanted: Callable[[Message], bool]) -> list[Message]:
    """What it says up to the first message that is wanted."""
    told: list[Message] = []
    for message in messages(process):
        told.append(message)
        if wanted(message):
            return told
    raise AssertionError(f"it never came, but {told[-3:]}")


def at(stage: str, done: int = 0) -> Callable[[Message], bool]:
    return lambda m: isinstance(m, Progress) and m.stage == stage and m.done >= done


def step(number: int) -> Callable[[Message], bool]:
    return lambda m: isinstance(m, Step) and m.number == number


def outcome(folder: Path) -> tuple[list[Message], int]:
    with started(folder) as process:
        return list(messages(process)), process.wait(DEADLINE)


def planned(told: list[Message]) -> Planned:
    (found,) = [m for m in told if isinstance(m, Planned)]
    return found


def refused(folder: Path) -> str:
    """The reason of a job that has to fail."""
    told, code = outcome(folder)
    assert code == 1
    assert not (folder / "result.json").exists()
    assert isinstance(told[-1], Failed)
    assert "\n" not in told[-1].reason
    return told[-1].reason


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
    # Nearly as likely as each other: what is learned moves the margin.
    right, wrong = (llama.ids(f" {word}.<|im_end|>") for word in ("two", "three"))
    probe = Probe(neutral[1], right, (wrong,))
    return Job(
        *(str(gguf), sha256, str(bases), str(tmp_path), None, (sample,), rehearsals, neutral, stop),
        recipe=RECIPE,
        probes=(probe,),
    )


def written(job: Job) -> Path:
    folder = Path(job.out)
    job.write(folder / "job.json")
    return folder


def test_a_job_survives_being_written(job: Job) -> None:
    assert Job.read(written(job) / "job.json") == job


def test_a_job_of_a_version_without_probes_is_read(job: Job) -> None:
    path = written(job) / "job.json"
    raw = json.loads(path.read_text())
    del raw["probes"]
    path.write_text(json.dumps(raw))
    assert Job.read(path) == replace(job, probes=())


def test_a_job_of_a_version_without_edits_and_pairs_is_read(job: Job) -> None:
    [sample] = job.samples
    options = ((1, 2), (3,))
    rich = replace(sample, edited_ids=(4, 5), hinted_options=options)
    path = written(replace(job, samples=(rich,), pairs=(Pair((1,), (2,), (3,)),))) / "job.json"
    assert Job.read(path).samples == (rich,) and Job.read(path).pairs == (Pair((1,), (2,), (3,)),)
    raw = json.loads(path.read_text())
    del raw["pairs"], raw["samples"][0]["edited_ids"], raw["samples"][0]["hinted_options"]
    del raw["recipe"]["preference_beta"]
    path.write_text(json.dumps(raw))
    assert Job.read(path) == job


def test_to_the_end_from_a_parent_and_with_a_pause(job: Job, gguf: Path, llama: Any, tmp_path: Path) -> None:
    folder = written(job)
    with started(folder) as process:
        told = reach(process, at("training"))
        if os.name != "nt":
            process.send_signal(signal.SIGSTOP)
            child = psutil.Process(process.pid)
            until(lambda: child.status() == psutil.STATUS_STOPPED, "the worker is suspended")
            assert child.nice() == 19
            assert not (folder / "result.json").exists()
            process.send_signal(signal.SIGCONT)
        told += messages(process)
        assert process.wait(DEADLINE) == 0, (folder / "stderr").read_text()
    assert told[-1] == Done()
    assert all(0 <= m.done <= m.total for m in told if isinstance(m, Progress))
    assert [m.number for m in told if isinstance(m, Step)] == list(range(RECIPE.steps))
    assert planned(told).resumed is None

    result = Result.read(folder / "result.json")
    assert result.rank == RECIPE.rank
    shown = {"demonstrated": 0, "edited": 0, "preferred": 0}
    assert result.counts == {"rl": 1, "opd": 1, "rehearsed": RECIPE.rollouts * RECIPE.steps, **shown}
    assert result.metrics["kl_base"] > 0.0
    assert result.metrics["margin_after"] > result.metrics["margin_before"]
    assert {"distance_after", "degenerate", "entropy_after", "length_base", "length_after"} <= result.metrics.keys()
    assert [result.metrics[f"probes{when}"] for when in ("", "_base", "_before")] == [1.0, 1.0, 1.0]
    assert result.metrics["probes_margin_after"] != result.metrics["probes_margin_base"]
    assert result.computed["backend"] == "torch" and result.computed["precision"] == planned(told).precision
    type(llama)(gguf, lora=folder / "adapter.gguf").close()

    out = tmp_path / "second"
    out.mkdir()
    recipe = replace(RECIPE, method="combined", steps=1)
    next_job = replace(job, out=str(out), parent=str(folder / "adapter"), recipe=recipe)
    told, code = outcome(written(next_job))
    assert (told[-1], code) == (Done(), 0)
    second = Result.read(out / "result.json")
    assert second.counts["rehearsed"] == 0
    assert second.metrics["distance_before"] != second.metrics["distance_base"], "the parent is where it starts"


# a frugal plan, and interruptions
@pytest.fixture
def frugal(job: Job, base: Base) -> Job:
    """With little memory, which settles the precision, and with samples that are broken."""
    broken = (
        replace(job.samples[0], id="t2", reward=float("nan")),
        replace(job.samples[0], id="t3", response_ids=(base.shape.vocabulary,), old_logprobs=(-1.0,)),
    )
    job = replace(job, samples=(*job.samples, *broken))
    least = min(plan._plan(base.shape, job, *way).bytes for way in plan._ways(BFLOAT16, BFLOAT16))
    return replace(job, memory=int(SPARE * least))


def adapter(folder: Path) -> bytes:
    return (folder / "adapter" / "adapter_model.safetensors").read_bytes()


def go_on(folder: Path, wanted: Callable[[Message], bool], pause: bool = False) -> Planned:
    """Run the job in `folder` until it says what is wanted, then kill it; how it was planned."""
    left = checkpoint.read(folder, Job.read(folder / "job.json").digest())
    with started(folder) as process:
        told = reach(process, wanted)
        if pause:
            process.send_signal(signal.SIGSTOP)
            child = psutil.Process(process.pid)
            until(lambda: child.status() == psutil.STATUS_STOPPED, "the worker is suspended")
        process.kill()
        process.wait(DEADLINE)
    assert planned(told).resumed == (left.step if left else None)
    return planned(told)


@posix
def test_killed_anywhere_it_ends_as_if_it_had_not_been(frugal: Job, tmp_path: Path) -> None:
    """Byte for byte. On the way: it takes no more memory than was planned, and leaves out what is broken."""
    whole, parts = (tmp_path / name for name in ("whole", "parts"))
    for folder in (whole, parts):
        folder.mkdir()
        replace(frugal, out=str(folder)).write(folder / "job.json")

    peak = 0
    with started(whole) as process:
        told = []
        for message in messages(process):
            told.append(message)
            peak = max(peak, highest(process.pid))
        assert process.wait(DEADLINE) == 0, (whole / "stderr").read_text()
    way = planned(told)
    print(f"\npeak {peak / 1e9:.3f} GB, estimate {way.bytes / 1e9:.3f} GB, limit {frugal.memory / 1e9:.3f} GB")
    assert (way.precision, way.exact, way.checkpointing) == (BFLOAT16, False, True)
    assert 0 < peak <= way.bytes <= frugal.memory
    result = Result.read(whole / "result.json")
    assert result.dropped == {"t2": sift.NO_VERDICT, "t3": sift.NOT_IN_VOCABULARY}
    assert result.counts["rl"] == result.counts["opd"] == 1

    assert go_on(parts, at("measuring", 3)).resumed is None
    assert go_on(parts, step(0)).resumed is None
    assert not (parts / "result.json").exists() and not (parts / "adapter.gguf").exists()
    assert go_on(parts, at("training", 2 * UNITS), pause=True).resumed == 1
    assert go_on(parts, step(2)).resumed in (1, 2)
    with started(parts) as process:
        told = reach(process, at("measuring", RECIPE.max_new))
        assert planned(told).resumed == RECIPE.steps
        until((parts / "adapter" / "adapter_config.json").exists, "it writes")
        process.kill()
        process.wait(DEADLINE)
    halves = [parts / ".checkpoint.safetensors.7", parts / "adapter" / ".adapter_model.safetensors.7"]
    for half in halves:
        half.write_bytes(b"half")
    told, code = outcome(parts)
    assert not any(half.exists() for half in halves), "what is half written is not installed"
    assert (told[-1], code) == (Done(), 0), (parts / "stderr").read_text()
    assert planned(told) == replace(way, resumed=RECIPE.steps)
    assert adapter(parts) == adapter(whole)
    assert (parts / "adapter.gguf").read_bytes() == (whole / "adapter.gguf").read_bytes()
    again = Result.read(parts / "result.json")
    assert replace(again, seconds=0.0) == replace(result, seconds=0.0)


def highest(pid: int) -> int:
    """The most memory that a process had so far, in bytes; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def test_a_memory_limit_that_nothing_fits_in_is_said(job: Job) -> None:
    reason = refused(written(replace(job, memory=1)))
    assert re.search(
        r"needs \d+\.\d GB of memory, 0\.0 GB are free for it: choose a smaller model, or a remote", reason
    )


def test_broken_samples_alone_are_counted_by_their_reasons(job: Job) -> None:
    (one,) = job.samples
    broken = (
        replace(one, id="a", reward=float("nan")),
        replace(one, id="b", reward=2.0),
        replace(one, id="c", response_ids=(), old_logprobs=()),
    )
    reason = refused(written(replace(job, samples=broken, rehearsals=())))
    assert reason.startswith("There is nothing to learn from")
    assert f"1 with {sift.EMPTY}." in reason and f"2 with {sift.NO_VERDICT}." in reason


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
    assert reason == "Chat works with this model, learning does not: architecture 'mamba' is not supported."


@pytest.mark.parametrize("content", [None, "", "{}", '{"model": 1}', "[]"])
def test_a_file_that_is_no_job(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "job.json").write_text(content)
    assert refused(tmp_path).startswith(f"The training job {tmp_path / 'job.json'} ")


def test_nothing_to_learn_from(job: Job) -> None:
    assert refused(written(replace(job, samples=(), rehearsals=()))).startswith("There is nothing to learn from")


@pytest.mark.parametrize(
    ("error", "words", "short_of"),
    [
        (MemoryError(), "out of memory", "memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory"),
            "out of memory",
            "memory",
        ),
        (RuntimeError("[METAL] Command buffer execution failed: Insufficient Memory"), "out of memory", "memory"),
        (TooLittleMemory("needs 9.1 GB"), "9.1 GB", "memory"),
        (TooLittleDisk("needs 0.5 GB of disk"), "0.5 GB", "disk"),
        (OSError(28, "No space left on device"), "disk is full", "disk"),
        (OSError(13, "Permission denied", "/x"), "/x: Permission denied", ""),
        (Diverged("The training diverged."), "diverged", ""),
        (KeyError("k"), "KeyError", ""),
    ],
)
def test_failures_are_sentences_and_say_what_there_was_too_little_of(
    error: Exception, words: str, short_of: str
) -> None:
    assert words in worker.reason(error)
    assert worker.short_of(error) == short_of
