"""Whether a model heeds a lesson: what is asked of it, and what follows for an update."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from clawlocal.conversation import Conversations
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import AdapterFile
from clawlocal.methods import Method
from clawlocal.records import Lesson, LessonState
from clawlocal.store import Store
from clawlocal.training.batch import BatchMaker
from clawlocal.training.heed import DEAF, PROMPTS, Heed, checked, heed
from clawlocal.training.prompts import EVERYDAY

PIRATE = "Write like a pirate."


def indifferent(
    prefix: Sequence[int], continuations: Sequence[Sequence[int]], adapter: AdapterFile | None
) -> list[float]:
    """Of a model to which the prompt makes no difference."""
    return [-1.0 * len(each) for each in continuations]


def test_a_reply_that_the_lesson_makes_likelier_is_heeded(engine: FakeEngine) -> None:
    assert heed(engine, PIRATE, EVERYDAY).gain > DEAF
    asked = [(each.prefix, each.continuations) for each in engine.scored]
    assert len(asked) == 2 * PROMPTS
    (told, said), (alone, again) = asked[:2]
    assert (told, alone) == (f"user\n{EVERYDAY[0]}\n\n{PIRATE}assistant\n", f"user\n{EVERYDAY[0]}assistant\n")
    assert said == again, "the same reply, with the lesson and without"


def test_a_lesson_that_changes_nothing_is_not_heeded(engine: FakeEngine) -> None:
    engine.scorer = indifferent
    assert heed(engine, PIRATE, EVERYDAY) == Heed(0.0, 0.0)
    assert heed(engine, PIRATE, []).deaf


def test_one_reply_that_makes_something_of_it_is_not_enough(engine: FakeEngine) -> None:
    asked = itertools.count()

    def once(prefix: Sequence[int], continuations: Sequence[Sequence[int]], adapter: AdapterFile | None) -> list[float]:
        return [-1.0 if next(asked) == 0 else -100.0 for _ in continuations]

    engine.scorer = once
    assert heed(engine, PIRATE, EVERYDAY).deaf


@pytest.mark.parametrize(
    ("reply", "recites"), [("Arr! Write like a pirate, you say.", True), ("Write to the pirate.", False), ("", False)]
)
def test_reciting_is_not_exaggerated(engine: FakeEngine, reply: str, recites: bool) -> None:
    for _ in range(PROMPTS):
        engine.enqueue(reply)
    assert heed(engine, PIRATE, EVERYDAY).amplifiable is not recites


def test_what_a_rule_checks_needs_no_teacher() -> None:
    pirate = Lesson(1, PIRATE, "general", LessonState.ACTIVE, (), "")
    assert not checked(pirate) and checked(replace(pirate, text="Answer in at most two sentences."))


def test_what_is_not_heeded_is_taught_by_nothing(
    store: Store, engine: FakeEngine, batches: BatchMaker, corrected: Callable[..., str]
) -> None:
    corrected(hint="Answer in one sentence.")
    store.add_lesson(PIRATE, "general", state=LessonState.ACTIVE)
    engine.scorer = indifferent
    batch = batches.make(None)
    assert [x.text for x in batch.unheeded] == [PIRATE]
    assert [x.text for x in batch.lessons] == ["Answer in one sentence."]
    assert all(r.lessons == ("Answer in one sentence.",) for r in batch.rehearsals)


def test_what_is_learned_is_not_asked_about_again(
    store: Store, engine: FakeEngine, batches: BatchMaker, corrected: Callable[..., str]
) -> None:
    corrected(hint="Answer in one sentence.")
    store.add_lesson(PIRATE, "general", state=LessonState.LEARNED)
    batches.make(None)
    assert engine.scored == []


def test_a_method_without_practice_asks_nothing(
    store: Store, engine: FakeEngine, conversations: Conversations, corrected: Callable[..., str]
) -> None:
    corrected(hint=PIRATE)
    BatchMaker(store, engine, conversations, Method.COMBINED).make(None)
    assert engine.scored == []


def test_the_embedded_model_heeds_german_and_no_nonsense(llama_engine: LlamaEngine) -> None:
    german, nonsense = (heed(llama_engine, text, EVERYDAY) for text in ("Answer in German.", "xqzt blorp fnord."))
    assert german.gain > 4 * DEAF
    assert nonsense.deaf
