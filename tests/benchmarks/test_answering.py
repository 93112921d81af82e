"""Whether a reply answers: what passes, and what a small model writes instead."""

from __future__ import annotations

import pytest

from benchmarks.answering import answers, echoes, on_topic, own_words, repeats, substance

BEES = "How do bees find their way home?"


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (BEES, "A bee remembers landmarks and the sun."),
        ("Why does bread dough rise?", "Yeast eats the sugars and its gas makes the dough grow."),
        ("Which colours suit a kitchen?", "A pale color keeps it bright."),
        ("What is the centre of a town?", "At the center there is a market."),
        ("How do I bake muffins?", "Baking them takes twenty minutes."),
        ("Which cities lie by the sea?", "The city of Genoa does."),
        ("Anna has 12 apples and buys 5 more.", "That makes 12 + 5 = 17."),
    ],
)
def test_on_topic(question: str, reply: str) -> None:
    assert on_topic(question, reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I'm here to help you with anything you need.",
        "That is a good question, and I will do my best.",
        "How do I do this? It is easy, you just find the way.",
        "The capital of France is Paris.",
        "Sure! Let me know if you want more.",
    ],
)
def test_off_topic(reply: str) -> None:
    assert not on_topic(BEES, reply)


def test_a_word_that_an_answer_uses_instead() -> None:
    assert not on_topic("What should I pack for the seaside?", "- towel\n- sunscreen")
    assert on_topic("What should I pack for the seaside?", "- towel\n- sunscreen", ("towels", "hat"))


@pytest.mark.parametrize(
    "text",
    [
        "Ants live in colonies. Ants live in big colonies. Ants live in big colonies.",
        "The heart pumps the blood through the body. It is strong. The heart pumps the blood through the body.",
        "very very very very nice",
        "You can use a pan, and you can use a pan, and you can use a pan, and so on",
        "- Water\n- Bread\n- Water\n- Bread\n- Water",
        "It is a kind of a thing that is a kind of a thing that is a kind of a thing that is",
        "To save water, turn off the tap in the kitchen and turn off the tap in the bathroom and turn off the"
        " tap in the"
        " garden and turn off the tap in the garage.",
    ],
)
def test_loops(text: str) -> None:
    assert repeats(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bees use the sun as a compass. They also remember landmarks, and close to the hive they follow the smell.",
        "Anna pays 3 x 4 = 12 euros for the notebooks. With the pen she pays 12 + 2 = 14 euros. She gets 20 - 14 = 6.",
        "- water\n- bread\n- a good map\n- a good knife\n- a warm coat",
        "It was a long, long way, and very very cold.",
        "You can walk, you can run, or you can take the bus to the centre. Each has its charm.",
        "No. No sugar at all.",
    ],
)
def test_no_loops(text: str) -> None:
    assert not repeats(text)


@pytest.mark.parametrize(
    ("text", "lesson"),
    [
        ("I will answer in at most two sentences.", "Answer in at most two sentences."),
        ("Sure, at most two sentences. Bees use the sun.", "Answer in at most two sentences."),
        ("Please use British spelling and no exclamation marks. The sky is grey.", "Use British spelling and no '!'."),
        ("I should end with a question about the topic.", "End every reply with a question about the topic."),
        ("- begin each item with a dash", "Begin each item of a list with a dash."),
        ("Be brief. Bees are insects.", "Be brief."),
    ],
)
def test_the_lesson_recited(text: str, lesson: str) -> None:
    assert echoes(text, lesson)


@pytest.mark.parametrize(
    ("text", "lesson"),
    [
        ("Bees use the sun.", "Answer in at most two sentences."),
        ("A judge hands out sentences, and at most he adds a fine.", "Answer in at most two sentences."),
        ("The colour is grey. It rains in Leeds.", "Use British spelling and no exclamation marks."),
        ("It rises because of yeast. Have you tried it?", "End every reply with a question about the topic."),
        ("- towel\n- hat", "Begin each item of a list with a dash."),
        ("To be honest, keep it brief.", "Be brief."),
        ("Anything.", ""),
    ],
)
def test_the_lesson_not_recited(text: str, lesson: str) -> None:
    assert not echoes(text, lesson)


@pytest.mark.parametrize(
    "reply",
    [
        "Bees use the sun as a compass.",
        "They follow the sun, and near the hive each bee smells its home.",
        "A bee learns the shapes of trees on its first flight and flies home along them.",
        "By the sun, mostly. A bee also feels the magnetic field of the earth.",
        "- the sun\n- landmarks\n- the smell of the bees in the hive",
        "I'm sorry that this is short: bees remember trees, fences and the position of the sun.",
    ],
)
def test_answers(reply: str) -> None:
    assert answers(BEES, reply, "Answer in at most two sentences.")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Bees.",
        "How do bees find their way home?",
        "Bees find their way home. That is how bees find their way home.",
        "Great question! I'd be happy to help you with bees.",
        "I'm sorry, I cannot help with how bees find their home.",
        "Answer in at most two sentences: bees use the sun and landmarks.",
        "Bees use the sun to fly. Bees use the sun to fly. Bees use the sun to fly.",
        "Paris is the capital of France and lies on the Seine.",
    ],
)
def test_does_not_answer(reply: str) -> None:
    assert not answers(BEES, reply, "Answer in at most two sentences.")


def test_words_of_ones_own() -> None:
    assert own_words(BEES, "How do bees find their way home? By the sun.") == 3
    assert substance(BEES, "Sure! Bees find home by the sun.") == 1
