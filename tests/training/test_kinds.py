"""What kind of thing a user asks for, and practice of that kind."""

from __future__ import annotations

import pytest

from clawlocal.training.kinds import MARKING, PROMPTS, SUMS, alike, drilled, kinds, mostly, requests, spread

SUM = "A baker bakes 12 loaves an hour for 5 hours. How many loaves is that?"
WORK = 'Please comment on her answer: "Frogs need water because their eggs have no skin at all."'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SUM, [SUMS]),
        (WORK, [MARKING]),
        ("What shall I say to this pupil? “Frogs need water because their eggs have no skin.”", [MARKING]),
        (
            "Tom writes about frogs: “They need water because their eggs have no skin.” What can I put beneath it?",
            [MARKING],
        ),
        ("What do I write under this one?\n\nFrogs need water because their eggs have no skin at all.", [MARKING]),
        ("Year 6, nature. Comment?\n\nFrogs need water because their eggs have no skin at all.", [MARKING]),
        ("Feedback for Tom, please: Frogs need water because their eggs have no skin at all.", [MARKING]),
        ("Shorten this:\n\nThe students wrote that frogs need water because their eggs have no skin.", []),
        ("Work out how many eggs 3 boxes of a dozen hold.", [SUMS]),
        ("I have 2 cats. What are three ways to keep them busy?", []),
        ("Translate “where is the station” for 2 people.", ["translations"]),
        ("Write a Python function.", ["code"]),
        ("Who won the cup in 1998?", []),
        ('What does "in the nick of time" mean?', []),
        ("Why do frogs croak?", []),
        ("", []),
    ],
)
def test_what_a_message_asks_for(text: str, found: list[str]) -> None:
    assert kinds(text) == found


def test_who_asks_for_one_kind_practises_more_of_it() -> None:
    assert alike([SUM, SUM + " And in 7?"], 5) == list(PROMPTS[SUMS][:5])
    both = alike([SUM, WORK, SUM.replace("loaves", "rolls"), WORK.replace("Frogs", "Toads")], 4)
    assert both == [PROMPTS[SUMS][0], PROMPTS[MARKING][0], PROMPTS[SUMS][1], PROMPTS[MARKING][1]]


@pytest.mark.parametrize("own", [[], [SUM], [SUM, SUM + " And in 7?", *(f"Why do birds sing {i}?" for i in range(9))]])
def test_what_is_asked_for_once_or_seldom_is_no_habit(own: list[str]) -> None:
    assert alike(own, 5) == []


def test_the_prompts_are_of_their_kind() -> None:
    for kind in (SUMS, MARKING):
        assert all(kind in kinds(text) for text in PROMPTS[kind])


@pytest.mark.parametrize(
    ("own", "is_most"),
    [
        ([SUM, WORK, SUM], True),
        ([SUM, SUM, SUM, "Why?"], True),
        ([SUM, SUM, SUM, "Why?", "How?"], True),
        ([SUM, SUM, "Why?", "How?"], False),
        ([SUM], False),
    ],
)
def test_who_asks_for_little_else(own: list[str], is_most: bool) -> None:
    assert mostly(own) is is_most


@pytest.mark.parametrize(
    ("own", "sums", "marking"), [([SUM], True, False), ([WORK, "Why?"], False, True), (["Why?"], False, False)]
)
def test_sums_and_marking_are_drilled_for_who_asks_for_them(own: list[str], sums: bool, marking: bool) -> None:
    assert [drilled(text, own) for text in (SUM, WORK, "Use gray and color in a sentence.")] == [sums, marking, True]


def test_two_kinds_of_prompts_lie_between_each_other() -> None:
    assert spread(["a", "b", "c", "d"], ["x", "y"]) == ["a", "x", "b", "c", "y", "d"]
    assert (spread([], ["x", "y"]), spread(["a"], [])) == (["x", "y"], ["a"])


def test_remarks_are_no_requests_where_there_are_others() -> None:
    assert requests(["great, got it", SUM, "ok", WORK, "much better"]) == [SUM, WORK]
    assert requests(["pancakes", "ok", SUM]) == ["pancakes", "ok", SUM]


@pytest.mark.parametrize(("others", "is_for_them"), [(3, True), (4, False)])
def test_a_single_sum_among_many_other_prompts_asks_for_no_drills(others: int, is_for_them: bool) -> None:
    own = [SUM, *["What is a stork?"] * others]
    assert drilled(SUM, own) is is_for_them
