"""Settings: few, frozen, each explained. Read from `config.toml`, then from `CLAWLOCAL_*`."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from clawlocal import methods
from clawlocal.errors import ConfigError
from clawlocal.limits import LIMITS, amiss
from clawlocal.quiet_hours import QuietHours

PREFIX = "CLAWLOCAL_"
_WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class Settings:
    """What a person may set. `config.toml` holds the same names."""

    model: str = "smollm2-135m"
    """The model to chat with, a name from `clawlocal models list`."""
    system: str = ""
    """The system prompt; empty leaves it to the model's own template."""
    temperature: float = 0.7
    """Randomness of sampling; 0 takes the likeliest token."""
    top_p: float = 0.95
    """Nucleus sampling: the smallest set of tokens with this probability mass."""
    top_k: int = 40
    """Only the k likeliest tokens; 0 for no limit."""
    min_p: float = 0.05
    """Only tokens at least this likely relative to the likeliest."""
    max_tokens: int = 512
    """The longest reply, in tokens."""
    thinking: bool = True
    """Let the model think before it answers, where it can be told; a thought counts as part of the reply."""
    context: int = 0
    """Tokens of context; 0 takes what the model's entry says."""
    threads: int = 0
    """Decode threads; 0 chooses."""
    idle_seconds: float = 60.0
    """How long nobody must have typed before training starts."""
    votes: int = 3
    """The judge's votes per turn."""
    training_memory_gb: float = 0.0
    """The most memory that the trainer takes, in GB; 0 takes what is free."""
    battery_percent: int = 80
    """On battery, train only while more than this is left; 100 trains on mains alone."""
    quiet_hours: str = ""
    """A part of the day without training, as in `22:00-07:00`; empty for none."""
    daily_minutes: int = 60
    """Minutes of training a day, after which no update starts by itself; 0 for no limit."""
    learning_max_minutes: int = 0
    """How long one update may take by itself on this machine, by what the latest took; 0 for no limit."""
    redact: str = ""
    """A regular expression: what it finds never leaves this machine. Several are joined by `|`."""
    learning_method: str = "default"
    """What an update learns from: `default`, or a part of it, `binary`, `opd`, `combined`, `overlap`."""

    def __post_init__(self) -> None:
        """Raises `ConfigError` for a number or a time that makes no sense."""
        for setting in fields(self):
            wrong = amiss(setting.name, getattr(self, setting.name)) if setting.name in LIMITS else ""
            if wrong:
                raise ConfigError(f"The setting {wrong}.")
        if wrong := methods.amiss(self.learning_method):
            raise ConfigError(f"The setting learning_method {wrong}.")
        try:
            re.compile(self.redact)
        except re.error as e:
            raise ConfigError(f"The setting redact is {self.redact!r}, no regular expression: {e}.") from e
        try:
            QuietHours.parse(self.quiet_hours)
        except ValueError as e:
            raise ConfigError(f"The setting quiet_hours is {self.quiet_hours!r}: {e}.") from e


def load(path: Path) -> Settings:
    """Settings from `path` (missing: the defaults), overridden by `CLAWLOCAL_<NAME>`.

    `learning.method` and `method` under `[learning]` are other ways to write `learning_method`, as for any other.
    Raises `ConfigError`, which names the file or the variable that is wrong.
    """
    settings = Settings()
    known = {f.name: type(getattr(settings, f.name)) for f in fields(Settings)}
    values = _flat(path, _read(path))
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"{path}: unknown setting {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    chosen = {name: _of_kind(f"{path}: {name}", value, known[name]) for name, value in values.items()}
    for name, kind in known.items():
        variable = PREFIX + name.upper()
        text = os.environ.get(variable, "")
        if text:
            chosen[name] = _from_text(variable, text, kind)
    return replace(settings, **chosen)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        # A file where a folder should be is said where the folder is needed.
        return {}
    except ValueError as e:
        # Also a text that is not UTF-8, and a number of thousands of digits.
        raise ConfigError(f"{path} is not valid TOML ({e}). Mend or remove it.") from e
    except OSError as e:
        raise ConfigError(f"Cannot read {path}: {e.strerror}. Change its permissions, or remove it.") from e


def _flat(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """What stands in tables, by its whole name; deep ones do not count on Python's stack."""
    found: dict[str, Any] = {}
    left = list(values.items())
    while left:
        name, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{name}_{inner}", each) for inner, each in value.items()]
        elif name in found:
            raise ConfigError(f"{path}: {name} is set twice. Leave one of the two.")
        else:
            found[name] = value
    return found


def _of_kind(where: str, value: Any, kind: type) -> Any:
    """TOML has types already: only a whole number may stand for a number."""
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{where} is {value!r}: it must be {_KINDS[kind]}.")
    return value


def _from_text(where: str, text: str, kind: type) -> Any:
    try:
        return _WORDS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as e:
        raise ConfigError(f"{where} is {text!r}: it must be {_KINDS[kind]}.") from e
