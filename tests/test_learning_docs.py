"""The docs on when it learns say every condition, every command of `learn`, and the settings with their defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawlocal.cli.learn import learn
from clawlocal.config import Settings
from clawlocal.idle import Idleness
from clawlocal.methods import Method
from clawlocal.store import Store
from clawlocal.training.need import Need
from tests.machine import Machine

DOCS = Path(__file__).parents[1] / "docs" / "learning.md"
SETTINGS = (
    "idle_seconds",
    "battery_percent",
    "training_memory_gb",
    "quiet_hours",
    "daily_minutes",
    "learning_max_minutes",
    "learning_method",
)


def test_every_condition_is_explained(store: Store) -> None:
    text = DOCS.read_text("utf-8")
    idle = Idleness(Settings(), lambda: 0, lambda: False, sensors=Machine())
    for reading in [*Need(store).readings(), *idle.readings()]:
        assert f"`{reading.name}`" in text


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_stand_there_with_their_defaults(name: str) -> None:
    value = getattr(Settings(), name)
    shown = f'"{value}"' if isinstance(value, str) else f"{value:g}"
    assert f"`{name} = {shown}`" in DOCS.read_text("utf-8")


@pytest.mark.parametrize("method", Method)
def test_every_method_is_explained(method: Method) -> None:
    assert f"| `{method}` |" in DOCS.read_text("utf-8")


def test_every_command_is_in_the_readme() -> None:
    text = (DOCS.parents[1] / "README.md").read_text("utf-8")
    [line] = [line for line in text.splitlines() if line.startswith("clawlocal learn status |")]
    assert set(line.removeprefix("clawlocal learn ").split(" | ")) | {"now"} == set(learn.commands)
