"""How many GPUs serve everybody in the busiest hour, and what that depends on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any

from benchmarks.scale import arrivals, serving
from benchmarks.scale.arrivals import HOUR
from benchmarks.scale.assumptions import Assumptions, Routing
from benchmarks.scale.serving import Reply
from benchmarks.scale.summary import Rows, between, least, mean, over_seeds, quantile

WARM_UP = 2
"""Hours that are simulated before the busiest one."""
MOST = 4096
TOKENS = (200.0, 300.0, 800.0, 1600.0)
SLOTS = (4, 8, 16, 32)


@dataclass(frozen=True)
class Peak:
    """The busiest hour of one seed."""

    first_token: float
    """Seconds that 95 % of the first tokens come within."""
    longest: float
    """The same of 99 %."""
    stream_tokens: float
    """Tokens a second that 95 % of the replies are faster than."""
    hits: float
    """Share of requests whose adapter was on the GPU."""
    loads: float
    """Adapters brought to GPUs, a second."""
    busy: float
    """Tokens asked for as a share of what the GPUs can give."""


def peak(taken: Assumptions, gpus: int, seed: int) -> Peak:
    hour, _ = arrivals.peak(taken.people.day)
    fleet = serving.hours(taken.people, taken.serving, gpus, seed, hour - WARM_UP, WARM_UP + 1)
    start = hour * HOUR
    replies = [each for each in fleet.replies if start <= each.asked < start + HOUR]
    first = [each.waited + taken.serving.prefill_seconds for each in replies]
    return Peak(
        first_token=quantile(first, 0.95),
        longest=quantile(first, 0.99),
        stream_tokens=_slowest(replies),
        hits=mean(each.hit for each in replies),
        loads=sum(not each.hit for each in replies) / HOUR,
        busy=sum(each.tokens for each in replies) / (gpus * taken.serving.tokens_per_second * HOUR),
    )


def _slowest(replies: Sequence[Reply]) -> float:
    """Tokens a second that 95 % are faster than; infinite where nobody asked."""
    return -quantile((-each.speed for each in replies), 0.95) if replies else inf


def meets(taken: Assumptions, found: Peak) -> bool:
    targets = taken.targets
    return found.first_token <= targets.first_token_seconds and found.stream_tokens >= targets.stream_tokens


def needed(taken: Assumptions, seeds: Iterable[int]) -> int | None:
    """The least number with which every seed meets the targets; None where `MOST` do not."""
    if taken.serving.prefill_seconds > taken.targets.first_token_seconds:
        return None
    if taken.serving.tokens_per_stream < taken.targets.stream_tokens:
        return None
    start = ceil(serving.offered(taken.people, taken.serving))
    chosen = list(seeds)
    return least(lambda gpus: all(meets(taken, peak(taken, gpus, seed)) for seed in chosen), start, MOST)


def answer(taken: Assumptions, seeds: Sequence[int], given: int | None) -> dict[str, Any]:
    """How many, with one fewer and one more, each user's requests to one GPU or to any; then what it depends on."""
    gpus = given or needed(taken, seeds)
    found: dict[str, Any] = {"gpus": gpus, "offered_gpus_at_peak": serving.offered(taken.people, taken.serving)}
    found["by_tokens"] = by_tokens(taken, seeds)
    if gpus is None:
        return found
    rows = [_row(taken, n, seeds) for n in (gpus - 1, gpus, gpus + 1) if n]
    other = Routing.LEAST if taken.serving.routing is Routing.USER else Routing.USER
    rows.append(_row(replace(taken, serving=replace(taken.serving, routing=other)), gpus, seeds))
    found["busiest_hour"] = rows
    found["slots"] = [
        _row(replace(taken, serving=replace(taken.serving, slots=n)), gpus, seeds)
        for n in SLOTS
        if n < taken.serving.slots
    ]
    return found


def by_tokens(taken: Assumptions, seeds: Sequence[int]) -> Rows:
    """GPUs by the length of a reply."""
    rows: Rows = []
    for tokens in sorted({*TOKENS, taken.people.tokens_per_reply}):
        other = replace(taken, people=replace(taken.people, tokens_per_reply=tokens))
        offered = serving.offered(other.people, other.serving)
        rows.append({"tokens_per_reply": tokens, "offered_gpus": round(offered, 2), "gpus": needed(other, seeds)})
    return rows


def _row(taken: Assumptions, gpus: int, seeds: Sequence[int]) -> dict[str, Any]:
    found = [peak(taken, gpus, seed) for seed in seeds]
    first = [each.first_token for each in found]
    return {
        "gpus": gpus,
        "routing": taken.serving.routing,
        "slots": taken.serving.slots,
        "busy": over_seeds([each.busy for each in found]),
        "adapter_there": over_seeds([each.hits for each in found]),
        "loads_per_s": over_seeds([each.loads for each in found]),
        "first_token_p95_s": over_seeds(first),
        "of_seeds": between(first),
        "first_token_p99_s": over_seeds([each.longest for each in found]),
        "slowest_5_percent_tokens_per_s": over_seeds([each.stream_tokens for each in found]),
        "enough": all(meets(taken, each) for each in found),
    }
