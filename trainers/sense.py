"""Whether a reply still answers its question, by its words. Knows no model, no rules of a user's."""

from __future__ import annotations

import re
from collections import Counter

from trainers.rules.spelling import british
from trainers.rules.texts import goes_on

LEAST_WORDS = 4
"""Of a reply to be learned from: fewer seldom answer anything."""

LEAST_LETTERS = 12
"""The same where words are not parted by spaces."""

STEM = 5
"""Letters of a word that count: its inflections fall together."""

_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|e)$")

_COMMON = frozenset(
    "a about all an and any are as at be been before best between but by can could describe did do does explain for"
    " from get give good had has have help her his how if in into is it its just know like make makes many me more"
    " most much my need not of on one or our out please should so some tell than that the their them then there these"
    " they this those to up use want was way we were what when where which who why will with would write you your"
    .split()
)  # fmt: skip
"""Words that any question has."""

RUN, AGAIN = 4, 0.12
"""Words in a row; share of such runs in a reply that were there before: more is a reply that goes round in circles."""

_IDLE = frozenset(
    "ever wonde able think thoug consi heard hear help inter curio quest answe topic detai speci learn anyth somet"
    " other under possi ask discu share mind tell see look find new one thing way like want"
    .split()
)  # fmt: skip
"""Beginnings of words that a question about anything may have."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_FIRST_PERSON = re.compile(r"\b(?:I|[Mm]y)\b")
_END = re.compile(r"[.!?][\"'”’)*_]*(?=\s|$)")
_MARK = re.compile(r"(?:^|\s)\d{1,2}$")
"""A number before a full stop: a list's, not a sentence's."""


def stems(text: str) -> frozenset[str]:
    """Beginnings of the words that a text is about, of those that are written in Latin letters, and numbers.

    Spelled in one way: whoever asks of a color is answered by who speaks of a colour.
    """
    words = (w for w in re.findall(r"[^\W_]+", british(text).casefold()) if w not in _COMMON)
    return frozenset(_ENDING.sub("", w)[:STEM] for w in words if w.isascii() and (len(w) > 2 or w.isdigit()))


def spoken(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return re.findall(r"\w+", text.casefold())


def answers(question: str, text: str) -> bool:
    """A few words at least, one of them the question's, and no sentence twice."""
    asked = stems(question)
    return _says_something(text) and (not asked or bool(asked & stems(text))) and not _repeats(text)


def is_sum(question: str) -> bool:
    """Whether there is something to calculate: two numbers, and a question."""
    return len(_NUMBER.findall(question)) >= 2 and "?" in question


def ends(text: str) -> list[int]:
    """Where sentences end, and lines: after their marks."""
    marks = [match for match in _END.finditer(text) if not _MARK.search(text[: match.start()])]
    found = [match.end() for match in marks if not _abbreviates(text, match.end())]
    lines = [match.start() for match in re.finditer(r"(?<=[^\s:])\n", text)]
    return sorted({*found, *lines})


def _abbreviates(text: str, end: int) -> bool:
    """Whether the full stop there is an abbreviation's, and something follows."""
    rest = text[end:].lstrip()
    return bool(rest) and goes_on(f"{text[:end]} ", rest)


def finished(text: str) -> str:
    """Without the sentence or line that was cut off; empty where there is no other."""
    return text[: max(ends(text), default=0)].rstrip()


def within(text: str, words: int) -> str:
    """Whole sentences and lines of at most so many words; at least the first."""
    fitting = [end for end in ends(text) if len(text[:end].split()) <= words]
    return text[: max(fitting, default=min(ends(text), default=0))].rstrip()


def leads_on(question: str, reply: str, added: str) -> bool:
    """Whether a sentence goes on from a reply: about the same, with something that was not asked.

    Nor in the user's person, which small models slip into.
    """
    asked, about = stems(question), stems(added) - _IDLE
    known = asked | stems(reply)
    return bool(added.strip() and about & known and about - asked) and not _FIRST_PERSON.search(added)


def _says_something(text: str) -> bool:
    return len(text.split()) >= LEAST_WORDS or (not text.isascii() and len(text) >= LEAST_LETTERS)


def _repeats(text: str) -> bool:
    words = spoken(text)
    runs = Counter(tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1))
    if sum(times - 1 for times in runs.values()) > AGAIN * len(words):
        return True
    parts = (" ".join(spoken(part)) for part in re.split(r"[.!?\n]+", text))
    return any(times > 1 for part, times in Counter(parts).items() if len(part.split()) >= LEAST_WORDS)
