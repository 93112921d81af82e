"""The trainer as a process: `python -m trainers.worker JOB_DIR`.

One message per line on stdout and nothing else there. `result.json` is written last: where it is,
everything is. The process may be suspended or killed at any instant; started again on the same job, it goes on
after the last step that it made.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from trainers import checkpoint
from trainers.adapter_peft import CONFIG, WEIGHTS, Adapter
from trainers.checkpoint import Saved
from trainers.cores import Cores
from trainers.errors import JobError, Orphaned, TooLittleDisk, TooLittleMemory, TrainingError
from trainers.files import write_text
from trainers.job import GIVEN, RESULT, Job, Result
from trainers.messages import DISK, MEMORY, Done, Failed, Message, Planned, Progress, Step, encode
from trainers.policy import Moments
from trainers.shape import Shape
from trainers.team import ALONE, Team
from trainers.texts import Texts

ADAPTER = "adapter"
GGUF = "adapter.gguf"

_MEMORY = re.compile(r"alloc|out ?of ?memory|insufficient memory", re.IGNORECASE)
"""What torch, CUDA and Metal say of it."""


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
        self.send(Progress(stage, done, total))

    def step(self, number: int, figures: dict[str, float]) -> None:
        self.send(Step(number, figures))
        self.on_step()

    def send(self, message: Message) -> None:
        try:
            print(encode(message), file=self.out, flush=True)
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
        events.send(Done())
        return 0
    except Orphaned:
        return 1
    except Exception as e:  # the last line of defence: whatever it was, the parent gets a sentence
        if not isinstance(e, TrainingError):
            _trace()
        with suppress(Orphaned):
            events.send(Failed(reason(e), short_of(e), e.needs if isinstance(e, TooLittleMemory) else 0))
        return 1


def run(folder: Path, events: Events, team: Team = ALONE, digest: str = "") -> Result:
    """Do the job in `folder`, alone or as one of a team, of which the first one writes what comes of it.

    `digest` names the job where it was another machine's, whose paths are not these. Raises `TrainingError`, `OSError`,
    `MemoryError`.
    """
    started = time.monotonic()
    job = read(folder / GIVEN)
    from trainers import adapter_gguf, adapter_peft, backend, elsewhere, gguf_base, plan, sift, steps
    from trainers.update import update

    digest = digest or job.digest()
    _sweep(folder, Path(job.out))
    # Known before the base is made, which takes memory and disk itself.
    shape = gguf_base.shape(Path(job.model), job.model_sha256, Path(job.bases))
    job, dropped = sift.sift(job, shape.vocabulary)
    job = replace(job, recipe=steps.paced(job.recipe, shape.width))
    engine = backend.choose(job.recipe.backend)
    free = min(engine.free(), job.memory or engine.free())
    saved = checkpoint.read(folder, digest)
    if saved is not None and saved.backend != engine.name:
        saved = None
    beginning = saved.adapter if saved else _beginning(job, shape)
    trained = elsewhere.adapter(job, shape, beginning)
    if saved is not None and saved.plan.bytes <= free:
        way = saved.plan
    else:
        # Steps that were made are kept also where they went another way: what is lost is sameness to the bit.
        ranked = replace(job, recipe=replace(job.recipe, rank=beginning.rank))
        way = plan.make(shape, ranked, engine.faster(shape), free, engine.frugal(), engine.activations)
    preparing = partial(events.progress, "preparing")
    way = team.agreed(way)
    base = gguf_base.prepare(Path(job.model), job.model_sha256, Path(job.bases), preparing)
    events.progress("loading", 0, 1)
    events.send(Planned(engine.name, **vars(way), resumed=saved.step if saved else None))

    cores = Cores(job.recipe.threads)
    events.on_step = lambda: engine.set_threads(cores.threads())
    events.on_step()
    policy = team.shared(engine.load(base, beginning, way))
    if saved:
        policy.restore(saved.adapter, saved.moments)
    events.progress("loading", 1, 1)

    def keep(steps: int, adapter: Adapter, moments: Moments, state: dict[str, Any]) -> None:
        if team.first:
            checkpoint.write(folder, digest, Saved(steps, engine.name, way, adapter, moments, state))
        team.kept(steps)

    result = update(job, policy, way.positions, events, saved.state if saved else None, keep, texts(job), trained)
    result = elsewhere.told(job, result)
    computed = {"backend": engine.name, **plan.words(way), **team.words()}
    result = replace(result, seconds=time.monotonic() - started, dropped=dropped, computed=computed)
    if team.first:
        out = Path(job.out)
        adapter_peft.write(policy.adapter(), out / ADAPTER)
        adapter_gguf.convert(out / ADAPTER, base, out / GGUF)
        events.progress("writing", 1, 1)
        write_text(out / RESULT, replace(result, seconds=time.monotonic() - started).json())
    return result


def texts(job: Job) -> Texts | None:
    """None where the job has no lesson in words that a rule knows: then no reply is read."""
    from trainers import tokenizer
    from trainers.demonstrations import checkable
    from trainers.texts import TokenizerTexts

    if not job.recipe.rehearses or not any(checkable(r) for r in job.rehearsals):
        return None
    return TokenizerTexts(tokenizer.build(Path(job.model)))


def _sweep(folder: Path, out: Path) -> None:
    """Remove what an attempt that was killed left half written: the adapter's folder is installed as it is."""
    written = (folder / checkpoint.FILE, out / ADAPTER / WEIGHTS, out / ADAPTER / CONFIG, out / GGUF, out / RESULT)
    for path in written:
        for left in path.parent.glob(f".{path.name}.*"):
            left.unlink(missing_ok=True)


def _beginning(job: Job, shape: Shape) -> Adapter:
    """The parent's adapter and its rank, or one that changes nothing yet."""
    from trainers import adapter_peft

    if job.parent is not None:
        return adapter_peft.read(Path(job.parent), shape)
    return adapter_peft.fresh(shape, job.recipe.rank, job.recipe.alpha, job.recipe.seed)


def read(path: Path) -> Job:
    """Raises `JobError`."""
    try:
        job = Job.read(path)
    except OSError as e:
        raise JobError(f"The training job {path} cannot be read: {e.strerror}.") from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise JobError(f"The training job {path} is not a job of this version.") from e
    return job


def reason(e: BaseException) -> str:
    """One sentence for the user."""
    match e:
        case TrainingError():
            return str(e)
        case _ if _out_of_memory(e):
            return "Learning ran out of memory: close other programs, or choose a smaller model."
        case OSError(errno=errno.ENOSPC):
            return "The disk is full: free some space, then learning goes on by itself."
        case OSError():
            return f"Learning could not read or write {e.filename}: {e.strerror}."
    return f"Learning failed: {type(e).__name__}: {(str(e).splitlines() or [''])[0]}"


def short_of(e: BaseException) -> str:
    """What there was too little of, `memory` or `disk`; empty for what would fail another time as well."""
    if isinstance(e, TooLittleDisk) or (isinstance(e, OSError) and e.errno == errno.ENOSPC):
        return DISK
    return MEMORY if _out_of_memory(e) else ""


def _out_of_memory(e: BaseException) -> bool:
    # torch and MLX have no class of their own for it on every backend.
    told = isinstance(e, RuntimeError) and _MEMORY.search(str(e))
    return isinstance(e, MemoryError) or bool(told)


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
