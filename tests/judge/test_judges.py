"""The judges that need no model, each alone: explicit signals, unmistakable wording, asking again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.judge.cascade import cascade
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.protocol import Exchange
from clawlocal.judge.reask import ReaskJudge, similarity
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.judge.wording import MOST_WORDS, WordingJudge
from clawlocal.records import SignalKind


def after(text: str, kind: SignalKind = SignalKind.MESSAGE, value: int = 0) -> Exchange:
    return Exchange("What is a heron?", "A heron is a long-legged bird.", kind, text, value)


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (SignalKind.THUMB, 1, 1),
        (SignalKind.THUMB, -1, -1),
        (SignalKind.CORRECTION, -1, -1),
        (SignalKind.EDIT, -1, -1),
        (SignalKind.RETRY, -1, -1),
    ],
)
def test_explicit_signals_are_taken_at_their_word(kind: SignalKind, said: int, value: int) -> None:
    opinion = ExplicitJudge().judge(after("", kind, said))
    assert opinion is not None
    assert (opinion.value, opinion.margin, opinion.abstained, opinion.stage) == (value, 1.0, False, "explicit")
    assert opinion.reason.startswith("you ")


def test_a_message_is_not_explicit() -> None:
    assert ExplicitJudge().judge(after("Thanks!")) is None


@pytest.mark.parametrize(
    "text",
    [
        "Too long.",
        "That's still a bit too formal",
        "That’s way too vague.",
        "answer in at most two sentences",
        "Shorter please",
        "Please answer in German.",
        "please be more concise",
        "That is not what I asked",
        "Don't use bullet points",
        "From now on end with a joke",
        "You misunderstood me",
    ],
)
def test_wording_that_corrects(text: str) -> None:
    opinion = WordingJudge().judge(after(text))
    assert opinion is not None
    assert (opinion.value, opinion.stage) == (-1, "wording")


@pytest.mark.parametrize("text", ["Thanks!", "Great, thank you so much.", "ok cool, thanks", "Thx"])
def test_wording_that_is_content(text: str) -> None:
    opinion = WordingJudge().judge(after(text))
    assert opinion is not None
    assert (opinion.value, opinion.stage) == (1, "wording")


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, but that is wrong",
        "Thanks. Can you also name its food?",
        "Thanks for nothing",
        "lovely. that was the only copy",
        "perfect weather for ducks",
        "thanks, now the same for a stork",
        "And the stork?",
        "How can I keep herons away from my pond?",
        "Is it too long for a letter?",
        "Write a haiku: please answer in German",
        "My train is too late",
        "I am not what I was",
        "Merci beaucoup",
        "Thanks " + "very " * MOST_WORDS + "much",
    ],
)
def test_wording_says_nothing_where_there_is_doubt(text: str) -> None:
    assert WordingJudge().judge(after(text)) is None


def test_wording_leaves_explicit_signals_alone() -> None:
    assert WordingJudge().judge(after("Thanks!", SignalKind.CORRECTION, -1)) is None


@pytest.mark.parametrize("kind", [SignalKind.MESSAGE, SignalKind.TOOL])
def test_what_came_by_itself_is_not_explicit(kind: SignalKind) -> None:
    assert ExplicitJudge().judge(after("Thanks!", kind)) is None


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("how do I get red wine out of a carpet", "ok but how do I get the red wine out of the carpet??"),
        ("What time does the pharmacy close on Sundays?", "the pharmacy on sunday, what time does it close"),
        ("Wie lange müssen Linsen kochen?", "Wie lange müssen die Linsen denn kochen"),
    ],
)
def test_asking_again_is_a_bad_verdict(request_: str, said: str) -> None:
    opinion = ReaskJudge().judge(Exchange(request_, "It depends.", SignalKind.MESSAGE, said))
    assert opinion is not None
    assert (opinion.value, opinion.stage, opinion.says_how) == (-1, "re-ask", False)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("how do I get red wine out of a carpet", "and out of a white shirt?"),
        ("help me name my dog", "dog food: wet or dry?"),
        ("Thanks", "Thanks"),
        ("", ""),
    ],
)
def test_another_request_is_not_asking_again(request_: str, said: str) -> None:
    assert ReaskJudge().judge(Exchange(request_, "It depends.", SignalKind.MESSAGE, said)) is None


def test_only_a_message_asks_again() -> None:
    same = "Where do herons sleep at night?"
    assert ReaskJudge().judge(Exchange(same, "In trees.", SignalKind.TOOL, same)) is None


@given(st.text(), st.text())
def test_similarity_is_a_share_and_knows_no_order(one: str, two: str) -> None:
    assert 0.0 <= similarity(one, two) == similarity(two, one) <= 1.0


@given(st.text(), st.text(), st.sampled_from(SignalKind))
def test_rules_stand_any_text(request_: str, said: str, kind: SignalKind) -> None:
    for rule in cascade(SmallJudge())[:-1]:
        opinion = rule.judge(Exchange(request_, "ok", kind, said, 1))
        assert opinion is None or opinion.value in (-1, 0, 1)
