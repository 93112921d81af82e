"""`clawlocal sessions`: the conversations that are kept."""

from __future__ import annotations

import click

from clawlocal.cli.opening import reading
from clawlocal.cli.output import as_data, json_option, plain, print_json, table, when
from clawlocal.cli.worded import Worded


@click.group()
def sessions() -> None:
    """List, show, rename and delete conversations."""


@sessions.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the latest first.")
@json_option
def list_(limit: int, as_json: bool) -> None:
    """The conversations, the latest used first."""
    with reading() as assistant:
        found = assistant.sessions(limit)
    if as_json:
        print_json(found)
        return
    rows = [(s.id, when(s.updated), s.turns, "on" if s.learning else "off", s.title) for s in found]
    table(
        ("ID", "USED", "TURNS", "LEARNING", "TITLE"), rows, "No conversation is kept yet. `clawlocal chat` starts one."
    )


@sessions.command()
@click.argument("session")
@json_option
def show(session: str, as_json: bool) -> None:
    """A conversation, oldest message first, with the turn of each reply."""
    with reading() as assistant:
        found, messages = assistant.session(session), assistant.messages(session)
    if as_json:
        print_json({**as_data(found), "messages": as_data(messages)})
        return
    click.echo(plain(found.title))
    for message in messages:
        mark = f" (turn {message.turn})" if message.turn else ""
        click.echo(f"\n{message.role}{mark}")
        if message.content or not message.tool_calls:
            click.echo(plain(message.content))
        for call in message.tool_calls:
            print_json(call, indent=None)


@sessions.command(cls=Worded)
@click.argument("text")
@json_option
def search(text: str, as_json: bool) -> None:
    """Messages that hold every word of TEXT."""
    with reading() as assistant:
        found = assistant.search(text)
    if as_json:
        print_json(found)
        return
    table(("SESSION", "ROLE", "TEXT"), [(m.session, m.role, m.content[:100]) for m in found], "Nothing was found.")


@sessions.command(cls=Worded)
@click.argument("session")
@click.argument("title")
def rename(session: str, title: str) -> None:
    """Give a conversation another title."""
    with reading() as assistant:
        assistant.rename_session(session, title)


@sessions.command()
@click.argument("session")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(session: str, yes: bool) -> None:
    """Delete a conversation. What the weights learned from it stays; `clawlocal forget` takes that out too."""
    with reading() as assistant:
        found = assistant.session(session)
        if not yes:
            click.echo(
                f"What the weights learned from it stays; `clawlocal forget {found.id}` takes that out too.", err=True
            )
            click.confirm(f"Delete “{plain(found.title)}” with its {found.turns} turns?", abort=True, err=True)
        assistant.delete_session(found.id)
