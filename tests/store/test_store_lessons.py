"""Lessons: merged, sourced, and in the state that the live weights give them."""

from __future__ import annotations

from typing import Any

import pytest

from clawlocal.errors import NotFound
from clawlocal.records import LessonState
from clawlocal.store import Store


def test_equal_but_for_case_and_spaces_is_one_lesson(store: Store, talk: Any) -> None:
    turns = [talk.turn().id for _ in range(3)]
    first = store.add_lesson(" Use  metric units. ", "units", turns[:2])
    second = store.add_lesson("use metric UNITS.", "other", [turns[1], turns[2]])
    assert second.id == first.id
    assert (second.text, second.scope, second.turns) == ("Use  metric units.", "units", tuple(turns))
    assert store.lessons() == [second]
    assert store.add_lesson("Use metric units!").id != first.id


@pytest.mark.parametrize(
    ("had", "given", "has"),
    [
        (LessonState.NEW, LessonState.ACTIVE, LessonState.ACTIVE),
        (LessonState.ACTIVE, LessonState.NEW, LessonState.ACTIVE),
        (LessonState.LEARNED, LessonState.ACTIVE, LessonState.LEARNED),
        (LessonState.VETOED, LessonState.ACTIVE, LessonState.VETOED),
    ],
)
def test_a_merged_lesson_never_falls_back(store: Store, had: LessonState, given: LessonState, has: LessonState) -> None:
    store.add_lesson("x", state=had)
    assert store.add_lesson("X", state=given).state is has


def test_a_lesson_from_a_turn_that_is_gone_is_not_added(store: Store) -> None:
    with pytest.raises(NotFound):
        store.add_lesson("x", turns=["nothing"])
    assert store.lessons() == []


def test_states_and_what_the_next_update_teaches(store: Store) -> None:
    made = {state: store.add_lesson(state, state=state).id for state in LessonState}
    assert [x.id for x in store.lessons(LessonState.ACTIVE)] == [made[LessonState.ACTIVE]]
    assert [x.id for x in store.lessons(LessonState.VETOED)] == [made[LessonState.VETOED]]
    store.set_lesson_state(made[LessonState.NEW], LessonState.VETOED)
    assert store.lesson(made[LessonState.NEW]).state is LessonState.VETOED
    for call in (lambda: store.lesson(99), lambda: store.set_lesson_state(99, LessonState.NEW)):
        with pytest.raises(NotFound, match="no lesson 99"):
            call()


def test_reworded_it_is_to_be_learned_again(store: Store, talk: Any) -> None:
    lesson = store.add_lesson("Be brief", state=LessonState.ACTIVE)
    talk.publish([], [lesson.id])
    assert store.edit_lesson(lesson.id, "BE  BRIEF").state is LessonState.LEARNED
    edited = store.edit_lesson(lesson.id, "Be very brief")
    assert (edited.text, edited.state, edited.update) == ("Be very brief", LessonState.ACTIVE, None)
    store.settle_lessons("smollm2-135m")
    assert store.lesson(lesson.id).state is LessonState.ACTIVE


def test_reworded_into_another_it_joins_it(store: Store, talk: Any) -> None:
    turns = [talk.turn().id for _ in range(2)]
    first = store.add_lesson("Be brief", turns=turns[:1])
    second = store.add_lesson("Be short", turns=turns[1:])
    joined = store.edit_lesson(second.id, "be brief")
    assert (joined.id, joined.turns) == (first.id, tuple(turns))
    assert store.lessons() == [joined]


