"""The memory of one process, by stages: `python -m benchmarks.resident ours|bare …` prints one JSON value.

Each is measured in a process of its own, because memory that was once taken is not always given back.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import psutil

from clawlocal.errors import ClawlocalError

Stages = dict[str, float]
"""RSS in MB after each stage."""

TURNS = 30
TOKENS_PER_TURN = 45
"""About what a turn of benchmarks.switching takes with its template."""
SCORED, LABEL, SCORES = 300, 8, 2


def rss_mb() -> float:
    """Resident memory of this process, in MB."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


def of_ours(model: str, turns: int = TURNS) -> Stages:
    """Our engine in a fresh process. Raises `ClawlocalError` with its last words."""
    return _measured("ours", model, str(turns))


def of_bare(path: Path, n_ctx: int, threads: tuple[int, int], turns: int = TURNS) -> Stages:
    """llama.cpp alone in a fresh process: one model, one context, as many tokens. Raises `ClawlocalError`."""
    return _measured("bare", str(path), *map(str, (n_ctx, *threads, turns)))


def _measured(*arguments: str) -> Stages:
    command = [sys.executable, "-m", "benchmarks.resident", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise ClawlocalError(f"The memory of {arguments[0]} could not be measured: {ran.stderr.strip()[-500:]}")
    stages: Stages = json.loads(ran.stdout)
    return stages


def _ours(model: str, turns: int) -> Stages:
    # Imported here, so that the other process does not pay for it.
    from benchmarks.serving import served
    from benchmarks.switching import conversation

    with served(model) as one:
        one.first(one.fresh.ids(SCORED))
        found = {"after_load": rss_mb()}
        conversation(one, turns)
        found["after_turns"] = rss_mb()
        for _ in range(SCORES):
            ids = one.fresh.ids(SCORED)
            one.engine.score(ids, [ids[:LABEL]])
        found["after_scoring"] = rss_mb()
    return found


def _bare(path: Path, n_ctx: int, decode: int, prefill: int, turns: int) -> Stages:
    from benchmarks.bare import Bare

    # Any ids will do: what they say makes no difference to memory.
    ids = range(100, 100 + min(max(SCORED, turns * TOKENS_PER_TURN), n_ctx))
    with Bare(path, n_ctx, (decode, prefill)) as one:
        one.first(ids[:SCORED])
        found = {"after_load": rss_mb()}
        one.run(ids[:-LABEL], ids[-LABEL:], greedy=True)
        found["after_turns"] = rss_mb()
    return found


def main(which: str, *arguments: str) -> None:
    first, *numbers = arguments
    stages = _ours(first, *map(int, numbers)) if which == "ours" else _bare(Path(first), *map(int, numbers))
    print(json.dumps(stages))


if __name__ == "__main__":
    main(*sys.argv[1:])
