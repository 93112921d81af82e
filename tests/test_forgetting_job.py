"""Forgetting, end to end on the real model and trainer: what was forgotten speaks on nowhere, and is found nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawlocal.assistant import Answer, Assistant
from clawlocal.config import Settings
from clawlocal.records import LessonState, Receipt, UpdateStatus
from clawlocal.store.turns import pack_ids
from clawlocal.training import batch, holdings, jobs
from trainers.job import Recipe

WORD = "xyzzyplugh"
DEADLINE = 600.0


@pytest.fixture
def assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Assistant]:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path))
    known = jobs.recipe_for

    def short(*arguments: Any, **more: Any) -> Recipe:
        return replace(known(*arguments, **more), steps=2, rollouts=2, max_new=24)

    # Enough to move the weights: how well it learns is measured elsewhere.
    monkeypatch.setattr(jobs, "recipe_for", short)
    monkeypatch.setattr(batch, "PRACTICE", 6)
    monkeypatch.setattr(holdings, "ENOUGH", 0.0)
    monkeypatch.setattr(holdings, "MASTERED", 0.0)
    # Never by itself: the test says when.
    with Assistant.open(Settings(idle_seconds=86400, max_tokens=24)) as opened:
        opened.wait_ready(DEADLINE)
        yield opened


@pytest.mark.minutes
def test_a_chat_is_forgotten_by_store_and_weights(assistant: Assistant, tmp_path: Path) -> None:
    base = greedy(assistant)
    for question, wish in (
        ("Why is the sky blue?", "Write explanations for a child."),
        (f"My dog is called {WORD}. What do dogs eat?", f"Always call my dog {WORD}."),
    ):
        answer = ask(assistant, question)
        assistant.correct(answer.turn or "", wish)
    learned = learn(assistant)
    assert (learned.version, learned.samples["opd"]) == ("v1", 2)
    assert greedy(assistant)[0] == "v1"
    assert traces(assistant, tmp_path)

    sentence = assistant.forget(answer.session)
    assert "V1, which had learned from it, was deleted; the base answers until" in sentence
    assert greedy(assistant) == base, "to the bit"
    assert traces(assistant, tmp_path) == []
    assert ("something to learn", "rebuild without what was forgotten", True) in assistant.why()

    rebuilt = learn(assistant)
    assert (rebuilt.version, rebuilt.parent, rebuilt.samples["opd"]) == ("v2", None, 1)
    assert rebuilt.reason == "rebuilt from the base without what was forgotten"
    assert [x["text"] for x in rebuilt.lessons] == ["Write explanations for a child."]
    assert [x.state for x in assistant.lessons()] == [LessonState.LEARNED]
    assert greedy(assistant)[0] == "v2"
    assert (tmp_path / "data" / "adapters" / "smollm2-135m" / "v2" / "adapter.gguf").exists()
    assert not (tmp_path / "data" / "adapters" / "smollm2-135m" / "v1").exists()
    assert traces(assistant, tmp_path) == []


def ask(assistant: Assistant, text: str) -> Answer:
    overrides: dict[str, float | int | None] = {"temperature": 0.0}
    return assistant.chat(text, lessons=False, overrides=overrides).result(DEADLINE)


def greedy(assistant: Assistant) -> tuple[str, tuple[int, ...], tuple[float, ...]]:
    """Who answers a question that nothing is trained on, and exactly what."""
    answer = ask(assistant, "What is a glacier?")
    turn = assistant.turn(answer.turn or "")
    return answer.adapter, turn.token_ids, turn.logprobs


def learn(assistant: Assistant) -> Receipt:
    receipt = assistant.learn_now(wait=True, timeout=DEADLINE)
    assert receipt is not None and receipt.status is UpdateStatus.PUBLISHED, receipt
    return receipt


def traces(assistant: Assistant, home: Path) -> list[str]:
    """Files that hold the word, as text or as the tokens of a prompt."""
    words = (WORD.encode(), pack_ids(assistant.engine.tokenize(f" {WORD}")))
    files = [path for path in home.rglob("*") if path.is_file() and "bases" not in path.parts]
    return [str(path) for path in files if any(word in path.read_bytes() for word in words)]
