"""`clawlocal bench latency`: what a chat feels of the learning beside it. Real model, judge and trainer.

Conditions without a trainer take turns, half of their rounds before and half after those with one; the
conditions with a trainer take turns among themselves, while one real update goes on.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import psutil

from benchmarks.chats import Chats, Heard
from benchmarks.home import assistant_in_empty_home
from benchmarks.report import report
from benchmarks.rounds import interleaved, until_quiet
from benchmarks.spread import spread
from benchmarks.terse import QUESTIONS
from benchmarks.trainer_beside import TrainerBeside, cpu_seconds

TOKENS = 96
SIGNALS = 4
"""That wait for the judge when a chat begins."""
COMPARED = {
    "learning_on": "learning_off",
    "judging": "learning_off",
    "trainer_running": "direct",
    "trainer_stopping": "learning_off",
    "trainer_suspended": "learning_off",
}
"""Each condition with the one that it is measured against."""


def run(
    repeats: int, say: Callable[[str], None], tokens: int = TOKENS, signals: int = SIGNALS, trainer: bool = True
) -> dict[str, Any]:
    """All conditions; `trainer` false leaves out those that need an update. Raises `TrainerError`."""
    heard: dict[str, list[Heard]] = defaultdict(list)
    with assistant_in_empty_home(max_tokens=tokens) as assistant:
        chats = Chats.begin(assistant, tokens, signals)
        say("without a trainer")
        _gather(heard, _without_trainer(chats, -(-repeats // 2), warm_up=True))
        if trainer:
            say("beside a trainer")
            _gather(heard, _beside_trainer(chats, repeats))
            # Off and on again ends the update.
            assistant.set_learning(False)
            say("without a trainer, again")
        _gather(heard, _without_trainer(chats, repeats // 2, warm_up=False))
    return report("latency", {name: _figures(found) for name, found in heard.items()}, compared(heard))


def compared(heard: dict[str, list[Heard]]) -> dict[str, float]:
    """Time to the first token, time per token and worst gap of each condition over its yardstick's: medians."""
    found = {}
    for name, yardstick in COMPARED.items():
        if name in heard:
            for what, measure in _MEASURES.items():
                over, under = (median(map(measure, heard[which])) for which in (name, yardstick))
                found[f"{what}_{name}_vs_{yardstick.removeprefix('learning_')}"] = over / under
    return found


_MEASURES: dict[str, Callable[[Heard], float]] = {
    "first_token": lambda h: h.timeline.first,
    "decode": lambda h: h.timeline.per_token,
    "worst_gap": lambda h: h.timeline.worst_gap,
}


def _without_trainer(chats: Chats, repeats: int, *, warm_up: bool) -> dict[str, list[Heard]]:
    runs: dict[str, Callable[[], Heard]] = {
        "learning_off": partial(chats.with_learning, False),
        "learning_on": partial(chats.with_learning, True),
        "judging": chats.while_judging,
        "direct": chats.direct,
    }
    return interleaved(repeats, runs, warm_up=warm_up)


def _beside_trainer(chats: Chats, repeats: int) -> dict[str, list[Heard]]:
    """Running, at the instant of suspension, suspended; then the trainer goes on by itself."""
    chats.assistant.set_learning(True)
    trainer = TrainerBeside(chats.assistant, QUESTIONS)
    found: dict[str, list[Heard]] = defaultdict(list)
    while len(found["trainer_running"]) < repeats:
        worker = trainer.run()
        running = _beside(worker, chats.direct)
        if chats.assistant.status().state != "training":
            # It came to its end meanwhile: this chat was not beside it.
            continue
        found["trainer_running"].append(running)
        found["trainer_stopping"].append(_beside(worker, chats.chat))
        found["trainer_suspended"].append(_beside(worker, chats.chat))
    return found


def _beside(worker: psutil.Process, chat: Callable[[], Heard]) -> Heard:
    until_quiet()
    before, began = cpu_seconds(worker), time.perf_counter()
    heard = chat()
    cores = (cpu_seconds(worker) - before) / (time.perf_counter() - began)
    return replace(heard, trainer_cores=cores)


def _gather(heard: dict[str, list[Heard]], found: dict[str, list[Heard]]) -> None:
    for name, more in found.items():
        heard[name] += more


def _figures(heard: list[Heard]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "first_token_ms": spread([1000 * h.timeline.first for h in heard]),
        "decode_tokens_per_s": spread([h.timeline.rate for h in heard]),
        "worst_gap_ms": spread([1000 * h.timeline.worst_gap for h in heard]),
        "reply_tokens": spread([float(len(h.timeline.stamps)) for h in heard]),
    }
    cores = [h.trainer_cores for h in heard if h.trainer_cores is not None]
    return figures | ({"trainer_cores": spread(cores)} if cores else {})
