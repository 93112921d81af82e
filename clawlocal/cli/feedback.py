"""`clawlocal rate` and `clawlocal correct`: what came after a reply, said outright."""

from __future__ import annotations

import click

from clawlocal.cli.opening import reading
from clawlocal.cli.output import json_option, plain, print_json
from clawlocal.cli.worded import Worded


@click.command()
@click.argument("turn")
@click.argument("rating", type=click.Choice(["good", "bad"]))
@json_option
def rate(turn: str, rating: str, as_json: bool) -> None:
    """Rate the reply of TURN."""
    with reading() as assistant:
        _say(assistant.turn(turn).id, assistant.rate(turn, rating), as_json)


@click.command(cls=Worded)
@click.argument("turn")
@click.argument("text")
@json_option
def correct(turn: str, text: str, as_json: bool) -> None:
    """Say in TEXT what the reply of TURN should have been."""
    with reading() as assistant:
        _say(assistant.turn(turn).id, assistant.correct(turn, text), as_json)


def _say(turn: str, becomes: str, as_json: bool) -> None:
    if as_json:
        print_json({"turn": turn, "becomes": becomes})
    else:
        click.echo(plain(becomes))
