"""Rows of a benchmark's file, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from clawlocal.errors import ConfigError

T = TypeVar("T")


def read(file: Path, kind: str, row: Callable[[int, dict[str, Any]], T]) -> list[T]:
    """Each line's number and object through `row`; `kind` names the rows. Raises `ConfigError` in a sentence."""
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
        return [row(number, json.loads(line)) for number, line in enumerate(lines, 1)]
    except OSError as e:
        raise ConfigError(f"Cannot read {file}: {e.strerror}.") from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise ConfigError(f"{file} is not a file of {kind}, one JSON object per line ({e!r}).") from e
