"""Several lessons at once, measured: the list is one that can be held, and the figures are of what was said."""

from __future__ import annotations

import pytest

from benchmarks import together
from clawlocal.cli import bench
from trainers import rules


def test_no_lesson_contradicts_another() -> None:
    each = [rule.side for lesson in together.LESSONS for rule in rules.of_one(lesson, together.LESSONS)]
    assert len(each) == len(set(each)), "of two rules about one side only the later would count"
    assert all(map(rules.rules, together.LESSONS))


def test_shares_are_of_replies() -> None:
    base, after = ["Hello! I am here.", "One. Two. Three. Four."], ["Hello.", "One. Two?"]
    assert together._obeyed("Do not use exclamation marks.", base, after) == {"base": 0.5, "after": 1.0}
    assert together._all(["Do not use exclamation marks.", "Answer in at most three sentences."], base) == 0.0
    assert together._answers(["Why do cats purr?"] * 2, ["Cats purr when content, or when ill.", "Yes."]) == 0.5


def test_it_runs_on_the_real_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "UPDATES", 0)
    monkeypatch.setattr(together, "MAX_TOKENS", 4)
    found = bench._load("lessons")(count=2, questions=2, say=lambda stage: None)["results"]
    assert list(found["lessons"]) == list(together.LESSONS[:2])
    assert (found["learned"], found["updates"]) == (0, [])
    assert found["all_obeyed"]["base"] == found["all_obeyed"]["after"]
