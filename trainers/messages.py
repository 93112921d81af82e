"""What the worker says while it works: one JSON object a line, `event` names its kind. Knows no processes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

MEMORY, DISK = "memory", "disk"


@dataclass(frozen=True)
class Planned:
    """How the update will be computed; the first message of a job that is taken."""

    backend: str
    """`torch` or `mlx`."""
    precision: str
    exact: bool
    positions: int
    checkpointing: bool
    bytes: int
    resumed: int | None
    """The step after which it goes on; None from the beginning."""


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units of a stage are finished."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Step:
    """An optimiser step was made, and a checkpoint written; figures are means over the batch, but `tokens` is how many
    it learned from, prompts included.
    """

    number: int
    figures: dict[str, float]


@dataclass(frozen=True)
class Done:
    """The result is on disk."""


@dataclass(frozen=True)
class Failed:
    """Nothing came of it."""

    reason: str
    """One sentence for the user."""
    short_of: str = ""
    """`MEMORY` or `DISK`, where that was the reason: the job may go on another time. Empty: it would fail again."""
    needs: int = 0
    """Bytes of memory, at the least, where that is known."""


Message = Planned | Progress | Step | Done | Failed

_KINDS: dict[str, type[Message]] = {
    "planned": Planned,
    "progress": Progress,
    "step": Step,
    "done": Done,
    "failed": Failed,
}
_EVENTS = {kind: event for event, kind in _KINDS.items()}
_DATED = re.compile(r"(\d{4}-\d\d-\d\dT\S+) (\{\"event\": .*\})")


def encode(message: Message) -> str:
    """One line, without its end."""
    return json.dumps({"event": _EVENTS[type(message)], **asdict(message)})


def decode(line: str) -> Message:
    """Raises `ValueError` for a line that is no message."""
    try:
        raw: dict[str, Any] = json.loads(line)
        return _KINDS[raw.pop("event")](**raw)
    except (KeyError, TypeError, AttributeError) as e:
        raise ValueError(f"not a message of the trainer: {line[:80]!r}") from e


def dated(message: Message, at: datetime) -> str:
    """One line for a log that others hand on in their own time. `at` knows its time zone."""
    return f"{at.isoformat(timespec='milliseconds')} {encode(message)}"


def found_in(log: str) -> Iterator[tuple[datetime, Message]]:
    """The inverse, of the lines of a log that are messages, whatever stands before them. Raises as `decode` does."""
    for line in _DATED.finditer(log):
        yield datetime.fromisoformat(line[1]), decode(line[2])
