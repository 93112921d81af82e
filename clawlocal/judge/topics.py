"""What a lesson holds for, where the user said so: "when I ask for code", "in future letters". Knows no model.

A topic is one of a few that people name, or the words that they named it with.
"""

from __future__ import annotations

import re

from clawlocal.judge.hints import content_words, words

TOPICS = {
    "code": """code coding program programs script scripts function functions python java javascript typescript sql
        html css regex bash shell bug debug compile formula formulas excel spreadsheet rust kotlin pandas""",
    "letters": """letter letters email emails mail mails message messages invitation invitations invite note notes
        card cards""",
    "recipes": "recipe recipes cook cooking bake baking dinner dinners lunch dish dishes meal meals ingredients",
    "maths": """maths math algebra equation equations calculate calculation sum sums fraction fractions percent
        percentage geometry homework integral derivative""",
    "translations": "translate translation translations translating translated",
    "poems": "poem poems poetry verse verses rhyme rhymes limerick haiku lyrics song songs",
    "stories": "story stories tale tales bedtime",
    "travel": "travel trip trips train trains flight flights hotel hotels itinerary route routes holiday",
    "money": "finance finances financial money tax taxes budget mortgage loan loans invest investing bank pension",
    "health": "health doctor pills medicine medicines symptom symptoms pain dose doses",
}
"""Topics and the words that tell of them."""

_WORDS = {name: frozenset(words(listed)) for name, listed in TOPICS.items()}
_ASKED = re.compile(
    r"\b(?:when(?:ever)?|every time|each time|any time|if) i ask\w*(?: you)?(?: for| about| to)?"
    r"(?P<topic>[^,.;:!?]{3,40})",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:in|for|on)\s+(?:(?:all|any|every|my|the|your|other|future|later|next) )+(?P<topic>[a-z]+s|code)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 3
_STEM = 5


def topic(hint: str) -> str:
    """What a hint says that it holds for; empty where it says nothing of the kind."""
    if asked := _ASKED.search(hint):
        # "Whenever I ask finance stuff talk to me this simple": what comes after the topic is no part of it.
        named = [word for word in words(asked["topic"]) if content_words(word) and word not in _FILLERS]
        return _known(named) or " ".join(named[:_MOST_WORDS])
    return next(filter(None, (_known([named["topic"].lower()]) for named in _NAMED.finditer(hint))), "")


def about(topic: str, text: str) -> bool:
    """Whether a message is about a topic: it has a word of it, in whatever form."""
    wanted = {word[:_STEM] for word in _WORDS.get(topic, frozenset(topic.split()))}
    return any(word[:_STEM] in wanted for word in words(text))


_FILLERS = frozenset("stuff something anything things thing questions question".split())


def _known(named: list[str]) -> str:
    """The first topic that any of the words tells of."""
    return next((name for word in named for name, listed in _WORDS.items() if word in listed), "")
