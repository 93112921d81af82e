"""What the policy reads: cut at a message, hinted in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import ChatMessage
from clawlocal.errors import PromptError
from clawlocal.prompting import MIN_REPLY, Line, build, hinted

LINES = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=12)


def conversation(sizes: list[tuple[int, bool]]) -> list[Line]:
    """Questions, each with a reply or (it failed) without; the last waits for its reply."""
    lines = []
    for number, (size, answered) in enumerate(sizes):
        lines.append(Line("user", f"{number}" + "x" * size))
        if answered and number < len(sizes) - 1:
            lines.append(Line("assistant", "y" * size))
    return lines


@given(LINES, st.integers(50, 600), st.sampled_from(["", "Be brief."]))
def test_a_cut_leaves_out_no_more_than_it_must(sizes: list[tuple[int, bool]], n_ctx: int, system: str) -> None:
    engine, lines = FakeEngine(n_ctx=n_ctx), conversation(sizes)
    limit = n_ctx - min(MIN_REPLY, n_ctx // 4)
    head = [ChatMessage("system", system)] if system else []

    def size(first: int) -> int:
        return len(engine.encode([*head, *(line.rendered() for line in lines[first:])]))

    starts = [0, *(i for i, line in enumerate(lines) if i and line.role == "user")]
    try:
        prompt = build(engine, system, lines)
    except PromptError:
        assert all(size(first) > limit for first in starts)
        return
    assert len(prompt.ids) == size(prompt.left_out) <= limit
    assert prompt.left_out in starts
    assert all(size(first) > limit for first in starts if first < prompt.left_out)
    assert engine.detokenize(prompt.ids).endswith(f"user\n{lines[-1].content}assistant\n")
    assert engine.detokenize(prompt.ids).startswith("system\n" if system else "user\n")


def test_a_long_history_is_cut_in_few_tries() -> None:
    class Counting(FakeEngine):
        tries = 0

        def encode(self, *asked):  # type: ignore[no-untyped-def]
            self.tries += 1
            return super().encode(*asked)

    engine = Counting(n_ctx=400)
    assert build(engine, "", conversation([(20, True)] * 1000)).left_out > 1900
    assert engine.tries <= 14


def test_the_room_for_a_reply_shrinks_with_the_context() -> None:
    engine = FakeEngine(n_ctx=40)
    size = len(build(engine, "", [Line("user", "")]).ids)
    assert len(build(engine, "", [Line("user", "x" * (30 - size))]).ids) == 30
    with pytest.raises(PromptError, match=r"is 31 tokens long .* reads at most 30 "):
        build(engine, "", [Line("user", "x" * (31 - size))])


def test_a_hint_takes_the_place_of_the_last_note() -> None:
    lines = [Line("user", "a", "old"), Line("assistant", "b", "", (7,)), Line("user", "c", "old"), Line("tool", "d")]
    assert hinted(lines, "new") == [*lines[:2], Line("user", "c", "new"), lines[3]]
    assert hinted(lines, "new")[2].rendered() == ChatMessage("user", "c\n\nnew")