def test_a_rollback_sets_aside_what_came_after_and_forward_it_is_learned_again(store: Store, talk: Any) -> None:
    one, two = store.add_lesson("one"), store.add_lesson("two")
    own = store.add_lesson("never taught")

    def states() -> list[str]:
        return [str(store.lesson(x.id).state) for x in (one, two, own)]

    talk.publish([], [one.id])
    assert states() == ["learned", "new", "new"]
    talk.publish([], [two.id])
    assert (states(), store.lesson(two.id).update) == (["learned", "learned", "new"], 2)
    store.set_live("v1", "smollm2-135m")
    assert (states(), store.lesson(two.id).update) == (["learned", "new", "new"], None)
    store.set_live(None, "smollm2-135m")
    assert states() == ["new", "new", "new"]
    store.set_live("v2", "smollm2-135m")
    assert states() == ["learned", "learned", "new"]


def test_after_a_rollback_a_new_line_begins(store: Store, talk: Any) -> None:
    """v2 and v3 both come from v1: what v2 was taught, v3 does not know."""
    one, two, three = (store.add_lesson(text) for text in ("one", "two", "three"))
    for lesson, back in ((one, None), (two, "v1"), (three, None)):
        talk.publish([], [lesson.id])
        if back:
            store.set_live(back, "smollm2-135m")
    assert [str(store.lesson(x.id).state) for x in (one, two, three)] == ["learned", "new", "learned"]


def test_set_aside_it_comes_back_when_it_is_given_again_or_put_back_and_stays(store: Store, talk: Any) -> None:
    one, two, own = (store.add_lesson(text, state=LessonState.ACTIVE) for text in ("one", "two", "never taught"))
    talk.publish([], [one.id, two.id])
    store.set_live(None, "smollm2-135m")
    assert store.lessons(LessonState.ACTIVE) == [own]
    store.add_lesson("ONE", state=LessonState.ACTIVE)
    store.set_lesson_state(two.id, LessonState.ACTIVE)
    # As at the next start.
    store.settle_lessons("smollm2-135m")
    assert [x.id for x in store.lessons(LessonState.ACTIVE)] == [one.id, two.id, own.id]


def test_a_vetoed_lesson_stays_so_through_publishing_and_rollback(store: Store, talk: Any) -> None:
    lesson = store.add_lesson("one")
    update = talk.start()
    store.set_lesson_state(lesson.id, LessonState.VETOED)
    talk.publish([], [lesson.id], update)
    assert store.lesson(lesson.id).state is LessonState.VETOED
    store.set_live(None, "smollm2-135m")
    assert store.lesson(lesson.id).state is LessonState.VETOED


def test_learned_means_learned_by_the_model_that_speaks(store: Store, talk: Any) -> None:
    lesson = store.add_lesson("one")
    talk.publish([], [lesson.id])
    store.settle_lessons("another-model")
    assert store.lesson(lesson.id).state is LessonState.ACTIVE
    store.settle_lessons("smollm2-135m")
    assert store.lesson(lesson.id).state is LessonState.LEARNED


def test_replaced_it_comes_back_when_what_replaced_it_is_out_of_use(store: Store) -> None:
    short, medium, long = (store.add_lesson(text, state=LessonState.ACTIVE).id for text in ("short", "medium", "long"))
    store.replace_lesson(short, medium)
    store.replace_lesson(medium, long)
    assert [x.id for x in store.lessons(LessonState.ACTIVE)] == [long]
    assert all(x.replaced_by is not None for x in store.lessons(LessonState.NEW))
    store.set_lesson_state(medium, LessonState.VETOED)
    assert [x.id for x in store.lessons(LessonState.ACTIVE)] == [long], "it was out of use before"
    store.set_lesson_state(medium, LessonState.ACTIVE)
    store.replace_lesson(medium, long)
    store.set_lesson_state(long, LessonState.VETOED)
    assert [x.id for x in store.lessons(LessonState.ACTIVE)] == [medium], "the last word before it, and not all"
    store.set_lesson_state(long, LessonState.ACTIVE)
    assert [x.id for x in store.lessons(LessonState.ACTIVE)] == [long], "put back, it replaces what it did"


