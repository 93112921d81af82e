"""British or American by a word that the user spells: "colour, not color". Knows no list but the endings.

Of two spellings of one word in a message, the one that the reply does not have is wanted.
"""

from __future__ import annotations

import re

from clawlocal.judge.wishes.seen import has
from clawlocal.judge.wishes.subjects import AMERICAN, BRITISH

_ENDINGS = (
    (r"our(?=$|s|ed|ing|ful|ite|able|hood)", "or"),
    (r"(?<=[a-z]{3})is(?=e$|es$|ed$|ing$|ation)", "iz"),
    (r"tre(?=$|s$)", "ter"),
    (r"^grey", "gray"),
    (r"(?<=ve)ll(?=ed$|ing$|er$)", "l"),
    (r"ogue(?=$|s$)", "og"),
)
_WORD = re.compile(r"[a-z]+")
_NOT = re.compile(r"\b([a-z]+)[\"',]*,? (?:not|never|instead of|rather than) [\"']?([a-z]+)\b")
_WITH_U = re.compile(r"\b([a-z]+)[\"']? (?:has|with|needs|takes) an? [\"']?u\b")
_CUE = re.compile(r"\b(?:please|spell\w*|like (?:that|this)|we write|i write|is it)\b")


def spelling(text: str, reply: str) -> str:
    """The directive in how a message itself spells; empty where it spells nothing in particular."""
    words = _WORD.findall(text)
    pairs = {word: american(word) for word in words if american(word) != word}
    for one, other in _NOT.findall(text):
        if american(one) == other != one:
            return BRITISH
        if american(other) == one != other:
            return AMERICAN
    if any(american(word) != word for word in _WITH_U.findall(text)):
        return BRITISH
    both = any(us in words for us in pairs.values())
    many = len(pairs) > 1 and len(words) <= 3 * len(pairs) + 3 and bool(_CUE.search(text))
    if both and has(reply, "british") and not has(reply, "american"):
        return AMERICAN
    return BRITISH if (both or many) and has(reply, "american") else ""


def american(word: str) -> str:
    """A British word as an American writes it; any other as it is."""
    for ending, other in _ENDINGS:
        if word not in _ALIKE and re.search(ending, word):
            return re.sub(ending, other, word)
    return word


_ALIKE = frozenset(
    """our hour hours four your yours tour tours pour pours sour flour hours fours court course courses source sources
    devour contour contours paramour advise advises advised advising advertise advertised exercise exercises exercised
    surprise surprised surprising promise promised rise rises raise raised raising otherwise likewise precise wise noise
    exercising comprise compromise disguise despise enterprise expertise franchise improvise revise revised revising
    supervise televise concise paradise premise premises practise practised practising praise praised praising noised
    raises bruise bruised cruise cruised cruising please pleased pleasing phrase these""".split()
)
