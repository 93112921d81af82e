"""`clawlocal bench engine`: our serving beside llama.cpp's own, and what it adds. One run, machine otherwise idle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from benchmarks import background, speed, switching
from benchmarks.bare import FLASH_ATTENTION
from benchmarks.report import report
from benchmarks.serving import Part, Served, served

PARTS: Mapping[str, Callable[[Served, int], Part]] = {
    "speed": speed.speed,
    "bandwidth": speed.bandwidth,
    "votes": background.votes,
    "judge": background.judge,
    "preempt": background.preempt,
    "swap": switching.swap,
    "switch_back": switching.switch_back,
    "turns": switching.turns,
}


def run(repeats: int, model: str | None, only: Sequence[str], say: Callable[[str], None]) -> dict[str, Any]:
    """All parts, or those named in `only`; `say` hears which one has begun. Raises `ModelError`, `ConfigError`."""
    results: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    with served(model) as ours:
        chosen = ours.engine.threads
        results["model"] = ours.engine.name
        results["llama_cpp_python"] = version("llama-cpp-python")
        results["flash_attention"] = FLASH_ATTENTION
        results["n_ctx"] = ours.engine.n_ctx
        results["threads"] = {"decode": chosen.decode, "prefill": chosen.prefill, "reason": chosen.reason}
        for name, part in PARTS.items():
            if only and name not in only:
                continue
            say(name)
            found = part(ours, repeats)
            results[name] = found.results
            ratios |= found.ratios
    return report("engine", results, ratios)
