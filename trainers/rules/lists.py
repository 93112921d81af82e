"""A reply as a list: what stands before, the items, what stands after. Knows no rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from trainers.rules.stock import unclosed, unopened
from trainers.rules.texts import BOLD, HEADING, LISTED, bare, ended, prose, sentences, unbold, unmarked, untabled

MOST_ITEMS = 5
_ALIKE = 0.75
"""Share of common words from which two items say the same."""
_TOLD, _LEAD_WORDS = 3, 30
"""Items that are left behind a first sentence that leads to the list; words of that one. Bare items of a small model
soon say nothing of what was asked.
"""
_LABEL_WORDS = 8
"""An item of so few words and no full stop is what the line under it explains."""


@dataclass(frozen=True)
class Listing:
    """The lines of a reply."""

    before: tuple[str, ...]
    items: tuple[str, ...]
    after: tuple[str, ...]


def marks(text: str) -> list[str]:
    return [found[0].strip() for found in LISTED.finditer(text)]


def listing(text: str) -> Listing:
    """A reply without a list has its sentences as items."""
    lines = [line.rstrip() for line in unmarked(untabled(text)).splitlines() if line.strip()]
    at = [i for i, line in enumerate(lines) if LISTED.match(line)]
    if len(at) < 2:
        return _told(text)
    items = _items(lines[at[0] : at[-1] + 1])
    return Listing(tuple(lines[: at[0]]), tuple(items), tuple(lines[at[-1] + 1 :]))


def _told(text: str) -> Listing:
    """The first sentence says what the list is of, if enough are left; a question at the end is to the reader."""
    whole = sentences(unclosed(unopened(prose(text))))
    told = tuple(said for said in whole if len(said.split()) > 2 and ended(said))
    asks = len(told) > 2 and told[-1].endswith("?")
    told, after = (told[:-1], told[-1:]) if asks else (told, ())
    leads = len(told) > _TOLD and len(told[0].split()) <= _LEAD_WORDS
    return Listing(told[:1], told[1:], after) if leads else Listing((), told, after)


def _items(lines: list[str]) -> list[str]:
    """Deeper items and lines without a mark belong to the item that they stand under."""
    depth = _depth(lines[0])
    items: list[str] = []
    for line in lines:
        said = bare(line)
        if LISTED.match(line) and _depth(line) <= depth:
            items.append(said)
        else:
            items[-1] = _joined(items[-1], said)
    return [item for item in items if re.search(r"\w", item)]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(item: str, more: str) -> str:
    if ended(item) or item.endswith((":", ";", ",")):
        return f"{item} {more}"
    return f"{item}: {more}" if len(item.split()) <= _LABEL_WORDS and ":" not in item else f"{item}; {more}"


def distinct(items: tuple[str, ...]) -> list[str]:
    """Without what was said before in nearly the same words."""
    chosen: list[str] = []
    for item in items:
        if not any(_alike(item, other) for other in chosen):
            chosen.append(item)
    return chosen


def _alike(one: str, other: str) -> bool:
    a, b = (set(re.findall(r"\w+", said.lower())) for said in (one, other))
    return len(a & b) >= _ALIKE * len(a | b)


def listed(text: str, mark: Callable[[int], str], most: int = MOST_ITEMS) -> str:
    """The reply as a list; as it was where it has less than two things to say."""
    found = next((tried for tried in (listing(text), _told(text)) if len(distinct(tried.items)) > 1), None)
    if not found:
        return text
    items = distinct(found.items)[:most]
    rows = [f"{mark(i)} {item}" for i, item in enumerate(items, 1)]
    blocks = [_lead(found.before), "\n".join(rows), _end(found.after)]
    return "\n\n".join(filter(None, blocks))


def _lead(before: tuple[str, ...]) -> str:
    """The line that leads to the list; a single item's mark before it would make another list."""
    return bare(before[-1]) if before else ""


def _end(after: tuple[str, ...]) -> str:
    """One line, and rather the question that the reply ends with."""
    if not after:
        return ""
    return bare(after[-1] if after[-1].endswith("?") else after[0])


def well_listed(text: str, wanted: Callable[[int], str], most: int = 0) -> bool:
    """Two items or more, each with the mark of its place and each its own; plain, with a line or two about them."""
    found = marks(text)
    if len(found) < 2 or found != [wanted(i) for i in range(1, len(found) + 1)] or (most and len(found) > most):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    at = [i for i, line in enumerate(lines) if LISTED.match(line)]
    items = tuple(LISTED.sub("", lines[i]).strip() for i in at)
    few = at[0] <= 1 and len(lines) - 1 - at[-1] <= 2
    return few and len(distinct(items)) == len(items) and not (BOLD.search(text) or HEADING.search(text))


def starless(text: str) -> str:
    """Without emphasis, and with dashes where stars marked a list."""
    return re.sub(r"(?m)^([ \t]*)\*[ \t]+(?=\S)", r"\1- ", unbold(text))
