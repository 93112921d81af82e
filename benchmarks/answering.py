"""Whether a reply still answers what was asked. Knows words, not meaning: no model reads along, and no fact is checked.

Each check is cheap to pass for a real answer and hard for a hollow one: the question said back, a loop of one phrase,
the lesson recited, or courtesies alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

from benchmarks.spelling import AMERICAN

_STOP = frozenset(
    """a about after again all almost also always am an and any anything are as at back be because been before being
    best better between both but by can cannot choose comment could describe did didn do does doesn doing don
    down each easy else even ever every everyone everything explain feedback few find first for from get
    getting give go goes going good got great had happen has hasn have having he help her here hers him his
    how idea ideas if in into is isn it its just keep kind kinds know learn less let like list little ll long
    look lot made make makes making many may maybe me mean might more most much must my myself name names need
    needs never new no not nothing now of off often ok okay on one only or other our out over own people
    person please pupil put quite re really right same say see she should show so some someone something
    sometimes still such sure take task tell than thank thanks that the their them then there these they thing
    things think this those through to too true try two under up us use used using usually ve very want wants
    was way ways we well were what when where whether which while who whole whom whose why will with without
    won work works would write yes yet you your yours yourself""".split()
)

_STOCK = re.compile(
    r"""(?:\b(?:
    i(?:'d|'m|\ would|\ am|'ll|\ will)\ (?:be\ )?(?:happy|glad|here|sorry|unable|only|just|try|keep|make\ sure|do\ my)
    | how\ (?:can|may)\ i\ (?:help|assist) | what\ can\ i\ (?:help|do)
    | let\ me\ know | feel\ free | (?:is|if)\ there\ (?:is\ )?anything\ else | do\ you\ have\ any\ (?:other|more)
    | as\ an?\ (?:ai|language\ model|artificial) | i\ (?:can't|cannot|don't|do\ not|apologi[sz]e|understand|see)\b
    | (?:that(?:'s|\ is)|what)\ an?\ (?:\w+\ )?question | (?:great|good)\ question | hope\ (?:this|that|it)\ helps
    | thank(?:s|\ you)\ for\ (?:your|the|asking|sharing) | here(?:'s|\ is|\ are)\ (?:the|a|an|your|my|some)\ (?:\w+\ )?
      (?:answer|reply|response|list|comment)s? | (?:certainly|sure|of\ course|absolutely)(?=[,.!])
    )[^.!?\n:]*[.!?:]?)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Sentences that say nothing about anything."""


def words(text: str) -> list[str]:
    """Words and numbers in small letters, without punctuation."""
    return re.findall(r"[^\W\d_]+|\d+(?:[.,]\d+)*", text.lower())


def stems(text: str) -> frozenset[str]:
    """The content words of a text, each cut so that its inflections fall together."""
    return frozenset(_stem(w) for w in words(text) if w not in _STOP and (len(w) > 1 or w.isdigit()))


def on_topic(question: str, reply: str, related: Iterable[str] = ()) -> bool:
    """The reply shares a content word with the question, or with words that an answer to it may use instead."""
    return bool((stems(question) | stems(" ".join(related))) & stems(reply))


def substance(question: str, text: str) -> int:
    """How many different content words a reply brings beside the question's and beside courtesies."""
    return len(stems(_STOCK.sub(" ", text.replace("’", "'"))) - stems(question))


def own_words(question: str, text: str) -> int:
    """How many words of a reply are not in a run of five or more that the question has as well."""
    asked, said, run = words(question), words(text), 5
    known = {tuple(asked[i : i + run]) for i in range(len(asked) - run + 1)}
    copied: set[int] = set()
    for i in range(len(said) - run + 1):
        if tuple(said[i : i + run]) in known:
            copied.update(range(i, i + run))
    return len(said) - len(copied)


def repeats(text: str) -> bool:
    """A sentence twice, a phrase thrice in a row, or a quarter of the text said before."""
    parts = Counter(" ".join(words(part)) for part in re.split(r"[.!?\n]+(?=\s|$)|\n", text))
    if any(part and times > (1 if len(part.split()) >= 5 else 2) for part, times in parts.items()):
        return True
    said = words(text)
    if re.search(r"\b(\w+(?: \w+){1,11}?)(?: \1\b){2}|\b(\w+)(?: \2\b){3}", " ".join(said)):
        return True
    runs = Counter(tuple(said[i : i + 5]) for i in range(len(said) - 4))
    again = sum(times - 1 for times in runs.values())
    return again > max(3, sum(runs.values()) / 4)


def echoes(text: str, lesson: str) -> bool:
    """Half of the lesson's words or more come back in the reply, word for word in runs of three or more."""
    taught, said = words(lesson), words(text)
    if not taught:
        return False
    least = min(3, len(taught))
    blocks = SequenceMatcher(None, taught, said, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= least) >= len(taught) / 2


def answers(question: str, text: str, lesson: str, related: Iterable[str] = ()) -> bool:
    """On topic, with something to say beside the question's own words, in no loop, and without reciting the lesson."""
    return (
        on_topic(question, text, related)
        and substance(question, text) >= 2
        and not repeats(text)
        and not echoes(text, lesson)
    )


def _stem(word: str) -> str:
    word = AMERICAN.get(word, word)
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and re.search("[aeiouy]", rest) and not word.endswith("eed"):
            word = re.sub(r"([bdgmnprt])\1$", r"\1", rest)
            break
    return word[:5].removesuffix("e")
