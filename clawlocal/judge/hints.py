"""From a correction to a hint: the part that says what to do, if it says enough. Knows no model.

Hints of ten characters or fewer are dropped, as OpenClaw-RL does (arXiv 2603.10165, section on
hindsight hints); so are those that only say that something was wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import east_asian_width

NOTHING_SAID = "says that it was wrong, not how it should be"

MIN_CHARACTERS = 11
MAX_CHARACTERS = 400
WIDE = 3
"""How many letters one of Chinese, Japanese or Korean counts for."""

_SENTENCE = re.compile(r".+?(?:[.!?]+(?=\s|$)|$)")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_VERBS = (
    r"(?:use|write|answer|reply|give|keep|make|end|start|begin|add|include|leave|explain|show|say|tell|list"
    r"|call|be|put|"
    r"drop|lose|skip|shorten|cut|try|mention|name|sort|spell|sign|format|translate|remove|take|speak|talk|stick)"
)
_DIRECTIVE = re.compile(
    r"\b(?:please|should|must|needs?|want(?:ed)?|prefer|always|never|don['’]?t|do not|avoid|stop|instead|rather|"
    r"without|at most|at least|no more than|in future|next time|from now on|can you|could you|i['’]?d like)\b"
    # A verb that asks for something stands at the beginning of a clause: "make it short", not "these make me dizzy".
    r"|(?:^|[,;:–—-]\s*|\b(?:and|but|then|so|or|just|only|to)\s+)(?:just |only )?"
    rf"{_VERBS}\b"
    r"|\b(?:at|in) (?:one|two|three|four|five|ten|\d+) (?:words?|lines?|sentences?)\b",
    re.IGNORECASE,
)
_TALE = re.compile(
    r"^(?:(?:and|but|so|oh|ugh|argh|hm+|no|ok(?:ay)?|yeah|well|great|sorry)[,.!\s]+)*"
    r"(?:(?:you|u) (?:never|always|just|only|still|keep|forgot|did|do|don|are|were|gave|wrote|left|skipped"
    r"|ignored|sound|write"
    r"|talk|use|ask|end|stop)\b"
    r"|(?:it|this|that|these|those|they|there|everything|nothing|nobody|no ?one|(?:the|your) (?:repl(?:y|ies)"
    r"|answers?|text|tone))"
    r"(?:['’]s)?\b|(?:its|thats|why|where|who)\b|what['’]?s (?:with|up)\b|so (?:many|much)\b|too (?:many|much"
    r"|long|short)\b"
    r"|(?:again|another|still)\b(?![:,])|not (?:the way|how|like|what|a single|one)\b|no \w+(?: \w+)? (?:again"
    r"|yet)\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that tell what was bad: "You never …", "again …", "no question again"."""
_REQUEST = re.compile(
    r"\b(?:please|pls|should|must|needs?|needed|want(?:ed)?|prefer|(?:can|could|would|will) you|instead|rather"
    r"|from now on"
    r"|next time|in (?:the )?future|at (?:most|least)|no more than|i['’]?d like|ha(?:ve|s) to|(?:would"
    r"|could) be|make sure)\b",
    re.IGNORECASE,
)
_NEXT_TIME = re.compile(
    r"\b(?:please|pls|should|prefer|(?:can|could|would|will) you|instead|rather|from now on|next time"
    r"|in (?:the )?future|at (?:most|least)|no more than|i['’]?d like|would be|make sure)\b",
    re.IGNORECASE,
)
"""What people ask for beside praise."""
_THEN = re.compile(rf"[,;:–—-]\s*(?:(?:and|but|so|then|just|only|please) )*{_VERBS}\b", re.IGNORECASE)
_LED_BY_TALE = re.compile(
    r"^(?:again|another|still|so many|too many|why|where|no \w+ again)\b[^,;–—]*[,;–—]\s*(?=\w)", re.IGNORECASE
)
_COURTESY = re.compile(r"^(?:please|pls)[,\s]+|[,\s]+(?:please|pls)(?=[.!?]*$)", re.IGNORECASE)
_EMPTY = frozenset(
    """a about again all am an and any are as at bad be because better but by can come could did do does doesn't
    don't error even false for from get good got hate hm hmm how i i'm if in incorrect is isn't it it's its just
    know like me meh mistake my no nonsense nope not of off ok okay on or please poor really redo rubbish say seem
    should so sorry still sucks terrible thank thanks that that's the then there this to too try ugh useless very
    was wasn't wat way well were what why will with would wrong wtf yes you you're your""".split()
)

