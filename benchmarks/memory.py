"""`clawlocal bench memory`: what stays in memory, by stages and after many changes of adapter."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from benchmarks import random_adapter, resident
from benchmarks.report import report
from benchmarks.resident import Stages, rss_mb
from benchmarks.rounds import until_quiet
from benchmarks.serving import Served, served
from benchmarks.spread import slope, spread
from clawlocal.engine.protocol import AdapterFile

SWAPS, WARM_UP, EVERY = 500, 20, 50
PROMPT = 8


def run(repeats: int, swaps: int, model: str | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Stages in fresh processes, ours and llama.cpp's alone in turns; then the changes of adapter, in this one."""
    results: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    with served(model) as one:
        say("stages")
        stages = _stages(one, repeats)
        results |= {f"{who}_mb": values for who, values in stages.items()}
        ratios |= _compared(stages)
        with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as folder:
            a, b = _adapters(one, Path(folder))
            say("changes between loaded adapters")
            loaded = series(one, chain.from_iterable(repeat((a, b))), swaps)
            say("changes to a new file")
            fresh = series(one, _always_new(one, a, b), swaps)
    for name, found in (("", loaded), ("new_file_", fresh)):
        results[f"{name}swaps"] = found
        ratios[f"rss_growth_after_{swaps}_{name}swaps_mb"] = found["growth_mb"]
    return report("memory", results, ratios)


def series(one: Served, adapters: Iterator[AdapterFile], swaps: int, every: int = EVERY) -> dict[str, Any]:
    """RSS after a warm-up and then every so many changes, with a reply of one token after each change."""
    _swap(one, adapters, WARM_UP)
    counts, rss = [0], [rss_mb()]
    while counts[-1] < swaps:
        more = min(every, swaps - counts[-1])
        _swap(one, adapters, more)
        counts.append(counts[-1] + more)
        rss.append(rss_mb())
    return {
        "swaps": counts,
        "rss_mb": [round(mb, 2) for mb in rss],
        "growth_mb": rss[-1] - rss[0],
        "slope_mb_per_100_swaps": 100 * slope(counts, rss),
    }


def _stages(one: Served, repeats: int) -> dict[str, dict[str, dict[str, float]]]:
    threads = (one.engine.threads.decode, one.engine.threads.prefill)
    rounds: list[tuple[Stages, Stages]] = []
    for _ in range(repeats):
        bare = resident.of_bare(one.path, one.engine.n_ctx, threads)
        rounds.append((resident.of_ours(one.engine.name), bare))
    return {
        who: {stage: spread([found[i][stage] for found in rounds]) for stage in rounds[0][i]}
        for i, who in enumerate(("ours", "bare"))
    }


def _compared(stages: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    return {
        f"rss_{stage}_vs_bare": stages["ours"][stage]["median"] / bare["median"]
        for stage, bare in stages["bare"].items()
    }


def _adapters(one: Served, folder: Path) -> tuple[AdapterFile, AdapterFile]:
    a, b = (random_adapter.write(one.path, folder / f"{name}.gguf", name, i) for i, name in enumerate(("a", "b")))
    return a, b


def _always_new(one: Served, *sources: AdapterFile) -> Iterator[AdapterFile]:
    """A copy that was never loaded each time; the one before is forgotten and deleted."""
    number, before = 0, None
    while True:
        source = sources[number % len(sources)]
        new = AdapterFile(f"new-{number}", source.path.with_name(f"new-{number}.gguf"))
        shutil.copyfile(source.path, new.path)
        yield new
        if before is not None:
            one.engine.forget_adapter(before.version)
            before.path.unlink()
        number, before = number + 1, new


def _swap(one: Served, adapters: Iterator[AdapterFile], n: int) -> None:
    for _ in range(n):
        one.first(one.fresh.ids(PROMPT), next(adapters))
    until_quiet()
