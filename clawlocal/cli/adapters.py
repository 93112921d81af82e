"""`clawlocal adapters`: the versions of what was learned."""

from __future__ import annotations

from pathlib import Path

import click

from clawlocal.cli.opening import reading, serving
from clawlocal.cli.output import as_data, json_option, print_json, print_live, table, when
from clawlocal.records import AdapterVersion

FORMATS = ("peft", "gguf", "mlx", "merged-gguf", "ollama")
"""As in `clawlocal.adapters.exports`, which is imported only when something is written."""


@click.group()
def adapters() -> None:
    """List, show, use, roll back, export and import adapter versions."""


@adapters.command("list")
@json_option
def list_(as_json: bool) -> None:
    """All versions of the model, oldest first."""
    with reading() as assistant:
        found = assistant.adapters()
    if as_json:
        print_json([_as_data(v) for v in found])
        return
    rows = [(v.version, v.state, when(v.created), v.parent or "base", _kl(v)) for v in found]
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
@click.argument("version")
@json_option
def use(version: str, as_json: bool) -> None:
    """Make a version live, or the base."""
    _switch(version, as_json)


@adapters.command()
@click.option("--to", metavar="base|VERSION", help="Where to (default: the live version's parent).")
@json_option
def rollback(to: str | None, as_json: bool) -> None:
    """Bring an earlier version back, or the base."""
    _switch(to, as_json)


def _switch(to: str | None, as_json: bool) -> None:
    with reading() as assistant:
        sentence = assistant.rollback(to)
        live = assistant.status().live_version
    print_live(live, sentence, as_json)


@adapters.command()
@click.argument("version", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    required=True,
    help="Folders: peft; mlx (for mlx-lm); ollama (with a Modelfile). "
    "Files: gguf (for llama.cpp, beside the model); merged-gguf (a model of its own).",
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


@adapters.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def import_(path: Path, as_json: bool) -> None:
    """Add an adapter from elsewhere as a version, not live: a PEFT or MLX folder, or a GGUF file."""
    with serving() as assistant:
        version, sentence = assistant.import_adapter(path)
    if as_json:
        print_json({"version": version, "text": sentence})
    else:
        click.echo(sentence)


def _kl(version: AdapterVersion) -> str:
    """An imported version was not measured."""
    return f"{version.metrics['kl_base']:.3f}" if "kl_base" in version.metrics else "?"


def _as_data(version: AdapterVersion) -> dict[str, object]:
    keys = ("version", "model", "state", "created", "rank", "sha256", "parent", "metrics")
    data = as_data(version)
    return {key: data[key] for key in keys}
