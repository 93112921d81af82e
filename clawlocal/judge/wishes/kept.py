"""Whether a reply already does what a wish asks: then the wish was not meant. Knows only what a reply shows."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.seen import has

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


def shown(wish: str) -> bool:
    """Whether a reply shows if it does what is wished."""
    return wish in _NEEDS or wish in _LACKS


def kept(wish: str, reply: str) -> bool:
    """A reply without emoji keeps "Do not use emoji."; False where a reply does not show it."""
    if wish in _NEEDS:
        return not has(reply, _NEEDS[wish])
    return wish in _LACKS and has(reply, _LACKS[wish])
