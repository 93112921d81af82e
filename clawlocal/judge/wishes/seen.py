"""What a reply has that a user may speak of: lists, marks, spelling, a question at its end. Knows no wish."""

from __future__ import annotations

import re

MANY_WORDS, FEW_WORDS = 60, 60
"""From so many words a reply can be too long, and below so many too short."""

_PATTERNS = {
    "bullets": r"(?m)^\s*(?:[-*•–]|\d{1,2}[.)])\s+\S",
    "dots": r"(?m)^\s*[-*•–]\s+\S",
    "numbered": r"(?m)^\s*\d{1,2}[.)]\s+\S",
    "headings": r"(?m)^\s*#{1,6}\s|^\s*\*\*[^*\n]+\*\*:?\s*$",
    "bold": r"\*\*[^*\n]+\*\*",
    "table": r"(?m)^\s*\|.*\|",
    "markdown": r"\*\*[^*\n]+\*\*|(?m:^\s*#{1,6}\s)|`|(?m:^\s*(?:[-*•]|\d{1,2}[.)])\s)|(?m:^\s*\|.*\|)|\\\(|\\\[",
    "exclamation": r"!",
    "capitals": r"\b[A-Z]{3,}(?:\s+[A-Z]{2,})+\b|\b(?:NOT|NEVER|ALWAYS|MUST|IMPORTANT|WARNING|VERY|ONLY|ALL)\b",
    "emoji": r"[\U0001F300-\U0001FAFF\u2600-\u27BF]",
    "question": r"\?[\"'”’)*_\s]*$",
    "em dashes": "—",
    "apology": r"(?i)\b(?:sorry|apolog)",
    "disclaimer": r"(?i)\bas an ai\b|\bconsult\b|\bprofessional\b|\bnot a (?:doctor|lawyer)",
    "american": r"(?i)\b\w*(?:olor|avor|abor|umor|eighbor|onor)(?:s|ed|ing|ful|ite|ites|able|hood)?\b"
    r"|\b\w{3,}(?<!s)(?<!pr)(?<!pri)iz(?:e|es|ed|ing|ation|ations)\b|\b(?:center|theater|meter|liter|fiber|gray"
    r"|traveling"
    r"|traveled|traveler|canceled|jewelry|program|check|tire|mom|catalog|dialog|defense|license|practice"
    r"|analyz\w+)s?\b",
    "british": r"(?i)\b\w*(?:olour|avour|abour|umour|eighbour|onour)\w*\b|\b\w{3,}is(?:ed|ing|ation|ations)\b"
    r"|\b(?:centre|theatre|metre|litre|fibre|grey|travelling|travelled|traveller|cancelled|jewellery|programme)s?\b",
}
_FOUND = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}


def sentences(reply: str) -> int:
    """How many ends of them there are."""
    return len(re.findall(r"[.!?](?:\s|$)", reply))


def has(reply: str, what: str) -> bool:
    """Whether a reply has it; `long` and `short` go by its words, and a text of middling length is both."""
    if what == "long":
        return len(reply.split()) >= MANY_WORDS or sentences(reply) > 2
    if what == "short":
        return len(reply.split()) <= FEW_WORDS
    if what == "sentences":
        return sentences(reply) > 1 or len(reply.split()) > 30
    if what == "prose":
        return not any(has(reply, other) for other in ("bullets", "table"))
    pattern = _FOUND.get(what)
    return bool(pattern and pattern.search(reply.rstrip()))
