"""Taking some of an update back where it cost the model what it knew or how it speaks. Knows no framework.

Between the base and what was trained, at B·A times a part of 1, most of what was learned is still there and less is
forgotten: weights interpolated as in WiSE-FT (2109.01903), which for a low-rank adapter is a factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from trainers.adapter_peft import Adapter
from trainers.job import Result
from trainers.policy import Policy

PARTS = (0.85, 0.7)
"""Tried in this order; with less than that little of a lesson is left."""
MOST_LOST = 1
"""Probes that base and adapter may differ by."""
MOST_KL = 0.3
MOST_DEGENERATE = 0.08
"""Beyond the base's. Each is well within what the gate lets through."""
LESS = 0.15
"""Of a lesson, that may be taken back: of eighteen replies, two or three."""


def repaired(policy: Policy, measure: Callable[[], Result]) -> Result:
    """What was measured of the adapter that `policy` is left with: a part of it where that mends something."""
    whole = measure()
    if not slipped(whole.metrics):
        return whole
    trained = policy.adapter()
    for part in PARTS:
        policy.restore(scaled(trained, part), {})
        tried = measure()
        if not slipped(tried.metrics) and _holds(whole, tried):
            return replace(tried, metrics={**tried.metrics, "part": part})
    policy.restore(trained, {})
    return whole


def slipped(metrics: Mapping[str, float]) -> bool:
    """Whether the adapter answers worse, has drifted, or repeats itself."""
    lost = metrics.get("probes_lost", 0.0) - metrics.get("probes_gained", 0.0)
    broken = metrics["degenerate"] - metrics["degenerate_base"]
    return lost > MOST_LOST or metrics["kl_base"] > MOST_KL or broken > MOST_DEGENERATE


def scaled(adapter: Adapter, part: float) -> Adapter:
    """`part` of what an adapter does to each layer."""
    tensors = {name: t * part if name.endswith("lora_B") else t for name, t in adapter.tensors.items()}
    return replace(adapter, tensors=tensors)


def _holds(whole: Result, tried: Result) -> bool:
    return all(tried.lessons[text][1] >= after - LESS for text, (_, after) in whole.lessons.items())
