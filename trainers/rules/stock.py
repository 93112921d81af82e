"""Stock phrases at the ends of a reply ("Certainly! Here is a guide:", "I hope this helps!"). Knows no rule."""

from __future__ import annotations

import re

from trainers.rules.texts import EMOJI, before_last

_CHEER = (
    r"(?:certainly|sure(?: thing)?|of course|absolutely|definitely|great|okay|ok|alright|got it|no problem|hello|hi"
    r"|hey"
    r"|greetings|good (?:morning|afternoon|evening|day)|hello there|hi there|hey there"
    r"|(?:that's |that is |what )?an? (?:great|good|excellent|interesting|fantastic|wonderful) (?:question|choice"
    r"|idea|topic)"
    r"|(?:great|good|excellent|interesting|fantastic|wonderful) (?:question|choice|idea|topic)"
    r"|(?:thank you|thanks) for (?:asking|your (?:question|message)|reaching out))"
)
_HELP = (
    r"(?:i'd|i would|i'll|i will|i'm|i am|i can|let me)[ ](?:be )?(?:happy|glad|pleased|delighted"
    r"|help)\b[^.!?:=\n]{0,80}[.!:]"
)
_HERE = r"(?:here(?:'s| is| are)|below (?:is|are)|the following (?:is|are))\b[^.!?:=\n]{0,120}:"
_GUIDE = r"(?:here(?:'s| is) (?:a|the|your|how)\b|let's)[^.!?:=\n]{0,60}\bstep[- ]by[- ]step\b[^.!?:=\n]{0,60}[.:!]"
OPENING = re.compile(
    rf"^(?:[\"'*_\s]*(?:{_CHEER}(?:[!.,:]|\s*[—–-](?=\s))|{_HELP}|{_HERE}|{_GUIDE})[*_]*(?:(?:\s|{EMOJI.pattern})+"
    rf"|$))+",
    re.IGNORECASE,
)


_CLOSING = re.compile(
    r"\b(?:i )?hope (?:this|that|it|these|you)\b|\blet me know\b|\bfeel free\b|\bhappy to help\b|\bglad to help\b"
    r"|\bhere to help\b"
    r"|\bdon't hesitate\b|\bdo not hesitate\b|\bany (?:other|more|further) questions\b|\bgood luck\b"
    r"|\bbest of luck\b|^enjoy\b|^happy \w+ing\b"
    r"|\bhave a (?:great|nice|good) (?:day|time|one)\b|\banything else\b|\bif you (?:need|have) (?:any )?(?:more"
    r"|further|other)\b",
    re.IGNORECASE,
)


def opened(text: str) -> bool:
    """Whether a reply begins with a stock phrase and says something after it."""
    return unopened(text) != text.strip()


def unopened(text: str) -> str:
    """Without the stock beginning; as it was where nothing would be left."""
    text = text.strip()
    found = OPENING.match(text.replace("’", "'"))
    rest = text[found.end() :] if found else text
    if not found or not re.search(r"\w", rest):
        return text
    return rest[:1].upper() + rest[1:]


def closed(text: str) -> bool:
    return bool(_CLOSING.search(text[len(before_last(text)) :].strip()))


def unclosed(text: str) -> str:
    """Without stock phrases at the end only: "feel free to add salt" says something in the middle."""
    text = text.strip()
    while text and closed(text):
        text = before_last(text)
    return text
