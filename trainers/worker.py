"""The trainer as a process: `python -m trainers.worker JOB_DIR`.

One JSON event per line on stdout and nothing else there. `result.json` is written last: where it is,
everything is. The process may be suspended or killed at any instant.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from trainers.cores import Cores
from trainers.errors import JobError, Orphaned, TrainingError
from trainers.files import write_text
from trainers.job import Job, Result

ADAPTER = "adapter"
GGUF = "adapter.gguf"
RESULT = "result.json"


class Events:
    """A callback that tells the parent process, and stops when there is none any more."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.parent = os.getppid()
        self.on_step: Callable[[], None] = lambda: None
        """Called after each optimiser step."""

    def progress(self, stage: str, done: int, total: int) -> None:
        if os.getppid() != self.parent:
            raise Orphaned("The program that asked for the training has ended.")
        self.send(event="progress", stage=stage, done=done, total=total)

    def step(self, number: int, figures: dict[str, float]) -> None:
        self.send(event="step", step=number, figures=figures)
        self.on_step()

    def send(self, **event: Any) -> None:
        try:
            print(json.dumps(event), file=self.out, flush=True)
        except OSError as e:
            raise Orphaned("Nobody reads the training's progress any more.") from e


def main(arguments: list[str]) -> int:
    """Returns 0, or 1 after a `failed` event whose reason is one sentence."""
    events = Events(_own_stdout())
    _step_back()
    try:
        if len(arguments) != 1:
            raise JobError("usage: python -m trainers.worker JOB_DIR")
        run(Path(arguments[0]), events)
        events.send(event="done")
        return 0
    except Orphaned:
        return 1
    except Exception as e:  # the last line of defence: whatever it was, the parent gets a sentence
        if not isinstance(e, TrainingError):
            _trace()
        with suppress(Orphaned):
            events.send(event="failed", reason=reason(e))
        return 1


def run(folder: Path, events: Events) -> Result:
    """Do the job in `folder`. Raises `TrainingError`, `OSError`, `MemoryError`."""
    started = time.monotonic()
    job = read(folder / "job.json")
    from trainers import adapter_gguf, gguf_base, memory

    preparing = partial(events.progress, "preparing")
    base = gguf_base.prepare(Path(job.model), job.model_sha256, Path(job.bases), preparing)
    memory.check(base.bytes, int(base.config["vocab_size"]), job)
    events.progress("loading", 0, 1)
    import torch

    from trainers import torch_policy
    from trainers.torch_update import update

    cores = Cores(job.recipe.threads)
    events.on_step = lambda: torch.set_num_threads(cores.threads())
    events.on_step()
    parent = None if job.parent is None else Path(job.parent)
    policy = torch_policy.load(base, job.recipe.rank, job.recipe.alpha, parent, job.recipe.seed)
    events.progress("loading", 1, 1)
    result = update(job, policy, events)
    out = Path(job.out)
    torch_policy.save(policy, out / ADAPTER)
    adapter_gguf.convert(out / ADAPTER, base, out / GGUF)
    events.progress("writing", 1, 1)
    result = Result(**{**vars(result), "seconds": time.monotonic() - started})
    write_text(out / RESULT, result.json())
    return result


def read(path: Path) -> Job:
    """A job that something can be learned from. Raises `JobError`."""
    try:
        job = Job.read(path)
    except OSError as e:
        raise JobError(f"The training job {path} cannot be read: {e.strerror}.") from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise JobError(f"The training job {path} is not a job of this version.") from e
    if problem := job.problem():
        raise JobError(problem)
    return job


def reason(e: BaseException) -> str:
    """One sentence for the user."""
    match e:
        case TrainingError():
            return str(e)
        case MemoryError():
            return "Learning ran out of memory: close other programs, or choose a smaller model."
        case OSError(errno=errno.ENOSPC):
            return "The disk is full: free some space, then learning goes on by itself."
        case OSError():
            return f"Learning could not read or write {e.filename}: {e.strerror}."
        case RuntimeError() if "alloc" in str(e):
            return "Learning ran out of memory: close other programs, or choose a smaller model."
    return f"Learning failed: {type(e).__name__}: {(str(e).splitlines() or [''])[0]}"


def _own_stdout() -> TextIO:
    """The real stdout; whatever a library prints from now on goes to stderr, from C as well."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _step_back() -> None:
    """Lowest priority, no network, no spinning. Before torch is imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    # Threads that spin at a barrier, waiting for one that lost its core to the chat, cost ten times the run.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if hasattr(os, "nice"):
        os.nice(19)
    # Under nohup it would be ignored, and a parent that dies while this process is stopped would leave it behind.
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _trace() -> None:
    import traceback

    traceback.print_exc(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
