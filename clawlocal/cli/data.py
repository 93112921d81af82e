"""`clawlocal data`: all that is kept."""

from __future__ import annotations

import click

from clawlocal.cli.opening import reading
from clawlocal.cli.output import plain


@click.group()
def data() -> None:
    """Erase what is kept."""


@data.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(yes: bool) -> None:
    """Erase every chat, verdict, lesson, receipt, adapter, remote and grant. The settings stay."""
    with reading() as assistant:
        if not yes:
            click.confirm("Erase every chat, lesson and adapter for good?", abort=True, err=True)
        left = assistant.purge()
    if left:
        click.echo(plain(left), err=True)
    click.echo("Everything was erased.")
