"""Scores: equal to sums of log-probabilities, undisturbed by chat, which goes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import DEADLINE, user

from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import AdapterFile, Sampling
from clawlocal.errors import AdapterError, PromptError

GREEDY = Sampling(temperature=0, max_tokens=4)
LABELS = ("Yes", "No", " a longer answer, of several tokens")


def test_a_score_is_a_sum_over_the_chain(llama_engine: LlamaEngine) -> None:
    """One token at a time, each with the ones before it as part of the prefix."""
    prefix = llama_engine.encode(user("Is water wet?"))
    ids = llama_engine.tokenize("Yes, it is.")
    whole = llama_engine.score(prefix, [ids])[0]
    parts = [llama_engine.score(prefix + ids[:i], [ids[i : i + 1]])[0] for i in range(len(ids))]
    assert abs(whole - sum(parts)) / len(ids) < 0.15


def test_log_probabilities_add_up_to_the_score(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Is water wet?"))
    ids = llama_engine.tokenize("Yes, it is. " * 60)
    each = llama_engine.logprobs(prefix, ids)
    assert len(each) == len(ids) and max(each) <= 0
    assert abs(sum(each) - llama_engine.score(prefix, [ids])[0]) < 1e-2
    assert llama_engine.logprobs(prefix, ()) == []


def test_scores_do_not_depend_on_company_or_repetition(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Is water wet? " * 15))
    labels = [llama_engine.tokenize(label) for label in LABELS]
    together = llama_engine.score(prefix, labels)
    assert llama_engine.score(prefix, labels) == together
    assert [llama_engine.score(prefix, [label])[0] for label in labels] == together
    assert llama_engine.score(prefix, [()]) == [0.0]
    assert llama_engine.score(prefix, []) == []


def test_a_long_continuation_goes_in_several_batches(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Go on."))
    long = llama_engine.tokenize("The sea is wide. " * 30)
    half = len(long) // 128 * 64 + 1
    whole = llama_engine.score(prefix, [long])[0]
    assert whole < llama_engine.score(prefix, [long[:half]])[0] < 0


def test_the_likeliest_tokens_are_those_that_a_greedy_reply_takes(llama_engine: LlamaEngine) -> None:
    prefix = llama_engine.encode(user("Why is the sky blue?"))
    reply = llama_engine.generate(prefix, Sampling(temperature=0, max_tokens=80)).result(DEADLINE)
    found = llama_engine.likeliest(prefix, reply.token_ids, 4)
    assert len(found) == len(reply.token_ids) > 64, "more than one batch"
    assert all(len(set(tokens)) == 4 for tokens in found)
    same = [tokens[0] == token for tokens, token in zip(found, reply.token_ids, strict=True)]
    # A batch rounds otherwise than one token after the other: a near tie may fall the other way.
    assert sum(same) >= 0.9 * len(same)
    assert llama_engine.likeliest(prefix, (), 4) == []


def test_the_likeliest_tokens_come_in_order_of_their_scores(llama_engine: LlamaEngine, adapter: AdapterFile) -> None:
    prefix = llama_engine.encode(user("Is water wet?"))
    for policy in (None, adapter):
        (tokens,) = llama_engine.likeliest(prefix, llama_engine.tokenize("Yes")[:1], 5, policy)
        scores = llama_engine.score(prefix, [[token] for token in tokens], policy)
        assert scores == sorted(scores, reverse=True)
    # The adapter moves little: the first three may be the same.
    assert llama_engine.likeliest(prefix, (1, 2, 3), 40) != llama_engine.likeliest(prefix, (1, 2, 3), 40, adapter)


def test_an_adapter_scores_differently(llama_engine: LlamaEngine, adapter: AdapterFile) -> None:
    prefix = llama_engine.encode(user("Is water wet?"))
    labels = [llama_engine.tokenize(label) for label in LABELS]
    base = llama_engine.score(prefix, labels)
    assert llama_engine.score(prefix, labels, adapter) != base
    assert llama_engine.score(prefix, labels) == base


def test_chat_goes_first_and_changes_no_score(
    llama_engine: LlamaEngine, until: Callable[[Callable[[], bool]], None]
) -> None:
    prefix = llama_engine.encode(user("Is water wet? " * 80))
    labels = [llama_engine.tokenize(label) for label in LABELS]
    quiet = llama_engine.score(prefix, labels)
    llama_engine.score(llama_engine.encode(user("other"))[5:], [(3,)])
    machine = llama_engine._machine
    assert machine is not None
    asked = llama_engine.encode(user("Name a colour."))
    finished: list[str] = []
    lock = threading.Lock()

    def note(what: str) -> None:
        with lock:
            finished.append(what)

    with ThreadPoolExecutor(1) as pool:
        scoring = pool.submit(lambda: (llama_engine.score(prefix, labels), note("score"))[0])
        context = machine._score
        assert context is not None
        until(lambda: 0 < len(context.record) < len(prefix) - 128)
        llama_engine.generate(asked, GREEDY, on_done=lambda _c: note("chat")).result(DEADLINE)
        assert scoring.result(DEADLINE) == quiet
    assert finished == ["chat", "score"]


def test_the_judge_does_not_evict_the_chat(llama_engine: LlamaEngine) -> None:
    prompt = llama_engine.encode(user("Tell me about the sea. " * 20))
    llama_engine.generate(prompt, GREEDY).result(DEADLINE)
    llama_engine.score(llama_engine.encode(user("Is this good? " * 20)), [llama_engine.tokenize("Yes")])
    again = llama_engine.generate(prompt, GREEDY).result(DEADLINE)
    assert again.reused == llama_engine._machine._chat.cuts(prompt)[-2] > 64  # type: ignore[union-attr]


def test_what_cannot_be_scored(llama_engine: LlamaEngine, adapter: AdapterFile) -> None:
    with pytest.raises(PromptError):
        llama_engine.score([], [(1,)])
    with pytest.raises(PromptError):
        llama_engine.score([1] * 2000, [[1] * 49])
    gone = AdapterFile("gone", adapter.path.with_name("gone.gguf"))
    with pytest.raises(AdapterError, match="gone"):
        llama_engine.score([1, 2], [(3,)], gone)
