"""Complaints that mean a wish without naming it, their innocent twins, and when the network's choice is believed."""

from __future__ import annotations

import json

import pytest

from clawlocal.judge.directives import DirectiveWriter
from clawlocal.judge.small.judge import FOLDER, WISHES, SmallJudge
from clawlocal.judge.small.sides import ALIKE, sides
from clawlocal.judge.wishes import directive
from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.kept import kept, shown
from tests.judge.said import REPLIES

REQUEST = "What is a heron?"
GRADING = 'Write a comment on this pupil\'s answer: "Plants eat soil."'
TWO = "Answer in at most two sentences."


@pytest.mark.parametrize(
    ("reply", "said", "found"),
    [
        ("prose", "I asked a quick question and got a whole lecture back", s.SHORT),
        ("prose", "you wrote me a novel", s.SHORT),
        ("prose", "I don't want to have to scroll.", s.SHORT),
        ("prose", "what's the short version?", s.SHORT),
        ("prose", "You could have put that in a quarter of the words.", s.SHORT),
        ("prose", "nah, 2 lines is all i want", TWO),
        ("prose", "From here on: max two sentences per reply, whatever I ask.", TWO),
        ("prose", "our form only takes about fifty words", "Answer in at most 50 words."),
        ("prose", "Word limit: 50. From now on.", "Answer in at most 50 words."),
        ("short", "You left out all the interesting bits!", s.LONG),
        ("short", "rather skimpy", s.LONG),
        ("prose", "It's all squashed together", s.BULLETS),
        ("prose", "Prose is not what I want. Points.", s.BULLETS),
        ("prose", "I can't tick things off when it's written as a paragraph", s.BULLETS),
        ("prose", "one thing per line would be easier", s.BULLETS),
        ("prose", "I need it itemised.", s.BULLETS),
        ("prose", "why is it all one long paragraph", s.BULLETS),
        ("prose", "not clear which order", s.NUMBERED),
        ("dots", "dashes do not tell me what comes first", s.NUMBERED),
        ("list", "like reading a leaflet", s.PROSE),
        ("list", "too structured, I want something that flows", s.PROSE),
        ("list", "turn off the list thing", s.PROSE),
        ("list", "ew markdown", s.NO_MARKDOWN),
        ("list", "our teacher runs it through a detector", s.HUMAN),
        ("list", "it looks copied", s.HUMAN),
        ("emoji", "can you turn off emoji", s.NO_EMOJI),
        ("emoji", "the little hearts are silly", s.NO_EMOJI),
        ("short", "don't you want to know what I think?", s.QUESTION),
        ("short", "conversation killer", s.QUESTION),
        ("short", "You just stop. I'd rather you kept the talk going with a question.", s.QUESTION),
        ("list", "stop greeting me", s.NO_INTRODUCTION),
        ("american", "You write as in New York and not as in London, use proper English", s.BRITISH),
    ],
)
def test_a_complaint_becomes_the_wish_that_it_means(reply: str, said: str, found: str) -> None:
    assert directive(REQUEST, REPLIES[reply], said) == found


@pytest.mark.parametrize(
    "said",
    [
        "quick question, how long does it keep?",
        "milk is on my shopping list",
        "it's for a short film about bees",
        "in one sentence he said he loved her",
        "I have to write an essay for school tomorrow",
        "the manual of my bike says otherwise",
        "he asked me a question and hung up",
        "I have an interview tomorrow",
        "I got caught in the rain",
        "my daughter was asked follow-up questions she couldn't answer",
        "everything is packed together in the box",
        "which step comes first?",
        "the numbers are missing on my door",
        "my brother's limit is 50 euros",
        "the lawyer charges by the word",
        "I grew up in Ohio",
        "we won no titles this year",
        "I was in tears when she left",
    ],
)
@pytest.mark.parametrize("reply", ["list", "prose", "short", "emoji", "american"])
def test_the_same_words_about_something_else_mean_none(reply: str, said: str) -> None:
    assert directive(REQUEST, REPLIES[reply], said) == ""


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("prose", "good, no bullets :)"),
        ("short", "yesss no emojis"),
        ("short", "8 words, nice!"),
        ("prose", "A small paragraph would do for each pupil"),
    ],
)
def test_what_a_reply_has_is_not_wished_for_by_who_is_pleased(reply: str, said: str) -> None:
    assert directive(REQUEST, REPLIES[reply], said) == ""


