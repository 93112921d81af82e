"""What is asked of each kind, and a stream of anything at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.engine.protocol import Sampling
from clawlocal.offload.dialects import ChatStream, Malformed, chat_payload
from clawlocal.offload.packing import pack, unpack
from clawlocal.records import RemoteKind

FIELDS = ("choices", "delta", "content", "token_ids", "logprobs", "logprob", "prompt_token_ids", "finish_reason")
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner), max_leaves=12
)


def chunk(delta: Any, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, **choice}]}


@given(values, values)
def test_any_event_is_text_or_malformed(event: Any, delta: Any) -> None:
    for each in (
        event,
        {"choices": [event]},
        chunk(delta),
        chunk({}, token_ids=delta),
        chunk({}, logprobs=delta),
        {"usage": delta},
    ):
        stream = ChatStream()
        try:
            assert isinstance(stream.take(each), str)
        except Malformed:
            continue
        ids, logprobs = stream.tokens
        assert len(ids) == len(logprobs)


@given(values)
def test_packing(value: Any) -> None:
    assert json.dumps(unpack(pack(value))) == json.dumps(value)


def test_packing_counts_four_bytes_as_a_token() -> None:
    assert len(pack("x" * 398)) == 100


def test_figures_of_use_at_the_end_are_no_text() -> None:
    stream = ChatStream()
    assert stream.take({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}) == ""
    assert stream.counted == (7, 2)


@pytest.mark.parametrize("bad", [float("nan"), float("-inf")])
def test_log_probabilities_that_are_none_are_not_kept(bad: float) -> None:
    stream = ChatStream()
    stream.take(chunk({"content": "a"}, token_ids=[1], logprobs={"content": [{"logprob": bad}]}))
    assert (stream.text, stream.tokens) == ("a", ((), ()))


def test_ids_without_as_many_log_probabilities_are_not_kept() -> None:
    stream = ChatStream()
    stream.take(chunk({"content": "ab"}, token_ids=[1, 2], logprobs={"content": [{"logprob": -1}]}))
    assert stream.tokens == ((), ())


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_thoughts_get_their_marks_back_however_they_come(cut: int) -> None:
    stream = ChatStream()
    for start in range(0, 6, cut):
        stream.take(chunk({"reasoning_content": "A bird"[start : start + cut]}))
    stream.take(chunk({"content": "A "}))
    stream.take(chunk({"content": "heron."}))
    assert stream.text == "<think>A bird</think>A heron."


def test_what_is_not_limited_is_left_out() -> None:
    sampling = Sampling(top_k=0, stop=("END",))
    payload = chat_payload(RemoteKind.VLLM, "m", [], sampling)
    assert "top_k" not in payload and "seed" not in payload
    assert (payload["stop"], payload["min_p"]) == (["END"], sampling.min_p)
