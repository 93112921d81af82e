"""The docs on remotes say every command, kind and class of data, and the setting with its default."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawlocal.cli.offload import offload
from clawlocal.config import Settings
from clawlocal.offload.consent import DEFAULT_DAYS, DEFAULT_MEGABYTES
from clawlocal.offload.model import DEFAULT_CONTEXT
from clawlocal.records import DataClass, Offload, Purpose, RemoteKind

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "offload.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(offload.commands))
def test_every_command_with_every_option(name: str) -> None:
    assert f"`clawlocal offload {name}" in TEXT
    options = [option for parameter in offload.commands[name].params for option in parameter.opts]
    missing = [option for option in options if option.startswith("--") and option not in TEXT]
    assert missing == []


def test_every_kind_class_and_purpose() -> None:
    for word in (*RemoteKind, *DataClass):
        assert f"| `{word}` |" in TEXT
    assert all(f"`{purpose}`" in TEXT for purpose in Purpose)


def test_every_answer_to_a_proposal() -> None:
    assert "`clawlocal offload auto [" + r"\|".join(Offload) + "]" in TEXT
    assert all(f"`{answer}`" in TEXT for answer in Offload)


def test_the_numbers() -> None:
    assert f"`--max-mb N` ({DEFAULT_MEGABYTES}), `--days N` ({DEFAULT_DAYS})" in TEXT
    assert f"{DEFAULT_CONTEXT:,} tokens" in TEXT
    assert f"the default, {Settings().learning_max_minutes}, is no limit" in TEXT
    assert (Settings().redact, 'the default, "", finds nothing' in TEXT) == ("", True)


def test_the_readme_names_every_command() -> None:
    [line] = [x for x in (ROOT / "README.md").read_text("utf-8").splitlines() if x.startswith("clawlocal offload ")]
    named = line.removeprefix("clawlocal offload ").partition("#")[0].split(" | ")
    assert {name.strip() for name in named} == set(offload.commands)
