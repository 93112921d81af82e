"""`clawlocal lessons`: what the assistant was told, and how far it has come."""

from __future__ import annotations

from collections.abc import Container

import click

from clawlocal.cli.opening import reading
from clawlocal.cli.output import json_option, print_json, table
from clawlocal.cli.worded import Worded
from clawlocal.records import Lesson, LessonState


@click.group()
def lessons() -> None:
    """See, add, reword, veto and restore what is learned."""


@lessons.command("list")
@json_option
def list_(as_json: bool) -> None:
    """All lessons, oldest first; in per cent, how far each is in the weights."""
    with reading() as assistant:
        found = assistant.lessons()
    if as_json:
        print_json(found)
        return
    active = {x.id for x in found if x.state is LessonState.ACTIVE}
    rows = [(x.id, _state(x, active), x.scope, len(x.turns), x.text) for x in found]
    table(("ID", "STATE", "SCOPE", "TURNS", "LESSON"), rows, "No lesson yet. Correct a reply, and it becomes one.")


def _state(lesson: Lesson, active: Container[int]) -> str:
    later = lesson.replaced_by
    if later is None:
        return str(lesson.state) if lesson.share is None else f"{lesson.state} {lesson.share:.0%}"
    # What the weights learned stays in them until they learn what took its place.
    still = lesson.update is not None and later in active
    return f"replaced by {later}, in the weights until that is learned" if still else f"replaced by {later}"


@lessons.command(cls=Worded)
@click.argument("text")
def add(text: str) -> None:
    """Say a lesson outright: in the prompt at once, in the weights when the machine is idle."""
    with reading() as assistant:
        click.echo(assistant.add_lesson(text))


@lessons.command(cls=Worded)
@click.argument("lesson", type=int)
@click.argument("text")
def edit(lesson: int, text: str) -> None:
    """Reword a lesson. A learned one is in the prompt again until the new words are learned."""
    with reading() as assistant:
        click.echo(assistant.edit_lesson(lesson, text))


@lessons.command()
@click.argument("lesson", type=int)
def veto(lesson: int) -> None:
    """Leave a lesson out of the prompt and, by a rebuild, out of the weights."""
    with reading() as assistant:
        click.echo(assistant.veto(lesson))


@lessons.command()
@click.argument("lesson", type=int)
def restore(lesson: int) -> None:
    """Put a lesson back: into the prompt at once, into the weights with the next update."""
    with reading() as assistant:
        assistant.set_lesson_state(lesson, LessonState.ACTIVE)
    click.echo("It is in the prompt from now on.")
