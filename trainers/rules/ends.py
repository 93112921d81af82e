"""How a reply ends: with a question, without one, without a closing phrase. Knows nothing of the rest."""

from __future__ import annotations

import re

from trainers.rules.lesson import Wishes
from trainers.rules.rule import CLOSING, ENDING, Rule, prose_rule
from trainers.rules.stock import closed, unclosed
from trainers.rules.texts import EMOJI, before_last

ASK = (
    "Would you like ",
    "Do you have ",
    "Do you want ",
    "Have you tried ",
    "What kind of ",
    "Are you planning ",
    "Have you ever ",
    "How often do you ",
    "Which ",
    "Is there a ",
)
_QUESTION = r"\bquestions?\b"
_END = r"\b(?:end|ends|ending|finish|finishing|close|closing|conclude|concluding|wrap up|last (?:line|sentence))\b"
_ENDING_QUESTION = rf"{_END} (?:\S+ ){{0,6}}(?:(?:follow-?up )?{_QUESTION}|(?:by |with )asking\b)"
_QUESTION_LAST = (
    rf"\b(?:ask|add|put|include|with|pose)\b(?:\S* ){{0,6}}?{_QUESTION}.*\b(?:at the (?:very )?end|to (?:end|finish"
    rf"|close)|last|afterwards?|back)\b"
    rf"|{_QUESTION} at the (?:very )?end\b"
    r"|\bask (?:me |the user )?(?:a |one )?follow-?up questions?\b|\bask me something (?:back|at the end)\b"
)
_NO_QUESTION = (
    rf"{_ENDING_QUESTION}|\b(?:ask(?:ing)?|with|add(?:ing)?|of|no|the|those)\b (?:me |the user |any "
    rf"|so many )*{_QUESTION} (?:back|at the end|afterwards?)\b"
    rf"|\bfollow-?up {_QUESTION}|\bask(?:ing)? me (?:\w+ ){{0,2}}(?:{_QUESTION}|things|back|something"
    rf"|anything)(?! (?:before|first)\b)"
)
_UNSURE = r"\bbefore\b|\bunsure\b|\bunclear\b|\bnot sure\b|\bguess\w*|\bfirst\b|\bclarif\w*|\bif\b"
_CLOSING_WORD = (
    r"\bclos(?:ing|er)s?\b(?= (?:phrase|line|remark|sentence|statement|word|paragraph|pleasantr|comment|formula)"
    r"|\W*$)|\bsign-?offs?\b"
    r"|\bgoodbyes?\b|\blet me know\b|\bhope (?:this|that) helps\b|\boutros?\b|\bclosers?\b"
)
_AFTER_END = rf"(?:[\"'”’)*_\s]|{EMOJI.pattern})*"
_ASKED = re.compile(rf"\?{_AFTER_END}$")


def question(wishes: Wishes) -> Rule | None:
    """A question to the reader at the end, or none there; asking before a guess has no rule."""
    if wishes.about(_UNSURE):
        return None
    if wishes.forbids(_NO_QUESTION):
        return Rule("no question", lambda t: not asks(t), unquestioned, side=ENDING)
    if wishes.wants(_ENDING_QUESTION) or wishes.wants(_QUESTION_LAST):
        return Rule("question", asks, closers=ASK, side=ENDING)
    return None


def asks(text: str) -> bool:
    """Whether the last sentence is a question; a face may stand behind it."""
    return bool(_ASKED.search(text))


def unquestioned(text: str) -> str:
    """Without the questions at the end; empty where there is nothing else."""
    text = text.rstrip()
    while found := _ASKED.search(text):
        text = before_last(text[: found.start()])
    return text


def closing(wishes: Wishes) -> Rule | None:
    if not wishes.forbids(_CLOSING_WORD):
        return None
    return prose_rule("no closing", CLOSING, lambda t: not closed(t), unclosed)


MAKERS = (closing, question)