def test_given_again_it_is_no_longer_replaced(store: Store) -> None:
    short, long = (store.add_lesson(text, state=LessonState.ACTIVE).id for text in ("short", "long"))
    store.replace_lesson(short, long)
    again = store.add_lesson("Short", state=LessonState.ACTIVE)
    assert (again.id, again.state, again.replaced_by) == (short, LessonState.ACTIVE, None)


def test_what_the_weights_knew_and_a_later_word_replaced_is_not_taught_again(store: Store, talk: Any) -> None:
    short = store.add_lesson("short", state=LessonState.ACTIVE)
    talk.publish([], [short.id])
    long = store.add_lesson("long", state=LessonState.ACTIVE)
    store.replace_lesson(short.id, long.id)
    talk.publish([], [long.id])
    assert [str(x.state) for x in store.lessons()] == ["new", "learned"]
    store.set_live("v1", "smollm2-135m")
    assert [str(x.state) for x in store.lessons()] == ["learned", "new"], "v1 was taught the first, and speaks again"
    store.set_live("v2", "smollm2-135m")
    assert [(str(x.state), x.replaced_by) for x in store.lessons()] == [("new", long.id), ("learned", None)]
    store.set_live(None, "smollm2-135m")
    assert [str(x.state) for x in store.lessons()] == ["new", "new"]


def test_forgotten_it_gives_way_to_what_it_replaced(store: Store, talk: Any) -> None:
    turn = talk.turn()
    short, long = (store.add_lesson(text, state=LessonState.ACTIVE).id for text in ("short", "long"))
    medium = store.add_lesson("medium", "", [turn.id], LessonState.ACTIVE).id
    store.replace_lesson(short, medium)
    store.replace_lesson(medium, long)
    store.delete_turn(turn.id)
    assert [(x.id, x.replaced_by) for x in store.lessons()] == [(short, long), (long, None)]


def test_the_lessons_of_a_chat_are_counted(store: Store, talk: Any) -> None:
    one, two = talk.turn(), talk.turn()
    for text in ("x", "y"):
        store.add_lesson(text, turns=[one.id, two.id])
    store.add_lesson("the user's own")
    assert store.lessons_of(one.session) == 2


def test_a_veto_outlasts_the_lesson_that_had_taken_its_place(store: Store, talk: Any) -> None:
    first, second = talk.turn(), talk.turn()
    earlier = store.add_lesson("Keep it short.", turns=[first.id], state=LessonState.ACTIVE).id
    later = store.add_lesson("Answer in detail.", turns=[second.id], state=LessonState.ACTIVE).id
    store.replace_lesson(earlier, later)
    store.set_lesson_state(earlier, LessonState.VETOED)
    store.delete_session(second.session)
    assert [(x.id, x.state) for x in store.lessons()] == [(earlier, LessonState.VETOED)]


def test_of_a_chain_the_one_before_the_deleted_counts_again(store: Store, talk: Any) -> None:
    last = talk.turn()
    first = store.add_lesson("Keep it short.", state=LessonState.ACTIVE).id
    second = store.add_lesson("Answer in detail.", state=LessonState.ACTIVE).id
    third = store.add_lesson("Answer in a line.", turns=[last.id], state=LessonState.ACTIVE).id
    store.replace_lesson(first, second)
    store.replace_lesson(second, third)
    assert store.vetoed_keys() == {"keep it short.", "answer in detail."}
    store.delete_session(last.session)
    assert [(x.state, x.replaced_by) for x in store.lessons()] == [
        (LessonState.NEW, second),
        (LessonState.ACTIVE, None),
    ]


def test_reworded_into_what_it_had_replaced_that_counts_again(store: Store) -> None:
    first = store.add_lesson("Keep it short.", state=LessonState.ACTIVE).id
    second = store.add_lesson("Answer in detail.", state=LessonState.ACTIVE).id
    store.replace_lesson(first, second)
    store.edit_lesson(second, "keep it SHORT.")
    assert [(x.id, x.state, x.replaced_by) for x in store.lessons()] == [(first, LessonState.ACTIVE, None)]
