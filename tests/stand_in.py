"""Stands in for the trainer's process: `python stand_in.py MODE JOB_DIR`. Speaks its protocol, computes nothing.

Modes: `publish` and `reject` write a result at once; `drops` one that left out the first sample; `gated` writes one
when `go` is in the folder; `endless` never ends; `silent` ends without a result; `fails` says why, and `short` that the
disk is too full; `tight` finds no plan, and `starved` says what one would take; `noisy` writes what is no message;
`half`, `most`, `no_further`, `whole` and `undone` publish what tells how far lessons are in the weights, and `once`
does as `half` from the base and as `reject` from a version. All but `tight` and `starved` leave `begun` in the folder,
as a checkpoint would be there.
"""

from __future__ import annotations

import math
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from trainers.job import Job, Result
from trainers.messages import Done, Failed, Message, Planned, Progress, encode
from trainers.sift import NO_VERDICT

METRICS = {
    "loss": 0.5,
    "kl_base": 0.1,
    "degenerate": 0.0,
    "degenerate_base": 0.0,
    "margin_before": 0.0,
    "margin_after": 1.0,
    "distance_before": 1.0,
    "distance_after": 0.5,
    "clip_fraction": 0.0,
}
OTHERWISE = {"reject": {"kl_base": 9.0}, "nan": {"kl_base": math.nan}}

HELD = {"half": (0.0, 0.4), "most": (0.0, 0.75), "no_further": (0.4, 0.45), "whole": (0.4, 0.9), "undone": (0.9, 0.5)}
"""How far lessons are in the weights, before and after."""


def say(message: Message) -> None:
    print(encode(message), flush=True)


def write_result(folder: Path, mode: str) -> None:
    job = Job.read(folder / "job.json")
    if mode == "once":
        mode = "reject" if job.parent else "half"
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_config.json").write_text("{}")
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter.gguf").write_bytes(f"from {job.parent}: {[s.id for s in job.samples]}".encode())
    counts = {"rl": len(job.samples), "opd": sum(s.hinted for s in job.samples), "rehearsed": len(job.rehearsals)}
    dropped = {job.samples[0].id: NO_VERDICT} if mode == "drops" else {}
    result = Result({**METRICS, **OTHERWISE.get(mode, {})}, counts, job.recipe.rank, 1.5, dropped=dropped)
    if mode in HELD:
        result = replace(result, lessons=dict.fromkeys(job.lessons, HELD[mode]))
    (folder / "result.json").write_text(result.json())


def main(mode: str, folder: Path) -> int:
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if mode == "tight":
        say(Failed("Learning needs more memory.", short_of="memory"))
        return 1
    if mode == "starved":
        say(Failed("Learning needs 9.0 GB of memory.", short_of="memory", needs=9 * 10**9))
        return 1
    resumed = 1 if (folder / "begun").exists() else None
    say(Planned("torch", "float32", True, 1024, False, 10**9, resumed))
    (folder / "begun").touch()
    say(Progress("training", 1, 4))
    match mode:
        case "endless":
            while True:
                signal.pause()
        case "gated":
            while not (folder / "go").exists():
                time.sleep(0.002)
        case "silent":
            return 1
        case "noisy":
            print("no message", flush=True)
            print("last words", file=sys.stderr, flush=True)
            return 1
        case "fails" | "short":
            say(Failed("The disk is full.", short_of="disk" if mode == "short" else ""))
            return 1
    write_result(folder, mode)
    say(Done())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
