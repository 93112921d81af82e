"""What was learned, in words: receipts, lessons, versions, conditions. Knows no widgets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from clawlocal.records import TOPIC, AdapterState, AdapterVersion, Lesson, LessonState, Receipt, UpdateStatus
from tui.plain import one_line
from tui.words import counted, news_words

LESSON_WORDS = {
    LessonState.NEW: "new: in neither prompt nor weights",
    LessonState.ACTIVE: "active: in every prompt",
    LessonState.LEARNED: "learned: in the weights",
    LessonState.VETOED: "vetoed",
}

METRICS = {"loss": "loss", "clip_fraction": "clip fraction"}
"""The figures of the trainer that are shown; `clawlocal learn history --json` has all of them."""

BAR = 8
"""Cells of a bar."""


def condition_lines(conditions: Sequence[tuple[str, str, bool]]) -> list[str]:
    """One line for each condition for training: whether it holds, its name, its reading."""
    width = max((len(name) for name, _, _ in conditions), default=0)
    return [
        f"{'✓' if holds else '✗'} {one_line(name).ljust(width)}  {one_line(reading)}"
        for name, reading, holds in conditions
    ]


def queue_words(queue: Mapping[str, int]) -> str:
    """What waits for the trainer."""
    parts = [
        f"{counted(queue.get('queued', 0), 'example')} ready, {queue.get('hints', 0)} with a hint",
        f"{counted(queue.get('open', 0), 'turn')} not judged yet",
        f"{queue.get('skipped', 0)} skipped",
    ]
    if queue.get("hints_dropped"):
        parts.append(f"{counted(queue['hints_dropped'], 'correction')} said too little")
    return " · ".join(parts)


def receipt_lines(receipt: Receipt, chats: Mapping[int, Sequence[str]] | None = None) -> list[str]:
    """The whole receipt: what was used, what was left out and why, the gate, what came of it.

    `chats` names the chats that each lesson came from, by the lesson's id.
    """
    lines = [f"{_head(receipt)} · {receipt.seconds:.0f} s" if receipt.seconds else _head(receipt)]
    if receipt.reason:
        lines.append(one_line(receipt.reason))
    if receipt.status is not UpdateStatus.NOTHING:
        lines.append(_samples(receipt.samples))
    lines += _skipped(receipt.samples.get("skipped") or {})
    lines += [_lesson(lesson, chats or {}) for lesson in receipt.lessons]
    lines += [_check(check) for check in receipt.gate.get("checks", ())]
    return [*lines, *_metrics(receipt.metrics)]


def _head(receipt: Receipt) -> str:
    head = news_words(receipt) or receipt.status.value
    return f"{head} (from {receipt.parent or 'base'})" if receipt.status is UpdateStatus.PUBLISHED else head


def _samples(samples: Mapping[str, Any]) -> str:
    practised = samples.get("rehearsed", 0) + samples.get("demonstrated", 0) - samples.get("edited", 0)
    return (
        f"learned from {counted(samples.get('rl', 0), 'judged turn')}, "
        f"{counted(samples.get('opd', 0), 'correction')}, "
        f"{_own(samples)}"
        f"{counted(practised, 'rehearsed turn')}"
    )


def _own(samples: Mapping[str, Any]) -> str:
    """What was rewritten or kept; nothing of what was not."""
    counts = (
        counted(samples.get("edited", 0), "rewritten reply", "rewritten replies"),
        counted(samples.get("preferred", 0), "preferred reply", "preferred replies"),
    )
    return "".join(f"{what}, " for what in counts if not what.startswith("0 "))


def _skipped(skipped: Mapping[str, int]) -> list[str]:
    if not skipped:
        return []
    reasons = ", ".join(f"{n} {one_line(reason)}" for reason, n in skipped.items())
    return [f"left out: {reasons}"]


def _lesson(lesson: Mapping[str, Any], chats: Mapping[int, Sequence[str]]) -> str:
    text = one_line(str(lesson.get("text", "")))
    return _with_sources(f"lesson: {text}{_held(lesson.get('share'))}", chats.get(lesson.get("id", 0), ()))


def _held(share: float | None) -> str:
    """` ▓▓▓▓▓░░░ 62 % in the weights`; nothing where it was not measured."""
    return "" if share is None else f" {_bar(share, 1.0)} {share:.0%} in the weights"


def _check(check: Mapping[str, Any]) -> str:
    mark = "✓" if check.get("passed") else "✗"
    if check.get("name") == "kl_base":
        return f"{mark} gate: {_drift(check.get('value'), check.get('limit'))}"
    name = one_line(str(check.get("text") or check.get("name")))
    return f"{mark} gate: {name} {_number(check.get('value'))} (limit {_number(check.get('limit'))})"


def _drift(value: object, limit: object) -> str:
    """`drift ▓▓░░░░░░ 0.13 of 0.45 nats`: how much of its budget the neutral KL takes."""
    return f"drift {_bar(value, limit)} {_number(value)} of {_number(limit)} nats"


def _bar(value: object, limit: object) -> str:
    """Full where there is no share to show: a figure that is no number did not pass."""
    share = 1.0
    if isinstance(value, int | float) and isinstance(limit, int | float) and limit > 0.0 and math.isfinite(value):
        share = min(1.0, max(0.0, value / limit))
    filled = round(share * BAR)
    return "▓" * filled + "░" * (BAR - filled)


def _metrics(metrics: Mapping[str, float]) -> list[str]:
    parts = [f"{words} {_number(metrics[name])}" for name, words in METRICS.items() if name in metrics]
    return [" · ".join(parts)] if parts else []


def _number(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else one_line(str(value))


def lesson_line(lesson: Lesson, chats: Sequence[str], later: Lesson | None = None) -> str:
    """`Answer in euros. — active: in every prompt (from “Trip to Lisbon”)`; `later` is what took its place."""
    state = LESSON_WORDS.get(lesson.state, lesson.state.value)
    if lesson.state is LessonState.ACTIVE and lesson.scope.startswith(TOPIC):
        state = f"active: in prompts about {lesson.scope.removeprefix(TOPIC)}"
    if later is not None:
        state = f"replaced by “{one_line(later.text)}”"
        if lesson.update is not None and later.state is LessonState.ACTIVE:
            state = f"{state}, in the weights until that is learned"
    return _with_sources(f"{one_line(lesson.text)} — {state}{_held(lesson.share)}", chats)


def _with_sources(text: str, chats: Sequence[str]) -> str:
    if not chats:
        return text
    names = ", ".join(f"“{one_line(chat)}”" for chat in chats[:3])
    more = f" and {len(chats) - 3} more" if len(chats) > 3 else ""
    return f"{text} (from {names}{more})"


def version_line(version: AdapterVersion) -> str:
    """One row of the versions list."""
    live = "● live" if version.state is AdapterState.LIVE else "      "
    made = version.created[:16].replace("T", " ")
    return f"{live}  {version.version.ljust(5)} {made}  rank {version.rank}  from {version.parent or 'base'}"
