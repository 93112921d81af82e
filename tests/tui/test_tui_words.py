"""What is said, without a screen: control sequences, status, receipts, replies."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from fakes import CHECK, RECEIPT, FakeAssistant

from clawlocal.records import UpdateStatus
from tui.plain import Filter, one_line, plain
from tui.receipt import receipt_lines
from tui.words import Facts, counted, reply_words, sentence, status_words

STATUS = FakeAssistant().state


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\x1b[0m", "ab"),
        ("\x1b]0;title\x07x\x1b]8;;http://e.vil\x1b\\y", "xy"),
        ("\x1bPq#0;2\x1b\\z", "z"),
        ("\x9b2Jx\x85y", "x\ny"),
        ("bell\x07 back\x08 nul\x00", "bell back nul"),
        ("tab\tnew\r\nline\rend", "tab\tnew\nline\nend"),
        ("unfinished \x1b", "unfinished "),
        ("[red]kept[/red] — ünïcode 🙂", "[red]kept[/red] — ünïcode 🙂"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_stream_shows_what_the_whole_text_would(size: int) -> None:
    text = "a\x1b[1;31mred\x1b[0m \x1b]0;title\x07 b\r\nc \x1b]8;;u\x1b\\link\rd\x9b2Jend"
    stream = Filter()
    pieces = [stream.feed(text[i : i + size]) for i in range(0, len(text), size)]
    assert "".join([*pieces, stream.flush()]) == plain(text)


def test_one_line() -> None:
    assert one_line(" a\n\tb \x1b[1mc") == "a b c"


def test_sentence() -> None:
    assert sentence("Next when idle.") == "next when idle"
    assert sentence("KL is too high.") == "KL is too high"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "● learning on · next when idle"),
        ({"queue": {"queued": 1}}, "● learning on · 1 new example · next when idle"),
        ({"learning": False, "state": "off"}, "○ learning off"),
        ({"state": "off", "why": "learning is off for this chat"}, "○ learning off for this chat"),
        ({"state": "judging", "why": "judging a reply"}, "● learning on · judging a reply"),
        ({"state": "training", "progress": 0.414}, "◐ training 41 %"),
        ({"state": "paused", "progress": 0.414, "why": "paused at 41 %: on battery, 20 % left"},
         "◐ paused at 41 %: on battery, 20 % left"),
        ({"state": "paused", "why": "4 judged replies; no update starts until `clawlocal learn resume`",
          "queue": {"queued": 4}},
         "◐ learning on · 4 new examples · no update starts until `clawlocal learn resume`"),
        ({"holder": "pid 7", "state": "elsewhere", "why": "pid 7 does the learning"},
         "○ not learning here · pid 7 does the learning"),
    ],
)  # fmt: skip
def test_status(changes: dict[str, object], words: str) -> None:
    assert status_words(replace(STATUS, **changes)) == words


def test_status_of_a_temporary_chat() -> None:
    assert status_words(STATUS, temporary=True) == "◌ not kept (temporary chat)"
    training = replace(STATUS, state="training", progress=0.5)
    assert status_words(training, temporary=True) == "◌ not kept (temporary chat) · training 50 %"


def test_reply() -> None:
    assert reply_words(Facts("t", 84, 2.0, "v3")) == "42 tok/s · 84 tokens · v3"
    assert reply_words(Facts("t", 1, 2.0, "base", "cancelled")) == "0.5 tok/s · 1 token · base · stopped"
    assert reply_words(Facts()) == ""


def test_a_rejected_update_says_why() -> None:
    reason = "the gate did not let it through: it drifted"
    rejected = replace(RECEIPT, status=UpdateStatus.REJECTED, version=None, reason=reason)
    assert receipt_lines(rejected)[:2] == ["update rejected, kept v1 · 84 s", reason]


@pytest.mark.parametrize(
    ("value", "limit", "bar"),
    [
        (0.13, 0.45, "✓ gate: drift ▓▓░░░░░░ 0.13 of 0.45 nats"),
        (0.0, 0.45, "✓ gate: drift ░░░░░░░░ 0 of 0.45 nats"),
        (0.9, 0.45, "✗ gate: drift ▓▓▓▓▓▓▓▓ 0.9 of 0.45 nats"),
        (math.nan, 0.45, "✗ gate: drift ▓▓▓▓▓▓▓▓ nan of 0.45 nats"),
        (None, 0.45, "✗ gate: drift ▓▓▓▓▓▓▓▓ no of 0.45 nats"),
    ],
)
def test_drift_is_a_bar_of_its_budget(value: float | None, limit: float, bar: str) -> None:
    check = {**CHECK, "value": value, "limit": limit, "passed": bar.startswith("✓")}
    lines = receipt_lines(replace(RECEIPT, gate={"passed": True, "checks": [check]}))
    assert bar in lines
    assert not any("KL" in line for line in lines), "said once"


def test_what_was_rewritten_or_kept_is_told_where_it_was() -> None:
    samples = {"rl": 2, "opd": 1, "rehearsed": 0, "demonstrated": 3, "edited": 2, "preferred": 1, "skipped": {}}
    told = "learned from 2 judged turns, 1 correction, 2 rewritten replies, 1 preferred reply, 1 rehearsed turn"
    assert told in receipt_lines(replace(RECEIPT, samples=samples))


def test_nothing_to_learn_is_short() -> None:
    nothing = replace(RECEIPT, status=UpdateStatus.NOTHING, samples={}, lessons=[], gate={}, metrics={}, seconds=0)
    assert receipt_lines(replace(nothing, reason="No feedback yet.")) == [
        "nothing to learn: no feedback yet",
        "No feedback yet.",
    ]


def test_counted() -> None:
    assert (counted(0, "turn"), counted(1, "turn"), counted(2, "reply", "replies")) == (
        "0 turns",
        "1 turn",
        "2 replies",
    )
