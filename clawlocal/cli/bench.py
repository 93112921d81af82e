"""`clawlocal bench`: what the tables in the docs are made from. Prints one JSON value."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from clawlocal.cli.output import json_option, print_json
from clawlocal.errors import ClawlocalError


@click.group()
def bench() -> None:
    """Measure speed and quality on this machine. Run nothing else meanwhile."""


@bench.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def judge(file: Path, as_json: bool) -> None:
    """The judge against the labelled turns in FILE, one JSON object per line."""
    _print(_load("judge")(file), as_json)


@bench.command()
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="How many users to simulate.")
@json_option
def personalize(seeds: int, as_json: bool) -> None:
    """A scripted user who wants short replies: before, with the wish in the prompt, and learned."""
    _print(_load("personalize")(seeds), as_json)


def _load(name: str) -> Any:
    found = entry_points(group="clawlocal.benchmarks", name=name)
    if not found:
        raise ClawlocalError("The benchmarks are not installed. Run them from a checkout, after `make run`.")
    return next(iter(found)).load()


def _print(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in {**report["results"], **report["ratios"]}.items():
        click.echo(f"{name:24} {value if not isinstance(value, float) else f'{value:.3f}'}")
