"""`clawlocal adapters`: the versions of what was learned."""

from __future__ import annotations

from pathlib import Path

import click

from clawlocal.cli.opening import reading
from clawlocal.cli.output import as_data, json_option, print_json, table, when
from clawlocal.records import AdapterVersion


@click.group()
def adapters() -> None:
    """List, show, roll back and export adapter versions."""


@adapters.command("list")
@json_option
def list_(as_json: bool) -> None:
    """All versions of the model, oldest first."""
    with reading() as assistant:
        found = assistant.adapters()
    if as_json:
        print_json([_as_data(v) for v in found])
        return
    rows = [
        (v.version, v.state, when(v.created), v.parent or "base", f"{v.metrics.get('kl_base', 0):.3f}") for v in found
    ]
    table(
        ("VERSION", "STATE", "MADE", "FROM", "KL TO BASE"),
        rows,
        "No adapter yet: the base speaks. `clawlocal learn now` makes one.",
    )


@adapters.command()
@click.argument("version", default="live")
@json_option
def show(version: str, as_json: bool) -> None:
    """One version (default: the live one) with its figures and its files."""
    with reading() as assistant:
        found = assistant.adapter(version)
    if as_json:
        print_json({**_as_data(found), "path": found.path})
        return
    click.echo(f"{found.version} of {found.model} · {found.state} · rank {found.rank} · from {found.parent or 'base'}")
    click.echo(f"{found.path}\nsha256 {found.sha256}")
    for name, value in found.metrics.items():
        click.echo(f"  {name}: {value:.4g}")


@adapters.command()
@click.option("--to", metavar="base|VERSION", help="Where to (default: the live version's parent).")
@json_option
def rollback(to: str | None, as_json: bool) -> None:
    """Bring an earlier version back, or the base."""
    with reading() as assistant:
        sentence = assistant.rollback(to)
        live = assistant.status().live_version
    if as_json:
        print_json({"live": live or "base", "text": sentence})
    else:
        click.echo(sentence)


@adapters.command()
@click.argument("version", required=False)
@click.option(
    "--format", "format_", type=click.Choice(["peft", "gguf"]), required=True, help="peft: a folder; gguf: a file."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where to.")
@json_option
def export(version: str | None, format_: str, out: Path, as_json: bool) -> None:
    """Write a version (default: the live one) as other tools load it."""
    with reading() as assistant:
        target = assistant.export(version, format_, out)
    if as_json:
        print_json({"path": str(target), "format": format_})
    else:
        click.echo(str(target))


def _as_data(version: AdapterVersion) -> dict[str, object]:
    keys = ("version", "model", "state", "created", "rank", "sha256", "parent", "metrics")
    data = as_data(version)
    return {key: data[key] for key in keys}
