"""One list of ranges: settings, requests and flags refuse the same numbers, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.assistant import Assistant
from clawlocal.cli.chat import chat
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import Sampling
from clawlocal.errors import ClawlocalError, ConfigError, PromptError
from clawlocal.limits import FRACTIONS, LIMITS, LONGEST_STOP, MOST_STOPS, amiss

SHARED = sorted({f.name for f in fields(Settings)} & {f.name for f in fields(Sampling)})
REQUESTED = [*SHARED, "seed"]
ANYTHING = st.one_of(
    st.floats(),
    st.integers(),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from([-(10**400), 10**400, -1, 0, 1, 2**32 - 2, 2**32 - 1, 2**63, math.inf, -math.inf, math.nan, None]),
)


def refusal(make: Callable[[], object]) -> str:
    """The sentence that was raised; empty if nothing was."""
    try:
        make()
    except ClawlocalError as e:
        return str(e)
    return ""


@given(st.sampled_from(SHARED), ANYTHING)
def test_settings_and_requests_refuse_the_same(name: str, value: Any) -> None:
    in_settings, in_request = (refusal(lambda kind=kind: kind(**{name: value})) for kind in (Settings, Sampling))
    assert in_settings.replace("The setting", "The option") == in_request
    assert bool(in_request) == bool(amiss(name, value))


@given(st.sampled_from(sorted(LIMITS)), ANYTHING)
def test_a_refusal_names_the_option_its_value_and_the_range(name: str, value: Any) -> None:
    words = amiss(name, value)
    low, high = LIMITS[name]
    if words:
        assert words.startswith(f"{name} is ") and words.endswith(f"from {low} to {high}")
        assert len(words) < 150
    else:
        assert math.isfinite(value) and low <= value <= high
        assert name in FRACTIONS or type(value) is int


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("temperature", -3.0, "The option temperature is -3.0: it must be from 0 to 5."),
        ("temperature", math.nan, "temperature is nan"),
        ("top_p", math.inf, "top_p is inf"),
        ("top_k", -1, "top_k is -1: it must be a whole number from 0"),
        ("top_k", 1.5, "top_k is 1.5"),
        ("min_p", 1.01, "min_p is 1.01"),
        ("max_tokens", 0, "max_tokens is 0"),
        ("max_tokens", True, "max_tokens is True"),
        ("seed", -1, "seed is -1"),
        ("seed", 2**64, "seed is 18446744073709551616"),
        ("seed", "7", "seed is '7'"),
        ("stop", ("",), "stop has a text of 0 letters: each must be of 1 to 256."),
        ("stop", ("a" * (LONGEST_STOP + 1),), "stop has a text of 257 letters"),
        ("stop", ("a",) * (MOST_STOPS + 1), "stop has 17 texts: it must have at most 16."),
        ("stop", ["a"], "stop is ['a']: it must be a list of texts"),
        ("stop", "END", "stop is 'END'"),
        ("stop", (1,), "stop is (1,)"),
    ],
)
def test_what_a_request_cannot_ask_for(name: str, value: Any, says: str) -> None:
    with pytest.raises(PromptError) as caught:
        Sampling(**{name: value})
    assert says in str(caught.value)


def test_a_seed_may_be_left_out_and_every_limit_may_be_reached() -> None:
    assert Sampling(seed=None).seed is None
    for name in REQUESTED:
        for value in LIMITS[name]:
            assert getattr(Sampling(**{name: value}), name) == value  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        Settings(idle_seconds=math.nan)


def test_an_impossible_request_keeps_nothing(
    assistant: Assistant, engine: FakeEngine, dump: Callable[[], list[str]]
) -> None:
    before = dump()
    for overrides in ({"temperature": -1.0}, {"max_tokens": 0}, {"seed": 2**40}, {"top_p": math.nan}):
        with pytest.raises(PromptError, match=f"The option {next(iter(overrides))} is "):
            assistant.chat("hello", overrides=overrides)  # type: ignore[arg-type]
    assert dump() == before
    assert engine.requests == []


def test_the_command_line_has_the_same_limits() -> None:
    ranges = {p.name: p.type for p in chat.params if p.name in REQUESTED}
    assert set(ranges) == {"temperature", "max_tokens", "seed"}
    for name, kind in ranges.items():
        assert isinstance(kind, (click.IntRange, click.FloatRange))
        assert (kind.min, kind.max) == LIMITS[name or ""]
