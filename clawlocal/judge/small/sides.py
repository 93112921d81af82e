"""Known directives that are about one thing: who hesitates between them knows what was meant. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence

LENGTHS = (
    "Keep answers short.",
    "Answer in one sentence.",
    "Answer in at most {number} sentences.",
    "Answer in at most {number} words.",
)
ALIKE = (
    LENGTHS,
    (
        "Write in a natural, human voice.",
        "Do not use markdown.",
        "Do not use headings.",
        "Do not use bullet points. Write in full sentences.",
    ),
    (
        "Write kinder grading comments.",
        "Write more detailed grading comments.",
        "Say first what was good in grading comments.",
        "Use a warm tone.",
    ),
)


def sides(wishes: Sequence[str]) -> list[int]:
    """A number for each: the same for those that are about one thing."""
    beginnings = {wish: alike[0] for alike in ALIKE for wish in alike}
    first = [beginnings.get(wish, wish) for wish in wishes]
    return [first.index(each) for each in first]
