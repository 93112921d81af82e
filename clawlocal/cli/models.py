"""`clawlocal models`: what there is to chat with."""

from __future__ import annotations

from typing import Any

import click

from clawlocal import config, paths
from clawlocal.cli.output import as_data, json_option, print_json, table
from clawlocal.errors import ModelError
from clawlocal.models import files
from clawlocal.models.catalog import Catalog, ModelEntry


@click.group()
def models() -> None:
    """See the models that are known."""


@models.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The known models, and whether their files are here."""
    where = paths.find()
    chosen = config.load(where.settings).model
    entries = list(Catalog.load(where).entries.values())
    sizes = {e.name: _size(e, where) for e in entries}
    if as_json:
        print_json([_data(e, sizes[e.name]) | {"chosen": e.name == chosen} for e in entries])
        return
    rows = [
        (
            "*" if e.name == chosen else "",
            e.name,
            _megabytes(e.size or sizes[e.name]),
            "no" if sizes[e.name] is None else "yes",
            e.licence,
            e.description,
        )
        for e in entries
    ]
    table(("", "NAME", "SIZE", "HERE", "LICENCE", ""), rows, "No model is known.")


def _size(entry: ModelEntry, where: paths.Paths) -> int | None:
    """Bytes of the file; None where it is not."""
    try:
        return files.locate(entry, where).stat().st_size
    except (ModelError, OSError):
        return None


def _data(entry: ModelEntry, size: int | None) -> dict[str, Any]:
    return {**as_data(entry), "size": entry.size or size or 0, "here": size is not None}


def _megabytes(size: int | None) -> str:
    return f"{size / 1e6:.0f} MB" if size else "?"
