"""Whether a reply already does what a wish asks: then the wish was not meant. Knows only what a reply shows."""

from __future__ import annotations

import re

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.seen import has, sentences

_NEEDS = {
    s.NO_EMOJI: "emoji",
    s.CALM: "exclamation",
    s.LOWER: "capitals",
    s.NO_MARKDOWN: "markdown",
    s.NO_HEADINGS: "headings",
    s.PROSE: "bullets",
    s.NO_QUESTION: "question",
    "Do not use a table.": "table",
    "Do not apologise.": "apology",
    "Answer in one sentence.": "sentences",
    s.SHORT: "sentences",
}
_LACKS = {
    "Use emoji.": "emoji",
    s.QUESTION: "question",
    s.BULLETS: "dots",
    s.NUMBERED: "numbered",
    "Use headings.": "headings",
    "Use a table.": "table",
}


_AT_MOST = re.compile(r"at most (\w+) (sentences|words)")
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def shown(wish: str) -> bool:
    """Whether a reply shows if it does what is wished."""
    return wish in _NEEDS or wish in _LACKS or bool(_AT_MOST.search(wish))


def kept(wish: str, reply: str) -> bool:
    """A reply without emoji keeps "Do not use emoji."; False where a reply does not show it."""
    if wish in _NEEDS:
        return not has(reply, _NEEDS[wish])
    if found := _AT_MOST.search(wish):
        most = int(found[1]) if found[1].isdigit() else _COUNTS.index(found[1]) + 2 if found[1] in _COUNTS else 0
        return _count(reply, found[2]) <= most
    return wish in _LACKS and has(reply, _LACKS[wish])


def _count(reply: str, unit: str) -> int:
    return len(reply.split()) if unit == "words" else sentences(reply)
