"""Settings: few, frozen, each explained. Read from `config.toml`, then from `CLAWLOCAL_*`."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from clawlocal.errors import ConfigError


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
    context: int = 0
    """Tokens of context; 0 takes what the model's entry says."""
    threads: int = 0
    """Decode threads; 0 chooses."""
    idle_seconds: float = 60.0
    """How long nobody must have typed before training starts."""
    votes: int = 5
    """The judge's votes per turn."""
    quiet_on_battery: bool = True
    """Do not train while on battery."""


def load(path: Path) -> Settings:
    """Settings from `path` (missing: the defaults), overridden by `CLAWLOCAL_<NAME>`."""
    settings = Settings()
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise ConfigError(f"{path} is not valid TOML ({e}). Mend or remove it.") from e
        except OSError as e:
            raise ConfigError(f"Cannot read {path}: {e.strerror}.") from e
    known = {f.name: f.type for f in fields(Settings)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"{path}: unknown setting {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    for name in known:
        raw = os.environ.get(f"CLAWLOCAL_{name.upper()}")
        if raw is not None:
            values[name] = raw
    return replace(settings, **{name: _coerce(name, value, getattr(settings, name)) for name, value in values.items()})


def _coerce(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        words = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
        if isinstance(value, bool):
            return value
        if str(value).lower() in words:
            return words[str(value).lower()]
        raise ConfigError(f"The setting {name} is {value!r}: say true or false.")
    try:
        return type(default)(value)
    except (TypeError, ValueError) as e:
        raise ConfigError(f"The setting {name} is {value!r}: it must be a {type(default).__name__}.") from e
