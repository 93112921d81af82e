"""Wishes and complaints in people's own words, the directives made of them, and the rules that these become."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.judge.wishes import directive
from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.form import FORM
from clawlocal.judge.wishes.layout import LAYOUT
from clawlocal.judge.wishes.lengths import LENGTHS
from clawlocal.judge.wishes.manner import MANNER
from clawlocal.judge.wishes.persons import ON_PUPILS, PERSONS
from clawlocal.judge.wishes.voice import VOICE
from tests.judge.said import DIRECTIVES, REPLIES, Saying, comments, ordinary, wishes
from trainers.rules import rules

REQUEST = "What is a heron?"
NO_RULE = {s.FORMAL, s.CASUAL}
"""What no rule checks."""


@pytest.mark.parametrize("saying", wishes(), ids=lambda x: x.said)
def test_what_people_say_becomes_a_directive(saying: Saying) -> None:
    found = directive(REQUEST, saying.reply, saying.said)
    assert all(x in found for x in saying.directives)
    assert len(found) == sum(map(len, saying.directives)) + len(saying.directives) - 1


@pytest.mark.parametrize(("reply", "said"), ordinary())
def test_an_ordinary_message_gives_none(reply: str, said: str) -> None:
    assert directive(REQUEST, reply, said) == ""


@pytest.mark.parametrize(("reply", "said", "found"), comments())
def test_a_comment_on_a_pupils_work_has_wishes_of_its_own(reply: str, said: str, found: str) -> None:
    assert directive('Write a comment on this pupil\'s answer: "Plants eat soil."', reply, said) == found


@pytest.mark.parametrize(
    ("said", "with_it", "without_it", "has_it", "lacks_it"),
    [
        ("no question again", "asks", "short", "", s.QUESTION),
        ("again bullets", "list", "prose", s.PROSE, ""),
        ("stop shouting", "loud", "short", s.CALM, ""),
        ("wall of text", "prose", "short", s.SHORT, ""),
        ("it just ends", "asks", "short", "", s.QUESTION),
        ("you never ask me anything", "asks", "short", "", s.QUESTION),
    ],
)
def test_the_reply_tells_a_complaint_from_a_wish(
    said: str, with_it: str, without_it: str, has_it: str, lacks_it: str
) -> None:
    assert directive(REQUEST, REPLIES[with_it], said) == has_it
    assert directive(REQUEST, REPLIES[without_it], said) == lacks_it


def test_what_contradicts_itself_gives_none() -> None:
    assert directive(REQUEST, REPLIES["short"], "shorter please, and more detail") == ""


def _known() -> list[str]:
    named = [x for subject in s.SUBJECTS for x in (subject.wanted, subject.refused)]
    return sorted(
        {
            *named,
            *(phrase.directive for phrase in (*FORM, *LAYOUT, *LENGTHS, *VOICE, *MANNER, *PERSONS, *ON_PUPILS)),
            *DIRECTIVES.values(),
        }
        - {""}
    )


@pytest.mark.parametrize("known", _known())
def test_every_directive_that_can_be_checked_has_a_rule(known: str) -> None:
    assert bool(rules(known)) is not (known in NO_RULE or known.startswith("Reply in"))


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (f"{s.BRITISH} {s.CALM}", {"british", "no exclamation marks"}),
        (f"{s.BULLETS} {s.SHORT}", {"bullets", "short"}),
        (f"{s.HUMAN} {s.STEPS}", {"human", "prose", "no headings", "steps"}),
        (f"{s.LONG_COMMENTS} {s.KIND_COMMENTS}", {"long", "warm"}),
        (f"{s.PROSE} {s.NO_BOLD} {s.SHORT}", {"prose", "no headings", "no bold", "short"}),
    ],
)
def test_several_wishes_in_one_text_keep_their_rules(found: str, names: set[str]) -> None:
    assert {rule.name for rule in rules(found)} == names


@given(st.text(), st.sampled_from(sorted(REPLIES.values())))
def test_any_text_may_be_said(said: str, reply: str) -> None:
    assert set(directive(REQUEST, reply, said).split(". ")) >= set()


@pytest.mark.parametrize("said", ["a" * 499, "no " * 59, "!" * 499, "color " * 59, "- " * 60, "please use " * 20])
def test_no_text_takes_long(said: str) -> None:
    began = time.monotonic()
    directive(REQUEST, REPLIES["list"] * 20, said)
    assert time.monotonic() - began < 1
