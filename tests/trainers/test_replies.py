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


# Items that begin alike: a line's end, a mark, and two words.
LIST = sum(((1, 2, 3, 4, *range(10 * n, 10 * n + 14)) for n in range(1, 7)), ())


@pytest.mark.parametrize("reply", [(1, END), tuple(range(80)), (1, 2, 3, 4) * 3 + tuple(range(10, 40)), LIST])
def test_sound(reply: tuple[int, ...]) -> None:
    assert not replies.degenerate(reply, {END})


def test_a_list_of_like_items_is_no_example() -> None:
    assert replies.repetitive(LIST, {END})
    assert replies.repetitive((), {END})
    assert not replies.repetitive(tuple(range(80)), {END})


def test_share_and_length() -> None:
    batch = [(END,), (1, 2, END), (3, 3, 3, 3, 3, 3, 3, 3)]
    assert replies.share(batch, {END}) == pytest.approx(2 / 3)
    assert replies.mean_length(batch) == pytest.approx(4.0)
    assert replies.share([], {END}) == replies.mean_length([]) == 0.0
