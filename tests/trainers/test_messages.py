"""What the worker says is what its reader understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.messages import Done, Failed, Message, Planned, Progress, Step, dated, decode, encode, found_in

WORDS, COUNTS = st.text(), st.integers(0, 2**53)
FIGURES = st.dictionaries(st.text(), st.floats(allow_nan=False))
KINDS = [
    st.builds(Planned, WORDS, WORDS, st.booleans(), COUNTS, st.booleans(), COUNTS, st.none() | COUNTS),
    st.builds(Progress, WORDS, COUNTS, COUNTS),
    st.builds(Step, COUNTS, FIGURES),
    st.builds(Done),
    st.builds(Failed, WORDS),
]


@given(st.one_of(KINDS))
def test_what_is_said_is_understood(message: Message) -> None:
    line = encode(message)
    assert len(line.splitlines()) == 1
    assert decode(line) == message
    assert decode(f"{line}\n") == message


def test_each_kind_is_named() -> None:
    assert json.loads(encode(Failed("The disk is full."))) == {
        "event": "failed",
        "reason": "The disk is full.",
        "short_of": "",
        "needs": 0,
    }
    assert json.loads(encode(Done())) == {"event": "done"}


def test_a_figure_that_is_no_number_is_told() -> None:
    told = decode(encode(Step(1, {"loss": float("nan")})))
    assert isinstance(told, Step) and told.figures["loss"] != told.figures["loss"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "words",
        "[]",
        "7",
        "null",
        '"done"',
        "{}",
        '{"event": "other"}',
        '{"event": null}',
        '{"event": ["done"]}',
        '{"event": "done", "more": 1}',
        '{"event": "progress", "stage": "training"}',
        '{"event": "done"',
    ],
)
def test_what_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        decode(line)


@given(st.text())
def test_any_other_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        decode(line)


def test_what_was_said_when_is_found_among_other_lines() -> None:
    at = datetime(2026, 11, 27, 9, 30, 0, 125000, UTC)
    first, second = dated(Done(), at), dated(Step(3, {}), at)
    log = f"Ray 2.60.0\n\x1b[36m(pid=7)\x1b[0m {first}\n2026-11-27 09:31:00 INFO {{}}\n{second}\n"
    assert list(found_in(log)) == [(at, Done()), (at, Step(3, {}))]
