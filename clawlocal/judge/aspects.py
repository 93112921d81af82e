"""What lessons are about: two about the same side of a reply cannot both hold. Knows no store and no model."""

from __future__ import annotations

import re

ASPECTS = {
    "length": r"\b(?:sentences?|short(?:er)?|brief(?:ly|er)?|concise|long(?:er)?|lengthy?|words? or fewer"
    r"|detail(?:ed|s)?|at most \w+ (?:words|lines|paragraphs?))\b",
    "language": r"\bin (?:english|german|french|spanish|italian|portuguese|dutch|polish|swedish|danish|czech|turkish"
    r"|russian|greek|arabic|hindi|japanese|korean|chinese|welsh|irish)\b",
    "spelling": r"\b(?:british|american|uk|us) (?:spelling|english)\b",
    "emoji": r"\bemojis?\b",
    "exclamation marks": r"\bexclamation marks?\b",
    "layout": r"\b(?:bullet(?: point)?s?|numbered|tables?|headings?|prose|plain paragraphs?|list)\b",
    "tone": r"\b(?:formal(?:ly)?|informal(?:ly)?|casual(?:ly)?|friendly|warm(?:ly)?|kind(?:ly|er)?|polite(?:ly)?"
    r"|professional(?:ly)?|matter-of-fact|cheerful(?:ly)?)\b",
    "how it ends": r"\b(?:end|finish|close)\b.{0,30}\b(?:question|joke|summary|offer)\b",
    "units": r"\b(?:metric|imperial|celsius|fahrenheit|kilomet(?:re|er)s|miles|kilograms|pounds|ounces|grams)\b",
}
"""Sides of a reply and how a lesson speaks of them."""

_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in ASPECTS.items()}


def aspects(lesson: str) -> frozenset[str]:
    """The sides that a lesson speaks of."""
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(lesson))


def conflict(later: str, earlier: str) -> str:
    """The side on which a later lesson takes the place of an earlier one; empty where both may hold.

    The later one must speak of all that the earlier one spoke of: "use bullets, and be brief" is not undone by
    "use a table".
    """
    old, new = aspects(earlier), aspects(later)
    return " and ".join(sorted(old)) if old and old <= new else ""
