"""What a change costs: of the adapter, of the session, of a turn in a long conversation. Knows no other engine."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import random_adapter
from benchmarks.rounds import interleaved, until_quiet
from benchmarks.serving import GREEDY, Part, Served
from benchmarks.spread import differences, ratios, spread
from clawlocal.engine.protocol import AdapterFile
from clawlocal.prompting import Line, build

PROMPT = 200
SESSION, OTHER = 1500, 400
TURNS, REPLY, MESSAGE = 30, 24, 12
"""Turns of a conversation; tokens of a reply and of a message."""
SHORT = 8
LONG, SHORTER, TALK = "bench-long", "bench-shorter", "bench-talk"
"""Sessions, forgotten at the end: what was evaluated for them may be on disk."""


def swap(ours: Served, repeats: int, n: int = PROMPT) -> Part:
    """A fresh prompt right after a change of adapter, against one with no change. All adapters are loaded."""
    with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as folder:
        a, b = (
            random_adapter.write(ours.path, Path(folder) / f"{name}.gguf", name, seed)
            for seed, name in enumerate(("bench-a", "bench-b"))
        )
        runs = {
            "to_a": partial(_after, ours, b, a, n),
            "a": partial(_after, ours, a, a, n),
            "to_b": partial(_after, ours, a, b, n),
            "b": partial(_after, ours, b, b, n),
            "base": partial(_after, ours, None, None, n),
        }
        seconds = interleaved(repeats, runs)
        for name in ("bench-a", "bench-b"):
            ours.engine.forget_adapter(name)
        until_quiet()
    swapped, plain = seconds["to_a"] + seconds["to_b"], seconds["a"] + seconds["b"]
    late = spread([1000 * s for s in differences(swapped, plain)])
    results = {
        "swap_ms": late,
        "first_token_after_swap_ms": spread([1000 * s for s in swapped]),
        "first_token_without_swap_ms": spread([1000 * s for s in plain]),
        "first_token_of_base_ms": spread([1000 * s for s in seconds["base"]]),
    }
    found = {
        "swap_vs_no_swap": median(ratios(swapped, plain)),
        "first_token_adapter_vs_base": median(ratios(seconds["a"], seconds["base"])),
    }
    return Part(results, found)


def switch_back(ours: Served, repeats: int, session: int = SESSION, other: int = OTHER) -> Part:
    """Back to a long session after another one, against staying in it and against reading it all again."""
    rounds = [_there_and_back(ours, session, other) for _ in range(repeats + 1)][1:]
    whole, stayed, back = ([each[i] for each in rounds] for i in range(3))
    results = {
        "switch_back_ms": spread([1000 * s for s in differences(back, stayed)]),
        "first_token_back_ms": spread([1000 * s for s in back]),
        "first_token_cached_ms": spread([1000 * s for s in stayed]),
        "first_token_full_prefill_ms": spread([1000 * s for s in whole]),
    }
    found = {
        "switch_back_vs_cached": median(ratios(back, stayed)),
        "switch_back_vs_full_prefill": median(ratios(back, whole)),
    }
    return Part(results, found)


def turns(ours: Served, repeats: int, n: int = TURNS) -> Part:
    """The last turns of a conversation against the first ones, all with their past in the cache."""
    talks = [conversation(ours, n) for _ in range(repeats)]
    span = min(5, n // 2)
    early, late = ([median(talk[part]) for talk in talks] for part in (slice(1, 1 + span), slice(-span, None)))
    compared = spread(ratios(late, early))
    results = {
        "first_token_by_turn_ms": [round(1000 * median(turn), 1) for turn in zip(*talks, strict=True)],
        "turns_2_to_6_ms": spread([1000 * s for s in early]),
        "last_five_turns_ms": spread([1000 * s for s in late]),
        "turn30_vs_turn2_first_token": compared,
    }
    return Part(results, {"turn30_vs_turn2_first_token": compared["median"]})


def conversation(ours: Served, n: int, reply: int = REPLY) -> list[float]:
    """Seconds to the first token of each turn of a new conversation; between turns the engine has time."""
    lines: list[Line] = []
    found = []
    for _ in range(n):
        lines.append(Line("user", ours.fresh.text(MESSAGE)))
        until_quiet()
        prompt = build(ours.engine, "", lines).ids
        timeline, done = ours.reply(prompt, replace(GREEDY, max_tokens=reply), session=TALK)
        ends = done.token_ids[-1:] and done.token_ids[-1] in ours.engine.stop_ids
        ids = done.token_ids[:-1] if ends else done.token_ids
        lines.append(Line("assistant", done.text, token_ids=ids))
        found.append(timeline.first)
    ours.engine.forget_session(TALK)
    return found


def _after(ours: Served, before: AdapterFile | None, now: AdapterFile | None, n: int) -> float:
    """Seconds to the first token of a fresh prompt under `now`, when the last reply was under `before`."""
    ours.first(ours.fresh.ids(SHORT), before)
    until_quiet()
    return ours.first(ours.fresh.ids(n), now)


def _there_and_back(ours: Served, session: int, other: int) -> tuple[float, float, float]:
    """Seconds to the first token: of the session at first, again at once, and after another session."""
    long, short = ours.fresh.ids(session), ours.fresh.ids(other)
    found = []
    for prompt, name in ((long, LONG), (long, LONG), (short, SHORTER), (long, LONG)):
        until_quiet()
        found.append(ours.first(prompt, session=name))
    for name in (LONG, SHORTER):
        ours.engine.forget_session(name)
    return found[0], found[1], found[3]
