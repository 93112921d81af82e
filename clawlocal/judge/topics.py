"""What a lesson holds for, where the user said so: "when I ask for code", "in future letters". Knows no model."""

from __future__ import annotations

import re

from clawlocal.judge.hints import words

TOPICS = {
    "code": (
        "code coding program programs script scripts function functions",
        "python java javascript typescript sql html css regex bash shell bug debug compile formula excel spreadsheet "
        "rust kotlin pandas",
    ),
    "letters": ("letter letters email emails mail mails invitation invitations", "message messages note card invite"),
    "recipes": ("recipe recipes cooking baking", "cook bake dinner lunch dish meal ingredients"),
    "maths": (
        "maths math algebra equations homework",
        "equation calculate calculation sum fraction fractions percent percentage geometry integral derivative",
    ),
    "translations": ("translation translations", "translate translated translating"),
    "poems": ("poem poems poetry verse verses rhyme rhymes", "limerick haiku lyrics song songs"),
    "stories": ("story stories tale tales", "bedtime"),
    "travel": ("travel trips holidays", "trip train trains flight flights hotel hotels itinerary route holiday"),
    "money": ("finance finances financial money tax taxes", "budget mortgage loan loans invest investing bank pension"),
    "health": ("health", "doctor pills medicine medicines symptom symptoms pain dose"),
}
"""Topics: the words that people name them with, and others that tell of them in a request."""

_NAMES = {word: topic for topic, (named, _) in TOPICS.items() for word in named.split()}
_TELLING = {topic: frozenset(f"{named} {other}".split()) for topic, (named, other) in TOPICS.items()}

_ASKED = re.compile(
    r"\b(?:when(?:ever)?|every time|each time|any time|if) i ask(?: you)?(?: for| about)?\b(?P<named>[^,.;:!?]*)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:in|for|on) (?:(?:the|your) )?(?:all|any|every|my|other|future|later|next) (?:(?:the|your|my|all|other) )?"
    r"(?P<named>\w+)",
    re.IGNORECASE,
)
_NEAR = 3
"""Words after "when I ask for" among which the topic is."""


def topic(said: str) -> str:
    """Which of the topics something is said to hold for; empty where nothing of the kind is said."""
    for found in (*_ASKED.finditer(said), *_NAMED.finditer(said)):
        for word in words(found["named"])[:_NEAR]:
            if word in _NAMES:
                return _NAMES[word]
    return ""


def about(topic: str, text: str) -> bool:
    """Whether a message has a word of a topic."""
    return not _TELLING.get(topic, frozenset()).isdisjoint(words(text))
