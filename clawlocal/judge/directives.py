"""From what a user said to a directive: a line that says what to do. Knows no store.

A model heeds "Answer in at most two sentences." and not "my eyes glaze over after the second line". Wishes about the
form of replies are few, and put in many ways: rules know the plain ones (`wishes`); of others the small judge chooses
which was meant, and the number or the language comes from the user's words. For all else, and where it is unsure, the
user's own words are taken (`hints`), or what a capable chat model makes of them (`candidates`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from clawlocal.judge import hints, wishes
from clawlocal.judge.hints import Hint
from clawlocal.judge.slots import filled
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.judge.small.sides import BRIEF
from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.kept import kept, shown

Candidates = Callable[[str, str, str], str]
"""From request, reply and what was said to a hint; empty for none."""

CERTAIN = 0.85
"""From this probability on a reply that lacks a thing is believed rather than a "not" among the words: of fresh
reactions 66 were right of 67.
"""
OF_ITS_OWN = 0.1
"""Least probability of a directive that is taken in place of a likelier one about the same thing."""
SURE = 0.6
"""From this probability on a wish is taken of what the votes do not take for a complaint: on 144 messages of somebody
who is content nothing reached it, nor on 324 turns without a wish in the held-out passes.
"""

_OPPOSABLE = re.compile(r"emoji|humour|table|headings|bullet|numbered|question to the user|with a question")
"""Wishes that are known with and without "Do not"."""
_NO = re.compile(
    r"n['’]t\b|\b(?:no|not|none|never|without|stop|less|fewer|drop|lose|skip|enough|hate|cannot|away|out|off|too many"
    r"|kein\w*|nicht|ohne|pas|sans|sin|nada|senza|non|sem|não|geen|niet|zonder|bez|nie|utan|inte|inga|uten|ikke"
    r"|yok|değil|olmasın|mat|nahi)\b|ない|なし|不|别|没|без|не\b",
    re.IGNORECASE,
)
"""Words that turn a wish around, in the languages that are written most."""

_UNDONE = re.compile(
    r"\b(?:delet|remov|eras|strip|undo|take out|taking out|rub|get(?:ting)? rid)\w*\b.*"
    r"\b(?:numbers?|numbering|bullets?|dots?|dashes|headings?|stars?|emojis?)\b",
    re.IGNORECASE,
)
"""Work that a user has with what they did not want: "I have to delete all the numbers"."""

_AGAINST = {
    s.SHORT: r"\b(?:longer|long (?:and|answers?|replies)|more details?|detailed|in depth|elaborate)\b",
    "Answer in more detail.": r"\b(?:short|shorter|brief\w*|concise\w*|trim|cut)\b",
    "Use a formal tone.": r"\b(?:casual\w*|informal\w*|relaxed|friendl\w*)\b",
    "Use a casual tone.": r"\bformal\w*\b",
    "Use British spelling.": r"\b(?:american|us)\b",
    "Use American spelling.": r"\b(?:british|uk)\b",
    "Use metric units.": r"\b(?:imperial|miles|pounds|fahrenheit)\b",
    "Use imperial units.": r"\b(?:metric|kilomet\w*|kilos?|celsius)\b",
}
"""Words that ask for the opposite of a wish, unless they are what is complained of."""
_AT_LEAST = re.compile(
    r"\b(?:at least|(?:no|not|never) (?:fewer|less) than|(?<!to a )(?<!bare )minimum|or more (?:sentences|words|lines)"
    r"|mindestens|au moins|al menos|por lo menos|almeno|pelo menos|minstens|minimaal|minst|co najmniej|en az)\b",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"\b(?:leav\w+|left)\b.{0,20}\bhanging\b|\bcliff-?hangers?\b|\bunfinished\b|\bhalf-finished\b", re.IGNORECASE
)
"""What leaves somebody waiting for more is not too long."""
_COMPLAINED_OF = re.compile(r"\b(?:too|so|less|than|instead|stop|was|were|is|are)\b", re.IGNORECASE)


class DirectiveWriter:
    """Asks the small judge what was wished for, and the chat model where that knows no answer and it is able to."""

    def __init__(self, judge: SmallJudge, candidates: Candidates | None = None) -> None:
        """`candidates` asks a chat model that is large enough; without it the user's own words are taken."""
        self._judge = judge
        self._candidates = candidates

    def hint(self, request: str, reply: str, said: str, *, ask: bool = True, complains: bool = True) -> Hint:
        """The directive in what a user said was wrong with a reply; `ask` lets the chat model have its turn."""
        directive = self.directive(request, reply, said, complains=complains)
        if directive:
            return Hint(directive, about_form=True)
        own = hints.from_correction(said)
        if ask and own.text and self._candidates is not None:
            drawn = self._candidates(request, reply, said)
            return Hint(drawn) if drawn else own
        return own

    def directive(self, request: str, reply: str, said: str, *, complains: bool = True) -> str:
        """Of a wish that is known and clear; empty otherwise. `complains`: the votes lean to that."""
        return self.plain(request, reply, said) or self.wish(request, reply, said, complains=complains)

    def plain(self, request: str, reply: str, said: str) -> str:
        """The directive of what rules understand: sure enough to count whatever the votes say. Asks no model."""
        return wishes.directive(request, reply, said)

    def wish(self, request: str, reply: str, said: str, *, complains: bool = True) -> str:
        """The network's choice, with the number or the language that was said."""
        if not said.strip():
            return ""
        likely = self._judge.wishes(request, reply, said)
        least = self._judge.calibration.wish if complains else SURE
        if sum(share for _, share in likely) < least or any(_is_turned(*each, said) for each in likely):
            return ""
        for place, (wish, share) in enumerate(likely):
            whole = filled(wish, said)
            # A limit that was said outright holds for the next replies too.
            if whole and not kept(whole if place else wish, reply) and (place == 0 or share >= OF_ITS_OWN):
                return whole
        return ""


def _is_turned(wish: str, share: float, said: str) -> bool:
    """As `turned`; of what a reply shows the reply tells which way round it is meant.

    It has what is not wanted. That it lacks what is wanted is said of questions and lists ("you didn't ask me
    anything"); most replies lack emoji, and so that takes certainty. Of length a reply shows nothing: nearly any is
    longer than a short one.
    """
    missed = share >= CERTAIN or wish in (s.QUESTION, s.BULLETS)
    evident = shown(wish) and wish not in BRIEF and (wish.startswith("Do not") or missed)
    return turned(wish, said) and (not evident or bool(_UNDONE.search(said)))


def turned(wish: str, said: str) -> bool:
    """The wish may be the opposite of what was said: the network knows subjects better than it knows "no"."""
    if wish in BRIEF and (_AT_LEAST.search(said) or _UNFINISHED.search(said)):
        return True
    if _UNDONE.search(said) and wish.startswith("Use "):
        return True
    against = _AGAINST.get(s.SHORT if wish in BRIEF else wish)
    if against and re.search(against, said, re.IGNORECASE):
        return not (_COMPLAINED_OF.search(said) or _NO.search(said))
    if not _OPPOSABLE.search(wish):
        return False
    return bool(_NO.search(said)) is not wish.startswith("Do not")
