"""Replies of the embedded model: streams, stops, log-probabilities, and the same again, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import DEADLINE, user

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.context import Context
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.logprob import log_probs
from clawlocal.engine.model import Model
from clawlocal.engine.protocol import AdapterFile, ChatMessage, Completion, Sampling, Stop
from clawlocal.engine.threads import ThreadChooser
from clawlocal.errors import ModelError, PromptError

GREEDY = Sampling(temperature=0, max_tokens=12)
LONG = "The sea is wide and the wind is strong. " * 15


def ask(engine: LlamaEngine, text: str, sampling: Sampling = GREEDY, adapter: AdapterFile | None = None) -> Completion:
    return engine.generate(engine.encode(user(text)), sampling, adapter).result(DEADLINE)


def same(a: Completion, b: Completion) -> bool:
    """Equal to the bit."""
    return (a.text, a.token_ids, a.logprobs) == (b.text, b.token_ids, b.logprobs)


@pytest.fixture(scope="module")
def fresh_contexts(model_path: Path) -> Iterator[Callable[[], Context]]:
    """Contexts beside the engine, for a second opinion on its numbers."""
    model = Model(model_path, 512, lambda: True)
    made: list[Context] = []

    def make() -> Context:
        made.append(Context(model, 512, AbortFlag(), ThreadChooser(1)))
        return made[-1]

    yield make
    for context in made:
        context.close()
    model.close()


def test_the_stream_is_the_text(llama_engine: LlamaEngine) -> None:
    heard: list[str] = []
    done: list[Completion] = []
    prompt = llama_engine.encode(user("Count from one to five."))
    reply = llama_engine.generate(prompt, GREEDY, on_text=heard.append, on_done=done.append)
    pieces = list(reply)
    completion = reply.result()
    assert "".join(pieces) == "".join(heard) == completion.text == llama_engine.detokenize(completion.token_ids)
    assert list(reply) == pieces
    assert done == [completion]
    assert len(completion.logprobs) == len(completion.token_ids) == 12
    assert all(p <= 0 for p in completion.logprobs)
    assert completion.stopped is Stop.LENGTH
    assert completion.prompt_ids == prompt
    assert 0 < completion.first_token_seconds <= completion.total_seconds


def test_the_token_that_ends_the_turn_is_kept_and_not_shown(llama_engine: LlamaEngine) -> None:
    ids = llama_engine.encode([*user("Say yes."), ChatMessage("assistant", "Yes.")])
    turn_end = max(i for i, token in enumerate(ids) if token in llama_engine.stop_ids)
    completion = llama_engine.generate(ids[:turn_end], replace(GREEDY, max_tokens=60)).result(DEADLINE)
    assert completion.stopped is Stop.END
    assert completion.token_ids[-1] in llama_engine.stop_ids
    assert "<|im_end|>" not in completion.text


def test_a_stop_string_ends_the_reply(llama_engine: LlamaEngine) -> None:
    whole = ask(llama_engine, "Count from one to five.").text
    stop = whole[len(whole) // 2 :][:3]
    completion = ask(llama_engine, "Count from one to five.", replace(GREEDY, stop=(stop,)))
    assert completion.stopped is Stop.END
    assert completion.text == whole[: whole.index(stop)]


def test_greedy_replies_do_not_depend_on_what_came_before(llama_engine: LlamaEngine) -> None:
    first = ask(llama_engine, LONG + "Why?")
    ask(llama_engine, "Something else entirely.")
    llama_engine.score(llama_engine.encode(user(LONG)), [llama_engine.tokenize("Yes, it is")])
    ask(llama_engine, LONG + "How, and since when?")
    again = ask(llama_engine, LONG + "Why?")
    assert same(first, again)
    assert again.reused > 0


def test_a_turn_of_a_conversation_is_the_same_on_a_fresh_engine(llama_engine: LlamaEngine, model_path: Path) -> None:
    """Its history was sampled token by token here, and comes in chunks there."""
    prompt = llama_engine.encode(user("Tell me a story."))
    told = llama_engine.generate(prompt, replace(GREEDY, max_tokens=70)).result(DEADLINE)
    history = [*user("Tell me a story."), ChatMessage("assistant", told.text, told.token_ids), *user("And?")]
    following = llama_engine.encode(history)
    here = llama_engine.generate(following, GREEDY).result(DEADLINE)
    fresh = LlamaEngine(model_path, name="fresh", n_ctx=512, threads=1)
    there = fresh.generate(following, GREEDY).result(DEADLINE)
    fresh.close()
    assert same(here, there)


def test_a_reply_is_made_reusable_while_nobody_waits(
    llama_engine: LlamaEngine, until: Callable[[Callable[[], bool]], None]
) -> None:
    prompt = llama_engine.encode(user("Tell me a story."))
    told = llama_engine.generate(prompt, replace(GREEDY, max_tokens=100)).result(DEADLINE)
    machine = llama_engine._machine
    assert machine is not None
    until(lambda: machine._chat.settled > len(prompt) + 36)
    settled = machine._chat.settled
    history = [*user("Tell me a story."), ChatMessage("assistant", told.text, told.token_ids), *user("And?")]
    completion = llama_engine.generate(llama_engine.encode(history), GREEDY).result(DEADLINE)
    assert completion.reused == settled


def test_settling_gives_up_when_something_else_was_evaluated(fresh_contexts: Callable[[], Context]) -> None:
    context = fresh_contexts()
    while context.advance([1] * 70):
        pass
    for _ in range(130):
        context.append(2)
    steps = context.settle()
    next(steps)
    other = [1] * 64 + [3] * 40
    context.rewind(other)
    while context.advance(other):
        pass
    assert list(steps) == []
    assert (context.record, context.ends) == (other, [64])


def test_a_reply_that_ended_itself_leaves_only_the_next_message_to_read(
    llama_engine: LlamaEngine, until: Callable[[Callable[[], bool]], None]
) -> None:
    asked = "Say yes or no, and nothing else, please: is the sky blue on a clear day?"
    prompt = llama_engine.encode(user(asked))
    told = llama_engine.generate(prompt, replace(GREEDY, max_tokens=200)).result(DEADLINE)
    assert told.stopped is Stop.END
    machine = llama_engine._machine
    assert machine is not None
    until(lambda: machine._chat.settled == len(prompt) + len(told.token_ids))
    history = [*user(asked), ChatMessage("assistant", told.text, told.token_ids[:-1]), *user("And?")]
    completion = llama_engine.generate(llama_engine.encode(history), GREEDY).result(DEADLINE)
    assert completion.reused == len(prompt) + len(told.token_ids)


def test_threads_do_not_change_a_bit(llama_engine: LlamaEngine) -> None:
    """Few tokens: two threads on a busy machine spend their time waiting for one another."""
    few = replace(GREEDY, max_tokens=3)
    prompt = llama_engine.tokenize("Once upon a time there was")
    one = llama_engine.generate(prompt, few).result(DEADLINE)
    llama_engine.set_threads(2, 2)
    two = llama_engine.generate(prompt, few).result(DEADLINE)
    llama_engine.set_threads(1, 1)
    assert two.reused == 0
    assert same(one, two)


def test_a_seed_repeats_a_reply(llama_engine: LlamaEngine) -> None:
    sampling = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, seed=7, max_tokens=12)
    first = ask(llama_engine, "Tell me a story.", sampling)
    assert same(first, ask(llama_engine, "Tell me a story.", sampling))
    assert first.token_ids != ask(llama_engine, "Tell me a story.", replace(sampling, seed=8)).token_ids


def test_an_adapter_speaks_and_the_base_returns_to_the_bit(
    llama_engine: LlamaEngine, adapter: AdapterFile, other_adapter: AdapterFile
) -> None:
    base = ask(llama_engine, "Name a colour.")
    changed = ask(llama_engine, "Name a colour.", adapter=adapter)
    other = ask(llama_engine, "Name a colour.", adapter=other_adapter)
    assert base.adapter == "base"
    assert changed.adapter == "a1"
    assert changed.reused == 0
    assert len({base.logprobs, changed.logprobs, other.logprobs}) == 3
    assert same(base, ask(llama_engine, "Name a colour."))
    assert same(changed, ask(llama_engine, "Name a colour.", adapter=adapter))


def test_log_probabilities_are_those_of_an_independent_evaluation(
    llama_engine: LlamaEngine, fresh_contexts: Callable[[], Context]
) -> None:
    """Once token by token, as it was sampled: equal but for rounding. Once in one batch: nearly."""
    sampling = Sampling(temperature=0.8, seed=3, max_tokens=12)
    reply = ask(llama_engine, "Tell me a story.", sampling)
    context = fresh_contexts()
    while context.advance(reply.prompt_ids):
        pass
    alone = []
    for i, token in enumerate(reply.token_ids):
        if i:
            context.append(reply.token_ids[i - 1])
        alone.append(float(log_probs(context.row()[None], [token])[0]))
    assert np.allclose(alone, reply.logprobs, atol=1e-5)
    score = llama_engine.score(reply.prompt_ids, [reply.token_ids])[0]
    assert abs(score - sum(reply.logprobs)) / len(reply.logprobs) < 0.15


def test_cancelling_in_the_middle_of_a_prefill(
    llama_engine: LlamaEngine, until: Callable[[Callable[[], bool]], None]
) -> None:
    machine = llama_engine._machine
    assert machine is not None
    prompt = llama_engine.tokenize("A new beginning. " + LONG * 12)
    reply = llama_engine.generate(prompt, GREEDY)
    until(lambda: machine._chat.record[:64] == list(prompt[:64]))
    reply.cancel()
    completion = reply.result(DEADLINE)
    assert completion.stopped is Stop.CANCELLED
    assert completion.token_ids == ()
    assert len(machine._chat.record) < len(prompt)
    assert ask(llama_engine, "Name a colour.").stopped is Stop.LENGTH


def test_what_cannot_be_evaluated_fails_in_words(llama_engine: LlamaEngine) -> None:
    completion = llama_engine.generate([1, 2, 10**6], GREEDY).result(DEADLINE)
    assert completion.stopped is Stop.FAILED
    assert "could not go on" in (completion.error or "")
    with pytest.raises(ModelError, match="could not judge"):
        llama_engine.score([1, 2, 10**6], [(3,)])
    assert ask(llama_engine, "Name a colour.").error is None


def test_cancelling_while_it_speaks(llama_engine: LlamaEngine) -> None:
    reply = llama_engine.generate(llama_engine.encode(user("Tell me a long story.")), replace(GREEDY, max_tokens=400))
    next(iter(reply))
    reply.cancel()
    completion = reply.result(DEADLINE)
    assert completion.stopped is Stop.CANCELLED
    assert 0 < len(completion.token_ids) < 400
    assert "".join(reply) == completion.text


def test_several_replies_come_in_the_order_of_asking(llama_engine: LlamaEngine) -> None:
    order: list[int] = []
    replies = [
        llama_engine.generate(
            llama_engine.encode(user(f"Number {n}")),
            replace(GREEDY, max_tokens=2),
            on_done=lambda _c, n=n: order.append(n),  # type: ignore[misc]
        )
        for n in range(3)
    ]
    for reply in replies:
        reply.result(DEADLINE)
    assert order == [0, 1, 2]


def test_a_prompt_must_leave_room(llama_engine: LlamaEngine) -> None:
    with pytest.raises(PromptError, match=r"is 2048 tokens, this model reads at most 2047: shorten it"):
        llama_engine.generate([1] * 2048, GREEDY)
    with pytest.raises(PromptError):
        llama_engine.generate([], GREEDY)


def test_a_reply_ends_where_the_context_does(model_path: Path) -> None:
    engine = LlamaEngine(model_path, name="short", n_ctx=64, threads=1)
    prompt = engine.encode(user("Tell me a long story."))
    completion = engine.generate(prompt, replace(GREEDY, max_tokens=500)).result(DEADLINE)
    engine.close()
    assert completion.stopped is Stop.LENGTH
    assert len(prompt) + len(completion.token_ids) == 64


def test_a_callback_that_fails_does_not_end_the_engine(llama_engine: LlamaEngine) -> None:
    def broken(_value: object) -> None:
        raise RuntimeError("not yours")

    prompt = llama_engine.encode(user("Name a colour."))
    reply = llama_engine.generate(prompt, GREEDY, on_text=broken, on_done=broken)
    assert same(reply.result(DEADLINE), ask(llama_engine, "Name a colour."))


def test_a_callback_must_not_wait_for_the_engine(llama_engine: LlamaEngine) -> None:
    seen: list[BaseException] = []

    def waits(_completion: Completion) -> None:
        try:
            llama_engine.score((1, 2), [(3,)])
        except RuntimeError as e:
            seen.append(e)

    prompt = llama_engine.encode(user("Name a colour."))
    llama_engine.generate(prompt, replace(GREEDY, max_tokens=1), on_done=waits).result(DEADLINE)
    assert len(seen) == 1
