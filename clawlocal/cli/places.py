"""`clawlocal paths`: where everything lives."""

from __future__ import annotations

import click

from clawlocal import paths as locations
from clawlocal.cli.output import json_option, print_json


@click.command()
@json_option
def paths(as_json: bool) -> None:
    """Print every location. `CLAWLOCAL_HOME` puts them all under one folder."""
    found = locations.find().as_dict()
    if as_json:
        print_json(found)
        return
    for name, path in found.items():
        click.echo(f"{name:10} {path}")
