"""`clawlocal forget`: a chat or a turn leaves the store and the weights."""

from __future__ import annotations

import click

from clawlocal.cli.opening import reading
from clawlocal.cli.output import json_option, print_live


@click.command()
@click.argument("session_or_turn")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget(session_or_turn: str, yes: bool, as_json: bool) -> None:
    """Delete a session or a turn, and what the weights learned from it.

    Adapter versions that had seen it are deleted at once; an older one or the base answers until an adapter has
    been made anew from what remains.
    """
    with reading() as assistant:
        if not yes:
            click.confirm(
                "Forget it for good, and delete the adapter versions that learned from it?", abort=True, err=True
            )
        text = assistant.forget(session_or_turn)
        live = assistant.status().live_version
    print_live(live, text, as_json)
