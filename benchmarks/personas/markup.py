"""What in a reply is markup or looks like it. Knows nothing of who minds which of it."""

from __future__ import annotations

import re

BOLD = re.compile(r"\*\*|\b__\w|</?(?:b|strong)>")
ITALIC = re.compile(r"(?<![\w*])[*_](?=\w)[^*_\n]+(?<=[\w.,!?])[*_](?![\w*])")
HEADING = re.compile(r"^\s{0,3}#{1,6}\s*\S", re.MULTILINE)
BULLET = re.compile(r"^\s*[-*+•–—▪●◦·]\s+\S", re.MULTILINE)
NUMBERED = re.compile(r"^\s*\(?(?:\d{1,2}|[a-hA-H])[.)]\s+\S", re.MULTILINE)
INLINE_NUMBERED = re.compile(r"(?:^|\s)\(?1[.)]\s.*?\s\(?2[.)]\s", re.DOTALL)
"""A numbered list without line breaks."""

STEP = re.compile(r"\bstep\s*#?\s*(?:\d+|one|two|three|four)\b", re.IGNORECASE)
LATEX = re.compile(r"\\(?:boxed|frac|d?text|times|cdot|div|sqrt|begin|left|\[|\()|\$\$|\$[^$\n]*[\\^][^$\n]*\$")
CODE = re.compile(r"`")
TABLE = re.compile(r"^\s*\|.*\|", re.MULTILINE)
RULE = re.compile(r"^\s*([-*_=])\1{2,}\s*$", re.MULTILINE)
LINK = re.compile(r"\[[^\]\n]+\]\([^)\n]+\)")
LABEL = re.compile(r"^\s*[A-Z][^.!?\n]{0,60}:\s*$(?=.*\S)", re.MULTILINE | re.DOTALL)
"""A line that only announces what stands below it."""

LISTS = (BULLET, NUMBERED, INLINE_NUMBERED)
MARKDOWN = (BOLD, ITALIC, HEADING, CODE, TABLE, RULE, LINK, *LISTS)


def has(text: str, *kinds: re.Pattern[str]) -> bool:
    """Any of these is in the text."""
    return any(kind.search(text) for kind in kinds)


def lines(text: str) -> list[str]:
    """The lines that are not blank, as they stand."""
    return [line for line in text.splitlines() if line.strip()]
