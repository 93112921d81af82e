"""A scripted user who wants at most two sentences, and what shows whether a model heeds it. Knows no assistant.

None of these questions is among those that are practised on.
"""

from __future__ import annotations

import re

WISH = "Too long. Please answer in at most two sentences."
"""Said in the user's own words; the part that says what to do becomes the lesson."""

QUESTIONS = (
    "What is photosynthesis?",
    "How do airplanes stay in the air?",
    "Why do we dream?",
    "How does a refrigerator work?",
    "What causes an earthquake?",
    "How do I get rid of ants in the kitchen?",
)
"""What the user asks before they correct."""

HELD_OUT = (
    "Why do leaves change colour in autumn?",
    "What is a black hole?",
    "How do I keep bread fresh?",
    "Why is the sea salty?",
    "How can I learn to swim as an adult?",
    "What does a central bank do?",
    "Tell me about penguins.",
    "How do I remove a stripped screw?",
    "What makes a good photograph?",
    "Why do we yawn?",
    "How does a compass work?",
    "What should I know before adopting a dog?",
)
"""What a lesson is measured on."""


def sentences(text: str) -> int:
    """How many sentences a reply has; a list item or an unfinished end counts as one."""
    return len(re.findall(r"[^\s.!?][^.!?\n]*(?:[.!?]+(?=\s|$)|\n|$)", text)) or 1


def obeys(text: str, stopped: str) -> bool:
    """At most two sentences, ended by the model itself."""
    return stopped == "end" and sentences(text) <= 2
