"""All that the learning panel shows, gathered in one go from the assistant. Knows no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawlocal.assistant import Assistant, Status
from clawlocal.errors import NotFound
from clawlocal.records import AdapterVersion, Lesson


@dataclass(frozen=True)
class Learned:
    """A look at the learning."""

    status: Status
    conditions: list[tuple[str, str, bool]]
    lessons: list[Lesson]
    chats: dict[int, list[str]]
    """Of each lesson, by its id: the titles of the chats that it came from."""
    versions: list[AdapterVersion]


def gather(assistant: Assistant) -> Learned:
    """Ask the assistant; blocks while the store answers."""
    status = assistant.status()
    lessons = assistant.lessons()
    return Learned(
        status=status,
        conditions=assistant.why(),
        lessons=lessons,
        chats={lesson.id: chats_of(assistant, lesson.turns) for lesson in lessons},
        versions=sorted(assistant.adapters(), key=lambda version: version.created, reverse=True),
    )


def chats_of(assistant: Assistant, turns: Sequence[str]) -> list[str]:
    """The titles of the chats of these turns, each once; deleted ones are left out."""
    titles: list[str] = []
    for turn in turns:
        try:
            title = assistant.session(assistant.turn(turn).session).title
        except NotFound:
            continue
        if title not in titles:
            titles.append(title)
    return titles
