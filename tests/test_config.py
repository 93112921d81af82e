"""Settings: from the file, then from the environment, checked."""

from __future__ import annotations

import ast
import inspect
import itertools
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal import config
from clawlocal.config import Settings, load
from clawlocal.errors import ConfigError
from clawlocal.methods import Method


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_without_a_file_the_defaults(file: Path) -> None:
    assert load(file) == Settings()


def test_the_file_then_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('model = "other"\ntemperature = 1\nthinking = false\nvotes = 3\n')
    assert load(file) == Settings(model="other", temperature=1.0, thinking=False, votes=3)
    monkeypatch.setenv("CLAWLOCAL_VOTES", "2")
    monkeypatch.setenv("CLAWLOCAL_THINKING", "ON")
    monkeypatch.setenv("CLAWLOCAL_TEMPERATURE", "0.5")
    monkeypatch.setenv("CLAWLOCAL_SYSTEM", "Be brief.")
    monkeypatch.setenv("CLAWLOCAL_MODEL", "")
    assert load(file) == Settings(model="other", temperature=0.5, votes=2, system="Be brief.")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model = ", "config.toml is not valid TOML"),
        ("temprature = 1", "unknown setting temprature. Known: .*temperature"),
        ("[engine]\nthreads = 1", "unknown setting engine"),
        ("max_tokens = 1.5", "config.toml: max_tokens is 1.5: it must be a whole number"),
        ("max_tokens = true", "must be a whole number"),
        ('temperature = "hot"', "must be a number"),
        ("model = 3", "must be a text"),
        ('thinking = "yes"', "must be true or false"),
        ("temperature = -1", "temperature is -1.0: it must be from 0 to 5"),
        ("temperature = nan", "temperature is nan"),
        ("top_p = 1.1", "from 0 to 1"),
        ("max_tokens = 0", "max_tokens is 0"),
        ("votes = 0", "votes is 0"),
        ("battery_percent = 101", "battery_percent is 101: it must be a whole number from 0 to 100"),
        ("daily_minutes = -1", "daily_minutes is -1: it must be a whole number from 0 to 1440"),
        ('quiet_hours = "22-7"', "quiet_hours is '22-7': it must be two times of the day, as in 22:00-07:00, or empty"),
        (
            'learning_method = "both"',
            "learning_method is 'both': it must be one of default, binary, opd, combined, overlap",
        ),
        ("learning.method = 3", "config.toml: learning_method is 3: it must be a text"),
        ('learning_method = "opd"\n[learning]\nmethod = "opd"', "learning_method is set twice"),
        ("[learning]\nmethods = 1", "unknown setting learning_methods"),
        ("a" + ".a" * 2000 + " = 1", "unknown setting a_a"),
        pytest.param("votes = 1" + "0" * 5000, "config.toml is not valid TOML", id="digits"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load(file)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("THREADS", "many", "CLAWLOCAL_THREADS is 'many': it must be a whole number"),
        ("THINKING", "perhaps", "CLAWLOCAL_THINKING is 'perhaps': it must be true or false"),
        ("IDLE_SECONDS", "-1", "idle_seconds is -1.0"),
    ],
)
def test_what_is_wrong_in_the_environment_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, says: str
) -> None:
    monkeypatch.setenv(config.PREFIX + name, text)
    with pytest.raises(ConfigError, match=says):
        load(file)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("text", ['learning_method = "{}"', 'learning.method = "{}"', '[learning]\nmethod = "{}"'])
def test_a_method_may_stand_in_a_table(file: Path, text: str, method: Method) -> None:
    file.write_text("votes = 2\n" + text.format(method))
    assert load(file) == Settings(votes=2, learning_method=method)


def test_a_method_may_come_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[learning]\n")
    monkeypatch.setenv("CLAWLOCAL_LEARNING_METHOD", "binary")
    assert load(file).learning_method == "binary"
    monkeypatch.setenv("CLAWLOCAL_LEARNING_METHOD", "grpo")
    with pytest.raises(ConfigError, match="learning_method is 'grpo'"):
        load(file)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        load(tmp_path)


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b"model = '\xff'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(file)


def test_a_flag_is_checked_as_the_file_is() -> None:
    with pytest.raises(ConfigError, match="top_p"):
        replace(Settings(), top_p=2.0)


@settings(deadline=None)
@given(st.builds(dict, temperature=st.floats(), votes=st.integers(), top_p=st.floats()))
def test_settings_are_within_their_limits_or_not_at_all(values: dict[str, float]) -> None:
    try:
        made = Settings(**values)  # type: ignore[arg-type]
    except ConfigError:
        return
    assert 0 <= made.temperature <= 5 and 0 <= made.top_p <= 1 and 1 <= made.votes <= 3


def test_settings_are_few_and_each_is_explained() -> None:
    tree = ast.parse(inspect.getsource(config))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    after = {
        line.target.id: follower
        for line, follower in itertools.pairwise(body)
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    assert set(after) == {f.name for f in fields(Settings)}
    assert all(isinstance(x, ast.Expr) and isinstance(x.value, ast.Constant) for x in after.values())
    assert len(after) <= 19
