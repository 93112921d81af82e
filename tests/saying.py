"""Saying something and waiting for the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clawlocal.assistant import Answer, Assistant
from clawlocal.conversation import Conversations, Wish
from clawlocal.engine.protocol import AdapterFile, Sampling


def say(assistant: Assistant, text: str, **options: Any) -> Answer:
    """One exchange, to its end."""
    return assistant.chat(text, **options).result(60)


def said(assistant: Assistant, text: str, **options: Any) -> str:
    """One exchange; its turn."""
    turn = say(assistant, text, **options).turn
    assert turn is not None
    return turn


def exchange(conversations: Conversations, text: str, session: str | None = None, adapter: str = "") -> Answer:
    """One exchange where nothing judges and nothing trains meanwhile; `adapter` is who speaks."""
    file = AdapterFile(adapter, Path(adapter)) if adapter else None
    return conversations.send(text, session, None, None, Wish(Sampling(), file), None, None).result(60)
