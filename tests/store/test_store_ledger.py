"""The ledger: what saw what, what goes with what is forgotten, what is to be mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clawlocal.judge.lessons import GENERAL
from clawlocal.records import LessonState, Rebuild, SignalKind, TurnUse, Verdict
from clawlocal.store import Store
from clawlocal.store.forgetting import FORGOTTEN

MODEL = "smollm2-135m"
WORD = "xyzzy"


def taught(store: Store, talk: Any, text: str = "Be brief.", prompt: str = "What is a heron?") -> tuple[str, int]:
    """A turn and its lesson, in the weights of a version of their own."""
    turn = talk.queued(prompt=prompt).id
    lesson = store.add_lesson(text, GENERAL, [turn], LessonState.ACTIVE).id
    talk.publish([turn], [lesson])
    return turn, lesson


def versions(store: Store) -> list[tuple[str, str]]:
    return [(v.version, v.state.value) for v in store.adapters()]


def forget(store: Store, turn: str) -> Any:
    return store.forget([turn], MODEL)


def test_the_newest_version_that_never_saw_it_answers_and_the_others_are_gone(store: Store, talk: Any) -> None:
    taught(store, talk)
    second, _ = taught(store, talk, f"Say {WORD}.")
    taught(store, talk, "No lists.")
    found = forget(store, second)
    assert ([v.version for v in found.versions], found.live, found.fell) == (["v2", "v3"], "v1", True)
    assert versions(store) == [("v1", "live")]
    assert [(x.text, x.state) for x in store.lessons()] == [
        ("Be brief.", LessonState.LEARNED),
        ("No lists.", LessonState.ACTIVE),
    ]
    assert store.rebuild(MODEL) == Rebuild(forgotten=True)
    assert len(store.ledger(MODEL)) == 2
    assert "v2, v3; v1 is live" in store.events()[-1].text


def test_what_saw_the_first_is_gone_to_the_base(store: Store, talk: Any) -> None:
    first, _ = taught(store, talk)
    taught(store, talk, "No lists.")
    assert (forget(store, first).live, versions(store)) == (None, [])


def test_a_version_that_is_not_live_goes_too_and_nothing_is_rebuilt(store: Store, talk: Any) -> None:
    turn, _ = taught(store, talk)
    store.set_live(None, MODEL)
    found = forget(store, turn)
    assert (found.fell, versions(store), store.rebuild(MODEL)) == (False, [], None)


def test_what_was_never_learned_from_harms_no_version(store: Store, talk: Any) -> None:
    taught(store, talk)
    found = forget(store, talk.turn(prompt="Never mind.").id)
    assert (found.versions, versions(store), store.rebuild(MODEL)) == ((), [("v1", "live")], None)


def test_a_prompt_that_was_practised_on_was_seen(store: Store, talk: Any) -> None:
    turn = talk.turn(prompt="Practise this.").id
    store.publish(
        talk.start(), talk.adapter(), [], samples={}, metrics={}, gate={}, seconds=1, practised=["Practise this."]
    )
    assert store.turn(turn).use is TurnUse.OPEN
    assert [v.version for v in forget(store, turn).versions] == ["v1"]


def test_a_lesson_with_another_source_stays_and_is_back_in_the_prompt(store: Store, talk: Any) -> None:
    turn, lesson = taught(store, talk)
    other = talk.turn().id
    store.add_lesson("be BRIEF.", GENERAL, [other])
    forget(store, turn)
    assert (store.lesson(lesson).turns, store.lesson(lesson).state) == ((other,), LessonState.ACTIVE)


def test_what_the_words_of_a_turn_made_of_the_one_before_goes(store: Store, talk: Any) -> None:
    """The wish is in the second message; the lesson has the first turn as its source."""
    first = talk.turn()
    wish = f"Please say {WORD}."
    signal = store.add_signal(first.id, SignalKind.MESSAGE, 0, wish)
    hint = f"Say {WORD}."
    store.add_verdict(Verdict(first.id, signal.id, -1, (-1,), 1.0, False, "votes", "said so", hint), TurnUse.QUEUED, "")
    lesson = store.add_lesson(hint, GENERAL, [first.id], LessonState.ACTIVE)
    talk.publish([first.id], [lesson.id])
    second = talk.turn(first.session, first.reply_message, prompt=wish)
    assert [v.version for v in forget(store, second.id).versions] == ["v1"]
    assert store.lessons() == [] and store.verdicts(first.id) == []
    assert store.turn(first.id).use is TurnUse.USED


def test_what_was_said_below_it_and_learned_from_was_seen(store: Store, talk: Any) -> None:
    first = talk.turn()
    second = talk.queued(first.session, parent=first.reply_message, prompt="And a stork?")
    talk.publish([second.id])
    assert [v.version for v in forget(store, first.id).versions] == ["v1"]
    assert store.ledger(MODEL) == [], "its prompt held what was forgotten"
    assert store.session(first.session).title == ""


def test_no_trace_of_the_words_is_left(store: Store, talk: Any, content: Callable[[], list[str]], path: Any) -> None:
    turn, lesson = taught(store, talk, f"Say {WORD}.", f"What is {WORD}?")
    session = store.turn(turn).session
    store.rename(session, f"What is {WORD}?")
    kept = talk.queued(session, parent=None, prompt="And a stork?")
    store.add_event("lesson", f"“Say {WORD}.” takes the place of “No.”", {"said": f"Say {WORD}."})
    store.set_state("learn answer 1", f'{{"text": "Say {WORD}."}}')
    noted = store.add_message(talk.session(), None, "user", "Hello", f"No lists.\nSay {WORD}.")
    after = talk.reply(noted.session, noted.id)
    talk.reject([talk.queued().id], [lesson])
    store.forget([turn], MODEL)
    store.sweep()
    assert [line for line in content() if WORD in line] == []
    files = [file for file in path.parent.iterdir() if file.is_file()]
    assert [file for file in files if WORD.encode() in file.read_bytes()] == []
    assert store.message(noted.id).note == "No lists."
    assert store.turn(after.id).reason == "prompt forgotten"
    assert store.session(session).title == FORGOTTEN
    assert store.turn(kept.id).use is TurnUse.QUEUED


def test_a_chat_whose_last_turn_is_forgotten_is_gone(store: Store, talk: Any) -> None:
    turn = talk.turn()
    forget(store, turn.id)
    assert not store.has_session(turn.session)


def test_an_update_that_runs_meanwhile_cannot_be_published(store: Store, talk: Any) -> None:
    turn, waits = talk.queued(), talk.queued()
    update = talk.start()
    forget(store, turn.id)
    with pytest.raises(Exception, match="ended already: failed"):
        talk.publish([waits.id], update=update)
    assert store.live(MODEL) is None and store.turn(waits.id).use is TurnUse.QUEUED


def test_what_is_to_be_mended_adds_up_and_is_taken_off(store: Store) -> None:
    vetoed = store.add_lesson("one", GENERAL, state=LessonState.VETOED).id
    active = store.add_lesson("two", GENERAL, state=LessonState.ACTIVE).id
    assert store.rebuild(MODEL) is None
    store.want_rebuild(MODEL, carried=[active])
    first = store.rebuild(MODEL)
    assert first == Rebuild(carried=(active,)) and not first.anew
    store.want_rebuild(MODEL, vetoed=[vetoed])
    store.drop_rebuild(MODEL, first)
    assert store.rebuild(MODEL) == Rebuild(vetoed=(vetoed,))
    store.set_lesson_state(vetoed, LessonState.ACTIVE)
    assert store.rebuild(MODEL) is None, "it was put back"
    store.want_rebuild(MODEL, forgotten=True)
    store.drop_rebuild(MODEL, Rebuild(forgotten=True))
    assert store.rebuild(MODEL) is None
    assert store.rebuild("other") is None


def test_a_rebuild_starts_from_what_no_update_here_made(store: Store, talk: Any) -> None:
    assert store.foundation(MODEL) is None
    store.add_adapter(talk.adapter())
    store.set_live("v1", MODEL)
    taught(store, talk)
    live = store.live(MODEL)
    found = store.foundation(MODEL)
    assert live is not None and found is not None
    assert (live.version, live.parent, found.version) == ("v2", "v1", "v1")


def test_lessons_of_another_model_are_in_the_prompt_and_told_once(store: Store, talk: Any) -> None:
    _, lesson = taught(store, talk)
    assert [x.id for x in store.prompt_lessons(MODEL)] == []
    assert [x.id for x in store.prompt_lessons("other")] == [lesson]
    assert store.carry_lessons(MODEL) == []
    store.settle_lessons("other")
    assert [x.id for x in store.carry_lessons("other")] == [lesson]
    assert store.rebuild("other") == Rebuild(carried=(lesson,))
    assert store.carry_lessons("other") == []
    store.settle_lessons(MODEL)
    assert store.lesson(lesson).state is LessonState.LEARNED
    assert store.carry_lessons(MODEL) == [] and store.rebuild("other") is None


def test_forgotten_from_another_model_the_one_that_is_asked_about_keeps_its_own(store: Store, talk: Any) -> None:
    turn, _ = taught(store, talk)
    _, other = taught(store, talk, "No lists.")
    found = store.forget([turn], "small")
    assert (found.fell, store.rebuild("small"), store.rebuild(MODEL)) == (False, None, Rebuild(forgotten=True))
    assert (store.live(MODEL), store.lesson(other).state) == (None, LessonState.ACTIVE)


def test_lessons_of_a_remotes_replies_are_taught_with_these_or_without_them(store: Store, talk: Any) -> None:
    there = {"model": "gpu/heron", "remote": "gpu"}
    sample, foreign = talk.queued(**there, policy=MODEL), talk.queued(**there)
    store.add_lesson("Be brief.", GENERAL, [sample.id], LessonState.ACTIVE)
    other = store.add_lesson("No lists.", GENERAL, [foreign.id], LessonState.ACTIVE)
    assert [x.id for x in store.carry_lessons(MODEL)] == [other.id], "the first one goes with its reply"
    talk.publish([sample.id])
    assert [queued.turn.id for queued in store.ledger(MODEL)] == [sample.id]
    assert store.ledger("gpu/heron") == []
