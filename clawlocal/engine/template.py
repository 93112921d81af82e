"""The chat template of a model, rendered so that contents can be told from the template's own text.

Every content is replaced by a slot: a string that no template can tell from text and that is found again
in what was rendered. What users, tools and replies say, and how tools are described, therefore never mixes
with the template's text, and only the latter may hold control tokens. Knows no vocabulary: pieces of text
are what comes out.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn, SupportsIndex

from jinja2 import TemplateError, pass_context
from jinja2.runtime import Context

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.sandbox import MISTAKES, MOST_TEXT, Sandbox
from clawlocal.engine.speech import SpeechStyle, style_of
from clawlocal.errors import ModelError, PromptError
from clawlocal.records import Tool

ROLES = ("system", "user", "assistant", "tool")
"""A role is written into the template's own text, so it must not be free text."""

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For a model that brings no template."""

_SLOTS = "slots of this rendering"
"""A name that no template can write."""
_AT_MOST = 4
"""Times over: so much of what was said may be in the prompt, and not more."""


@dataclass(frozen=True)
class Piece:
    """A part of the prompt: the template's own text, or what somebody wrote."""

    text: str
    message: ChatMessage | None = None
    """The message whose content this is."""
    own: bool = True
    """The template wrote it: it alone may hold control tokens."""


class ChatTemplate:
    """A Jinja template from the model file: not to be trusted, so it runs in a sandbox.

    Raises `ModelError` if it is none.
    """

    def __init__(self, source: str | None, bos: str = "", eos: str = "") -> None:
        self._environment = environment = Sandbox()
        environment.filters["tojson"] = _to_json
        environment.globals |= {"raise_exception": _refuse, "strftime_now": _now}
        self.source = source or CHATML
        try:
            self._template = environment.read(self.source)
        except MISTAKES as e:
            raise ModelError(
                f"The chat template of this model cannot be read ({_why(e)}): choose another model."
            ) from e
        self._special = {"bos_token": bos, "eos_token": eos}

    @cached_property
    def style(self) -> SpeechStyle:
        """How the model writes thoughts and tool calls."""
        style = style_of(self.source)
        if style.thought is None:
            return style
        opens, _ = style.thought
        return replace(style, opened=frozenset(on for on in (True, False) if self._ends_with(opens, on)))

    def _ends_with(self, mark: str, thinking: bool) -> bool:
        """The template itself writes the mark at the end of the prompt."""
        try:
            last = self.pieces([ChatMessage("user", "x")], thinking=thinking)[-1:]
        except PromptError:
            return False
        return any(piece.own and piece.text.rstrip().endswith(mark) for piece in last)

    def pieces(self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = (), thinking: bool = True) -> list[Piece]:
        """The prompt for `messages`, up to where the reply begins. Raises `PromptError`."""
        if tools and "tools" not in self.source:
            raise PromptError("This model's chat template takes no tools: leave them out, or choose another model.")
        slots = _Slots()
        values = {
            "messages": list(self._rows(messages, slots)),
            "enable_thinking": thinking,
            "add_generation_prompt": True,
            _SLOTS: slots,
            **self._special,
        }
        try:
            values["tools"] = slots.within(list(tools)) if tools else None
            text = self._environment.render(self._template, values)
        except MISTAKES as e:
            raise PromptError(f"The chat template of this model refuses these messages: {_why(e)}.") from e
        pieces = list(slots.split(text))
        if sum(len(p.text) for p in pieces) > MOST_TEXT + _AT_MOST * sum(len(m.content) for m in messages):
            raise PromptError("The chat template of this model repeats what was said: it cannot be used.")
        return pieces

    def _rows(self, messages: Sequence[ChatMessage], slots: _Slots) -> Iterator[dict[str, Any]]:
        """Messages as templates expect them. A tool's results answer the calls before them, in their order."""
        asked: list[dict[str, Any]] = []
        number = 0
        for message in messages:
            row: dict[str, Any] = {"role": _role(message), "content": slots.add(self._content(message), message)}
            if message.tool_calls and self._takes_calls:
                calls = [
                    {"name": slots.add(c.name), "arguments": _Arguments(slots.within(c.arguments), slots)}
                    for c in message.tool_calls
                ]
                asked = [
                    {"id": f"call{number + n:05d}", "type": "function", "function": call}
                    for n, call in enumerate(calls)
                ]
                number += len(asked)
                row["tool_calls"] = list(asked)
            if message.role == "tool" and asked:
                call = asked.pop(0)
                row |= {"tool_call_id": call["id"], "name": call["function"]["name"]}
            yield row

    @property
    def _takes_calls(self) -> bool:
        return "tool_calls" in self.source

    def _content(self, message: ChatMessage) -> str:
        """What the message says; its calls too, for a template that would leave them out."""
        if self._takes_calls or not message.tool_calls:
            return message.content
        calls = [json.dumps({"name": c.name, "arguments": c.arguments}) for c in message.tool_calls]
        return "\n".join([message.content, *calls] if message.content else calls)


