"""How the application is opened, at the start and when another model takes over. Knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Opening:
    """What `clawlocal` was told, or what one application leaves to the next."""

    model: str | None = None
    """None: as the settings say."""
    session: str | None = None
    temporary: bool = False
    text: str = ""
    """What stands in the prompt."""
    again: str | None = None
    """A turn that broke off: its message is answered once more."""


FIRST = Opening()
"""A new chat."""
