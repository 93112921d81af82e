"""Waiting for what the screen will show: on a predicate, with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from tui.app import ClawlocalApp
from tui.screens.chat import ChatScreen

Open = Callable[..., AbstractAsyncContextManager[Pilot[Any]]]
"""The fixture `opened`."""

DEADLINE = 20.0
"""Generous: the machine may be busy. A test that passes never waits for it."""


async def until(pilot: Pilot[Any], holds: Callable[[], object], what: str = "") -> None:
    """Let the interface run until `holds()`; fail after the deadline."""
    end = monotonic() + DEADLINE
    while not holds():
        if monotonic() > end:
            raise AssertionError(f"never came true: {what or holds}; toasts: {toasts(pilot)}")
        await pilot.pause(0.01)


def chat_of(pilot: Pilot[Any]) -> ChatScreen:
    assert isinstance(pilot.app, ClawlocalApp)
    return pilot.app.chat


def toasts(pilot: Pilot[Any]) -> list[str]:
    """The words of all toasts that are up."""
    return [f"{toast.title} {toast.message}".strip() for toast in pilot.app._notifications]


def shown(widget: Any, selector: str = "") -> str:
    """The text of all labels in `widget`."""
    found = widget.query(selector) if selector else widget.query(Static)
    return "\n".join(str(label.render()) for label in found if label.display)


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Into the field that has the focus, key by key."""
    names = {" ": "space", "\n": "ctrl+j", "/": "slash"}
    await pilot.press(*(names.get(letter, letter) for letter in text))


async def send(pilot: Pilot[Any], text: str) -> None:
    """Put `text` into the prompt and press enter."""
    chat_of(pilot).prompt.text = text
    await pilot.press("enter")


async def said(pilot: Pilot[Any], words: str) -> None:
    """Wait for a toast with these words."""
    await until(pilot, lambda: any(words in toast for toast in toasts(pilot)), f"a toast with {words!r}")


async def idle(pilot: Pilot[Any]) -> None:
    """Wait until no reply runs and the last one is on the screen."""
    chat = chat_of(pilot)
    await until(pilot, lambda: chat.running is None and all(e.running is None for e in chat.transcript.exchanges))
