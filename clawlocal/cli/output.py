"""What every command prints alike: one JSON value, or lines with no terminal control sequences."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNESCAPED = re.compile(r"[\x7f-\x9f\ud800-\udfff]")


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


def print_json(value: Any, indent: int | None = 2) -> None:
    """Without `indent` on one line."""
    text = json.dumps(_finite(as_data(value)), ensure_ascii=False, indent=indent, allow_nan=False)
    # JSON lets these stand as they are; a terminal may obey them. A lone surrogate cannot be printed at all.
    click.echo(_UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_live(live: str | None, sentence: str, as_json: bool) -> None:
    """What became of the weights: a sentence, or beside it the version that is live now (None: the base)."""
    if as_json:
        print_json({"live": live or "base", "text": sentence})
    else:
        click.echo(sentence)


def _finite(value: Any) -> Any:
    """JSON has no word for a figure that is not a number: null."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plain(text: str) -> str:
    """A text that a model or a user wrote, without what a terminal would obey."""
    return _SURROGATE.sub("?", _CONTROL.sub("", text))


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
