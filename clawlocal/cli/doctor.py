"""`clawlocal doctor`: what works here, what does not, and the command that mends it."""

from __future__ import annotations

import click

from clawlocal import diagnosis
from clawlocal.cli.output import json_option, print_json


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the model, the engine, the trainer and the folders."""
    found = diagnosis.run()
    if as_json:
        print_json(found)
    else:
        for check in found:
            click.echo(f"{'ok ' if check.ok else 'NO '}  {check.name}: {check.text}")
            if not check.ok:
                click.echo(f"     mend: {check.mend}")
    ctx.exit(0 if all(check.ok for check in found) else 1)
