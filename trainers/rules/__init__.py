"""Lessons that a rule can check: whether a reply obeys, and how to mend one that does not. Knows no model.

A small model follows "End every reply with a question" in one reply of four, so what it says with the lesson in its
prompt teaches little. Its own reply, mended, teaches what was wished for in words that are its own. What makes a
rule is found in a lesson's text, whoever wrote it; most lessons about tone have none.
Constraints that can be verified: IFEval (2311.07911).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from trainers.rules import ends, form, length, steps, voice, wording
from trainers.rules.ends import unquestioned
from trainers.rules.lesson import wishes
from trainers.rules.lists import marks
from trainers.rules.rule import TONE, Rule
from trainers.rules.steps import SIDE as STEPS
from trainers.rules.steps import shows as shows_steps
from trainers.rules.steps import works_out
from trainers.rules.texts import sentences

__all__ = [
    "STEPS",
    "TONE",
    "Rule",
    "drills",
    "example",
    "marks",
    "mended",
    "obeyed",
    "occasions",
    "of_all",
    "of_one",
    "rules",
    "sentences",
    "shows_steps",
    "unquestioned",
    "works_out",
]

_MAKERS = (*wording.MAKERS, *form.MAKERS, *voice.MAKERS, *steps.MAKERS, *length.MAKERS, *ends.MAKERS)
_ORDER = (
    "spelling exclamation_marks capitals dashes apology praise disclaimer introduction voice"
    " headings table markup form steps length tone closing ending emoji"
).split()
"""Words first, then form, then length: what is dropped for one is not needed by the next. Ends come last."""
_PASSES = 4
"""A list cut to two sentences becomes a list again; more rounds than that change nothing."""


@lru_cache(256)
def rules(lesson: str) -> tuple[Rule, ...]:
    """What in a lesson can be checked; empty where nothing can."""
    asked = wishes(lesson)
    return _by_side([rule for make in _MAKERS if (rule := make(asked)) is not None])


def of_all(lessons: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of several lessons in the order of mending; of two about one side the later, if it is not implied."""
    return _by_side([rule for lesson in lessons for rule in rules(lesson)])


def of_one(lesson: str, lessons: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of one of several lessons, without what it implies and another of them says otherwise."""
    holding = of_all(lessons)
    return tuple(rule for rule in rules(lesson) if not rule.implied or rule in holding)


def occasions(lesson: str) -> tuple[str, ...]:
    """Prompts on which it shows whether a lesson is obeyed; empty where any will do."""
    return tuple(dict.fromkeys(prompt for rule in rules(lesson) for prompt in rule.occasions))


def drills(lesson: str) -> tuple[str, ...]:
    """Prompts to practise it on, and not to measure it on."""
    return tuple(dict.fromkeys(prompt for rule in rules(lesson) for prompt in rule.drills))


def example(found: Sequence[Rule], asked: str) -> str:
    """A reply to one of their drills as it should be, if they have one; else empty."""
    return next((text for rule in found if (text := rule.examples.get(asked))), "")


def _by_side(found: Sequence[Rule]) -> tuple[Rule, ...]:
    ranked = sorted(found, key=lambda rule: not rule.implied)
    return tuple(sorted({rule.side: rule for rule in ranked}.values(), key=_turn))


def _turn(rule: Rule) -> int:
    side = rule.side.replace(" ", "_")
    return _ORDER.index(side) if side in _ORDER else len(_ORDER)


def obeyed(found: Sequence[Rule], text: str) -> bool:
    """Every rule, by a reply that says something."""
    return bool(text.strip()) and all(rule.obeys(text) for rule in found)


def mended(found: Sequence[Rule], text: str) -> str:
    """The reply as near to the rules as its own words allow; empty where none of it can stay."""
    text = text.strip()
    for _ in range(_PASSES):
        before = text
        for rule in sorted(found, key=_turn):
            if text and not rule.obeys(text):
                text = rule.mend(text).strip()
        if text == before:
            break
    return text
