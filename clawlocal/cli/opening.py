"""Opening the assistant for a command: with a model or without, always closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clawlocal import paths
from clawlocal.assistant import Assistant
from clawlocal.store import Store


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


@contextmanager
def storing() -> Iterator[Store]:
    """For commands about other machines: what is kept here, and no assistant over it."""
    where = paths.find()
    where.ensure(where.data)
    with Store.open(where.database) as store:
        yield store
