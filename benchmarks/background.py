"""What goes on behind the chat: samples and votes beside one another, and how fast they give way. Knows no trainer."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from statistics import median

from benchmarks.rounds import interleaved, until_quiet
from benchmarks.serving import GREEDY, Part, Served
from benchmarks.spread import differences, ratios, spread
from clawlocal.conversation import sampling
from clawlocal.errors import ClawlocalError
from clawlocal.judge.protocol import Exchange
from clawlocal.judge.small.judge import MOST, SmallJudge
from clawlocal.records import SignalKind

VOTES = 5
PREFIX, SAMPLED = 300, 8
PARTS = (70, 90, 100)
"""Tokens of the request, the reply and what came next: the judge reads all of them."""
SCORED = 1000
MOMENTS = 10
"""Interruptions in a round."""
TRIES = 5
"""For one interruption: a score may be over before the chat comes."""


def votes(ours: Served, repeats: int, prefix: int = PREFIX) -> Part:
    """Several samples of one prefix against one sample."""
    return _many_to_one("votes5_vs_1", VOTES, repeats, {n: partial(_sample, ours, n, prefix) for n in (VOTES, 1)})


def judge(ours: Served, repeats: int, parts: tuple[int, int, int] = PARTS) -> Part:
    """The small judge with all its votes against the small judge with one."""
    judges = {n: SmallJudge(n) for n in (MOST, 1)}
    runs = {n: partial(_judge, ours, judges[n], parts) for n in judges}
    return _many_to_one(f"judge{MOST}_vs_1", MOST, repeats, runs)


def preempt(ours: Served, repeats: int, moments: int = MOMENTS, scored: int = SCORED) -> Part:
    """A chat that comes at a random moment of a score, against the same chat while nothing is computed."""
    prompt = ours.fresh.ids(200)
    steps = [ours.reply(prompt, replace(GREEDY, max_tokens=16))[0].per_token for _ in range(repeats + 1)][1:]
    lasts = min(_score(ours, scored) for _ in range(2))
    dice = random.Random(0)
    runs = {"busy": partial(_interrupt, ours, prompt, scored, lasts, dice), "idle": partial(ours.first, prompt)}
    seconds = interleaved(repeats * moments, runs)
    late = [1000 * s for s in differences(seconds["busy"], seconds["idle"])]
    step = 1000 * median(steps)
    results = {
        "preempt_ms": spread(late),
        "decode_step_ms": spread([1000 * s for s in steps]),
        "idle_first_token_ms": spread([1000 * s for s in seconds["idle"]]),
        "score_alone_ms": 1000 * lasts,
        "prompt_tokens": len(prompt),
        "reused_tokens": ours.reply(prompt, replace(GREEDY, max_tokens=1))[1].reused,
    }
    return Part(
        results, {"preempt_vs_decode_step": median(late) / step, "preempt_worst_vs_decode_step": max(late) / step}
    )


def _many_to_one(name: str, many: int, repeats: int, runs: dict[int, partial[float]]) -> Part:
    seconds = interleaved(repeats, {str(n): run for n, run in runs.items()})
    compared = spread(ratios(seconds[str(many)], seconds["1"]))
    times = {f"{n}_ms": spread([1000 * s for s in values]) for n, values in seconds.items()}
    return Part({**times, name: compared}, {name: compared["median"]})


def _sample(ours: Served, n: int, prefix: int) -> float:
    ids = ours.fresh.ids(prefix)
    began = time.perf_counter()
    ours.engine.sample(ids, n, replace(sampling(ours.settings, None), max_tokens=SAMPLED))
    return time.perf_counter() - began


def _judge(ours: Served, judge: SmallJudge, parts: tuple[int, int, int]) -> float:
    request, reply, after = (ours.fresh.text(n) for n in parts)
    began = time.perf_counter()
    judge.judge(Exchange(request, reply, SignalKind.MESSAGE, after))
    return time.perf_counter() - began


def _score(ours: Served, n: int) -> float:
    ids = ours.fresh.ids(n)
    began = time.perf_counter()
    ours.engine.score(ids, [ids[:4]])
    return time.perf_counter() - began


def _interrupt(ours: Served, prompt: tuple[int, ...], scored: int, lasts: float, dice: random.Random) -> float:
    """Seconds to the first token of a chat that comes in the middle of a score. Raises `ClawlocalError`."""
    for _ in range(TRIES):
        with ThreadPoolExecutor(1) as pool:
            scoring = pool.submit(_score, ours, scored)
            # Not so late that the score may be over.
            time.sleep(dice.uniform(0.1, 0.8) * lasts)
            seconds = None if scoring.done() else ours.first(prompt)
            scoring.result()
        if seconds is not None:
            return seconds
        until_quiet()
    raise ClawlocalError("Every score was over before the chat came: something else keeps this machine busy.")
