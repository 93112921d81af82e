"""What every command prints alike: one JSON value, or lines with no terminal control sequences."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def json_option(command: F) -> F:
    """The `--json` flag."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")(command)


def as_data(value: Any) -> Any:
    """Records as plain data."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (list, tuple)):
        return [as_data(v) for v in value]
    return value


def print_json(value: Any) -> None:
    click.echo(json.dumps(as_data(value), ensure_ascii=False, indent=2))


def plain(text: str) -> str:
    """A text that a model or a user wrote, without what a terminal would obey."""
    return _CONTROL.sub("", text)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], empty: str) -> None:
    """Aligned columns; `empty` on stderr when there are no rows."""
    if not rows:
        click.echo(empty, err=True)
        return
    cells = [list(head), *[[plain(" ".join(str(c).split())) for c in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        click.echo("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def when(stamp: str) -> str:
    """A time of the store, to the minute."""
    return stamp[:16].replace("T", " ")
