"""What an update learns from: which turns, which not and why, and what the teacher reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clawlocal.conversation import Conversations
from clawlocal.engine.fake import FakeEngine
from clawlocal.judge.lessons import THIS_TURN
from clawlocal.prompting import Line, build
from clawlocal.records import LessonState, TurnUse
from clawlocal.store import Store
from clawlocal.training import nothing
from clawlocal.training.batch import BEFORE, DRILLS, EXAMPLES, MAX_PROMPT, MAX_TURNS, OWN_PROMPTS, PRACTICE, BatchMaker
from clawlocal.training.kinds import SUMS, kinds
from clawlocal.training.probes import QUESTIONS
from clawlocal.training.prompts import NEUTRAL, OF_TOPIC
from tests.saying import exchange
from trainers.rules import drills, occasions
from trainers.update import held_back

HINT = "Answer in one sentence."
Correct = Callable[..., str]


def test_a_sample_is_what_was_served(store: Store, batches: BatchMaker, corrected: Correct) -> None:
    turn = store.turn(corrected())
    [sample] = batches.make(None).samples
    assert (sample.id, sample.reward, sample.on_policy) == (turn.id, -1.0, True)
    assert (sample.prompt_ids, sample.response_ids) == (turn.prompt_ids, turn.token_ids)
    assert sample.old_logprobs == turn.logprobs


def test_probes_are_rendered_as_served_to_the_token_that_ends_a_reply(
    batches: BatchMaker, corrected: Correct, engine: FakeEngine
) -> None:
    corrected()
    found = batches.make(None).probes
    assert [engine.detokenize(probe.right) for probe in found] == [question.right for question in QUESTIONS]
    assert {answer[-1] for probe in found for answer in probe.answers} == set(engine.stop_ids)
    assert found[0].prompt_ids == build(engine, "", [Line("user", QUESTIONS[0].text)]).ids


def test_the_teacher_reads_the_same_conversation_with_each_lesson_once(
    store: Store, engine: FakeEngine, conversations: Conversations, batches: BatchMaker, corrected: Correct
) -> None:
    store.add_lesson("No lists.", "general", state=LessonState.ACTIVE)
    store.add_lesson(HINT, "general", state=LessonState.ACTIVE)
    store.add_lesson("Only about herons.", THIS_TURN, state=LessonState.ACTIVE)
    store.add_lesson("Set aside.", "general", state=LessonState.NEW)
    corrected(hint="Answer  in one SENTENCE.")
    [sample] = batches.make(None).samples
    assert sample.hinted_prompt_ids is not None
    plain, told = engine.detokenize(sample.prompt_ids), engine.detokenize(sample.hinted_prompt_ids)
    assert plain == "user\nWhat is a heron?\n\nNo lists.\nAnswer in one sentence.\nOnly about herons.assistant\n"
    assert told == "user\nWhat is a heron?\n\nNo lists.\nAnswer in one sentence.assistant\n"


def test_a_hint_that_is_no_lesson_stands_after_the_lessons(
    store: Store, engine: FakeEngine, batches: BatchMaker, corrected: Correct
) -> None:
    store.add_lesson("No lists.", "general", state=LessonState.LEARNED)
    corrected(hint="Say which heron is the largest.")
    [sample] = batches.make(None).samples
    assert sample.hinted_prompt_ids is not None
    told = engine.detokenize(sample.hinted_prompt_ids)
    assert told.endswith("\n\nNo lists.\nSay which heron is the largest.assistant\n")


def test_what_was_vetoed_is_taught_to_nobody(store: Store, batches: BatchMaker, corrected: Correct) -> None:
    corrected()
    [lesson] = store.lessons()
    store.set_lesson_state(lesson.id, LessonState.VETOED)
    batch = batches.make(None)
    assert [(s.hinted_prompt_ids, s.reward) for s in batch.samples] == [(None, -1.0)]
    assert (batch.lessons, batch.rehearsals) == ((), ())


def test_a_lesson_of_a_topic_is_practised_on_its_topic_alone(
    store: Store, engine: FakeEngine, batches: BatchMaker, corrected: Correct
) -> None:
    corrected("What is a stork?", hint="Say where it nests.")
    for lesson in store.lessons():
        store.set_lesson_state(lesson.id, LessonState.VETOED)
    store.add_lesson("Comment every line of code.", "topic: code", state=LessonState.ACTIVE)
    store.add_lesson("Say which orchid.", "topic: orchids", state=LessonState.ACTIVE)
    batch = batches.make(None)
    assert [x.text for x in batch.lessons] == ["Comment every line of code."], "the other one no prompt was about"
    practised = [engine.detokenize(r.hinted_prompt_ids) for r in batch.rehearsals]
    assert len(practised) >= len(OF_TOPIC["code"])
    assert all("\n\nComment every line of code.assistant" in prompt for prompt in practised)
    assert not any("stork" in prompt for prompt in practised)


def test_lessons_are_practised_on_other_prompts(
    store: Store, engine: FakeEngine, batches: BatchMaker, corrected: Correct
) -> None:
    corrected("What is a stork?")
    batch = batches.make(None)
    assert [x.text for x in batch.lessons] == [HINT]
    assert len(batch.rehearsals) == PRACTICE
    own = batch.rehearsals[0]
    assert engine.detokenize(own.prompt_ids) == "user\nWhat is a stork?assistant\n"
    assert engine.detokenize(own.hinted_prompt_ids) == f"user\nWhat is a stork?\n\n{HINT}assistant\n"
    assert [engine.detokenize(ids) for ids in batch.neutral] == [f"user\n{text}assistant\n" for text in NEUTRAL]


def test_a_lesson_about_words_is_practised_where_they_occur(batches: BatchMaker, corrected: Correct) -> None:
    corrected("What is a stork?", hint="Use British spelling.")
    rehearsals = batches.make(None).rehearsals
    texts = [rehearsal.text for rehearsal in rehearsals if not rehearsal.drill]
    assert (len(texts), texts[0]) == (PRACTICE, "What is a stork?")
    assert set(occasions("Use British spelling.")) <= set(texts)
    drilled = [rehearsal.text for rehearsal in rehearsals if rehearsal.drill]
    assert drilled == list(drills("Use British spelling.")[: len(drilled)])
    assert [r.drill for r in rehearsals[:OWN_PROMPTS]] == [False] * OWN_PROMPTS
    assert len(drilled) == DRILLS * (PRACTICE - OWN_PROMPTS)


def test_beside_another_lesson_words_are_drilled_less(batches: BatchMaker, corrected: Correct) -> None:
    corrected(hint="Use British spelling.")
    corrected(hint="Answer in two sentences at most.")
    rehearsals = batches.make(None).rehearsals
    assert sum(rehearsal.drill for rehearsal in rehearsals) == PRACTICE - OWN_PROMPTS


def test_lessons_that_are_drilled_take_turns(batches: BatchMaker, corrected: Correct) -> None:
    corrected("What is 3 times 4 plus 5?", hint="Use British spelling.")
    corrected(hint="Show the steps.")
    drilled = [rehearsal.text for rehearsal in batches.make(None).rehearsals if rehearsal.drill]
    spelled, worked = (drills(lesson)[: len(drilled) // 2] for lesson in ("Use British spelling.", "Show the steps."))
    assert sorted(drilled) == sorted([*spelled, *worked])


def test_a_thumb_alone_rehearses_nothing(batches: BatchMaker, corrected: Correct) -> None:
    corrected(value=-1)
    batch = batches.make(None)
    assert [(s.reward, s.hinted_prompt_ids) for s in batch.samples] == [(-1.0, None)]
    assert batch.rehearsals == ()
    assert batch.worth_training()


def test_praise_alone_changes_nothing_and_waits_for_a_correction(
    store: Store, batches: BatchMaker, corrected: Correct
) -> None:
    corrected(value=1)
    batch = batches.make(None)
    assert not batch.worth_training()
    assert "one reply that you liked: nothing to change" in nothing.of(store, batch).reason
    corrected()
    batch = batches.make(None)
    assert len(batch.samples) == 2 and batch.worth_training()


def test_off_policy_turns_are_marked_and_without_a_hint_left_out(
    store: Store, batches: BatchMaker, corrected: Correct
) -> None:
    live, old, older = corrected(adapter="v2"), corrected(), corrected(value=1)
    batch = batches.make("v2")
    assert [(s.id, s.on_policy) for s in batch.samples] == [(live, True), (old, False)]
    assert batch.skipped == {"made by another adapter version": 1}
    assert store.turn(older).reason == "made by another adapter version"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("token_ids = x''", "empty reply"),
        ("prompt_ids = x''", "prompt forgotten"),
        (f"prompt_ids = zeroblob({4 * MAX_PROMPT})", "too long to train on"),
    ],
)
def test_what_can_never_be_used_is_skipped_for_good(
    store: Store, batches: BatchMaker, corrected: Correct, change: str, reason: str
) -> None:
    turn = corrected()
    store._db.execute(f"UPDATE turns SET {change}")
    batch = batches.make(None)
    assert (batch.samples, batch.skipped) == ((), {reason: 1})
    assert (store.turn(turn).use, store.turn(turn).reason) == (TurnUse.SKIPPED, reason)
    assert not batch.worth_training()
    assert batches.make(None).skipped == {}


def test_the_longest_turn_that_fits_is_in(store: Store, batches: BatchMaker, corrected: Correct) -> None:
    turn = store.turn(corrected())
    room = MAX_PROMPT - len(turn.token_ids)
    store._db.execute(f"UPDATE turns SET prompt_ids = zeroblob({4 * room})")
    assert batches.make(None).turns == [turn.id]


def test_another_models_turns_wait_for_it(store: Store, batches: BatchMaker, corrected: Correct) -> None:
    turn = corrected()
    store._db.execute("UPDATE turns SET policy = 'other'")
    assert batches.make(None).skipped == {"made by another model (other)": 1}
    assert store.turn(turn).use is TurnUse.QUEUED


def test_an_update_takes_so_many_turns_the_oldest_first(store: Store, batches: BatchMaker, corrected: Correct) -> None:
    turns = [corrected(f"Question {n}?") for n in range(MAX_TURNS + 2)]
    batch = batches.make(None)
    assert batch.turns == turns[:MAX_TURNS]
    assert batch.skipped == {"waits for the next update": 2}
    assert store.turn(turns[-1]).use is TurnUse.QUEUED


def test_turns_that_nobody_answered_are_not_in(store: Store, conversations: Conversations, batches: BatchMaker) -> None:
    exchange(conversations, "What is a heron?")
    batch = batches.make(None)
    assert (batch.samples, batch.skipped) == ((), {})


def test_sums_are_most_of_it_for_who_asks_for_little_else(batches: BatchMaker, corrected: Correct) -> None:
    corrected("What is 3 times 4 plus 5?", hint="Show the steps.")
    few = batches.make(None).rehearsals
    corrected("What is 13 times 4 plus 5?", hint="Show the steps.")
    many = batches.make(None).rehearsals
    assert [sum(r.drill for r in some) for some in (few, many)] == [PRACTICE - OWN_PROMPTS, EXAMPLES]
    assert [r.drill for r in many[: BEFORE + EXAMPLES]] == [False] * BEFORE + [True] * EXAMPLES
    held = [many[i].text for i in held_back(many)]
    assert held and all(SUMS in kinds(text) for text in held)


@pytest.mark.parametrize(
    ("asked", "hint", "is_drilled"),
    [
        ("What is 3 times 4 plus 5?", "Show the steps.", True),
        ("What is a stork?", "Show the steps.", False),
        ('Comment on this pupil\'s answer: "It is a white bird that eats frogs."', "Use a warm tone.", True),
        ("What is a stork?", "Use a warm tone.", False),
    ],
)
def test_only_who_asks_for_such_things_is_drilled_on_them(
    batches: BatchMaker, corrected: Correct, asked: str, hint: str, is_drilled: bool
) -> None:
    corrected(asked, hint=hint)
    assert any(rehearsal.drill for rehearsal in batches.make(None).rehearsals) is is_drilled
