"""Whether a reply still answers, and where its sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers import sense


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("Why do cats purr?", "A cat purrs when it is content."),
        ("How do I save money on groceries?", "Saving starts with a list of what you need."),
        ("What is 17 plus 26?", "17 and 26 make 43."),
        ("Can you help me?", "Tell me first what it is about."),
        ("なぜ空は青いのですか", "太陽の光が空気で散乱するからです。"),
    ],
)
def test_a_reply_that_speaks_of_the_question_answers(question: str, reply: str) -> None:
    assert sense.answers(question, reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Cats purr.",
        "The weather is nice in May.",
        "Cats purr when they are content. Dogs do not. Cats purr when they are content!",
        "Cats like milk very much\nDogs do\nCats like milk very much",
    ],
)
def test_a_reply_that_says_nothing_or_something_else_or_the_same_again_does_not(reply: str) -> None:
    assert not sense.answers("Why do cats purr?", reply)


def test_words_are_known_by_their_beginnings() -> None:
    assert sense.stems("Explain inflation") & sense.stems("Inflationary times")
    assert not sense.stems("What would you do about the most of it?")


def test_either_spelling_is_the_same_word() -> None:
    assert sense.answers("What is a cozy color?", "Cosy colours are warm, as red is.")


def test_an_abbreviation_ends_no_sentence() -> None:
    text = "Many wrote of it. The best known is Dr. Lee, who drew"
    assert sense.finished(text) == sense.within(text, 8) == "Many wrote of it."
    assert sense.finished("Take salts, e.g. those of the sea. Then") == "Take salts, e.g. those of the sea."


def test_a_number_of_a_list_ends_no_sentence() -> None:
    text = "Do this:\n1. Boil water.\n2. Add the eggs\n3. Wa"
    assert sense.finished(text) == "Do this:\n1. Boil water.\n2. Add the eggs"
    assert sense.within(text, 6) == "Do this:\n1. Boil water."


def test_a_reply_is_cut_between_sentences() -> None:
    text = "Cats purr. They do so when content, mostly. And whe"
    assert sense.finished(text) == "Cats purr. They do so when content, mostly."
    assert sense.within(text, 4) == "Cats purr."
    assert sense.within(text, 1) == "Cats purr.", "at least one"
    assert sense.finished("no end in sight") == sense.within("no end in sight", 3) == ""


@given(st.text(alphabet="ab .!?\n1", max_size=60), st.integers(1, 20))
def test_a_cut_is_a_beginning(text: str, words: int) -> None:
    whole, part = sense.finished(text), sense.within(text, words)
    assert text.startswith(whole) and whole.startswith(part)
    assert bool(whole.strip()) == bool(part.strip())


CATS, PURR = "Why do cats purr?", "Cats purr when they are content."


@pytest.mark.parametrize("added", ["Do your cats purr at night?", "Would you like to know about kittens and cats?"])
def test_a_question_that_brings_something_new_leads_on(added: str) -> None:
    assert sense.leads_on(CATS, PURR, added)


@pytest.mark.parametrize(
    "added",
    [
        "",
        "Do you like jazz?",
        "Have you ever wondered why cats purr?",
        "Would it help to know about cats?",
        "What can I do for my content cats?",
    ],
)
def test_a_question_that_asks_the_same_or_something_else_does_not(added: str) -> None:
    assert not sense.leads_on(CATS, PURR, added)
