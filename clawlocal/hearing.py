"""A reply as it is heard: taken apart while it comes, its thought timed, then all of it. Knows no engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clawlocal.engine.speech import Part, Said, SpeechParser, SpeechStyle, Thought
from clawlocal.records import Tool, ToolCall
from clawlocal.tools import name_of


@dataclass(frozen=True)
class Heard:
    """What a model said, in the order in which one reads it."""

    thought: str | None
    """Without the marks; None when there were none."""
    text: str
    calls: tuple[ToolCall, ...]
    thought_seconds: float


class Hearing:
    """Listens to one reply."""

    def __init__(
        self,
        style: SpeechStyle,
        *,
        thinking: bool = True,
        tools: Sequence[Tool] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parser = SpeechParser(style, thinking in style.opened, [name_of(tool) for tool in tools])
        self._clock = clock
        self._parts: list[Part] = []
        self._thought_at: list[float] = []

    def feed(self, text: str) -> list[Part]:
        """What of it is certain now."""
        return self._take(self._parser.feed(text))

    def finish(self) -> list[Part]:
        """The rest."""
        return self._take(self._parser.finish())

    @property
    def heard(self) -> Heard:
        """All so far. Beside a tool call white space is no answer."""
        thoughts = [part.text for part in self._parts if isinstance(part, Thought)]
        text = "".join(part.text for part in self._parts if isinstance(part, Said))
        calls = tuple(part for part in self._parts if isinstance(part, ToolCall))
        return Heard(
            thought="".join(thoughts).strip() if thoughts else None,
            text=text.strip() if calls else text,
            calls=calls,
            thought_seconds=self._thought_at[-1] - self._thought_at[0] if thoughts else 0.0,
        )

    def _take(self, parts: list[Part]) -> list[Part]:
        self._parts += parts
        self._thought_at += [self._clock() for part in parts if isinstance(part, Thought)]
        return parts