@pytest.mark.parametrize("said", ["too blunt", "it would crush her", "this needs more praise", "she'd be in tears"])
def test_a_comment_that_hurts_is_to_be_kinder(said: str) -> None:
    assert directive(GRADING, REPLIES["comment"], said) == s.KIND_COMMENTS


@pytest.mark.parametrize(
    ("wish", "reply", "is_kept"),
    [
        (s.NO_EMOJI, "short", True),
        (s.NO_EMOJI, "emoji", False),
        (s.QUESTION, "asks", True),
        (s.BULLETS, "dots", True),
        (s.BULLETS, "list", False),
        (s.SHORT, "short", True),
        (TWO, "short", True),
        (TWO, "prose", False),
        ("Answer in at most five words.", "short", False),
        (s.BRITISH, "british", False),
    ],
)
def test_a_reply_may_keep_a_wish_before_it_is_made(wish: str, reply: str, is_kept: bool) -> None:
    assert kept(wish, REPLIES[reply]) is is_kept
    assert shown(wish) or not is_kept


class _Sure(SmallJudge):
    """Knows one answer."""

    def __init__(self, likely: dict[str, float]) -> None:
        super().__init__()
        self._answer = list(likely.items())

    def wishes(self, request: str, reply: str, said: str) -> list[tuple[str, float]]:
        return self._answer


SENTENCES, WORDS = "Answer in at most {number} sentences.", "Answer in at most {number} words."


@pytest.mark.parametrize(
    ("likely", "complains", "reply", "said", "found"),
    [
        ({s.NO_EMOJI: 0.5}, True, "emoji", "my aunt would love this", s.NO_EMOJI),
        ({s.NO_EMOJI: 0.3}, True, "emoji", "my aunt would love this", ""),
        ({s.NO_EMOJI: 0.5}, False, "emoji", "my aunt would love this", ""),
        ({s.NO_EMOJI: 0.7}, False, "emoji", "my aunt would love this", s.NO_EMOJI),
        ({s.NO_EMOJI: 0.9}, True, "short", "my aunt would love this", ""),
        ({s.WARM: 0.9}, True, "short", "my aunt would love this", s.WARM),
        ({}, True, "list", "my aunt would love this", ""),
        # Several about one thing.
        ({s.KIND_COMMENTS: 0.3, s.LONG_COMMENTS: 0.2}, True, "short", "they would cry", s.KIND_COMMENTS),
        ({SENTENCES: 0.5, s.SHORT: 0.2}, True, "prose", "my aunt would love this", s.SHORT),
        ({s.SHORT: 0.9, WORDS: 0.05}, True, "short", "that took me 20 seconds", ""),
        ({s.SHORT: 0.5, WORDS: 0.3}, True, "short", "that took me 20 seconds", ""),
        # What the words turn around.
        ({"Answer in one sentence.": 0.9}, True, "prose", "a minimum of eight sentences, says my teacher", ""),
        ({s.SHORT: 0.5, "Answer in one sentence.": 0.4}, True, "prose", "longer answers please", ""),
        ({"Use emoji.": 0.6}, True, "short", "good that there was no emoji in it", ""),
        ({s.NUMBERED: 0.8}, True, "short", "I can't stand numbered lists", ""),
        ({s.BULLETS: 0.9}, True, "list", "I have to delete all the numbers before I can send it", ""),
        ({s.QUESTION: 0.5}, True, "short", "not a question in sight", s.QUESTION),
        ({s.NUMBERED: 0.9}, True, "short", "not a single one is numbered", s.NUMBERED),
    ],
)
def test_the_network_is_believed_where_it_is_sure_and_the_reply_bears_it_out(
    likely: dict[str, float], complains: bool, reply: str, said: str, found: str
) -> None:
    writer = DirectiveWriter(_Sure(likely))
    assert writer.wish(REQUEST, REPLIES[reply], said, complains=complains) == found


def test_all_that_stands_on_a_side_is_known_to_the_network() -> None:
    known = json.loads((FOLDER / WISHES).read_text("utf-8"))
    assert {wish for alike in ALIKE for wish in alike} <= set(known)


def test_directives_about_one_thing_stand_on_one_side() -> None:
    found = sides(["", s.SHORT, "Use emoji.", "Answer in one sentence.", s.HUMAN, "Do not use markdown."])
    assert found == [0, 1, 2, 1, 4, 4]
