"""What the policy reads: cut at a message and seldom, hinted in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import ChatMessage, Sampling
from clawlocal.errors import PromptError
from clawlocal.prompting import LETTERS_PER_TOKEN, MIN_REPLY, REPLY_SHARE, STEPS, Line, build, hinted
from tests.waiting import DEADLINE

LINES = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=24)
CONTEXTS = st.integers(50, 600)


def conversation(sizes: list[tuple[int, bool]]) -> list[Line]:
    """Questions, each with a reply or (it failed) without; the last waits for its reply."""
    lines = []
    for number, (size, answered) in enumerate(sizes):
        lines.append(Line("user", f"{number}" + "x" * size))
        if answered and number < len(sizes) - 1:
            lines.append(Line("assistant", "y" * size))
    return lines


def starts(lines: list[Line]) -> list[int]:
    return [0, *(i for i, line in enumerate(lines) if i and line.role == "user")]


def hard(n_ctx: int) -> int:
    """The most that a prompt may have."""
    return n_ctx - min(MIN_REPLY, n_ctx // 4)


def soft(n_ctx: int) -> int:
    """The most that a prompt with history may have."""
    return n_ctx - min(max(MIN_REPLY, n_ctx // REPLY_SHARE), n_ctx // 4)


def sizes_of(engine: FakeEngine, lines: list[Line], system: str = "") -> Callable[[int], int]:
    head = [ChatMessage("system", system)] if system else []
    return lambda first: len(engine.encode([*head, *(line.rendered() for line in lines[first:])]))


def turns(engine: FakeEngine, lines: list[Line]) -> list[int]:
    """How many messages stay out of the prompt of each turn of a conversation."""
    asked = [i for i, line in enumerate(lines) if line.role == "user"]
    return [build(engine, "", lines[: i + 1]).left_out for i in asked]


@given(LINES, CONTEXTS, st.sampled_from(["", "Be brief."]))
def test_a_prompt_fits_begins_at_a_question_and_ends_with_the_last(
    sizes: list[tuple[int, bool]], n_ctx: int, system: str
) -> None:
    engine, lines = FakeEngine(n_ctx=n_ctx), conversation(sizes)
    size = sizes_of(engine, lines, system)
    try:
        prompt = build(engine, system, lines)
    except PromptError:
        assert size(starts(lines)[-1]) > hard(n_ctx)
        return
    alone = prompt.left_out == starts(lines)[-1]
    assert len(prompt.ids) == size(prompt.left_out) <= (hard(n_ctx) if alone else soft(n_ctx))
    assert prompt.left_out in starts(lines)
    assert engine.detokenize(prompt.ids).endswith(f"user\n{lines[-1].content}assistant\n")
    assert engine.detokenize(prompt.ids).startswith("system\n" if system else "user\n")


@given(LINES, CONTEXTS)
def test_no_more_is_left_out_than_a_part_of_the_context_and_a_turn(sizes: list[tuple[int, bool]], n_ctx: int) -> None:
    engine, lines = FakeEngine(n_ctx=n_ctx), conversation(sizes)
    size = sizes_of(engine, lines)
    try:
        left_out = build(engine, "", lines).left_out
    except PromptError:
        return
    for earlier in starts(lines)[: starts(lines).index(left_out)]:
        assert size(earlier) > soft(n_ctx) - soft(n_ctx) // STEPS
    assert left_out == 0 or size(0) > soft(n_ctx)


@settings(max_examples=50)
@given(LINES, CONTEXTS)
def test_a_cut_never_goes_back(sizes: list[tuple[int, bool]], n_ctx: int) -> None:
    # A message that does not fit is refused, and never part of a later prompt.
    small = [(min(size, n_ctx // 2 - 20), answered) for size, answered in sizes]
    engine, lines = FakeEngine(n_ctx=n_ctx), conversation(small)
    left_out = turns(engine, lines)
    assert left_out == sorted(left_out)


@given(st.integers(0, 20), st.integers(300, 600))
def test_a_cut_seldom_moves(size: int, n_ctx: int) -> None:
    engine, lines = FakeEngine(n_ctx=n_ctx), conversation([(size, True)] * 60)
    cuts = set(turns(engine, lines)) - {0}
    assert len(cuts) <= sizes_of(engine, lines)(0) / (soft(n_ctx) // STEPS)


def test_after_a_cut_most_prompts_begin_as_the_last_one_did(llama_engine: LlamaEngine) -> None:
    """With a real template and vocabulary, until the context was full several times over."""
    lines: list[Line] = []
    before: tuple[int, ...] = ()
    kept = []
    for turn in range(60):
        lines.append(Line("user", f"Question {turn}: " + "how wide is the river, and how deep? " * 5))
        prompt = build(llama_engine, "Be brief.", lines)
        assert len(prompt.ids) <= soft(llama_engine.n_ctx)
        kept.append(prompt.ids[: len(before)] == before)
        lines.append(Line("assistant", "It is wide. " * 10, "", llama_engine.tokenize("It is wide. " * 10)))
        before = prompt.ids
    assert prompt.left_out > 60
    said = len(llama_engine.encode([line.rendered() for line in lines]))
    assert 0 < kept.count(False) <= said / (soft(llama_engine.n_ctx) // STEPS)


def test_the_cache_is_used_in_a_chat_that_outgrew_the_context(model_path: Path) -> None:
    few, text = Sampling(temperature=0, max_tokens=1), "The sea is wide and the wind is strong. " * 4
    lines = [line for n in range(12) for line in (Line("user", f"{n} {text}"), Line("assistant", "Yes."))]
    engine = LlamaEngine(model_path, name="small", n_ctx=512, threads=1)
    reused = []
    for n in range(4):
        lines.append(Line("user", f"Why {n}?"))
        prompt = build(engine, "", lines)
        assert prompt.left_out
        reused.append(engine.generate(prompt.ids, few).result(DEADLINE).reused / len(prompt.ids))
        lines.append(Line("assistant", "Because."))
    engine.close()
    assert min(reused[1:]) > 0.7


def test_a_long_history_is_encoded_once_and_cut_in_few_tries(llama_engine: LlamaEngine) -> None:
    class Counting(FakeEngine):
        tries = 0

        def encode(self, *asked):  # type: ignore[no-untyped-def]
            self.tries += 1
            return super().encode(*asked)

    engine = Counting(n_ctx=400)
    assert build(engine, "", conversation([(20, True)] * 1000)).left_out > 1900
    assert engine.tries <= 13
    assert llama_engine._machine is not None
    words, lines = llama_engine._machine.model.vocabulary, conversation([(50, True)] * 1000)
    known = words._plain.cache_info().misses
    build(llama_engine, "", lines)
    assert words._plain.cache_info().misses - known <= len(lines)


def test_the_room_for_a_reply_shrinks_with_the_context() -> None:
    engine = FakeEngine(n_ctx=40)
    size = len(build(engine, "", [Line("user", "")]).ids)
    assert len(build(engine, "", [Line("user", "x" * (30 - size))]).ids) == 30
    with pytest.raises(PromptError, match=r"is 31 tokens long .* reads at most 30 "):
        build(engine, "", [Line("user", "x" * (31 - size))])


def test_a_long_reply_has_room_before_history_has() -> None:
    engine = FakeEngine(n_ctx=4096)
    lines = [Line("user", "a" * 1700), Line("assistant", "b" * 1000), Line("user", "c" * 1000)]
    assert build(engine, "", lines).left_out == 2
    # Alone, a message may take more.
    assert len(build(engine, "", [Line("user", "c" * 3900)]).ids) > 3900


def test_a_text_that_cannot_fit_is_not_even_counted() -> None:
    class Deaf(FakeEngine):
        def encode(self, *asked):  # type: ignore[no-untyped-def]
            raise AssertionError

    with pytest.raises(PromptError, match=r"is 12801 letters long; fake reads at most 100 tokens.* Shorten it"):
        build(Deaf(n_ctx=100), "", [Line("user", "x" * (100 * LETTERS_PER_TOKEN + 1))])


def test_the_context_is_asked_for_when_the_model_is_there() -> None:
    class Late(FakeEngine):
        def encode(self, *asked):  # type: ignore[no-untyped-def]
            self.n_ctx = 400
            return super().encode(*asked)

    prompt = build(Late(n_ctx=100_000), "", conversation([(40, True)] * 20))
    assert len(prompt.ids) < 400 and prompt.left_out


def test_a_hint_takes_the_place_of_the_last_note() -> None:
    lines = [Line("user", "a", "old"), Line("assistant", "b", "", (7,)), Line("user", "c", "old"), Line("tool", "d")]
    assert hinted(lines, "new") == [*lines[:2], Line("user", "c", "new"), lines[3]]
    assert hinted(lines, "new")[2].rendered() == ChatMessage("user", "c\n\nnew", said="c")
