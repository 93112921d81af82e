"""Phrases of a reply that are kept from coming again."""

import numpy as np
import pytest

from trainers.repeats import GROWTH, MOST, STRENGTH, Repeats, penalised


def said(*tokens: int, after: int = 3) -> Repeats:
    found = Repeats(after, room=2)
    for token in tokens:
        found.take(token)
    return found


def slowly(tokens: list[int], after: int) -> dict[int, float]:
    """The same by looking at every earlier place."""
    found: dict[int, float] = {}
    for place in range(1, len(tokens)):
        same = 0
        while same < place and tokens[place - 1 - same] == tokens[-1 - same]:
            same += 1
        if same >= after:
            by = STRENGTH * GROWTH ** min(MOST, same - after)
            found[tokens[place]] = max(by, found.get(tokens[place], 0.0))
    return found


def test_the_next_token_of_a_phrase_is_less_likely_the_longer_it_is() -> None:
    assert said(1, 2, 3, 4, 9, 1, 2).penalties() == {}
    assert said(1, 2, 3, 4, 9, 1, 2, 3).penalties() == {4: STRENGTH}
    assert said(1, 2, 3, 4, 9, 1, 2, 3, 4).penalties() == {9: pytest.approx(STRENGTH * GROWTH)}
    assert said(*[7] * 400).penalties() == {7: pytest.approx(STRENGTH * GROWTH**MOST)}


def test_nothing_was_said_before_the_first_token() -> None:
    assert Repeats(4).penalties() == {}


@pytest.mark.parametrize("seed", range(20))
def test_as_looking_at_every_place_finds_it(seed: int) -> None:
    tokens = np.random.default_rng(seed).integers(0, 3, 60).tolist()
    assert said(*tokens).penalties() == pytest.approx(slowly(tokens, 3))


def test_of_several_replies_by_row() -> None:
    rows, tokens, less = penalised([said(1, 2), said(1, 2, 3, 4, 1, 2, 3)])
    assert (rows, tokens, less) == ([1], [4], [STRENGTH])
