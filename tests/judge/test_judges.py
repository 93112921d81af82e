"""The judges, each alone: explicit signals, unmistakable wording, votes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.protocol import Exchange
from clawlocal.judge.votes import CLASSES, MIN_MARGIN, VotingJudge, calibrated, decide
from clawlocal.judge.wording import MOST_WORDS, WordingJudge
from clawlocal.records import SignalKind

BAD, NEITHER, GOOD = (0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)


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


@pytest.mark.parametrize("text", ["Thanks!", "Great, thank you so much.", "ok cool, perfect", "that worked", "Thx"])
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


@pytest.mark.parametrize(
    ("votes", "value", "abstained"),
    [
        ([BAD, BAD, GOOD], -1, False),
        ([GOOD, GOOD, NEITHER, GOOD, BAD], 1, False),
        ([NEITHER, NEITHER, NEITHER], 0, False),
        ([BAD, BAD, GOOD, GOOD, NEITHER], 0, True),
        ([BAD, GOOD], 0, True),
        ([(0.4, 0.3, 0.3)] * 3, 0, True),
        ([GOOD], 1, False),
    ],
)
def test_the_majority_decides_and_ties_and_small_margins_abstain(
    votes: list[Sequence[float]], value: int, abstained: bool
) -> None:
    opinion = decide(votes)
    assert (opinion.value, opinion.abstained, opinion.stage) == (value, abstained, "votes")
    assert sum(int(word) for word in opinion.reason.replace("(", " ").split() if word.isdigit()) == len(votes)


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_decision_is_what_most_voted_for_with_a_margin(raw: list[list[float]]) -> None:
    votes = [[x / sum(vote) for x in vote] for vote in raw]
    opinion = decide(votes)
    assert len(opinion.votes) == len(votes)
    assert set(opinion.votes) <= set(CLASSES)
    assert 0 <= opinion.margin <= 1
    if opinion.abstained:
        assert opinion.value == 0
    else:
        assert opinion.margin >= MIN_MARGIN
        assert all(opinion.votes.count(opinion.value) > opinion.votes.count(c) for c in CLASSES if c != opinion.value)
    # Which vote was asked first says nothing.
    turned = decide(votes[::-1])
    assert (turned.value, turned.abstained) == (opinion.value, opinion.abstained)


def test_votes_share_their_prefix_and_ask_the_base() -> None:
    engine = FakeEngine()
    opinion = VotingJudge(engine, 5).judge(after("Hmm, I see."))
    assert len(opinion.votes) == len(engine.scored) == 5
    assert all(asked.adapter is None for asked in engine.scored)
    stories = {asked.prefix for asked in engine.scored if "A user asked:" in asked.prefix}
    assert len(stories) == 1
    [chat] = [asked for asked in engine.scored if "A user asked:" not in asked.prefix]
    assert chat.prefix.endswith("user\nHmm, I see.assistant\n")
    assert [asked.continuations for asked in engine.scored] == [vote.labels for vote in calibrated()]


def test_fewer_votes_are_the_first_ones_and_long_texts_are_cut() -> None:
    engine = FakeEngine()
    opinion = VotingJudge(engine, 2).judge(after("x" * 10_000))
    assert len(opinion.votes) == 2
    assert [asked.continuations for asked in engine.scored] == [vote.labels for vote in calibrated()[:2]]
    assert all(len(asked.prefix) < 1000 for asked in engine.scored)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Wonderful, this is exactly what I was looking for. Thank you so much!", (0, 1)),
        ("No, this is completely wrong and useless. That is not what I wanted.", (0, -1)),
    ],
)
def test_the_embedded_model_votes_sensibly(llama_engine: LlamaEngine, text: str, allowed: tuple[int, ...]) -> None:
    opinion = VotingJudge(llama_engine, 5).judge(after(text))
    assert len(opinion.votes) == 5
    assert opinion.value in allowed
    # Votes that always say the same would pass the line above.
    assert opinion.votes.count(allowed[1]) > opinion.votes.count(-allowed[1])
