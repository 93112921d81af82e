"""The reward loop over a real store: each signal once, in order, and what becomes of the turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from clawlocal.conversation import Conversations
from clawlocal.errors import EngineClosed, PromptError, StoreError
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.hints import Hint
from clawlocal.judge.lessons import GENERAL, THIS_TURN
from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.judge.reward import Reward
from clawlocal.records import LessonState, SignalKind, TurnUse
from clawlocal.store import Store
from clawlocal.training.need import Need
from tests.saying import exchange
from tests.waiting import until


class Says:
    """A judge with one opinion, which remembers what it was asked."""

    def __init__(self, value: int = 0, abstained: bool = False) -> None:
        self.asked: list[Exchange] = []
        self.opinion = Opinion(value, (value,), 1.0, abstained, "votes", "said so")
        self.before: Callable[[], None] = lambda: None

    def judge(self, exchange: Exchange) -> Opinion | None:
        self.before()
        self.asked.append(exchange)
        return self.opinion


def nothing() -> None:
    pass


@pytest.fixture
def turn(conversations: Conversations) -> str:
    found = exchange(conversations, "What is a heron?").turn
    assert found is not None
    return found


def test_each_signal_is_judged_once_and_in_order(conversations: Conversations, store: Store) -> None:
    session = None
    for text in ("one", "two", "three", "four"):
        session = exchange(conversations, text, session).session
    judge, changes = Says(1), []
    reward = Reward(store, [judge], lambda: changes.append(reward.judging))
    reward.catch_up()
    reward.catch_up()
    assert [(x.request, x.next_state) for x in judge.asked] == [("one", "two"), ("two", "three"), ("three", "four")]
    assert changes == [False] * 3
    assert store.unjudged() == []


def test_a_signal_that_does_not_fit_into_the_context_does_not_hold_up_the_others(
    conversations: Conversations, store: Store
) -> None:
    session = None
    for text in ("one", "two", "three"):
        session = exchange(conversations, text, session).session
    judge, changes = Says(1), []

    def refuse() -> None:
        judge.before = nothing
        raise PromptError("Your message is 310 tokens.")

    judge.before = refuse
    reward = Reward(store, [judge], lambda: changes.append(reward.judging))
    reward.catch_up()
    assert ([x.next_state for x in judge.asked], changes) == (["three"], [False])
    reward.catch_up()
    assert [x.next_state for x in judge.asked] == ["three", "two"]
    assert store.unjudged() == []


def test_the_first_judge_with_an_opinion_decides(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.THUMB, 1, "")
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Hm.")
    last = Says(-1)
    Reward(store, [ExplicitJudge(), last], nothing).catch_up()
    assert [x.next_state for x in last.asked] == ["Hm."]
    assert [(v.value, v.stage) for v in store.verdicts(turn)] == [(1, "explicit"), (-1, "votes")]


def test_the_thread_takes_up_what_comes(turn: str, store: Store) -> None:
    reward = Reward(store, [Says(1)], nothing)
    reward.start()
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Thanks.")
    reward.look()
    until(lambda: store.turn(turn).use is TurnUse.QUEUED)
    reward.close()


def test_while_learning_is_off_nothing_is_judged(turn: str, store: Store) -> None:
    judge = Says(1)
    reward = Reward(store, [judge], nothing)
    store.set_learning(False)
    reward.judge_explicit(store.add_signal(turn, SignalKind.CORRECTION, -1, "Answer in one sentence."))
    reward.catch_up()
    assert (judge.asked, store.verdicts(turn), store.lessons()) == ([], [], [])
    store.set_learning(True)
    store.set_session_learning(store.turn(turn).session, False)
    reward.catch_up()
    assert judge.asked == []
    store.set_session_learning(store.turn(turn).session, True)
    reward.catch_up()
    assert len(judge.asked) == 1


def test_turned_off_in_the_middle_the_rest_waits(turn: str, store: Store) -> None:
    judge = Says(1)
    for text in ("a", "b"):
        store.add_signal(turn, SignalKind.MESSAGE, 0, text)
    judge.before = lambda: store.set_learning(False)
    Reward(store, [judge], nothing).catch_up()
    assert [x.next_state for x in judge.asked] == ["a"]


def test_an_engine_closed_in_the_middle_leaves_the_signal_unjudged(turn: str, store: Store) -> None:
    signal = store.add_signal(turn, SignalKind.MESSAGE, 0, "And the stork?")
    judge = Says(-1)

    def close() -> None:
        raise EngineClosed("closed")

    judge.before = close
    reward = Reward(store, [judge], nothing)
    with pytest.raises(EngineClosed):
        reward.catch_up()
    assert not reward.judging
    assert store.unjudged() == [signal]
    assert store.turn(turn).use is TurnUse.OPEN
    reward.start()
    reward.close()
    Reward(store, [Says(-1)], nothing).catch_up()
    assert store.unjudged() == []


def test_a_fault_of_the_store_does_not_end_the_thread(turn: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Thanks.")
    failed = threading.Event()

    def full() -> None:
        if not failed.is_set():
            failed.set()
            raise StoreError("The disk is full.")

    judge = Says(1)
    judge.before = full
    reward = Reward(store, [judge], nothing)
    reward.start()
    until(failed.is_set)
    reward.look()
    until(lambda: store.unjudged() == [])
    reward.close()


def test_a_bad_message_with_a_hint_becomes_an_active_lesson(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, "That was a lot. Answer in one sentence.")
    Reward(store, [Says(-1)], nothing).catch_up()
    [lesson] = store.lessons()
    assert (lesson.text, lesson.state, lesson.turns) == ("Answer in one sentence.", LessonState.ACTIVE, (turn,))
    assert store.turn(turn).use is TurnUse.QUEUED
    assert store.queue_counts()["hints"] == 1


def test_a_hint_about_the_subject_is_kept_out_of_other_prompts(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.CORRECTION, -1, "Say which heron is the largest.")
    Reward(store, [Says(-1)], nothing).catch_up()
    [lesson] = store.lessons()
    assert (lesson.scope, lesson.state) == ("this turn", LessonState.NEW)
    assert store.queue()[0].verdict.hint == "Say which heron is the largest."


def test_an_edit_is_a_hint_and_no_lesson(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.EDIT, -1, "A bird.")
    Reward(store, [Says(-1)], nothing).catch_up()
    assert store.lessons() == []
    assert store.queue()[0].verdict.hint == "A reply that I would like: A bird."


def test_a_dropped_hint_is_recorded_and_the_turn_counts(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.CORRECTION, -1, "No, that is wrong.")
    Reward(store, [Says(-1)], nothing).catch_up()
    [verdict] = store.verdicts(turn)
    assert (verdict.hint, verdict.hint_dropped) == ("", "says that it was wrong, not how it should be")
    assert (store.lessons(), store.turn(turn).use) == ([], TurnUse.QUEUED)


def test_without_an_opinion_there_is_no_hint(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Now answer in one sentence: what is a stork?")
    Reward(store, [Says(0)], nothing).catch_up()
    assert store.lessons() == []
    assert store.verdicts(turn)[0].hint == ""


@pytest.mark.parametrize(("abstained", "reason"), [(True, "the judge was not sure"), (False, "no opinion")])
def test_without_an_opinion_the_turn_is_skipped_until_one_comes(
    turn: str, store: Store, abstained: bool, reason: str
) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, "And the stork?")
    reward = Reward(store, [ExplicitJudge(), Says(0, abstained)], nothing)
    reward.catch_up()
    assert store.turn(turn).use is TurnUse.SKIPPED
    assert store.turn(turn).reason.startswith(reason)
    reward.judge_explicit(store.add_signal(turn, SignalKind.THUMB, 1, ""))
    assert store.turn(turn).use is TurnUse.QUEUED


def test_explicit_wins_over_a_later_message(turn: str, store: Store) -> None:
    reward = Reward(store, [ExplicitJudge(), Says(1)], nothing)
    reward.judge_explicit(store.add_signal(turn, SignalKind.THUMB, -1, ""))
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Thanks.")
    reward.catch_up()
    verdict = store.effective_verdict(turn)
    assert verdict is not None
    assert (verdict.value, verdict.stage) == (-1, "explicit")


@pytest.mark.parametrize("reason", ["made while learning was off", "prompt forgotten", "too long to train on"])
def test_what_was_skipped_for_good_stays_so(turn: str, store: Store, reason: str) -> None:
    store.set_turn_use(turn, TurnUse.SKIPPED, reason)
    store.add_signal(turn, SignalKind.CORRECTION, -1, "Answer in one sentence.")
    Reward(store, [ExplicitJudge()], nothing).catch_up()
    assert (store.turn(turn).use, store.turn(turn).reason) == (TurnUse.SKIPPED, reason)
    assert store.lessons() == []
    assert store.unjudged() == []


def test_closing_ends_after_the_signal_at_hand(turn: str, store: Store) -> None:
    judge, gate = Says(1), threading.Event()
    judge.before = lambda: gate.wait(60)  # type: ignore[assignment]
    for text in ("a", "b"):
        store.add_signal(turn, SignalKind.MESSAGE, 0, text)
    reward = Reward(store, [judge], nothing)
    reward.start()
    until(lambda: reward.judging)
    closing = threading.Thread(target=reward.close)
    closing.start()
    until(reward._closing.is_set)
    gate.set()
    closing.join(60)
    assert [s.text for s in store.unjudged()] == ["b"]


@pytest.mark.parametrize(("about_form", "scope"), [(False, THIS_TURN), (True, GENERAL)])
def test_the_judge_says_whether_a_lesson_is_of_form(turn: str, store: Store, about_form: bool, scope: str) -> None:
    judge = Says(-1)
    judge.opinion = replace(judge.opinion, about_form=about_form)
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Tell me something about falcons.")
    Reward(store, [judge], nothing).catch_up()
    assert [x.scope for x in store.lessons()] == [scope]


def test_a_complaint_that_is_no_instruction_stays_out_of_other_prompts(turn: str, store: Store) -> None:
    judge = Says(-1)
    judge.opinion = replace(judge.opinion, about_form=True)
    store.add_signal(turn, SignalKind.MESSAGE, 0, "valued client?? its Dave, me and him go to the pub on fridays")
    Reward(store, [judge], nothing).catch_up()
    [lesson] = store.lessons()
    assert (lesson.scope, lesson.state) == (THIS_TURN, LessonState.NEW)
    assert store.queue()[0].verdict.hint, "the turn itself is learned from"


def test_where_nothing_says_how_there_is_no_hint(turn: str, store: Store) -> None:
    judge = Says(-1)
    judge.opinion = replace(judge.opinion, says_how=False)
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Tell me something about falcons.")
    Reward(store, [judge], nothing).catch_up()
    assert (store.lessons(), store.verdicts(turn)[0].hint) == ([], "")


def test_praise_with_a_wish_for_next_time_is_a_lesson(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Lovely. Next time answer in two sentences.")
    Reward(store, [Says(1)], nothing).catch_up()
    assert store.verdicts(turn)[0].value == 1
    assert [x.text for x in store.lessons()] == ["Next time answer in two sentences."]


@pytest.mark.parametrize("said", ["Exactly the tone I wanted.", "Perfect list, thanks!", "Great, much easier to scan."])
def test_praise_alone_is_no_lesson(turn: str, store: Store, said: str) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, said)
    Reward(store, [Says(1)], nothing).catch_up()
    assert (store.verdicts(turn)[0].value, store.lessons()) == (1, [])


def test_the_later_of_two_lessons_that_contradict_counts_and_it_is_told(
    conversations: Conversations, store: Store
) -> None:
    session = None
    for text in ("one", "two", "three", "four"):
        session = exchange(conversations, text, session).session
    turns = [t.turn for t in store.branch(session, None) if t.turn] if session else []
    reward = Reward(store, [ExplicitJudge()], nothing)
    for turn, said in zip(
        turns, ("Answer in two sentences.", "Use emojis.", "Give long and detailed answers."), strict=False
    ):
        reward.judge_explicit(store.add_signal(turn, SignalKind.CORRECTION, -1, said))
    states = {x.text: x.state for x in store.lessons()}
    assert states["Answer in two sentences."] is LessonState.NEW
    by_text = {x.text: x for x in store.lessons()}
    later = by_text["Give long and detailed answers."]
    assert by_text["Answer in two sentences."].replaced_by == later.id
    assert states["Use emojis."] is states["Give long and detailed answers."] is LessonState.ACTIVE
    told = [e.text for e in store.events() if e.kind == "lesson"]
    assert len(told) == 1 and "takes the place of “Answer in two sentences.”: both are about length" in told[0]


def test_a_vetoed_lesson_that_is_said_again_replaces_nothing(turn: str, store: Store) -> None:
    reward = Reward(store, [ExplicitJudge()], nothing)
    vetoed = store.add_lesson("Use bullet points.", GENERAL, [turn], LessonState.VETOED)
    for said in ("Do not use bullet points.", "Use bullet points."):
        reward.judge_explicit(store.add_signal(turn, SignalKind.CORRECTION, -1, said))
    assert store.lesson(vetoed.id).state is LessonState.VETOED
    assert [x.text for x in store.lessons(LessonState.ACTIVE)] == ["Do not use bullet points."]


def test_a_lesson_of_a_topic_is_active_there_and_replaces_none_that_holds_for_all(turn: str, store: Store) -> None:
    reward = Reward(store, [ExplicitJudge()], nothing)
    for said in (
        "Keep answers short.",
        "When I ask for code, answer in more detail.",
        "When I ask for code, be brief.",
    ):
        reward.judge_explicit(store.add_signal(turn, SignalKind.CORRECTION, -1, said))
    assert [(x.scope, x.state) for x in store.lessons()] == [
        (GENERAL, LessonState.ACTIVE),
        ("topic: code", LessonState.NEW),
        ("topic: code", LessonState.ACTIVE),
    ]


def test_one_chat_gives_ten_lessons_at_most(turn: str, store: Store) -> None:
    reward = Reward(store, [ExplicitJudge()], nothing)
    for word in "heron stork crane ibis egret spoonbill bittern flamingo pelican cormorant gannet puffin".split():
        reward.judge_explicit(store.add_signal(turn, SignalKind.CORRECTION, -1, f"Always mention the {word}."))
    assert len(store.lessons()) == 10
    assert len(store.verdicts(turn)) == 12


def test_the_user_s_own_word_makes_a_general_lesson_of_anything(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.CORRECTION, -1, "Tell me something about falcons.")
    Reward(store, [ExplicitJudge()], nothing).catch_up()
    assert [(x.scope, x.state) for x in store.lessons()] == [(GENERAL, LessonState.ACTIVE)]


def test_a_hint_that_says_too_little_is_dropped_and_counted(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.CORRECTION, -1, "Bad.")
    Reward(store, [ExplicitJudge()], nothing).catch_up()
    assert store.lessons() == []
    assert (store.queue_counts()["hints"], store.queue_counts()["hints_dropped"]) == (0, 1)
    [verdict] = store.verdicts(turn)
    assert verdict.hint_dropped == "too short"


class Writes:
    """A writer that knows one wish, and another plainly."""

    def plain(self, request: str, reply: str, said: str) -> str:
        return "Use bullet points." if "dashes" in said else ""

    def wish(self, request: str, reply: str, said: str, *, complains: bool) -> str:
        return "Keep answers short." if "glazed" in said and (complains or "surely" in said) else ""

    def hint(self, request: str, reply: str, said: str, *, ask: bool, complains: bool) -> Hint:
        return Hint(f"{said} ({complains})")


@pytest.mark.parametrize(
    ("said", "leaning", "lessons", "value"),
    [
        ("My eyes glazed over.", -1, ["Keep answers short."], -1),
        ("My eyes glazed over.", 0, [], 0),
        ("My eyes glazed over.", 1, [], 0),
        ("Surely my eyes glazed over, surely.", 0, ["Keep answers short."], -1),
        ("Surely my eyes glazed over, surely.", 1, ["Keep answers short."], 0),
    ],
)
def test_a_known_wish_decides_what_leans_to_bad_and_a_sure_one_what_does_not(
    turn: str, store: Store, said: str, leaning: int, lessons: list[str], value: int
) -> None:
    judge = Says(0, abstained=True)
    judge.opinion = replace(judge.opinion, leaning=leaning)
    store.add_signal(turn, SignalKind.MESSAGE, 0, said)
    Reward(store, [judge], nothing, Writes()).catch_up()  # type: ignore[arg-type]
    assert [x.text for x in store.lessons()] == lessons
    assert [verdict.value for verdict in store.verdicts(turn)] == [value]
    assert store.turn(turn).use is (TurnUse.QUEUED if lessons else TurnUse.SKIPPED)


@pytest.mark.parametrize(
    ("value", "abstained", "leaning", "counts"),
    [(0, True, 0, -1), (0, False, 0, -1), (-1, False, -1, -1), (1, False, 1, 1)],
)
def test_a_plain_wish_is_a_lesson_whatever_the_votes_say(
    turn: str, store: Store, value: int, abstained: bool, leaning: int, counts: int
) -> None:
    judge = Says(value, abstained)
    judge.opinion = replace(judge.opinion, leaning=leaning, says_how=False)
    store.add_signal(turn, SignalKind.MESSAGE, 0, "dashes pls")
    Reward(store, [judge], nothing, Writes()).catch_up()  # type: ignore[arg-type]
    assert [(x.text, x.scope) for x in store.lessons()] == [("Use bullet points.", GENERAL)]
    assert store.verdicts(turn)[0].value == counts


@pytest.mark.parametrize("about_form", [True, False, None])
def test_what_only_complains_is_no_lesson_for_other_prompts(turn: str, store: Store, about_form: bool | None) -> None:
    judge = Says(-1)
    judge.opinion = replace(judge.opinion, about_form=about_form)
    store.add_signal(turn, SignalKind.MESSAGE, 0, "You never ask me anything in letters")
    Reward(store, [judge], nothing).catch_up()
    assert [x.scope for x in store.lessons()] == [THIS_TURN]


@pytest.mark.parametrize(
    ("said", "value", "lessons"),
    [
        ("My eyes glazed over.", -1, ["Keep answers short."]),
        ("My eyes glazed over.", 1, []),
        ("What a mess.", -1, []),
    ],
)
def test_a_complaint_may_be_a_wish_that_is_known(
    turn: str, store: Store, said: str, value: int, lessons: list[str]
) -> None:
    judge = Says(value)
    judge.opinion = replace(judge.opinion, says_how=False, about_form=False)
    store.add_signal(turn, SignalKind.MESSAGE, 0, said)
    Reward(store, [judge], nothing, Writes()).catch_up()  # type: ignore[arg-type]
    assert [x.text for x in store.lessons()] == lessons
    assert all(x.state is LessonState.ACTIVE for x in store.lessons())


def test_what_the_judge_was_not_sure_of_is_said(turn: str, store: Store) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, "Well, well.")
    Reward(store, [Says(0, abstained=True)], nothing).catch_up()
    told = [reading.text for reading in Need(store).readings()]
    assert "nothing new to learn from; the judge was not sure of one reply: rate or correct it" in told


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ('Jack writes: "I want to be a pilot and I am not afraid." Please comment on it.', ""),
        ("Use 4 boxes of 6 eggs, and 2 break. How many eggs are left?", ""),
        ("Write what herons eat in winter as well.", "Write what herons eat in winter as well."),
    ],
)
def test_the_next_request_is_no_lesson_however_it_is_judged(turn: str, store: Store, said: str, hint: str) -> None:
    store.add_signal(turn, SignalKind.MESSAGE, 0, said)
    Reward(store, [Says(-1)], nothing).catch_up()
    assert [v.hint for v in store.verdicts(turn)] == [hint]
