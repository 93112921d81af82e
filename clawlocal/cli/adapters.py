"""`clawlocal adapters`: the versions of what was learned."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import click

from clawlocal.assistant import Answer, Assistant
from clawlocal.cli.opening import reading, serving
from clawlocal.cli.output import as_data, json_option, plain, print_json, print_live, table, when
from clawlocal.cli.worded import Worded
from clawlocal.errors import PromptError
from clawlocal.records import AdapterVersion

FORMATS = ("peft", "gguf", "mlx", "merged-gguf", "ollama")
"""As in `clawlocal.adapters.exports`, which is imported only when something is written."""


@click.group()
def adapters() -> None:
    """List, show, use, roll back, compare, export and import adapter versions."""


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


@adapters.command(cls=Worded)
@click.argument("text")
@click.option("--first", default="live", show_default=True, metavar="live|base|VERSION", help="Who replies.")
@click.option("--second", default="base", show_default=True, metavar="live|base|VERSION", help="Who else.")
@json_option
def compare(text: str, first: str, second: str, as_json: bool) -> None:
    """Ask two versions TEXT, and say which reply is better: it is learned from.

    On a terminal the replies come in random order, and who made them is said after the vote. Elsewhere vote with
    `clawlocal adapters vote`.
    """
    with serving() as assistant:
        one = assistant.chat(text, adapter=first).result()
        if one.turn is None:
            raise PromptError("The first reply could not be kept, so there is nothing to compare.")
        two = assistant.rival(one.turn, adapter=second).result()
        if as_json:
            print_json({"session": one.session, "replies": [_reply(one), _reply(two)]})
        elif sys.stdin.isatty() and two.turn and one.text != two.text:
            _ask(assistant, one, two)
        else:
            for answer in (one, two):
                click.echo(f"{answer.adapter} ({answer.turn}): {plain(answer.text)}\n")
            differ = one.text != two.text
            click.echo(
                "`clawlocal adapters vote BETTER OTHER` says which." if differ else "They are the same.", err=True
            )


def _ask(assistant: Assistant, one: Answer, two: Answer) -> None:
    """In an order that tells nothing."""
    shown = random.sample([one, two], 2)
    for number, answer in enumerate(shown, 1):
        click.echo(f"{number}: {plain(answer.text)}\n")
    said = click.prompt("Which is better?", type=click.Choice(["1", "2", "neither"]))
    better = None if said == "neither" else shown[int(said) - 1].turn
    sentence = assistant.vote(str(one.turn), str(two.turn), better)
    click.echo(f"1 is by {shown[0].adapter}, 2 by {shown[1].adapter}. {sentence}")


@adapters.command()
@click.argument("turn")
@click.argument("other")
@json_option
def vote(turn: str, other: str, as_json: bool) -> None:
    """Say that the reply of TURN is better than that of OTHER, to the same message."""
    with reading() as assistant:
        sentence = assistant.vote(turn, other, turn)
        if as_json:
            print_json({"turn": assistant.turn(turn).id, "becomes": sentence})
        else:
            click.echo(plain(sentence))


def _reply(answer: Answer) -> dict[str, object]:
    return {"turn": answer.turn, "adapter": answer.adapter, "text": answer.text}


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
