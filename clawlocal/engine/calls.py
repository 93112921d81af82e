"""Tool calls as models write them: JSON, often enough not quite. Knows no marks and no stream."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from clawlocal.records import ToolCall

DEEPEST = 50
"""Levels of arguments; no tool takes that many."""


def read_calls(text: str) -> list[ToolCall]:
    """The calls that `text` is: a JSON object or a list of them; none when it is anything else."""
    value = _json(text)
    calls = [_call(row) for row in (value if isinstance(value, list) else [value])]
    return [call for call in calls if call] if all(calls) else []


def bare_call(text: str, tools: Collection[str]) -> tuple[ToolCall | None, str]:
    """A call of one of `tools` at the beginning of `text`, fenced or not, and what is said behind it."""
    fence = re.match(r"\s*```(?:json)?\n", text)
    start = fence.end() if fence else 0
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start + _blanks(text[start:]))
    except (ValueError, RecursionError):
        return None, text
    call = _call(value)
    if call is None or call.name not in tools:
        return None, text
    rest = text[end:].lstrip()
    return call, (rest.removeprefix("```") if fence else rest).strip()


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip())


def _call(row: Any) -> ToolCall | None:
    if not isinstance(row, dict):
        return None
    name, arguments = row.get("name"), row.get("arguments", row.get("parameters"))
    arguments = _json(arguments) if isinstance(arguments, str) else arguments
    if not (isinstance(name, str) and name and isinstance(arguments, dict) and _flat(arguments)):
        return None
    return ToolCall(name, arguments)


def _flat(value: Any, depth: int = DEEPEST) -> bool:
    """Not nested so deeply that walking through it is a danger."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_flat(each, depth - 1) for each in inside)


def _json(text: str) -> Any:
    """The value, or None for what is no JSON. Models write line breaks into strings."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
