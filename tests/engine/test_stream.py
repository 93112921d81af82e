"""The splitter: no half characters, no half stop strings, and the cuts of the input do not matter."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.engine.stream import TextStream

texts = st.text(alphabet=st.sampled_from("ab<|é€🦀\n\x00"), max_size=40)
stops = st.lists(st.text(alphabet=st.sampled_from("ab<|é"), min_size=1, max_size=4), max_size=3)


def run(data: bytes, stop: list[str], cuts: list[int]) -> tuple[str, list[str], bool]:
    stream = TextStream(stop)
    edges = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    pieces = [stream.feed(data[a:b]) for a, b in pairwise(edges)]
    pieces.append(stream.finish())
    return stream.text, pieces, stream.stopped


@given(texts, stops, st.lists(st.integers(0, 200), max_size=8))
def test_pieces_make_the_text_and_cuts_do_not_matter(text: str, stop: list[str], cuts: list[int]) -> None:
    whole, pieces, stopped = run(text.encode(), stop, cuts)
    every_byte = run(text.encode(), stop, list(range(len(text.encode()))))
    assert "".join(pieces) == whole == every_byte[0]
    assert stopped == every_byte[2] == any(s in text for s in stop)
    assert text.startswith(whole)
    assert not any(s in whole for s in stop)


@given(texts, stops)
def test_what_is_let_out_is_never_taken_back(text: str, stop: list[str]) -> None:
    whole = run(text.encode(), stop, [])[0]
    stream = TextStream(stop)
    out = ""
    for byte in text.encode():
        out += stream.feed(bytes([byte]))
        assert whole.startswith(out)
        assert "\ufffd" not in out


@given(st.binary(max_size=40), st.lists(st.integers(0, 200), max_size=8))
def test_bytes_that_are_no_text_become_replacement_characters(data: bytes, cuts: list[int]) -> None:
    assert run(data, [], cuts)[0] == data.decode("utf-8", "replace")


def test_nothing_comes_after_a_stop_string() -> None:
    stream = TextStream(["STOP"])
    assert stream.feed(b"before ST") == "before "
    assert stream.feed(b"OP after") == ""
    assert stream.stopped
    assert stream.feed(b"more") == stream.finish() == ""


def test_half_a_stop_string_at_the_end_is_text() -> None:
    stream = TextStream(["STOP"])
    assert stream.feed(b"go ST") + stream.finish() == "go ST"
    assert not stream.stopped


@given(texts, st.lists(st.text(max_size=3), max_size=3), st.lists(st.integers(0, 200), max_size=8))
def test_any_stop_string_is_harmless(text: str, stop: list[str], cuts: list[int]) -> None:
    whole, pieces, stopped = run(text.encode(), stop, cuts)
    assert "".join(pieces) == whole
    assert stopped == any(s in text for s in stop if s)


@pytest.mark.parametrize("stop", ["¦", "\x80", "\x9f", "ð", "\ud83e", "\udd80", "\udcf0", "\ufffd"])
def test_a_stop_string_that_shares_bytes_with_a_character_does_not_cut_it(stop: str) -> None:
    """As bytes or as UTF-16 each of them is a part of this one, or looks like it."""
    data = "a🦀b".encode()
    assert run(data, [stop], list(range(len(data)))) == ("a🦀b", ["", "a", "", "", "", "🦀", "b", ""], False)


def test_a_stop_string_may_begin_in_the_middle_of_a_piece_and_of_a_character() -> None:
    data = "x\u00e9\u0301y".encode()
    for cuts in ([], [2], [2, 4], list(range(len(data)))):
        assert run(data, ["\u0301y"], cuts)[0] == "x\u00e9"
        assert run(data, ["\u00e9\u0301"], cuts)[0] == "x"


def test_a_stop_string_of_what_is_no_character() -> None:
    assert run(b"a\xf0\x9fb", ["\ufffd"], [2])[0] == "a"
    assert run(b"a\xf0\x9f", ["\ufffd"], [2]) == ("a", ["a", "", ""], True)


def test_empty_stop_strings_are_ignored() -> None:
    assert run(b"text", [""], [])[0] == "text"
