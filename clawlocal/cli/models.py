"""`clawlocal models`: what there is to chat with."""

from __future__ import annotations

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
    here = {e.name: _here(e, where) for e in entries}
    if as_json:
        print_json([{**as_data(e), "here": here[e.name], "chosen": e.name == chosen} for e in entries])
        return
    rows = [
        (
            "*" if e.name == chosen else "",
            e.name,
            f"{e.size / 1e6:.0f} MB",
            "yes" if here[e.name] else "no",
            e.licence,
            e.description,
        )
        for e in entries
    ]
    table(("", "NAME", "SIZE", "HERE", "LICENCE", ""), rows, "No model is known.")


def _here(entry: ModelEntry, where: paths.Paths) -> bool:
    try:
        files.locate(entry, where)
    except ModelError:
        return False
    return True
