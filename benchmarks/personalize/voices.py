"""What a user says of a reply, in words. Knows no assistant; whether the reply pleases is decided elsewhere."""

from __future__ import annotations

from random import Random
from typing import Protocol

from benchmarks.personas import Persona

SILENT = 0.3
"""How often a content user says nothing and asks on."""


class Voice(Protocol):
    def says(self, question: str, reply: str, pleased: bool) -> str:
        """The user's next message; empty for none."""
        ...


class Scripted:
    """The persona's own sentences, in the order of the seed, none twice before all were said."""

    def __init__(self, persona: Persona, draw: Random) -> None:
        self._persona = persona
        self._draw = draw
        self._left: dict[bool, list[str]] = {True: [], False: []}

    def says(self, question: str, reply: str, pleased: bool) -> str:
        del question, reply
        if pleased and self._draw.random() < SILENT:
            return ""
        if not self._left[pleased]:
            known = self._persona.content if pleased else self._persona.reactions
            self._left[pleased] = self._draw.sample(known, len(known))
        return self._left[pleased].pop()
