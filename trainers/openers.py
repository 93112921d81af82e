"""How a mended reply may begin: a rule's words, with something in them that the prompt quotes. Knows no model."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from trainers.sense import stems

SAID = "{said}"
"""In an opener: a few words that the prompt quotes."""
LEAST_QUOTED = 6
"""Words between quotation marks that are somebody's text, and no title or term."""
LEAST_PASTED = 10
"""Words that stand under a request, or behind its colon, that are."""
LEAST_SAID, MOST_SAID = 3, 9
"""Words of it that an opener takes up."""
TAKEN_UP = 3
"""Words of a quoted text that a reply about it shares; half of them where it has few."""

_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_PASTED = re.compile(r"\A[^\n]{1,160}[:?][ \t]*\n\s*(?P<text>\S.*)\Z", re.DOTALL)
"""A line that asks for something, and a text under it."""
_INTRODUCES = re.compile(r"\b(?:comments?|feedback|remarks?|grade|mark|write|say)\b", re.IGNORECASE)
"""Before a colon: "Feedback for Tom: The Romans built …"."""
_CLAUSE = re.compile(r"[,;:.!?]+\s+|\s+(?=(?:and|but|because|so|which)\s)")


def opener(choices: Sequence[str], asked: str, chance: np.random.Generator) -> str:
    """One of them for a prompt. Where it quotes a text, one that takes it up, if there is one; empty without any."""
    parts = _parts(quoted(asked))
    fitting = [each for each in choices if SAID in each] if parts else []
    fitting = fitting or [each for each in choices if SAID not in each]
    if not fitting:
        return ""
    found = fitting[int(chance.integers(len(fitting)))]
    return found.replace(SAID, parts[int(chance.integers(len(parts)))]) if SAID in found else found


def quoted(asked: str) -> str:
    """The text that a prompt is about: `brought`, or behind its colon; empty for none."""
    return brought(asked) or _introduced(asked)


def brought(asked: str) -> str:
    """A text from between quotation marks, of several the longest, or from under a line that asks; empty for none."""
    longest = max(_QUOTED.findall(asked), key=len, default="")
    if len(longest.split()) >= LEAST_QUOTED:
        return longest.strip()
    under = _PASTED.match(asked.strip())
    return _long(under["text"]) if under else ""


def apart(asked: str) -> str:
    """What is asked, without the text that it is about."""
    text = quoted(asked)
    return asked.replace(text, " ") if text else asked


def _introduced(asked: str) -> str:
    """Behind the first colon, if that ends a request in the first line."""
    request, _, text = asked.strip().partition(":")
    asks = "\n" not in request and text[:1].isspace() and _INTRODUCES.search(request)
    return _long(text.strip()) if asks else ""


def _long(text: str) -> str:
    """Empty for what is too short to be somebody's text."""
    return text if len(text.split()) >= LEAST_PASTED else ""


def takes_up(asked: str, text: str) -> bool:
    """Whether a reply is about the text that is quoted to it; true where none is."""
    theirs = stems(quoted(asked))
    return len(theirs & stems(text)) >= min(TAKEN_UP, len(theirs) // 2)


def _parts(text: str) -> list[str]:
    clauses = [" ".join(clause.split()[:MOST_SAID]).strip(" .,;:!?") for clause in _CLAUSE.split(text)]
    return [clause for clause in clauses if len(clause.split()) >= LEAST_SAID]
