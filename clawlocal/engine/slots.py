"""What others wrote, where a template writes it: strings that are found again in what was rendered.

A slot stands for a text, and no template can tell it from one: what it does to the slot is done to the text.
Knows no template.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, SupportsIndex

from clawlocal.engine.protocol import ChatMessage
from clawlocal.errors import PromptError


@dataclass(frozen=True)
class Piece:
    """A part of the prompt: the template's own text, or what somebody wrote."""

    text: str
    message: ChatMessage | None = None
    """The message whose content this is."""
    own: bool = True
    """The template wrote it: it alone may hold control tokens."""


class Slots:
    """The contents of one rendering, by the names that stand for them in the text."""

    def __init__(self) -> None:
        self._nonce = f"slot{secrets.token_hex(8)}"
        self._taken: list[Piece] = []

    def add(self, text: str, message: ChatMessage | None = None) -> Slot:
        name = f"{self._nonce}x{len(self._taken)}x"
        self._taken.append(Piece(text, message, own=False))
        return Slot(name, text, message, self)

    def within(self, value: Any) -> Any:
        """The same value with a slot for every text in it."""
        match value:
            case str():
                return self.add(value)
            case dict():
                return {self.within(key): self.within(each) for key, each in value.items()}
            case list() | tuple():
                return [self.within(each) for each in value]
        return value

    def split(self, rendered: str) -> Iterator[Piece]:
        """The pieces in the order of the prompt, none of them empty except for a sampled reply's."""
        for index, part in enumerate(re.split(rf"{self._nonce}x(\d+)x", rendered)):
            if index % 2:
                yield self._taken[int(part)]
            elif self._nonce in part.lower():
                raise PromptError("The chat template of this model takes messages apart: it cannot be used.")
            elif part:
                yield Piece(part)


class Slot(str):
    """Stands for a content. What templates usually do to a content is done to the content itself."""

    _text: str
    _message: ChatMessage | None
    _slots: Slots

    def __new__(cls, name: str, text: str, message: ChatMessage | None, slots: Slots) -> Slot:
        slot = super().__new__(cls, name)
        slot._text, slot._message, slot._slots = text, message, slots
        return slot

    def _with(self, text: str) -> Slot:
        return self._slots.add(text, self._message)

    def strip(self, chars: str | None = None, /) -> Slot:
        return self._with(self._text.strip(chars))

    def lstrip(self, chars: str | None = None, /) -> Slot:
        return self._with(self._text.lstrip(chars))

    def rstrip(self, chars: str | None = None, /) -> Slot:
        return self._with(self._text.rstrip(chars))

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        return [self._with(part) for part in self._text.split(sep, maxsplit)]

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> Slot:
        return self._with(self._text.replace(old, new, count))

    def __getitem__(self, key: SupportsIndex | slice, /) -> Slot:
        return self._with(self._text[key])

    def __len__(self) -> int:
        return len(self._text)

    def startswith(self, *args: Any) -> bool:
        return self._text.startswith(*args)

    def endswith(self, *args: Any) -> bool:
        return self._text.endswith(*args)

    def __contains__(self, key: object, /) -> bool:
        return isinstance(key, str) and key in self._text

    def __eq__(self, other: object) -> bool:
        return self._text == (other._text if isinstance(other, Slot) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


class Arguments(dict[str, Any]):
    """Arguments of a call: an object, and JSON where a template takes them for a text."""

    def __init__(self, values: dict[str, Any], slots: Slots) -> None:
        super().__init__(values)
        self._slots = slots

    def __str__(self) -> str:
        return self._slots.add(json.dumps(written(self), ensure_ascii=False))

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)


def written(value: Any) -> Any:
    """The inverse of `Slots.within`."""
    match value:
        case Slot():
            return value._text
        case dict():
            return {written(key): written(each) for key, each in value.items()}
        case list() | tuple():
            return [written(each) for each in value]
    return value
