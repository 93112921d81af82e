"""What is imported when, and that the words in errors and help name commands that there are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import clawlocal
from clawlocal.cli import cli

PACKAGE = Path(clawlocal.__file__).parent
LOADED = """
import json, sys
try:
    {code}
except SystemExit:
    pass
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""
HEAVY = {"textual", "torch", "llama_cpp", "peft", "transformers", "tui", "httpx"}


def loaded(code: str) -> set[str]:
    """The packages that a fresh interpreter has after `code`."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)], capture_output=True, text=True, check=True, timeout=120
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_the_version_needs_nothing_heavy() -> None:
    code = 'sys.argv = ["clawlocal", "--version"]; import clawlocal.__main__'
    modules = loaded(code)
    assert "click" in modules
    assert modules & (HEAVY | {"numpy", "sqlite3", "psutil"}) == set()


@pytest.mark.parametrize(
    "module", ["clawlocal", "clawlocal.assistant", "clawlocal.diagnosis", "clawlocal.cli.chat", "clawlocal.cli.offload"]
)
def test_the_core_knows_no_terminal_and_loads_no_model(module: str) -> None:
    assert loaded(f"import {module}") & HEAVY == set()


def commands(group: click.Group, path: str = "clawlocal") -> Iterator[str]:
    """Every command and group, in full."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def mentioned() -> Iterator[tuple[str, str]]:
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.with_name("tui").rglob("*.py")]):
        # What one string literal begins may end in the next.
        text = re.sub(r'"\n\s*f?"', "", path.read_text("utf-8"))
        for words in re.findall(r"`(clawlocal [a-z][^`\n]*)`", text):
            yield path.name, words


def test_every_command_that_is_mentioned_exists() -> None:
    known = set(commands(cli))
    found = list(mentioned())
    assert len(found) > 20
    unknown = [(file, words) for file, words in found if not _is_known(words, known)]
    assert unknown == []


def _is_known(words: str, known: set[str]) -> bool:
    """`clawlocal chat TEXT` is, for `clawlocal chat`; of a group, the word after it must be a command."""
    plain = [w for w in words.split() if re.fullmatch(r"[a-z-]+", w) and not w.startswith("-")]
    longest = max((k for k in known if plain[: len(k.split())] == k.split()), key=len, default="")
    is_group = any(k.startswith(f"{longest} ") for k in known)
    return bool(longest) and (len(plain) == len(longest.split()) or not is_group)


def test_every_command_says_what_it_does() -> None:
    assert [n for n in commands(cli) if not _find(n).get_short_help_str()] == []


def _find(name: str) -> click.Command:
    command: click.Command = cli
    for word in name.split()[1:]:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return command
