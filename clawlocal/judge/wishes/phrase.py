"""A turn of phrase that means a wish without its name, and how a reply must be for it. Knows none.

`most` is how many words of another subject may stand beside: none for what may be said of anything ("longer").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ANY = 99
WHOLE = -1
"""Nothing else in the whole message."""


@dataclass(frozen=True)
class Phrase:
    """A pattern, what it asks for, and when."""

    pattern: re.Pattern[str]
    directive: str
    side: str
    most: int = ANY
    there: str = ""
    """What the reply must have, as `seen` calls it."""
    lacking: str = ""
    """What it must not have."""


def phrase(side: str, directive: str, pattern: str, most: int = ANY, there: str = "", lacking: str = "") -> Phrase:
    return Phrase(re.compile(pattern), directive, side, most, there, lacking)
