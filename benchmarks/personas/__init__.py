"""Simulated users: what they ask, what they say to a reply they do not like, and what would please them.

Knows no assistant and no model. Their sentences are in the `.toml` files beside this one, one a line; behind a bar
stand words that show that a reply is about the question though it uses none of the question's own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from benchmarks import answering
from benchmarks.personas import wishes

Wish = Callable[[str, str, str], bool]
"""Whether a reply is as the user wants it, from the question, the reply's text, and "end" or "length"."""


@dataclass(frozen=True)
class Persona:
    """A user with one wish about replies, which they utter in many ways."""

    name: str
    reactions: tuple[str, ...]
    """What they say when a reply does not obey, as the next message of the chat."""

    content: tuple[str, ...]
    """What they say when it does: thanks, praise, or just the end of it."""

    questions: tuple[str, ...]
    """What they ask while they use it."""

    held_out: tuple[str, ...]
    """What they have not asked before, about other subjects; what is learned is measured on it."""

    directive: str
    """The wish in one plain instruction: what a perfect judge would make of it."""

    obeys: Wish
    related: Mapping[str, tuple[str, ...]]
    """For some questions, words of an answer that need not share a word with the question."""

    def answers(self, question: str, text: str, lesson: str) -> bool:
        """Whether a reply still answers (`answering.answers`), obeying or not."""
        return answering.answers(question, text, lesson, self.related.get(question, ()))


_WISHES: dict[str, Wish] = {
    "student": wishes.student,
    "teacher": wishes.teacher,
    "terse": wishes.brief,
    "question": wishes.follow_up,
    "british": wishes.british,
    "lists": wishes.dashes,
    "plain": wishes.prose,
}


def _read(name: str) -> Persona:
    said = tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
    directive = said.pop("directive")
    rows = {part: [row.split(" | ") for row in said[part].splitlines()] for part in said}
    lines = {part: tuple(row[0] for row in found) for part, found in rows.items()}
    related = {row[0]: tuple(row[1].split()) for found in rows.values() for row in found if len(row) > 1}
    return Persona(name, **lines, directive=directive, obeys=_WISHES[name], related=related)


PERSONAS = {name: _read(name) for name in _WISHES}
