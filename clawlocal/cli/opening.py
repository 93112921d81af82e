"""Opening the assistant for a command: with a model or without, always closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clawlocal.assistant import Assistant


@contextmanager
def reading() -> Iterator[Assistant]:
    """For commands that read or give feedback: no model is loaded, so they answer at once."""
    with Assistant.open(serve=False) as assistant:
        yield assistant


@contextmanager
def serving(model: str | None = None) -> Iterator[Assistant]:
    """For commands that need the model."""
    with Assistant.open(model=model) as assistant:
        assistant.wait_ready()
        yield assistant
