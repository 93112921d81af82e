"""From a hint to a lesson: how far it reaches, and how lessons enter a prompt. Knows no store."""

from __future__ import annotations

from collections.abc import Sequence

from clawlocal.judge import topics
from clawlocal.judge.aspects import conflict
from clawlocal.judge.hints import content_words
from clawlocal.records import THIS_TURN as THIS_TURN
from clawlocal.records import TOPIC, Lesson

GENERAL = "general"
"""Practised on other prompts, and in every prompt while it is active."""

MOST_OF_A_CHAT = 10
"""Lessons from one chat: who corrects more than that in one sitting is not heard better by a longer list."""

FORM = frozenset(
    """answer answers answering bullet bullets brief briefly casual code concise detail details detailed emoji emojis
    english example examples explain explanation explanations finish formal french friendly german introduction
    language length line lines list lists long longer markdown max maximum message messages most paragraph
    paragraphs plain please points polite prose question questions reply replies respond response responses
    sentence sentences short shorter simple simpler simply spanish start step steps style summary table tone use
    vocabulary word words write writing one two three four five six seven eight nine ten""".split()
)
"""Words about how replies are written."""


def scope(hint: str, request: str, reply: str) -> str:
    """How far a hint reaches: a hint that takes up the exchange's subject stays with it.

    Words about form (length, tone, layout, language) say nothing about the subject.
    """
    about = content_words(hint) - FORM
    subject = content_words(request) | content_words(reply)
    return THIS_TURN if any(_stem(w) in {_stem(s) for s in subject} for w in about) else GENERAL


def applying(lessons: Sequence[Lesson], text: str) -> list[Lesson]:
    """Those that hold for a message: all but other topics', those of its topic last, without what these contradict."""
    general = [x for x in lessons if not x.scope.startswith(TOPIC)]
    special = [x for x in lessons if x.scope.startswith(TOPIC) and topics.about(x.scope.removeprefix(TOPIC), text)]
    return [x for x in general if not any(conflict(s.text, x.text) for s in special)] + special


def note(lessons: Sequence[str]) -> str:
    """The active lessons as they stand after a message; empty without lessons."""
    return "\n".join(lessons)


def with_note(text: str, lines: str) -> str:
    """A user's message with a note after it: where a small model heeds it most."""
    return f"{text}\n\n{lines}" if lines else text


def _stem(word: str) -> str:
    """The beginning of a word: enough to see that `hotel` and `hotels` are one subject."""
    return word[:5]
