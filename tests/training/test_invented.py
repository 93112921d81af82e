"""Prompts in the likeness of the user's own."""

from __future__ import annotations

import pytest

from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import Engine
from clawlocal.training.invented import LETTERS, invented

OWN = ("Why do cats purr?", "How do owls hunt?", "What do herons eat?")


def test_they_are_prompts_and_none_of_them_was_asked(engine: FakeEngine) -> None:
    for text in (" Why do dogs bark?", " why do cats purr?", " Why do dogs bark?", " no end of it", " Eh?", ""):
        engine.enqueue(text)
    assert invented(engine, OWN, 3) == ["Why do dogs bark?"]


@pytest.mark.parametrize("own", [(), OWN[:1], ("a" * (LETTERS + 1), OWN[0])])
def test_from_less_than_two_nothing_is_invented(engine: FakeEngine, own: tuple[str, ...]) -> None:
    assert invented(engine, own, 4) == []


def test_the_model_invents_the_same_ones_for_the_same_prompts(llama_engine: Engine) -> None:
    found = invented(llama_engine, OWN, 4)
    assert 1 <= len(found) <= 4 and not set(found) & set(OWN)
    assert all(len(text.split()) >= 3 for text in found)
    assert invented(llama_engine, OWN, 4) == found
