"""Taking some of an update back: when, how much, and what the policy is left with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainers.adapter_peft import Adapter
from trainers.job import Result
from trainers.policy import Moments
from trainers.repair import LESS, MOST_DEGENERATE, MOST_KL, MOST_LOST, PARTS, repaired, scaled, slipped

SOUND = {"kl_base": 0.1, "degenerate": 0.1, "degenerate_base": 0.1, "probes_lost": 2.0, "probes_gained": 1.0}
ADAPTER = Adapter(1, 2.0, {"x.lora_A": np.ones((1, 2), np.float32), "x.lora_B": np.ones((2, 1), np.float32)})


class Scale:
    """The part of a policy that is measured: how much of the adapter it has."""

    def __init__(self) -> None:
        self.now = ADAPTER

    def adapter(self) -> Adapter:
        return self.now

    def restore(self, adapter: Adapter, moments: Moments) -> None:
        assert not moments
        self.now = adapter

    @property
    def part(self) -> float:
        return float(self.now.tensors["x.lora_B"].mean())


def result(share: float, **figures: float) -> Result:
    return Result({**SOUND, **figures}, {}, 1, 0.0, lessons={"Be brief.": (0.0, share)})


def run(measured: dict[float, Result]) -> tuple[float, Result]:
    policy: Any = Scale()
    found = repaired(policy, lambda: measured[round(policy.part, 2)])
    return round(policy.part, 2), found


def test_what_is_sound_stays_whole() -> None:
    assert run({1.0: result(0.9)}) == (1.0, result(0.9))


@pytest.mark.parametrize(
    "figures",
    [
        {"probes_lost": 2.0 + MOST_LOST},
        {"kl_base": MOST_KL + 0.01},
        {"degenerate": SOUND["degenerate_base"] + MOST_DEGENERATE + 0.01},
    ],
)
def test_as_little_as_mends_it_is_taken_back(figures: dict[str, float]) -> None:
    assert slipped({**SOUND, **figures})
    broken = result(0.9, **figures)
    part, found = run({1.0: broken, PARTS[0]: broken, PARTS[1]: result(0.85)})
    assert (part, found.metrics["part"], found.lessons) == (PARTS[1], PARTS[1], {"Be brief.": (0.0, 0.85)})


def test_a_lesson_is_not_given_up_for_it() -> None:
    broken = result(0.9, kl_base=1.0)
    lost = result(0.9 - LESS - 0.01)
    assert run({1.0: broken, **dict.fromkeys(PARTS, lost)}) == (1.0, broken)


def test_a_job_without_probes_has_lost_none() -> None:
    figures = {name: value for name, value in SOUND.items() if not name.startswith("probes")}
    assert not slipped(figures)


def test_a_part_of_an_adapter_does_that_much_less() -> None:
    half = scaled(ADAPTER, 0.5)
    whole = ADAPTER.tensors["x.lora_B"] @ ADAPTER.tensors["x.lora_A"]
    assert (half.tensors["x.lora_B"] @ half.tensors["x.lora_A"] == 0.5 * whole).all()
    assert replace(half, tensors=ADAPTER.tensors) == ADAPTER
