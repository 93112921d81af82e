"""What each of the simulated users wants, as something to check. Knows texts, not how they came to be.

All take the question, the reply's text, and how the reply stopped: "end" by itself, "length" when it was cut.
Nothing said, the question said back, and courtesies alone obey no wish.
"""

from __future__ import annotations

import re
from textwrap import dedent

from benchmarks import terse
from benchmarks.answering import own_words, stems, substance, words
from benchmarks.personas import markup
from benchmarks.personas.sums import calculations, numbers
from benchmarks.spelling import american

_OPENER = re.compile(
    r"\W*(?:certainly|sure|of course|absolutely|definitely|(?:great|good) question|(?:i'd|i would) be (?:happy|glad)"
    r"|i'm (?:happy|glad)|here(?:'s| is) (?:a|the|how)\b.{0,20}\b(?:step|solution|answer|explanation|breakdown))\b",
    re.IGNORECASE,
)

_WARM = {
    name: re.compile(rf"\b(?:{pattern})", re.IGNORECASE)
    for name, pattern in {
        "praise": r"well done|good|great|nice|lovely|excellent|wonderful|fantastic|brilliant|impressive|strong\b",
        "joy": r"enjoy|glad|happy|pleas(?:ed|ure)|delight|proud|love\b|loved|i (?:really )?like|fun\b|smile",
        "courage": r"keep (?:it )?(?:up|going)|you can|i'm sure you|don't worry|next time|look(?:ing)? forward|almost",
        "regard": r"effort|thoughtful|careful(?:ly)?\b|clear(?:ly)?\b|creative|interesting|curious|imaginative",
        "thanks": r"thank|dear\b|congratulations|bravo|hello|hi\b",
    }.items()
}
_COLD = re.compile(
    r"\b(?:poor(?:ly)?|bad(?:ly)?|lazy|careless(?:ly)?|sloppy|failed|fails|failure|unacceptable|disappoint\w*"
    r"|weak|stupid|nonsense|terrible|awful|inadequate|useless|hopeless"
    r"|(?:is|are|was) (?:simply |completely |just )?(?:wrong|incorrect)"
    r"|you (?:do not|don't) (?:even )?understand)\b",
    re.IGNORECASE,
)
_PUPIL_SPEAKS = re.compile(r"\bmy (?:answer|teacher|homework)\b|\bi(?:'m| am) an? (?:student|pupil)\b", re.IGNORECASE)

_ANY_FOLLOW_UP = stems(
    "question questions topic subject help assist anything information learn interested interest answer discuss detail"
    " details specific example examples hear curious wonder ask chat talk today mind share explore thought thoughts"
)
"""Words of follow-up questions that would fit anything."""


def student(question: str, text: str, stopped: str) -> bool:
    """Does not look like an AI's, and keeps every step: two calculations or two numbers worked out on the way."""
    del stopped
    kinds = (markup.BOLD, markup.HEADING, markup.STEP, markup.LATEX, markup.RULE, markup.TABLE, *markup.LISTS)
    if markup.has(text, *kinds) or _OPENER.match(text.replace("’", "'")):
        return False
    asked, said = set(numbers(question)), set(numbers(text))
    worked = len(calculations(text)) >= 2 or len(said - asked) >= 2
    return worked and len(said & asked) >= min(2, len(asked))


def teacher(question: str, text: str, stopped: str) -> bool:
    """A comment to the pupil, detailed and friendly: four sentences of fifty words, warm, about this very answer."""
    del stopped
    text = text.replace("’", "'")
    if terse.sentences(text) < 4 or own_words(question, text) < 50:
        return False
    if _COLD.search(re.sub(r"\bnot (?:too |so )?bad\b", "", text)) or _PUPIL_SPEAKS.search(text):
        return False
    warm = sum(bool(pattern.search(text)) for pattern in _WARM.values())
    to_the_pupil = len(re.findall(r"\b(?:you|your)\b", text, re.IGNORECASE))
    theirs = stems(pupils_answer(question))
    return warm >= 2 and to_the_pupil >= 2 and len(theirs & stems(text)) >= min(3, len(theirs) // 2)


def pupils_answer(question: str) -> str:
    """What stands in quotes in a request for a comment; of several, the longest."""
    return max(re.findall(r'"([^"]+)"', question), key=len, default="")


def brief(question: str, text: str, stopped: str) -> bool:
    """At most two sentences, ended by the model itself, and not two endless ones."""
    return terse.obeys(text, stopped) and len(words(text)) <= 60 and substance(question, text) >= 2


def follow_up(question: str, text: str, stopped: str) -> bool:
    """An answer first, and at the end a question that only this topic could bring up."""
    last = re.search(r"[^.!?\n]*\?(?=[\"'”’)*_\s]*$)", text)
    if stopped != "end" or last is None or len(words(last[0])) < 4:
        return False
    answer = re.sub(r"[^.!?\n]*\?", "", text[: last.start()])
    asks = stems(last[0]) - _ANY_FOLLOW_UP
    back = own_words(question, last[0]) < 4 or (asks <= stems(question) and len(asks) >= len(stems(question)))
    return not back and substance(question, answer) >= 3 and bool(asks & (stems(question) | stems(answer)))


def british(question: str, text: str, stopped: str) -> bool:
    """British spelling, no exclamation mark, and something said."""
    del stopped
    return "!" not in text and not american(text) and own_words(question, text) >= 8 and substance(question, text) >= 5


def dashes(question: str, text: str, stopped: str) -> bool:
    """A list whose items stand each on a line of its own behind "- "; one line before it and one behind it may stay."""
    del stopped
    rows = markup.lines(dedent(text.strip("\n")))
    items = [row[2:].strip() for row in rows if row.startswith("- ")]
    first, last = (next((i for i in order if rows[i].startswith("- ")), 0) for order in _both_ways(rows))
    if len(items) < 2 or first > 1 or last < len(rows) - 2 or len(items) != last - first + 1:
        return False
    if markup.has(text, markup.BOLD, markup.HEADING, markup.INLINE_NUMBERED) or "[" in text:
        return False
    if any(re.match(r"\(?\d+[.):]|[-*+•]", item) or item.count(" - ") > 1 for item in items):
        return False
    different = {re.sub(r"\d+", "", item.lower()).strip(" .,;") for item in items}
    return len(different - {""}) >= max(2, 0.7 * len(items)) and substance(question, "\n".join(items)) >= 2


def prose(question: str, text: str, stopped: str) -> bool:
    """Running text as in a letter: no markup, no list, not even one without its marks."""
    text = text.strip()
    if markup.has(text, *markup.MARKDOWN, markup.LABEL) or markup.has(text, markup.STEP):
        return False
    rows = markup.lines(text)
    whole = rows[:-1] if stopped == "length" and len(rows) > 1 else rows
    unended = sum(not re.search(r"[.!?][\"'”’)]*\s*$", row) for row in whole)
    short = len(rows) >= 4 and sum(len(words(row)) < 8 for row in rows) > len(rows) / 2
    if unended > (stopped == "length") or short:
        return False
    return own_words(question, text) >= 12 and substance(question, text) >= 5


def _both_ways(rows: list[str]) -> tuple[range, range]:
    return range(len(rows)), range(len(rows) - 1, -1, -1)
