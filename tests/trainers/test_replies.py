"""What counts as a broken reply."""

from __future__ import annotations

import pytest

from trainers import replies

END = 99


@pytest.mark.parametrize(
    "reply",
    [(), (END,), (1, 2, 3, 4) * 4, (5,) * 8, tuple(range(60)) + (1, 2, 3, 4, 9) * 4, (1, 2, 3, 1, 4, 2) * 8],
    ids=["nothing", "only the end", "a phrase four times", "one token", "a late loop", "few words"],
)
def test_broken(reply: tuple[int, ...]) -> None:
    assert replies.degenerate(reply, {END})


@pytest.mark.parametrize("reply", [(1, END), tuple(range(80)), (1, 2, 3, 4) * 3 + tuple(range(10, 40))])
def test_sound(reply: tuple[int, ...]) -> None:
    assert not replies.degenerate(reply, {END})


def test_share_and_length() -> None:
    batch = [(END,), (1, 2, END), (3, 3, 3, 3, 3, 3, 3, 3)]
    assert replies.share(batch, {END}) == pytest.approx(2 / 3)
    assert replies.mean_length(batch) == pytest.approx(4.0)
    assert replies.share([], {END}) == replies.mean_length([]) == 0.0
