"""What a teacher misses in a comment on a pupil's work, in whatever words."""

from __future__ import annotations

import pytest

from clawlocal.judge import wishes
from clawlocal.judge.wishes.marking import on_pupil

ASKED = 'Please comment on this answer. Question: why do birds migrate? Tom: "They fly where it is warm."'
COMMENT = "The answer is partly correct. The student should add more detail about breeding and daylight."
KIND, MORE = "Write kinder grading comments.", "Write more detailed grading comments."


@pytest.mark.parametrize(
    "said",
    [
        "You sound like an inspector.",
        "I miss a kind word.",
        "lol that's savage, poor kid",
        "could u be a bit more gentle, shes sensitive about maths",
        "The last sentence in particular stings. Must it be so blunt?",
        "My pupils know me as somebody who smiles, and this comment doesn't smile at all.",
    ],
)
def test_who_finds_it_cold_wants_it_warmer(said: str) -> None:
    assert KIND in wishes.directive(ASKED, COMMENT, said)


@pytest.mark.parametrize(
    "said",
    [
        "I need to see his own example about the bicycle taken up in the comment.",
        "You could have written that without seeing the answer at all.",
        "Could you go into what he actually wrote about the frogs?",
        "Can we have a bit more meat on the bones here",
        "Her clever trick with doubling and halving went completely unnoticed!",
    ],
)
def test_who_misses_what_the_pupil_wrote_wants_more_of_it(said: str) -> None:
    assert wishes.directive(ASKED, COMMENT, said) == MORE


@pytest.mark.parametrize(
    "said",
    [
        "nah thats harsh n it doesnt even say what he got wrong",
        "The comment is hard and empty, please make soft and with the mistakes of the pupil inside.",
    ],
)
def test_both_may_be_missed(said: str) -> None:
    assert {*wishes.directive(ASKED, COMMENT, said).split(". ")} == {KIND[:-1], MORE}


@pytest.mark.parametrize(
    "said",
    [
        'What does "ubiquitous" mean?',
        "Could you suggest a name for a grey parrot?",
        "Thank you, he will be so proud of that.",
        "Lovely, she'll smile when she reads it.",
        'Next one, please. Mia answers: "The moon pulls the water."',
        "The same for Anna, who wrote about her hamster, please.",
        'Comment on Ben\'s answer: "Mammals are warm and kind."',
    ],
)
def test_the_next_request_and_thanks_want_nothing(said: str) -> None:
    assert wishes.directive(ASKED, COMMENT, said) == ""


def test_elsewhere_the_same_words_are_no_such_wish() -> None:
    assert wishes.directive("What is a heron?", "A bird.", "I miss a kind word.") == ""


def test_whose_work_it_is_the_request_says() -> None:
    assert on_pupil(ASKED, "") and not on_pupil("Write a comment on the new park.", "")
