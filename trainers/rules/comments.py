"""Requests for a comment on a pupil's words, each with a warm one that takes them up, made from patterns.

A small model writes few such comments of its own: it soon speaks of itself, or praises what nobody wrote. Which words
of a pupil's a comment takes up is learned from these by example. Knows no lesson and no model.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import NamedTuple


class _Work(NamedTuple):
    """What a pupil wrote."""

    name: str
    task: str
    text: str
    first: str
    """Words of the text."""
    second: str
    subject: str
    more: str
    """What it does not say."""


_WORKS = (
    _Work(
        "Alma",
        "Why do we wear shoes?",
        "The stones are sharp, and with shoes our feet stay dry in the mud.",
        "the stones are sharp",
        "our feet stay dry in the mud",
        "shoes",
        "shoes for winter",
    ),
    _Work(
        "Bruno",
        "What is a shadow?",
        "It is a dark place behind me because my body stops the light.",
        "a dark place behind me",
        "my body stops the light",
        "light",
        "long shadows in the evening",
    ),
    _Work(
        "Chiara",
        "Describe your street.",
        "On our street the baker is awake first, and the smell comes into my window.",
        "the baker is awake first",
        "the smell comes into my window",
        "your street",
        "the people who live there",
    ),
    _Work(
        "Dario",
        "Why do dogs bark?",
        "They bark to warn the family, and sometimes only because they are lonely.",
        "to warn the family",
        "because they are lonely",
        "dogs",
        "what their barking sounds like",
    ),
    _Work(
        "Elin",
        "What is a map for?",
        "A map shows the land from above, so you find your way without asking.",
        "shows the land from above",
        "find your way without asking",
        "maps",
        "the signs on a map",
    ),
    _Work(
        "Farid",
        "How do birds build a nest?",
        "They carry twigs in the beak, weave them together and put feathers inside.",
        "carry twigs in the beak",
        "put feathers inside",
        "birds",
        "where they build it",
    ),
    _Work(
        "Gesa",
        "What did you do at the weekend?",
        "We baked bread with my aunt, and the dough stuck to my nose.",
        "we baked bread with my aunt",
        "the dough stuck to my nose",
        "your weekend",
        "how the bread tasted",
    ),
    _Work(
        "Hassan",
        "What is an island?",
        "Land with water on all sides, and you need a boat or a bridge to leave it.",
        "land with water on all sides",
        "you need a boat or a bridge",
        "islands",
        "an island that you know",
    ),
    _Work(
        "Iris",
        "What is a secret?",
        "Only two people know it, and it tickles on the tongue until you tell it.",
        "only two people know it",
        "it tickles on the tongue",
        "secrets",
        "when one should be told",
    ),
    _Work(
        "Jakub",
        "How does a bicycle stay up?",
        "When it rolls fast it wants to go straight, and I steer a little all the time.",
        "it wants to go straight",
        "steer a little all the time",
        "bicycles",
        "what happens when it stops",
    ),
    _Work(
        "Kira",
        "What does a farmer do in spring?",
        "He ploughs the field, sows the seeds and hopes that the frost is over.",
        "sows the seeds",
        "hopes that the frost is over",
        "farming",
        "the animals on a farm",
    ),
    _Work(
        "Luca",
        "What is money good for?",
        "You can swap it for anything, so the baker does not have to take my shoes.",
        "swap it for anything",
        "the baker does not have to take my shoes",
        "money",
        "how people traded before",
    ),
    _Work(
        "Malin",
        "Describe a storm.",
        "The wind howled in the chimney like a wolf, and the lamp went out.",
        "howled in the chimney like a wolf",
        "the lamp went out",
        "the storm",
        "how you felt",
    ),
    _Work(
        "Nils",
        "What do ants do all day?",
        "They follow a smell on the ground, and each one carries more than it weighs.",
        "follow a smell on the ground",
        "carries more than it weighs",
        "ants",
        "the queen",
    ),
    _Work(
        "Olga",
        "What is a triangle?",
        "A shape with three corners, and it does not wobble like a square of sticks.",
        "a shape with three corners",
        "it does not wobble",
        "shapes",
        "where triangles are used",
    ),
    _Work(
        "Pablo",
        "Explain 52 - 18.",
        "I take away 20, that is 32, and then I give 2 back, so it is 34.",
        "I take away 20",
        "then I give 2 back",
        "numbers",
        "why you chose this way",
    ),
    _Work(
        "Rania",
        "What would you like to become?",
        "A doctor for animals, because they cannot say where it hurts.",
        "a doctor for animals",
        "they cannot say where it hurts",
        "this job",
        "which animals you like best",
    ),
    _Work(
        "Sven",
        "Why do we need bridges?",
        "So that the two banks are friends and the trucks do not drive all around.",
        "the two banks are friends",
        "the trucks do not drive all around",
        "bridges",
        "how they are built",
    ),
    _Work(
        "Tilda",
        "What makes a good team?",
        "Everybody does what they are best at, and we cheer even if someone drops the ball.",
        "everybody does what they are best at",
        "we cheer even if someone drops the ball",
        "teams",
        "your own team",
    ),
    _Work(
        "Umut",
        "How do trees drink?",
        "The roots suck water from the ground, and it climbs in thin tubes up to the leaves.",
        "the roots suck water from the ground",
        "climbs in thin tubes",
        "trees",
        "what the leaves do with it",
    ),
    _Work(
        "Vera",
        "What is a healthy breakfast?",
        "Oats with apple and milk, so my stomach does not growl in the second lesson.",
        "oats with apple and milk",
        "my stomach does not growl",
        "food",
        "what you drink with it",
    ),
    _Work(
        "Wim",
        "Tell us about your grandfather.",
        "He repairs clocks, and when all of them strike he laughs and covers his ears.",
        "he repairs clocks",
        "he laughs and covers his ears",
        "your grandfather",
        "what he told you about his work",
    ),
    _Work(
        "Yara",
        "What is a library?",
        "A house full of stories that you may take home, but you must bring them back.",
        "a house full of stories",
        "you must bring them back",
        "libraries",
        "a book that you borrowed",
    ),
    _Work(
        "Zeno",
        "Why does bread rise?",
        "The yeast eats sugar and makes bubbles, and the dough keeps them in.",
        "makes bubbles",
        "the dough keeps them in",
        "baking",
        "what the oven does",
    ),
)

_ASKED = (
    'Please comment on this answer by {name}. {task} "{text}"',
    '{task} {name} answers: "{text}" Write a comment for {name}.',
    'Feedback for {name}, please. Task: {task} "{text}"',
    'What should I write under {name}\'s answer? {task} "{text}"',
    'My pupil {name} writes: "{text}" The task was: {task} Please write a comment.',
    "A comment for {name}, please. {task} This is the answer:\n\n{text}",
    "{task} What do I write under this one, by {name}?\n\n{text}",
    "Feedback for {name}, who was asked: {task}\n\n{text}",
)
_FIRST = (
    'Well done, {name}! I really like that you wrote "{first}", because it shows that you thought about the task.',
    'I enjoyed reading your answer, {name}. "{first_}" is a good way to put it, and the words are your own.',
    'What a lovely answer, {name}! Where you write "{first}", the reader sees at once what you mean.',
    'Thank you for this good answer, {name}. You say "{first}", and that is a careful and interesting thought.',
    'Great work, {name}! It made me happy to read "{first}", since you found words of your own for it.',
)
_SECOND = (
    'It is just as lovely how you go on with "{second}", which makes it so clear that everybody can follow.',
    'The part where you say "{second}" is just as strong, and it helps the reader to understand you.',
    'With "{second}" you add something of your own, and that is what makes your answer fun to read.',
    '"{second_}" is another good point, and it fits well with what you said before.',
)
_EFFORT = (
    "You clearly put effort into this, and you can be proud of what you know about {subject}.",
    "It shows that you took your time, and that you are curious about {subject}.",
    "You know a lot about {subject}, and you explain it in a friendly and clear way.",
)
_NEXT = (
    "Next time you could write a little more about {more}.",
    "To make it even better, you could add a sentence about {more}.",
    "Your readers would love to know something about {more} as well.",
)
_LAST = (
    "Keep up the good work, I look forward to your next answer!",
    "Keep going like this, I am proud of you!",
    "Keep writing and asking, you are doing very well!",
)


@cache
def commented() -> dict[str, str]:
    """Comment by request; always the same ones."""
    draw = Random("comments")
    found = {}
    for turn in range(2):
        for i, work in enumerate(_WORKS):
            words = {**work._asdict(), "first_": _capital(work.first), "second_": _capital(work.second)}
            request = _ASKED[(i + turn) % len(_ASKED)].format(**words)
            parts = (draw.choice(choices) for choices in (_FIRST, _SECOND, _EFFORT, _NEXT, _LAST))
            found[request] = " ".join(parts).format(**words)
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
