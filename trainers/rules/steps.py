"""Whether a reply that works something out shows how. Knows no model, and no right answer."""

from __future__ import annotations

import re

from trainers.rules.lesson import Wishes
from trainers.rules.rule import Rule
from trainers.rules.sums import worked

_NUMBER = r"\d(?:[\d.,]*\d)?"
_SUM = re.compile(rf"{_NUMBER}\)?(?: ?[a-z%°€$£]+\.?)? ?[-+*/×x·÷–−^] ?\(?[€$£]?{_NUMBER}", re.IGNORECASE)
_EQUALS = re.compile(rf"=\s*[€$£]?{_NUMBER}")
_RESULT = re.compile(
    rf"\b(?:answer|total|sum|result|altogether|in all|remain\w*|equals?)\b[^.!?\n]*{_NUMBER}|{_NUMBER}[^.!?\n]* left\b",
    re.IGNORECASE,
)
SIDE = "steps"
LEAST = 2
"""Calculations in a reply that shows its steps."""
_SHOW = (
    r"\b(?:show|keep|write|include|give|explain|leave|want|see|need|list|present|do|put|with)\b.*\b(?:steps?|working"
    r"|workings|calculations?)\b|\bstep by step\b|\b(?:all|every|each)(?: \w+)? steps?\b"
)


def shown(wishes: Wishes) -> Rule | None:
    """What does not show how is tried again; beside the user's prompts sums of known working are practised."""
    wishes = wishes.apart_from(r"\b(?:number|count|amount) of\b")
    if not wishes.wants(_SHOW) or wishes.forbids(r"\b(?:steps?|workings?|calculations?)\b"):
        return None
    return Rule("steps", shows, side=SIDE, drills=tuple(worked()), examples=worked(), redrawn=True)


def shows(text: str) -> bool:
    """At least two calculations, or nothing that looks worked out."""
    sums = _sums(text)
    return sums >= LEAST or (not sums and not _RESULT.search(text))


def works_out(text: str) -> bool:
    """At least two calculations: what a sum asks for."""
    return _sums(text) >= LEAST


def _sums(text: str) -> int:
    return max(len(_SUM.findall(text)), len(_EQUALS.findall(text)))


MAKERS = (shown,)
