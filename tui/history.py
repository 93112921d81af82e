"""A chat read back from the assistant: pairs of message and reply, oldest first. Knows no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawlocal.assistant import Assistant
from clawlocal.errors import NotFound
from clawlocal.records import Message, Session
from tui.words import Facts

PAGE = 20
"""Turns mounted at once: each costs about 70 ms."""


@dataclass(frozen=True)
class Past:
    """One exchange, as it was kept."""

    prompt: str
    reply: str
    facts: Facts

    @property
    def answered(self) -> bool:
        """A reply was kept. It may be empty: a thought that was broken off, a tool call."""
        return bool(self.reply) or self.facts.turn is not None


@dataclass(frozen=True)
class History:
    """A chat with its last page of turns; the earlier ones are fetched on demand."""

    session: Session
    page: list[Past]
    earlier: list[Message]
    """The messages before the page."""


def load(assistant: Assistant, session: str) -> History:
    """Raises `NotFound`."""
    found = assistant.session(session)
    page, earlier = take(assistant, assistant.messages(found.id))
    return History(found, page, earlier)


def take(assistant: Assistant, messages: Sequence[Message]) -> tuple[list[Past], list[Message]]:
    """The last page of `messages`, and what is before it."""
    starts = [i for i, message in enumerate(messages) if message.role == "user"]
    cut = starts[-PAGE] if len(starts) > PAGE else 0
    return _pairs(assistant, messages[cut:]), list(messages[:cut])


def _pairs(assistant: Assistant, messages: Sequence[Message]) -> list[Past]:
    pairs: list[Past] = []
    for message in messages:
        if message.role == "user":
            pairs.append(Past(message.content, "", Facts()))
        elif message.role == "assistant":
            prompt = pairs.pop().prompt if pairs and not pairs[-1].answered else ""
            pairs.append(Past(prompt, message.content, _facts(assistant, message)))
    return pairs


def _facts(assistant: Assistant, message: Message) -> Facts:
    if message.turn is None:
        return Facts()
    try:
        return Facts.of_turn(assistant.turn(message.turn), message)
    except NotFound:  # forgotten meanwhile
        return Facts()
