"""Answers of a server about adapters, whatever they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.errors import OffloadError
from clawlocal.offload import faults
from clawlocal.offload.client import Outgoing
from clawlocal.offload.fingerprint import Row
from clawlocal.offload.loras import Loras
from clawlocal.records import Purpose, Remote, RemoteKind

FIELDS = ("choices", "index", "prompt_logprobs", "prompt_token_ids", "logprob", "7", "8")
ROW = Row((1, 2), (7, 8))
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner), max_leaves=12
)


class Says:
    """A client to a server that always answers the same."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Outgoing] = []

    async def ask(self, outgoing: Outgoing) -> Any:
        self.asked.append(outgoing)
        return self.answer


def loras(answer: Any) -> Loras:
    return Loras(Remote("gpu", RemoteKind.VLLM, "https://gpu.example.org", ""), Says(answer))  # type: ignore[arg-type]


def told(*logprobs: Any) -> list[Any]:
    return [None, *({str(token): {"logprob": p}} for token, p in logprobs)]


GOOD = told((2, -9), (7, -0.5), (8, -1))


def scored(prompt_logprobs: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "prompt_logprobs": prompt_logprobs}]}


def test_scores_are_of_the_replies_in_order() -> None:
    found = loras(scored(GOOD))
    assert found.scores("m", (ROW, ROW)) == (-0.5, -1.0, -0.5, -1.0)
    asked, _ = found._client.asked  # type: ignore[attr-defined]
    assert (asked.path, asked.purpose, asked.data) == ("/v1/completions", Purpose.SERVE, frozenset())
    assert asked.payload == {"model": "m", "prompt": [1, 2, 7, 8], "max_tokens": 1, "prompt_logprobs": 0}


@pytest.mark.parametrize(
    "logprobs",
    [None, GOOD[:-1], told((2, -9), (8, -0.5), (8, -1)), told((2, -9), (7, float("nan")), (8, -1)), "abcd"],
)
def test_scores_that_are_none(logprobs: Any) -> None:
    with pytest.raises(OffloadError, match="does not say"):
        loras(scored(logprobs)).scores("m", (ROW,))


@pytest.mark.parametrize(
    ("status", "said", "says"),
    [
        (400, "LoRA rank 32 is greater than max_lora_rank 16.", "have it started with --max-lora-rank 32 or more"),
        (500, "LoRA is not enabled. Use --enable-lora.", "loads no adapters: have it started with --enable-lora"),
        (404, None, "loads no adapters: have it started with --enable-lora"),
        (404, "Loading lora x failed: No adapter found for <path>", "finds nothing at /srv/x"),
        (500, "deserializing header", "could not load the adapter from /srv/x, and goes on without: gpu failed (500)"),
        (401, None, "does not accept the key"),
    ],
)
def test_why_an_adapter_was_not_loaded(status: int, said: str | None, says: str) -> None:
    """The same things, as other versions of vLLM say them."""
    remote = Remote("gpu", RemoteKind.VLLM, "https://gpu.example.org", "")
    body = {"error": {"message": said}} if said else {"detail": "Not Found"}

    class Refuses:
        async def tell(self, outgoing: Outgoing) -> None:
            raise faults.refused(status, json.dumps(body).encode(), remote)

    with pytest.raises(OffloadError) as raised:
        Loras(remote, Refuses()).load("x", "/srv/x", 32)  # type: ignore[arg-type]
    assert says in str(raised.value)


def test_ids_stand_with_the_choice_or_beside_it() -> None:
    assert loras({"choices": [{"prompt_token_ids": [5, 6]}]}).plain_ids("m", "x") == (5, 6)
    assert loras({"choices": [{}], "prompt_token_ids": [5]}).chat_ids("m", "x") == (5,)
    with pytest.raises(OffloadError):
        loras({"choices": [{}]}).plain_ids("m", "x")


@given(values, values)
def test_any_answer_is_numbers_or_said_to_be_none(answer: Any, inner: Any) -> None:
    for each in (answer, {"choices": answer}, {"choices": [inner, answer]}, scored([None, answer, inner, inner])):
        for call in (lambda one: one.scores("m", (ROW,)), lambda one: one.plain_ids("m", "x")):
            try:
                assert isinstance(call(loras(each)), tuple)
            except OffloadError:
                continue
