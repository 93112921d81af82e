"""How long a reply is to be: so many sentences or words, short, long. Knows nothing of what it says."""

from __future__ import annotations

from trainers.rules.lesson import Wishes
from trainers.rules.rule import LENGTH, Rule, prose_rule
from trainers.rules.stock import unclosed, unopened
from trainers.rules.texts import kept, outside, prose, sentences, words

SHORT, SHORT_WORDS = 2, 50
"""Sentences and words of a short reply."""
LONG, LONG_WORDS = 4, 70
"""Sentences and words of a long one."""
MORE = (
    "For example, ",
    "In addition, ",
    "It also helps to ",
    "This means that ",
    "To do this, ",
    "This matters because ",
    "One more thing to know is that ",
)
_SENTENCES = r"sentences?\b"
_LINES = r"lin(?:e|er)s?\b"
_WORDS = r"words?\b"
_REPLY = (
    r"(?:answers?|repl(?:y|ies)|responses?|messages?|explanations?|feedback|comments?|grading comments?|summar(?:y"
    r"|ies)|ones?|version)"
)
_ALONE = rf"(?=\W*$|\s+(?:please|and|but|with|as|when|enough|then|next|from|everywhere|always|{_REPLY})\b)"
_BRIEF = (
    rf"(?<!in )\b(?:short(?:er)?|brief(?:er)?|concise|succinct|terse|crisp){_ALONE}|\b(?:be|keep \w+|stay"
    rf"|more) (?:\w+ ){{0,3}}(?:brief|concise|to the point)\b"
    r"|\b(?:briefly|concisely|succinctly|tersely)\b"
)
_WORDY = rf"\b(?:verbose|wordy|long-?winded|rambl(?:e|ing)|(?:such |so )long {_REPLY}|long {_REPLY})\b"
_TOO_LONG = rf"\b{_REPLY}\b.*\btoo long\b"
_DETAIL = (
    rf"\bmore detail(?:ed|s)?\b(?! (?:on|about|of)\b)|\bbe (?:\w+ )?thorough\b|\bin (?:more |great |greater |full "
    rf"|much more )?detail\b|\b(?:longer"
    rf"|more (?:thorough|elaborate)){_ALONE}"
    rf"|\bin (?:more )?depth\b|\bdetailed {_REPLY}|\bmore (?:thoroughly|elaborately)\b"
)
_PARTS = (
    r"\b(?:items?|bullets?|(?<!to the )points?|paragraphs?|titles?|headings?|subject|intro\w*|functions?|variables?"
    r"|names?"
    r"|captions?|steps?|commit|code)\b"
)


def limited(wishes: Wishes) -> Rule | None:
    """So many sentences or words at most."""
    wishes = wishes.apart_from(_PARTS)
    if most := wishes.most(_SENTENCES):
        return _sentences(most)
    if most := wishes.most(_WORDS):
        return prose_rule("words", LENGTH, lambda t: words(t) <= most, lambda t: _cut(t, most, most))
    # A line may be two short sentences; one is what its writer wants of one.
    return _sentences(most) if (most := wishes.most(_LINES)) else None


def _sentences(most: int) -> Rule:
    return prose_rule("sentences", LENGTH, lambda t: len(sentences(t)) <= most, lambda t: _cut(t, most))


def _cut(text: str, most: int, most_words: int = 1000) -> str:
    """What a reply says first, once it has greeted; its farewell is none of it."""
    told = unopened(prose(outside(text)))
    return kept(unclosed(told) or told, most, most_words)


def short(wishes: Wishes) -> Rule | None:
    wishes = wishes.apart_from(_PARTS)
    wanted = wishes.wants(_BRIEF) or wishes.forbids(_WORDY, fewer=True)
    if not wanted and not (wishes.clauses and wishes.about(_TOO_LONG)):
        return None
    return prose_rule(
        "short",
        LENGTH,
        lambda t: len(sentences(t)) <= SHORT and words(t) <= SHORT_WORDS,
        lambda t: _cut(t, SHORT, SHORT_WORDS),
    )


def long(wishes: Wishes) -> Rule | None:
    if not wishes.apart_from(_PARTS).wants(_DETAIL):
        return None
    return Rule("long", lambda t: len(sentences(t)) >= LONG and words(t) >= LONG_WORDS, closers=MORE, side=LENGTH)


MAKERS = (limited, short, long)
