"""Beginnings of mended replies, and what of a quoted text they take up."""

import numpy as np
import pytest

from trainers.openers import apart, brought, opener, quoted, takes_up

CASTLES = 'Comment on "Castles" by Tim: "Enemies could not dig below the wall, and they swam badly in heavy armour."'
CHOICES = ('You wrote "{said}" and ', "What a question! ")


def begun(asked: str, choices: tuple[str, ...] = CHOICES) -> set[str]:
    return {opener(choices, asked, np.random.default_rng(seed)) for seed in range(20)}


def test_who_shows_a_text_is_answered_with_something_from_it() -> None:
    first, second = "Enemies could not dig below the wall", "and they swam badly in heavy armour"
    assert begun(CASTLES) == {f'You wrote "{first}" and ', f'You wrote "{second}" and '}


def test_a_title_is_no_text() -> None:
    assert begun('Who wrote "The Old Man and Me"?') == {"What a question! "}
    assert quoted('Who wrote "The Old Man and Me"?') == "" and quoted("“It rained all day and all night.”")


def test_a_clause_of_many_words_is_cut() -> None:
    (only,) = begun('Grade: "one two three four five six seven eight nine ten eleven"', CHOICES[:1])
    assert only == 'You wrote "one two three four five six seven eight nine" and '


def test_without_a_fitting_beginning_there_is_none() -> None:
    assert begun("Why?", CHOICES[:1]) == {""} and begun(CASTLES, ()) == {""}
    assert begun(CASTLES, CHOICES[1:]) == {"What a question! "}


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Tim, you saw that the wall kept enemies out and that armour is heavy.", True),
        ("Thank you for your feedback, I am glad to have you as a customer.", False),
    ],
)
def test_a_comment_is_about_the_text(text: str, does: bool) -> None:
    assert takes_up(CASTLES, text) is does and takes_up("Why is the sky blue?", text)


TEXT = "The Romans built straight roads so that the soldiers could march fast."


@pytest.mark.parametrize(
    ("asked", "is_quoted", "is_brought"),
    [
        (f"Year 6, history. Comment?\n\n{TEXT}", True, True),
        (f"For Tom, please:\n{TEXT}", True, True),
        (f"Feedback for Tom: {TEXT}", True, False),
        (f"Your comment says too little: {TEXT}", True, False),
        (f"That is too long.\n\n{TEXT}", False, False),
        ("What can I say?\n\nHe is ill.", False, False),
        (f"My question: {TEXT}", False, False),
    ],
)
def test_a_text_under_a_request_or_behind_its_colon_is_what_it_is_about(
    asked: str, is_quoted: bool, is_brought: bool
) -> None:
    assert (quoted(asked), brought(asked)) == (TEXT if is_quoted else "", TEXT if is_brought else "")
    assert (TEXT in apart(asked)) is (TEXT in asked and not is_quoted)
