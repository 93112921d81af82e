"""Decoding and first tokens of our engine beside llama.cpp's own. Knows no judge and no adapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

from benchmarks.apart import Apart, apart
from benchmarks.bandwidth import read_bandwidth, weights_per_token
from benchmarks.bare import Bare, HighLevel
from benchmarks.rounds import interleaved
from benchmarks.serving import GREEDY, Part, Served
from benchmarks.spread import differences, ratios, spread
from benchmarks.timeline import Timeline, Watch
from clawlocal.conversation import sampling
from clawlocal.engine.protocol import ChatMessage, Sampling
from clawlocal.engine.threads import usable_cores

QUESTION = "Tell me a long story about a lighthouse keeper and the sea. Describe every room of the lighthouse."
TOKENS = 128
PROMPTS = (40, 200, 1000)
SEED = 7


@dataclass(frozen=True)
class Yardsticks:
    """Ours beside both others, with the same number of threads."""

    ours: Served
    bare: Apart
    """A `Bare`."""
    high: Apart
    """A `HighLevel`."""

    def set_threads(self, decode: int, prefill: int) -> None:
        for one in (self.ours.engine, self.bare, self.high):
            one.set_threads(decode, prefill)


@contextmanager
def yardsticks(ours: Served) -> Iterator[Yardsticks]:
    chosen = (ours.engine.threads.decode, ours.engine.threads.prefill)
    n_ctx = ours.engine.n_ctx
    with apart(Bare, ours.path, n_ctx, chosen) as bare, apart(HighLevel, ours.path, n_ctx, chosen) as high:
        yield Yardsticks(ours, bare, high)


def speed(ours: Served, repeats: int, tokens: int = TOKENS, prompts: tuple[int, ...] = PROMPTS) -> Part:
    """Both, with the engine's own choice of threads, with one, and with one a core."""
    results: dict[str, Any] = {}
    found: dict[str, float] = {}
    choices = _thread_choices(ours)
    with yardsticks(ours) as sticks:
        for label, threads in choices.items():
            sticks.set_threads(*threads)
            parts = _decode(sticks, repeats, tokens), _first_token(sticks, repeats, prompts)
            results[label] = {"decode_threads": threads[0], "prefill_threads": threads[1]}
            for part in parts:
                results[label] |= part.results
                found |= {_labelled(name, label): value for name, value in part.ratios.items()}
    ours.engine.set_threads(0, 0)
    return Part(results, found)


def bandwidth(ours: Served, repeats: int, tokens: int = TOKENS) -> Part:
    """The bytes of weights that decoding reads a second, as a share of what memory gives."""
    weights = weights_per_token(ours.path)
    results: dict[str, Any] = {"weights_per_token_mb": weights / 1e6}
    found: dict[str, float] = {}
    prompt = _prompt(ours)
    for label, threads in {"1_thread": 1, "all_threads": usable_cores()}.items():
        ours.engine.set_threads(threads, threads)
        limit = read_bandwidth(threads)
        rates = [t.rate for t in interleaved(repeats, {"ours": partial(_ours, ours, prompt, tokens)})["ours"]]
        results[label] = {"read_gb_per_s": limit / 1e9, "decode_tokens_per_s": spread(rates)}
        found[f"bandwidth_share_{label}"] = weights * median(rates) / limit
    ours.engine.set_threads(0, 0)
    return Part(results, found)


def _thread_choices(ours: Served) -> Mapping[str, tuple[int, int]]:
    chosen = (ours.engine.threads.decode, ours.engine.threads.prefill)
    more = {"1_thread": (1, 1), "all_threads": (usable_cores(), usable_cores())}
    return {"as_chosen": chosen, **{label: threads for label, threads in more.items() if threads != chosen}}


def _labelled(name: str, label: str) -> str:
    return name if label == "as_chosen" else f"{name}_{label}"


def _decode(sticks: Yardsticks, repeats: int, tokens: int) -> Part:
    prompt = _prompt(sticks.ours)
    ids = sticks.ours.reply(prompt, replace(GREEDY, max_tokens=tokens))[1].token_ids
    as_set = replace(sampling(sticks.ours.settings, None), max_tokens=tokens, seed=SEED)
    messages = [{"role": "user", "content": QUESTION}]
    runs = {
        "ours": partial(_ours, sticks.ours, prompt, tokens),
        "bare": partial(sticks.bare.run, prompt, ids, greedy=False),
        "bare_greedy": partial(sticks.bare.run, prompt, ids, greedy=True),
        "ours_sampled": partial(_ours, sticks.ours, prompt, tokens, as_set),
        "high_level": partial(sticks.high.run, messages, replace(GREEDY, max_tokens=tokens)),
        "high_level_sampled": partial(sticks.high.run, messages, as_set),
        "ours_iterated": partial(_iterated, sticks.ours, prompt, tokens),
    }
    rates = {name: [t.rate for t in lines] for name, lines in interleaved(repeats, runs).items()}
    pairs = {
        "decode_vs_bare": ("ours", "bare"),
        "decode_vs_bare_greedy": ("ours", "bare_greedy"),
        "decode_sampled_vs_bare": ("ours_sampled", "bare"),
        "decode_iterated_vs_bare": ("ours_iterated", "bare"),
        "decode_vs_high_level": ("ours", "high_level"),
        "decode_sampled_vs_high_level": ("ours_sampled", "high_level_sampled"),
    }
    compared = {name: spread(ratios(rates[a], rates[b])) for name, (a, b) in pairs.items()}
    speeds = {f"{name}_tokens_per_s": spread(values) for name, values in rates.items()}
    return Part(
        {"decode": {"reply_tokens": len(ids), **speeds, **compared}},
        {name: value["median"] for name, value in compared.items()},
    )


def _first_token(sticks: Yardsticks, repeats: int, prompts: tuple[int, ...]) -> Part:
    results: dict[str, Any] = {}
    found: dict[str, float] = {}
    for n in prompts:
        runs = {"ours": partial(_ours_first, sticks, n), "bare": partial(_bare_first, sticks, n)}
        seconds = interleaved(repeats, runs)
        compared = spread(ratios(seconds["ours"], seconds["bare"]))
        behind = spread([1000 * s for s in differences(seconds["ours"], seconds["bare"])])
        results[f"first_token_of_{n}"] = {
            **{f"{name}_ms": spread([1000 * s for s in values]) for name, values in seconds.items()},
            "first_token_vs_bare": compared,
            "first_token_minus_bare_ms": behind,
        }
        found[f"first_token_vs_bare_{n}"] = compared["median"]
        found[f"first_token_minus_bare_ms_{n}"] = behind["median"]
    return Part(results, found)


def _ours_first(sticks: Yardsticks, n: int) -> float:
    return sticks.ours.first(sticks.ours.fresh.ids(n))


def _bare_first(sticks: Yardsticks, n: int) -> float:
    return float(sticks.bare.first(sticks.ours.fresh.ids(n)))


def _prompt(ours: Served) -> tuple[int, ...]:
    return ours.engine.encode([ChatMessage("user", QUESTION)])


def _ours(ours: Served, prompt: tuple[int, ...], tokens: int, how: Sampling = GREEDY) -> Timeline:
    return ours.reply(prompt, replace(how, max_tokens=tokens))[0]


def _iterated(ours: Served, prompt: tuple[int, ...], tokens: int) -> Timeline:
    """The stamps of somebody who reads the reply in a thread of their own."""
    watch = Watch()
    for piece in ours.engine.generate(prompt, replace(GREEDY, max_tokens=tokens)):
        watch.tick(piece)
    return watch.timeline()
