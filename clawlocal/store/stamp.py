"""What every new row is stamped with: a short random id and the time. Knows no SQL."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime

ALPHABET = string.ascii_lowercase + string.digits
LENGTH = 10
"""36**10 ids: among a million rows the next one collides once in three billion tries."""


def new_id() -> str:
    """Ten random characters of a-z0-9."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def now() -> str:
    """The time in UTC as ISO 8601 with microseconds, so that texts sort as times do."""
    return of(datetime.now(UTC))


def of(moment: datetime) -> str:
    """A moment as `now` writes it; without a zone it is local time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
