"""Runs that earlier commands, or other machines, reported with `--json`, to be summed up with one another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clawlocal.errors import ConfigError

ALIKE = ("model", "judge", "user")
"""What all of them must have in common for a median to mean anything."""


def read(files: Sequence[Path]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What was asked in common, and the runs as `summary` wants them. Raises `ConfigError`."""
    asked: dict[str, Any] = {}
    runs: dict[str, dict[str, Any]] = {}
    for file in files:
        found = _results(file)
        said = {key: found[key] for key in ALIKE}
        if said != (asked := asked or said):
            raise ConfigError(f"{file} is about {_words(said)}, {files[0]} about {_words(asked)}: leave one out.")
        for name, details in found["runs"].items():
            if name in runs:
                raise ConfigError(f"{name} is in {file} and in another report: leave one out, or choose another seed.")
            persona, method, seed = name.split("/")
            runs[name] = {"persona": persona, "method": method, "seed": int(seed), **details}
    return asked, sorted(runs.values(), key=lambda run: (run["persona"], run["method"], run["seed"]))


def _results(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))["results"]
        known = all(key in found for key in ALIKE) and all(
            name.count("/") == 2 and "curve" in details for name, details in found["runs"].items()
        )
    except OSError as e:
        raise ConfigError(f"Cannot read {file}: {e.strerror}.") from e
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise ConfigError(f"{file} is no report: write one with `clawlocal bench personalize … --json > FILE`.")
    return found


def _words(said: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in said.items())
