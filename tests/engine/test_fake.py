"""The fake behaves as the real engine in what callers see."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawlocal.engine.fake import END, FakeEngine
from clawlocal.engine.protocol import AdapterFile, ChatMessage, Completion, Engine, Sampling, Stop
from clawlocal.errors import AdapterError, EngineClosed, PromptError


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    engine = FakeEngine(n_ctx=200)
    yield engine
    engine.close()


def test_it_is_an_engine(fake: FakeEngine) -> None:
    engine: Engine = fake
    assert engine.detokenize(engine.tokenize("früh \x00")) == "früh \x00"


def test_replies_come_in_order_then_the_default(fake: FakeEngine) -> None:
    fake.enqueue("one two\nthree")
    prompt = fake.encode([ChatMessage("user", "hi")])
    done: list[Completion] = []
    first = fake.generate(prompt, Sampling(), on_done=done.append)
    assert list(first) == ["one ", "two\n", "three"]
    assert done == [first.result()]
    assert first.result().token_ids[-1] == END
    assert fake.generate(prompt, Sampling()).result().text == "ok"
    assert "hi" in fake.requests[0].prompt


def test_a_gate_holds_a_reply_until_it_is_cancelled(fake: FakeEngine) -> None:
    fake.enqueue("one two", gate=threading.Event())
    reply = fake.generate(fake.encode([ChatMessage("user", "hi")]), Sampling())
    assert next(iter(reply)) == "one "
    reply.cancel()
    assert reply.result(10).stopped is Stop.CANCELLED
    assert reply.result().text == "one "


def test_a_sampled_reply_is_a_prefix_of_the_next_prompt(fake: FakeEngine) -> None:
    asked = [ChatMessage("user", "hi")]
    said = fake.generate(fake.encode(asked), Sampling()).result()
    following = fake.encode([*asked, ChatMessage("assistant", said.text, said.token_ids)])
    assert following[: len(said.prompt_ids) + len(said.token_ids)] == said.prompt_ids + said.token_ids


def test_scores_and_refusals(fake: FakeEngine) -> None:
    fake.enqueue_score([-1.0, -2.0])
    assert fake.score((1,), [(65,), (66,)]) == [-1.0, -2.0]
    longer, shorter = fake.score((1,), [(65, 66), (65,)])
    assert longer == 2 * shorter < shorter < fake.score((1, 2), [(65,)])[0]
    assert fake.scored[0].continuations == ("A", "B")
    fake.damaged.add("v1")
    with pytest.raises(AdapterError):
        fake.check(AdapterFile("v1", Path("none")))
    with pytest.raises(PromptError, match="shorten it"):
        fake.generate([65] * 200, Sampling())
    fake.close()
    with pytest.raises(EngineClosed):
        fake.generate([65], Sampling())