class _Slots:
    """The contents of one rendering, by the names that stand for them in the text."""

    def __init__(self) -> None:
        self._nonce = f"slot{secrets.token_hex(8)}"
        self._taken: list[Piece] = []

    def add(self, text: str, message: ChatMessage | None = None) -> _Slot:
        name = f"{self._nonce}x{len(self._taken)}x"
        self._taken.append(Piece(text, message, own=False))
        return _Slot(name, text, message, self)

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


class _Slot(str):
    """Stands for a content. What templates usually do to a content is done to the content itself."""

    _text: str
    _message: ChatMessage | None
    _slots: _Slots

    def __new__(cls, name: str, text: str, message: ChatMessage | None, slots: _Slots) -> _Slot:
        slot = super().__new__(cls, name)
        slot._text, slot._message, slot._slots = text, message, slots
        return slot

    def _with(self, text: str) -> _Slot:
        return self._slots.add(text, self._message)

    def strip(self, chars: str | None = None, /) -> _Slot:
        return self._with(self._text.strip(chars))

    def lstrip(self, chars: str | None = None, /) -> _Slot:
        return self._with(self._text.lstrip(chars))

    def rstrip(self, chars: str | None = None, /) -> _Slot:
        return self._with(self._text.rstrip(chars))

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        return [self._with(part) for part in self._text.split(sep, maxsplit)]

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> _Slot:
        return self._with(self._text.replace(old, new, count))

    def __getitem__(self, key: SupportsIndex | slice, /) -> _Slot:
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
        return self._text == (other._text if isinstance(other, _Slot) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


class _Arguments(dict[str, Any]):
    """Arguments of a call: an object, and JSON where a template takes them for a text."""

    def __init__(self, values: dict[str, Any], slots: _Slots) -> None:
        super().__init__(values)
        self._slots = slots

    def __str__(self) -> str:
        return self._slots.add(json.dumps(_written(self), ensure_ascii=False))

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)


def _role(message: ChatMessage) -> str:
    if message.role not in ROLES:
        raise PromptError(f"The role {message.role[:20]!r} is not known: use one of {', '.join(ROLES)}.")
    return message.role


def _why(mistake: BaseException) -> str:
    """The first line of it, without its full stop: a clause."""
    said = str(mistake).strip().splitlines()
    return said[0].rstrip(".")[:200] if said else type(mistake).__name__


@pass_context
def _to_json(
    context: Context,
    value: Any,
    indent: int | None = None,
    ensure_ascii: bool = False,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> _Slot:
    """JSON as a slot: names, arguments and descriptions are somebody's words as much as contents are."""
    text = json.dumps(
        _written(value), ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
    slots: _Slots = context[_SLOTS]
    return slots.add(text)


def _written(value: Any) -> Any:
    """The inverse of `_Slots.within`."""
    match value:
        case _Slot():
            return value._text
        case dict():
            return {_written(key): _written(each) for key, each in value.items()}
        case list() | tuple():
            return [_written(each) for each in value]
    return value


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(pattern: str) -> str:
    return datetime.now().strftime(pattern)
