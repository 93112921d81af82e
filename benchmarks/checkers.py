"""Whether a reply does what a directive says, for those that a rule can check. Knows no model."""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.terse import sentences

Check = Callable[[str], bool]

SHORT_WORDS = 50
"""A reply of at most so many words is a short one."""

_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_BULLET = re.compile(r"^\s*[-*•] ", re.MULTILINE)
_NUMBER = re.compile(r"^\s*\d+[.)] ", re.MULTILINE)
_TABLE = re.compile(r"^\s*\|.*\|", re.MULTILINE)
_HEADING = re.compile(r"^\s*(?:#{1,6} |\*\*[^*\n]+\*\*:?\s*$)", re.MULTILINE)
_MARKDOWN = re.compile(r"\*\*|^#{1,6} |```|^\s*[-*] |^\s*\|.*\|", re.MULTILINE)
_SHOUTED = re.compile(r"\b[A-Z]{5,}\b")
_SORRY = re.compile(r"\b(?:sorry|apologi[sz]e|apologies)\b", re.IGNORECASE)
_PRAISE = re.compile(
    r"^\W*(?:what an?|that's an?|this is an?)?\s*(?:great|good|excellent|interesting|fantastic) question", re.I
)
_STOPWORDS = {
    "English": "the and is of to in that it for with".split(),
    "German": "der die das und ist nicht ein eine mit für".split(),
    "French": "le la les et est des une pour dans que".split(),
    "Spanish": "el la los y es una para que en con".split(),
    "Italian": "il la gli e è una per che di con".split(),
    "Portuguese": "o a os e é uma para que em com".split(),
}

_RULES: dict[str, Check] = {
    "Keep answers short.": lambda text: len(text.split()) <= SHORT_WORDS,
    "Answer in more detail.": lambda text: len(text.split()) > 2 * SHORT_WORDS,
    "Answer in one sentence.": lambda text: sentences(text) == 1,
    "Use bullet points.": lambda text: len(_BULLET.findall(text)) >= 2,
    "Do not use bullet points. Write in full sentences.": lambda text: not _BULLET.search(text),
    "Use numbered lists.": lambda text: len(_NUMBER.findall(text)) >= 2,
    "Use a table.": lambda text: len(_TABLE.findall(text)) >= 2,
    "Do not use a table.": lambda text: not _TABLE.search(text),
    "Use headings.": lambda text: bool(_HEADING.search(text)),
    "Do not use headings.": lambda text: not _HEADING.search(text),
    "Use emoji.": lambda text: bool(_EMOJI.search(text)),
    "Do not use emoji.": lambda text: not _EMOJI.search(text),
    "Do not use exclamation marks.": lambda text: "!" not in text,
    "Do not use markdown.": lambda text: not _MARKDOWN.search(text),
    "Do not write words in all capitals.": lambda text: not _SHOUTED.search(text),
    "Do not apologise.": lambda text: not _SORRY.search(text),
    "Do not praise the question.": lambda text: not _PRAISE.search(text),
    "End every reply with a question to the user.": lambda text: text.rstrip().endswith("?"),
    "Do not end with a question.": lambda text: not text.rstrip().endswith("?"),
}
_OPEN: tuple[tuple[re.Pattern[str], Callable[[int], Check]], ...] = (
    (re.compile(r"Answer in at most (\w+) sentences\."), lambda n: lambda text: sentences(text) <= n),
    (re.compile(r"Answer in at most (\w+) words\."), lambda n: lambda text: len(text.split()) <= n),
)
_LANGUAGE = re.compile(r"Reply in (\w+)\.")
_NUMBERS = {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}


def check(directive: str) -> Check | None:
    """The rule for a directive; None where there is none."""
    if rule := _RULES.get(directive):
        return rule
    for pattern, made in _OPEN:
        if found := pattern.fullmatch(directive):
            number = _NUMBERS.get(found[1], int(found[1]) if found[1].isdigit() else None)
            return made(number) if number is not None else None
    if (found := _LANGUAGE.fullmatch(directive)) and found[1] in _STOPWORDS:
        return lambda text: language(text) == found[1]
    return None


def language(text: str) -> str:
    """The language whose commonest words a text has most of, of a few; empty without any."""
    words = re.findall(r"\w+", text.lower())
    counts = {name: sum(words.count(stop) for stop in stops) for name, stops in _STOPWORDS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""
