"""Texts on the command line that begin with a dash."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from clawlocal.cli import cli
from clawlocal.cli.worded import Worded


@click.command(cls=Worded)
@click.argument("number", type=int)
@click.argument("text", required=False)
@click.option("-c", "latest", is_flag=False, flag_value="")
@click.option("--system")
@click.option("--json", "as_json", is_flag=True)
def say(**given: Any) -> None:
    click.echo(f"{given['number']}|{given['text']}|{given['latest']}|{given['system']}|{given['as_json']}")


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["1", "- milk\n- eggs", "--json"], "1|- milk\n- eggs|None|None|True"),
        (["1", "-5 degrees, is that cold?"], "1|-5 degrees, is that cold?|None|None|False"),
        (["1", "--- well"], "1|--- well|None|None|False"),
        (["1", "-c", "- and eggs"], "1|- and eggs||None|False"),
        (["--system", "- be brief", "1", "hi"], "1|hi|None|- be brief|False"),
        (["1", "--", "- milk"], "1|- milk|None|None|False"),
        (["1", "-"], "1|-|None|None|False"),
    ],
)
def test_a_text_may_begin_with_a_dash(args: list[str], found: str) -> None:
    assert CliRunner().invoke(say, args).output == f"{found}\n"


def test_what_looks_like_an_option_is_one() -> None:
    ran = CliRunner().invoke(say, ["1", "--jsn"])
    assert ran.exit_code == 2 and "--jsn" in ran.output


@pytest.mark.parametrize(
    "path",
    (
        "chat",
        "correct",
        "lessons add",
        "lessons edit",
        "adapters compare",
        "sessions search",
        "sessions rename",
        "offload preview",
    ),
)
def test_each_command_that_takes_words_is_one_of_them(path: str) -> None:
    group, _, name = path.partition(" ")
    context = click.Context(cli)
    command = cli.get_command(context, group)
    if name:
        assert isinstance(command, click.Group)
        command = command.get_command(context, name)
    assert isinstance(command, Worded)
