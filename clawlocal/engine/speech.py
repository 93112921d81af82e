"""What a model says, taken apart while it comes: thought, answer, tool calls. Knows no model and no engine.

Marks count only where the model's chat template shows them, a thought only before the answer. What looked
like a tool call and is none stays text, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from clawlocal.engine.calls import bare_call, read_calls
from clawlocal.engine.stream import held_back
from clawlocal.records import ToolCall


class CallFormat(StrEnum):
    """How a model writes that it wants a tool."""

    HERMES = "hermes"
    """`<tool_call>{"name": …, "arguments": …}</tool_call>`, one or several (Qwen, Hermes)."""
    MISTRAL = "mistral"
    """`[TOOL_CALLS] [{"name": …, "arguments": …}]`, to the end of the reply."""
    LLAMA = "llama"
    """`{"name": …, "parameters": …}` is the whole reply, or stands behind `<|python_tag|>` (Llama 3)."""


THOUGHTS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))
OPENS = {CallFormat.HERMES: "<tool_call>", CallFormat.MISTRAL: "[TOOL_CALLS]", CallFormat.LLAMA: "<|python_tag|>"}
CLOSES = {CallFormat.HERMES: "</tool_call>"}
BARE = ("{", "```json\n", "```\n")
"""How a call without marks begins. Small models leave the marks out, whatever their template says."""


@dataclass(frozen=True)
class SpeechStyle:
    """How one model writes thoughts and tool calls, as its chat template shows it."""

    thought: tuple[str, str] | None = None
    """The marks before and after a thought."""
    calls: CallFormat | None = None
    switch: bool = False
    """The template can be told not to think."""
    opened: frozenset[bool] = frozenset()
    """With which positions of that switch the prompt itself opens the thought."""

    @property
    def marks(self) -> tuple[str, ...]:
        """Texts that may be one token, and a control token at that."""
        return tuple(mark for mark in (*(self.thought or ()), self.opens, self.closes) if mark)

    @property
    def opens(self) -> str:
        """The mark before a tool call; empty where there is none."""
        return OPENS[self.calls] if self.calls else ""

    @property
    def closes(self) -> str:
        """The mark after a tool call; empty where there is none."""
        return CLOSES.get(self.calls, "") if self.calls else ""


@dataclass(frozen=True)
class Said:
    """A part of the answer."""

    text: str


@dataclass(frozen=True)
class Thought:
    """A part of a thought. Every thought has at least one, which may be empty."""

    text: str


Part = Said | Thought | ToolCall


def style_of(source: str) -> SpeechStyle:
    """The style of a template, from its source alone."""
    thought = next((marks for marks in THOUGHTS if marks[0] in source or marks[1] in source), None)
    return SpeechStyle(thought, _calls_of(source), "enable_thinking" in source)


def _calls_of(source: str) -> CallFormat | None:
    shown = next((calls for calls, mark in OPENS.items() if mark in source), None)
    return shown or (CallFormat.LLAMA if "tools" in source and re.search(r'"parameters":', source) else None)


class SpeechParser:
    """Takes one reply. The parts, those of a kind put together, do not depend on how the text was cut.

    `tools` are the names that were offered: a reply that begins with a call of one of these needs no marks.
    """

    def __init__(self, style: SpeechStyle, in_thought: bool = False, tools: Collection[str] = ()) -> None:
        self._style = style
        self._tools = frozenset(tools) if style.calls else frozenset()
        self._pending = ""
        self._first = True
        self._last = False
        self._parts: list[Part] = []
        self._state: Callable[[], bool] = self._thinking if in_thought and style.thought else self._beginning

    def feed(self, text: str) -> list[Part]:
        """What of `text`, and of what was held back, is certain now."""
        self._pending += text
        while self._state():
            pass
        parts, self._parts = self._parts, []
        return parts

    def finish(self) -> list[Part]:
        """The rest, at the end of the reply."""
        self._last = True
        return self.feed("")

    # The states. Each returns whether another one has something to do now.

    def _beginning(self) -> bool:
        """Before the answer, behind a thought or a call: white space says nothing yet."""
        opens = self._style.opens
        openings: dict[str, Callable[[], bool]] = {opens: self._calling} if opens else {}
        if self._style.thought:
            openings[self._style.thought[0]] = self._thinking
        bare = BARE if self._tools else ()
        text = self._pending.lstrip()
        for mark, state in openings.items():
            if text.startswith(mark):
                return self._go(state, text[len(mark) :])
        if text.startswith(bare):
            return self._go(self._calling_bare, self._pending)
        marks = (*openings, *bare)
        if marks and not self._last and any(mark.startswith(text) for mark in marks):
            return False
        return self._go(self._answering, self._pending if self._first else text and self._pending.lstrip("\r\n"))

    def _thinking(self) -> bool:
        assert self._style.thought is not None
        close = self._style.thought[1]
        thought, found, rest = self._pending.partition(close)
        if found or self._last:
            self._parts.append(Thought(thought))
            self._first = False
            return self._go(self._beginning if found else self._ended, rest)
        self._let_out(Thought, close)
        return False

    def _answering(self) -> bool:
        opens = self._style.opens
        answer, found, rest = self._pending.partition(opens) if opens else (self._pending, "", "")
        if found or self._last:
            self._say(answer)
            return self._go(self._calling if found else self._ended, rest)
        self._let_out(Said, opens)
        return False

    def _calling(self) -> bool:
        """Behind the mark that opens a call."""
        opens, close = self._style.opens, self._style.closes
        inside, found, rest = self._pending.partition(close) if close else (self._pending, "", "")
        if not (found or self._last):
            return False
        calls = read_calls(inside)
        self._parts += calls
        if calls:
            self._first, self._tools = False, frozenset()
            return self._go(self._beginning if found else self._ended, rest)
        self._say(opens + inside + found)
        return self._go(self._answering if found else self._ended, rest)

    def _calling_bare(self) -> bool:
        """A reply that begins as a call without marks does: known at its end."""
        if not self._last:
            return False
        call, rest = bare_call(self._pending, self._tools)
        self._parts += [call] if call else []
        self._say(rest)
        return self._go(self._ended, "")

    def _ended(self) -> bool:
        return False

    def _go(self, state: Callable[[], bool], pending: str) -> bool:
        self._state, self._pending = state, pending
        return True

    def _say(self, text: str) -> None:
        if text:
            self._parts.append(Said(text))

    def _let_out(self, kind: type[Said] | type[Thought], mark: str) -> None:
        """All but what may become the mark."""
        cut = len(self._pending) - held_back(self._pending, (mark,))
        if cut:
            self._parts.append(kind(self._pending[:cut]))
            self._pending = self._pending[cut:]
