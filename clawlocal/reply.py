"""A reply in the making and a finished one, as an interface sees them. Knows no store and no engine's insides."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clawlocal.engine.speech import Part, Said, SpeechStyle, Thought
from clawlocal.hearing import Heard, Hearing
from clawlocal.records import ToolCall


@dataclass(frozen=True)
class Answer:
    """A finished reply, already on disk (unless temporary)."""

    session: str
    turn: str | None
    text: str
    model: str
    adapter: str
    prompt_tokens: int
    completion_tokens: int
    first_token_seconds: float
    total_seconds: float
    stopped: str
    notices: tuple[str, ...]
    """Sentences for the user: older messages left out, the rest of the reply was lost, …"""
    thought: str = ""
    """What the model thought before it answered. Not part of `text`."""
    thought_seconds: float = 0.0
    tool_calls: tuple[ToolCall, ...] = ()
    """The tools that the model asks for. Nobody has run them."""
    remote: str = ""
    """The remote that wrote it; empty for this machine."""


class Reply:
    """A reply in the making. `session` is known at once, `turn_id` once the turn is on disk."""

    def __init__(
        self,
        session: str,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Answer | BaseException], None] | None = None,
        on_thought: Callable[[str], None] | None = None,
        hearing: Hearing | None = None,
    ) -> None:
        self.session = session
        self.turn_id: str | None = None
        self._on_text = on_text
        self._on_done = on_done
        self._on_thought = on_thought
        self._hearing = hearing or Hearing(SpeechStyle())
        self._parts: queue.SimpleQueue[Part | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._outcome: Answer | BaseException | None = None
        self._cancel: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[str]:
        """Pieces of the answer as they come; blocks; ends when the reply does."""
        for part in self.parts():
            if isinstance(part, Said):
                yield part.text

    def parts(self) -> Iterator[Part]:
        """As iterating, with thoughts and tool calls too. Whoever takes a part takes it from all others."""
        while (part := self._parts.get()) is not None:
            yield part

    def cancel(self) -> None:
        """Stop the reply; what there is of it is kept and marked. Returns at once."""
        self._cancel()

    def result(self, timeout: float | None = None) -> Answer:
        """Wait for the end. Raises `TimeoutError`, or what went wrong."""
        if not self._ended.wait(timeout):
            raise TimeoutError("The reply has not ended yet.")
        if isinstance(self._outcome, Answer):
            return self._outcome
        assert self._outcome is not None
        raise self._outcome

    def cancels_with(self, cancel: Callable[[], None]) -> None:
        """What `cancel` calls, once the engine has taken the request."""
        self._cancel = cancel

    def add_text(self, piece: str) -> None:
        """From the engine's thread: more of what the model says."""
        self._deliver(self._hearing.feed(piece))

    def hear_out(self) -> Heard:
        """From the engine's thread: nothing more will come. All of it."""
        self._deliver(self._hearing.finish())
        return self._hearing.heard

    def end(self, outcome: Answer | BaseException) -> None:
        """From the engine's thread: it is over, and what there is to keep is kept."""
        self._outcome = outcome
        self.turn_id = outcome.turn if isinstance(outcome, Answer) else None
        self._ended.set()
        self._parts.put(None)
        if self._on_done is not None:
            self._on_done(outcome)

    def _deliver(self, parts: list[Part]) -> None:
        for part in parts:
            self._parts.put(part)
            if isinstance(part, Said) and self._on_text is not None:
                self._on_text(part.text)
            if isinstance(part, Thought) and part.text and self._on_thought is not None:
                self._on_thought(part.text)
