"""What lessons are about: two about the same side of a reply cannot both hold. Knows no store and no model."""

from __future__ import annotations

import re

SHAPES = {
    "bullets": r"\b(?:bullets?|(?<!numbered )lists?)\b",
    "numbered": r"\bnumbered\b",
    "table": r"\btables?\b",
    "prose": r"\b(?:prose|plain paragraphs?|full sentences|running text)\b",
}
"""What a layout may be. A reply has one of them; it can do without several."""

ASPECTS = {
    "length": r"\b(?:(?<!full )(?<!whole )(?<!complete )sentences?|short(?:er)?|brief(?:ly|er)?|concise"
    r"|long(?:er)?|lengthy?|words? or fewer|detail(?:ed|s)?|at most \w+ (?:words|lines|paragraphs?))\b",
    "language": r"\bin (?:english|german|french|spanish|italian|portuguese|dutch|polish|swedish|danish|czech|turkish"
    r"|russian|greek|arabic|hindi|japanese|korean|chinese|welsh|irish)\b",
    "spelling": r"\b(?:british|american|uk|us) (?:spelling|english)\b",
    "emoji": r"\bemojis?\b",
    "exclamation marks": r"\bexclamation marks?\b",
    "layout": "|".join(SHAPES.values()),
    "headings": r"\bheadings?\b",
    "tone": r"\b(?:formal(?:ly)?|informal(?:ly)?|casual(?:ly)?|friendly|warm(?:ly)?|kind(?:ly|er)?|polite(?:ly)?"
    r"|professional(?:ly)?|matter-of-fact|cheerful(?:ly)?)\b",
    "how it ends": r"\b(?:end|finish|close)\b.{0,30}\b(?:question|joke|summary|offer)\b",
    "units": r"\b(?:metric|imperial|celsius|fahrenheit|kilomet(?:re|er)s|miles|kilograms|pounds|ounces|grams)\b",
}
"""Sides of a reply and how a lesson speaks of them."""

_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in ASPECTS.items()}
_SHAPES = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in SHAPES.items()}
_REFUSED = re.compile(r"(?:\b(?:not|never|no|without|avoid|stop|instead of)|n['’]t)\b[^.!?;:,]*$", re.IGNORECASE)
"""What comes before a thing that is not wanted."""


def aspects(lesson: str) -> frozenset[str]:
    """The sides that a lesson speaks of."""
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(lesson))


def conflict(later: str, earlier: str) -> str:
    """The side on which a later lesson takes the place of an earlier one; empty where both may hold.

    The later one must speak of all that the earlier one spoke of: "use bullets, and be brief" is not undone by
    "use a table". Nor is "no bullets" by "no tables": only a layout that is wanted excludes another.
    """
    old, new = aspects(earlier), aspects(later)
    if not old or not old <= new or ("layout" in old and not _exclude(_shapes(later), _shapes(earlier))):
        return ""
    return " and ".join(sorted(old))


def _shapes(lesson: str) -> set[tuple[str, bool]]:
    """The layouts that a lesson speaks of, and whether each is wanted."""
    found = ((name, match) for name, pattern in _SHAPES.items() for match in pattern.finditer(lesson))
    return {(name, not _REFUSED.search(lesson[: match.start()])) for name, match in found}


def _exclude(some: set[tuple[str, bool]], others: set[tuple[str, bool]]) -> bool:
    """Whether no reply can be as both say."""
    pairs = ((each, other) for each in some for other in others)
    return any((a != b and wanted and too) or (a == b and wanted is not too) for (a, wanted), (b, too) in pairs)
