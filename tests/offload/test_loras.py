"""Answers of a server about adapters, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.errors import OffloadError
from clawlocal.offload.client import Outgoing
from clawlocal.offload.fingerprint import Row
from clawlocal.offload.loras import Loras
from clawlocal.records import Purpose, Remote, RemoteKind

FIELDS = ("choices", "index", "prompt_logprobs", "prompt_token_ids", "logprob", "7", "8")
ROWS = (Row((1, 2), (7,)), Row((3,), (8, 7)))
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


def choices(first: Any, second: Any) -> dict[str, Any]:
    """As vLLM may send them: in any order."""
    return {"choices": [{"index": 1, "prompt_logprobs": second}, {"index": 0, "prompt_logprobs": first}]}


GOOD = (told((2, -9), (7, -0.5)), told((8, -1), (7, -2.25)))


def test_scores_are_of_the_replies_in_order() -> None:
    found = loras(choices(*GOOD))
    assert found.scores("m", ROWS) == (-0.5, -1.0, -2.25)
    [asked] = found._client.asked  # type: ignore[attr-defined]
    assert (asked.path, asked.purpose, asked.data) == ("/v1/completions", Purpose.SERVE, frozenset())
    assert asked.payload == {"model": "m", "prompt": [[1, 2, 7], [3, 8, 7]], "max_tokens": 1, "prompt_logprobs": 0}


@pytest.mark.parametrize(
    "answer",
    [
        choices(GOOD[0], None),
        choices(GOOD[0], GOOD[1][:-1]),
        choices(told((2, -9), (8, -0.5)), GOOD[1]),
        choices(told((2, -9), (7, float("nan"))), GOOD[1]),
        {"choices": [{"index": 0, "prompt_logprobs": GOOD[0]}]},
        {"choices": [{"index": float("inf")}, {"index": 0}]},
    ],
)
def test_scores_that_are_none(answer: Any) -> None:
    with pytest.raises(OffloadError, match="does not say"):
        loras(answer).scores("m", ROWS)


def test_ids_stand_with_the_choice_or_beside_it() -> None:
    assert loras({"choices": [{"prompt_token_ids": [5, 6]}]}).plain_ids("m", "x") == (5, 6)
    assert loras({"choices": [{}], "prompt_token_ids": [5]}).chat_ids("m", "x") == (5,)
    with pytest.raises(OffloadError):
        loras({"choices": [{}]}).plain_ids("m", "x")


@given(values, values)
def test_any_answer_is_numbers_or_said_to_be_none(answer: Any, inner: Any) -> None:
    for each in (answer, {"choices": answer}, {"choices": [inner, answer]}, choices(answer, inner)):
        for call in (lambda one: one.scores("m", ROWS), lambda one: one.plain_ids("m", "x")):
            try:
                assert isinstance(call(loras(each)), tuple)
            except OffloadError:
                continue