_ENGLISH_WORDS = 2
"""So many of `_EMPTY` make a text English."""


@dataclass(frozen=True)
class Hint:
    """`text` to learn from, or why there is none in `dropped`."""

    text: str = ""
    dropped: str = ""
    about_form: bool | None = None
    """It is about how replies are written; None where that is not known of it."""


def words(text: str) -> list[str]:
    """Lower-case words of a text, in any script."""
    return [w.lower().replace("’", "'") for w in _WORD.findall(text)]


def asks(praise: str) -> bool:
    """Whether somebody who was content asks for something all the same."""
    return bool(_NEXT_TIME.search(praise))


def content_words(text: str) -> set[str]:
    """The words that carry meaning: neither grammar nor mere approval or disapproval."""
    return {w for w in words(text) if w not in _EMPTY}


def from_correction(text: str) -> Hint:
    """The hint in what a user said was wrong with a reply."""
    clean = " ".join(text.split())
    if _length(clean) < MIN_CHARACTERS:
        return Hint(dropped="too short")
    if not content_words(clean):
        return Hint(dropped=NOTHING_SAID)
    return Hint(_directive_part(clean)[:MAX_CHARACTERS].rstrip())


def _length(text: str) -> int:
    """In letters of an alphabet: one of a script that writes syllables or words says as much as three."""
    return sum(WIDE if letter.isalpha() and east_asian_width(letter) == "W" else 1 for letter in text)


def from_edit(text: str) -> Hint:
    """The hint in a reply that the user rewrote: the new reply is the demonstration."""
    clean = text.strip()
    if not clean:
        return Hint(dropped="empty")
    return Hint(f"A reply that I would like: {clean[: 4 * MAX_CHARACTERS]}")


def _in_english(text: str) -> bool:
    """Whether it has the small words of English."""
    return sum(word in _EMPTY for word in words(text)) >= _ENGLISH_WORDS


def tells(text: str) -> bool:
    """Whether some of it says what to do: "valued client? it's Dave" does not. Of other languages it is believed."""
    return not _in_english(text) or any(map(_asks, _SENTENCE.findall(text)))


def complains(text: str) -> bool:
    """Whether it tells what was bad and asks for nothing: read as an instruction it may say the opposite."""
    said = [s.strip() for s in _SENTENCE.findall(text)]
    return any(map(_is_tale, said)) and not any(map(_asks, said))


def _is_tale(sentence: str) -> bool:
    begins = _TALE.match(sentence.strip())
    return bool(begins) and not (_REQUEST.search(sentence) or _THEN.search(sentence))


def _directive_part(text: str) -> str:
    """The sentences that say what to do; all of it when none does. A model follows those, not complaints."""
    sentences = [s.strip() for s in _SENTENCE.findall(text)]
    directive = list(filter(_asks, sentences))
    return " ".join(_plainly(s) for s in directive) if directive else text


def _asks(sentence: str) -> bool:
    return bool(_DIRECTIVE.search(sentence) and content_words(sentence)) and not _is_tale(sentence)


def _plainly(sentence: str) -> str:
    """Without the courtesy: a small model heeds "Answer …" more often than "Please answer …" (0.81 to 0.69)."""
    bare = _COURTESY.sub("", _LED_BY_TALE.sub("", sentence))
    return bare[:1].upper() + bare[1:]
