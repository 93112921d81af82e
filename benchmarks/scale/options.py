"""From the options of the command to assumptions. What is not given stays as assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from benchmarks.scale import adapters, arrivals
from benchmarks.scale.assumptions import Assumptions, Order, Routing

MODEL, RANK = "qwen3-8b", 16
STORAGE_MIB, FETCH_MIB = 250.0, 500.0
"""MiB a second that a checkpoint is written with, and an adapter brought to a GPU."""
SWAP_SECONDS = 0.015
"""To change to an adapter that is at hand: 5 to 15 ms were measured with vLLM on a CPU."""

FIELDS = {
    "users": "people.users",
    "requests_per_day": "people.requests_per_day",
    "tokens_per_reply": "people.tokens_per_reply",
    "jobs_per_day": "people.jobs_per_day",
    "day_profile": "people.day",
    "tokens_per_second": "serving.tokens_per_second",
    "slots": "serving.slots",
    "load_seconds": "serving.load_seconds",
    "routing": "serving.routing",
    "steps": "training.steps",
    "step_seconds": "training.step_seconds",
    "checkpoint_seconds": "training.checkpoint_seconds",
    "checkpoint_every": "training.checkpoint_every",
    "minutes_between_preemptions": "training.preempted_after",
    "priorities": "training.order",
    "first_token_seconds": "targets.first_token_seconds",
    "adapter_minutes": "targets.adapter_minutes",
}
"""Option, and which assumption it replaces."""


@dataclass(frozen=True)
class Adapter:
    """What is trained, kept and carried about."""

    model: str
    rank: int
    served_mib: float
    checkpoint_mib: float

    @staticmethod
    def of(model: str | None, rank: int | None, given_mib: float | None) -> Adapter:
        """Of a size computed or given; a checkpoint has six times the bytes. Raises `ConfigError`, `ModelError`."""
        rank = RANK if rank is None else rank
        if given_mib is not None:
            return Adapter(model or "given", rank, given_mib, adapters.CHECKPOINT / adapters.HALF * given_mib)
        count = adapters.parameters(model or MODEL, rank)
        return Adapter(model or MODEL, rank, adapters.served_mib(count), adapters.checkpoint_mib(count))


def assumptions(adapter: Adapter, given: Mapping[str, Any]) -> Assumptions:
    """Raises `ConfigError`."""
    found = Assumptions()
    sizes = {
        "load_seconds": round(adapter.served_mib / FETCH_MIB + SWAP_SECONDS, 2),
        "checkpoint_seconds": round(adapter.checkpoint_mib / STORAGE_MIB, 1),
    }
    values = sizes | {name: value for name, value in given.items() if value is not None}
    if "minutes_between_preemptions" in values:
        values["minutes_between_preemptions"] *= 60
    for name, kind in (("routing", Routing), ("priorities", Order)):
        if name in values:
            values[name] = kind(values[name])
    for group in fields(found):
        mine = {
            name: values[option]
            for option, where in FIELDS.items()
            for of, name in (where.split("."),)
            if of == group.name and option in values
        }
        found = replace(found, **{group.name: replace(getattr(found, group.name), **mine)})
    arrivals.weights(found.people.day)
    return found
