"""Known directives that are about one thing: who hesitates between them knows what was meant. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence

from clawlocal.judge.wishes import subjects as s

BRIEF = (
    s.SHORT,
    "Answer in one sentence.",
    "Answer in at most {number} sentences.",
    "Answer in at most {number} words.",
)
"""Wishes for few words."""
ALIKE = (
    BRIEF,
    (s.HUMAN, s.NO_MARKDOWN, s.NO_HEADINGS, s.PROSE),
    (s.KIND_COMMENTS, s.LONG_COMMENTS, "Say first what was good in grading comments.", s.WARM),
)


def sides(wishes: Sequence[str]) -> list[int]:
    """A number for each: the same for those that are about one thing."""
    beginnings = {wish: alike[0] for alike in ALIKE for wish in alike}
    first = [beginnings.get(wish, wish) for wish in wishes]
    return [first.index(each) for each in first]
