"""The chat template of a model, rendered so that contents can be told from the template's own text.

Every content is replaced by a slot: a string that no template can tell from text and that is found again
in what was rendered. What users, tools and replies say, and how tools are described, therefore never mixes
with the template's text, and only the latter may hold control tokens. Knows no vocabulary: pieces of text
are what comes out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn

from jinja2 import TemplateError, pass_context
from jinja2.runtime import Context

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.sandbox import MISTAKES, MOST_TEXT, Sandbox
from clawlocal.engine.slots import Arguments, Piece, Slot, Slots, written
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
        slots = Slots()
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

    def _rows(self, messages: Sequence[ChatMessage], slots: Slots) -> Iterator[dict[str, Any]]:
        """Messages as templates expect them. A tool's results answer the calls before them, in their order."""
        asked: list[dict[str, Any]] = []
        number = 0
        for message in messages:
            row: dict[str, Any] = {"role": _role(message), "content": slots.add(self._content(message), message)}
            if message.tool_calls and self._takes_calls:
                calls = [
                    {"name": slots.add(c.name), "arguments": Arguments(slots.within(c.arguments), slots)}
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
) -> Slot:
    """JSON as a slot: names, arguments and descriptions are somebody's words as much as contents are."""
    text = json.dumps(
        written(value), ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
    slots: Slots = context[_SLOTS]
    return slots.add(text)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(pattern: str) -> str:
    return datetime.now().strftime(pattern)
