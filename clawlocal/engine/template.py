"""The chat template of a model, rendered so that contents can be told from the template's own text.

Every content is replaced by a slot: a string that no template can tell from text and that is found again
in what was rendered. What users, tools and replies say therefore never mixes with the template's text,
and only the latter may hold control tokens. Knows no vocabulary: pieces of text are what comes out.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, SupportsIndex

from jinja2 import TemplateError

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.sandbox import MISTAKES, MOST_TEXT, Sandbox
from clawlocal.errors import ModelError, PromptError

ROLES = ("system", "user", "assistant", "tool")
"""A role is written into the template's own text, so it must not be free text."""

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For a model that brings no template."""

_AT_MOST = 4
"""Times over: so much of what was said may be in the prompt, and not more."""


@dataclass(frozen=True)
class Piece:
    """A part of the prompt: the template's own text, or with `message`, what that message says."""

    text: str
    message: ChatMessage | None = None


class ChatTemplate:
    """A Jinja template from the model file: not to be trusted, so it runs in a sandbox.

    Raises `ModelError` if it is none.
    """

    def __init__(self, source: str | None, bos: str = "", eos: str = "") -> None:
        self._environment = environment = Sandbox()
        environment.filters["tojson"] = _to_json
        environment.globals |= {"raise_exception": _refuse, "strftime_now": _now}
        try:
            self._template = environment.read(source or CHATML)
        except MISTAKES as e:
            raise ModelError(
                f"The chat template of this model cannot be read ({_why(e)}): choose another model."
            ) from e
        self._special = {"bos_token": bos, "eos_token": eos}

    def pieces(self, messages: Sequence[ChatMessage]) -> list[Piece]:
        """The prompt for `messages`, up to where the reply begins. Raises `PromptError`."""
        slots = _Slots()
        rows = [{"role": _role(m), "content": slots.add(m.content, m)} for m in messages]
        try:
            values = {"messages": rows, "add_generation_prompt": True, **self._special}
            text = self._environment.render(self._template, values)
        except MISTAKES as e:
            raise PromptError(f"The chat template of this model refuses these messages: {_why(e)}.") from e
        pieces = list(slots.split(text))
        if sum(len(p.text) for p in pieces) > MOST_TEXT + _AT_MOST * sum(len(m.content) for m in messages):
            raise PromptError("The chat template of this model repeats what was said: it cannot be used.")
        return pieces


class _Slots:
    """The contents of one rendering, by the names that stand for them in the text."""

    def __init__(self) -> None:
        self._nonce = f"slot{secrets.token_hex(8)}"
        self._taken: list[Piece] = []

    def add(self, text: str, message: ChatMessage) -> _Slot:
        name = f"{self._nonce}x{len(self._taken)}x"
        self._taken.append(Piece(text, message))
        return _Slot(name, text, message, self)

    def split(self, rendered: str) -> Iterator[Piece]:
        """The pieces in the order of the prompt, none of them empty except for a sampled reply's."""
        for index, part in enumerate(re.split(rf"{self._nonce}x(\d+)x", rendered)):
            if index % 2:
                yield self._taken[int(part)]
            elif self._nonce in part.lower():
                raise PromptError("The chat template of this model takes messages apart: it cannot be used.")
            elif part:
                yield Piece(part)


class _Slot(str):
    """Stands for a content. What templates usually do to a content is done to the content itself."""

    text: str
    _message: ChatMessage
    _slots: _Slots

    def __new__(cls, name: str, text: str, message: ChatMessage, slots: _Slots) -> _Slot:
        slot = super().__new__(cls, name)
        slot.text, slot._message, slot._slots = text, message, slots
        return slot

    def _with(self, text: str) -> _Slot:
        return self._slots.add(text, self._message)

    def strip(self, chars: str | None = None, /) -> _Slot:
        return self._with(self.text.strip(chars))

    def lstrip(self, chars: str | None = None, /) -> _Slot:
        return self._with(self.text.lstrip(chars))

    def rstrip(self, chars: str | None = None, /) -> _Slot:
        return self._with(self.text.rstrip(chars))

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        return [self._with(part) for part in self.text.split(sep, maxsplit)]

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> _Slot:
        return self._with(self.text.replace(old, new, count))

    def startswith(self, *args: Any) -> bool:
        return self.text.startswith(*args)

    def endswith(self, *args: Any) -> bool:
        return self.text.endswith(*args)

    def __contains__(self, key: object, /) -> bool:
        return isinstance(key, str) and key in self.text

    def __eq__(self, other: object) -> bool:
        return self.text == (other.text if isinstance(other, _Slot) else other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __bool__(self) -> bool:
        return bool(self.text)


def _role(message: ChatMessage) -> str:
    if message.role not in ROLES:
        raise PromptError(f"The role {message.role[:20]!r} is not known: use one of {', '.join(ROLES)}.")
    return message.role


def _why(mistake: BaseException) -> str:
    """The first line of it, without its full stop: a clause."""
    said = str(mistake).strip().splitlines()
    return said[0].rstrip(".")[:200] if said else type(mistake).__name__


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(pattern: str) -> str:
    return datetime.now().strftime(pattern)
