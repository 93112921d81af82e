"""`clawlocal bench train`: an update by our trainer beside the same by transformers and PEFT, and parity.

Every trainer lives in a process of its own, so that its peak memory is its own; they take turns.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import gradients, parity
from benchmarks.apart import apart
from benchmarks.own_trainer import own_trainer
from benchmarks.peft_trainer import peft_trainer
from benchmarks.report import report
from benchmarks.rollouts import PROMPT, RANK, REPLIES, REPLY, STEPS_BEFORE
from benchmarks.rounds import interleaved
from benchmarks.spread import ratios, spread
from clawlocal import config, paths
from clawlocal.models import Catalog, files, locate
from trainers import gguf_base
from trainers.plan import BFLOAT16, FLOAT32

TOKENS = REPLIES * (PROMPT + REPLY)
"""Of one update, as a trainer counts them that computes every sequence whole."""

YARDSTICKS = ("trl_style_fp32", "trl_style_fp32_one_by_one", "autocast_bf16", "autocast_bf16_one_by_one")
OURS = "ours"
OTHERS = ("ours_fp32", "ours_frozen_prompt", "ours_checkpointing")


def run(repeats: int, model: str | None, only: Sequence[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Speed and memory of one update over four rollouts, then parity. Raises `ModelError`, `ConfigError`."""
    where = paths.find()
    settings = config.load(where.settings)
    entry = Catalog.load(where).entry(model or settings.model)
    gguf = locate(entry, where)
    results: dict[str, Any] = {
        "model": entry.name,
        **{name: version(name) for name in ("torch", "transformers", "peft", "llama-cpp-python")},
        "threads": os.cpu_count(),
        "tokens_per_update": TOKENS,
        "prompt": PROMPT,
        "reply": REPLY,
        "rank": RANK,
    }
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as bases:
        say("base")
        base = gguf_base.prepare(gguf, entry.sha256 or files.sha256(gguf), Path(bases))
        if not only or "speed" in only:
            say("speed")
            measured, found = speed(base.folder, repeats)
            results |= measured
        if not only or "gradient" in only:
            say("gradient")
            results["gradient_cosine"] = gradients.cosines(base, parity.text_ids(gguf)[:128])
        if not only or "parity" in only:
            say("parity")
            results["parity"] = {entry.name: parity.compared(gguf, base, parity.text_ids(gguf))}
            results["parity"] |= {f"random_{k}": v for k, v in parity.architectures().items()}
    return report("train", results, found)


def speed(base: Path, repeats: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Tokens for each second of a core, and the peak of each process."""
    threads = os.cpu_count() or 1
    with ExitStack() as stack:
        trainers = {
            OURS: stack.enter_context(apart(own_trainer, base, BFLOAT16, False, False, threads)),
            "ours_fp32": stack.enter_context(apart(own_trainer, base, FLOAT32, False, False, threads)),
            "ours_frozen_prompt": stack.enter_context(apart(own_trainer, base, BFLOAT16, True, False, threads)),
            "ours_checkpointing": stack.enter_context(apart(own_trainer, base, BFLOAT16, False, True, threads)),
            "trl_style_fp32": stack.enter_context(apart(peft_trainer, base, False, REPLIES, threads)),
            "trl_style_fp32_one_by_one": stack.enter_context(apart(peft_trainer, base, False, 1, threads)),
            "autocast_bf16": stack.enter_context(apart(peft_trainer, base, True, REPLIES, threads)),
            "autocast_bf16_one_by_one": stack.enter_context(apart(peft_trainer, base, True, 1, threads)),
        }
        for trainer in trainers.values():
            for _ in range(STEPS_BEFORE):
                trainer.step()
        steps = interleaved(repeats, {name: trainer.step for name, trainer in trainers.items()}, warm_up=False)
        peaks = {name: trainer.peak_mb() for name, trainer in trainers.items()}
    rates = {name: [TOKENS / step["cpu"] for step in taken] for name, taken in steps.items()}
    results = {
        "tokens_per_cpu_second": {name: spread(values) for name, values in rates.items()},
        "tokens_per_wall_second": {name: spread([TOKENS / s["wall"] for s in taken]) for name, taken in steps.items()},
        "peak_rss_mb": peaks,
    }
    return results, _ratios(rates, peaks)


def _ratios(rates: Mapping[str, Sequence[float]], peaks: Mapping[str, float]) -> dict[str, float]:
    """Against the faster, and the more frugal, of the two ways to use each yardstick."""
    fp32 = [max(pair) for pair in zip(*(rates[name] for name in YARDSTICKS[:2]), strict=True)]
    bf16 = [max(pair) for pair in zip(*(rates[name] for name in YARDSTICKS[2:]), strict=True)]
    found = {"vs_trl_style_fp32": spread(ratios(rates[OURS], fp32))["median"]}
    found["vs_autocast_bf16"] = spread(ratios(rates[OURS], bf16))["median"]
    for name in OTHERS:
        found[f"{name}_vs_trl_style_fp32"] = spread(ratios(rates[name], fp32))["median"]
    found["peak_rss_ratio"] = peaks[OURS] / peaks["trl_style_fp32"]
    found["peak_rss_ratio_one_by_one"] = peaks[OURS] / peaks["trl_style_fp32_one_by_one"]
    return found
