"""Slash commands: which action a line means, and what could complete it. Knows no widgets."""

from __future__ import annotations

import re

from tui.actions import ACTIONS, Action

_COMMAND = re.compile(r"/([a-z]*)(?:\s+(.*))?\Z", re.DOTALL | re.IGNORECASE)


class UnknownCommand(ValueError):
    """A line that looks like a command and is none; says so in a sentence."""


def parse(text: str) -> tuple[Action, str] | None:
    """The action and its argument; `None` when `text` is a message (`/etc/hosts …` is one).

    Raises `UnknownCommand`.
    """
    line = text.strip()
    found = _COMMAND.match(line)
    if found is None:
        return None
    words = line[1:].split()
    for length in (2, 1):
        action = _by_slash(" ".join(words[:length]).lower())
        if action is not None and len(words) >= length:
            return action, line[1:].split(maxsplit=length)[length] if len(words) > length else ""
    raise UnknownCommand(f"There is no command /{found[1]}. /help lists them all.")


def _by_slash(name: str) -> Action | None:
    return next((action for action in ACTIONS if action.slash and action.slash == name), None)


def matches(text: str) -> list[Action]:
    """The actions whose command begins with `text`, in the order of the list; none for a message."""
    if not text.startswith("/") or "\n" in text:
        return []
    typed = text[1:].lower()
    return [action for action in ACTIONS if action.slash and action.slash.startswith(typed)]


def completed(text: str) -> str | None:
    """`text` with the command written out, ready for its argument; `None` when nothing fits."""
    found = matches(text)
    if not found:
        return None
    return f"/{found[0].slash} " if found[0].usage else f"/{found[0].slash}"
