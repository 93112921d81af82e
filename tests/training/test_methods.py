"""What each method learns from, edits as demonstrations, and retries that were kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clawlocal.conversation import Conversations, Wish
from clawlocal.engine.fake import END, FakeEngine
from clawlocal.engine.protocol import Engine, Sampling
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.reward import Reward
from clawlocal.methods import Method
from clawlocal.prompting import Line, build
from clawlocal.records import SignalKind, TurnUse, UpdateStatus, Verdict
from clawlocal.store import Store
from clawlocal.training import pairs, recipes
from clawlocal.training.batch import BatchMaker, written
from clawlocal.training.need import Need
from clawlocal.training.rebuild import remains
from clawlocal.training.update import Updater
from tests.saying import exchange
from trainers.job import Job

HINT = "Answer in one sentence."
Correct = Callable[..., str]


@pytest.fixture
def rewritten(store: Store, conversations: Conversations) -> Correct:
    """`rewritten(text)` makes a turn whose reply the user rewrote."""
    reward = Reward(store, [ExplicitJudge()], lambda: None)

    def make(text: str, adapter: str = "") -> str:
        turn = exchange(conversations, "What is a heron?", adapter=adapter).turn
        assert turn is not None
        reward.judge_explicit(store.add_signal(turn, SignalKind.EDIT, -1, text))
        return turn

    return make


@pytest.fixture
def retried(store: Store, conversations: Conversations, engine: FakeEngine) -> Callable[..., tuple[str, str]]:
    """`retried()` makes a turn that another was asked for, and that one; with `value`, gone on from and judged so."""
    reward = Reward(store, [ExplicitJudge()], lambda: None)

    def make(value: int | None = 0, old: str = "A long-legged bird.", new: str = "A bird.") -> tuple[str, str]:
        engine.enqueue(old)
        engine.enqueue(new)
        first = exchange(conversations, "What is a heron?")
        assert first.turn is not None
        second = again(first.turn)
        for signal in store.unjudged():
            reward.judge_explicit(signal)
        if value is not None:
            go_on(second, value)
        return first.turn, second

    def again(turn: str) -> str:
        found = conversations.again(turn, Wish(Sampling(), None), None, None, instead=True).result(60).turn
        assert found is not None
        return found

    def go_on(turn: str, value: int) -> None:
        reply = store.turn(turn)
        conversations.send(
            "And a stork?", reply.session, reply.reply_message, None, Wish(Sampling(), None), None, None
        ).result(60)
        signal = store.signals(turn)[-1]
        use = TurnUse.QUEUED if value else TurnUse.SKIPPED
        reason = "" if value else "no opinion in what came next"
        store.add_verdict(Verdict(turn, signal.id, value, (value,), 1.0, False, "small", "said so"), use, reason)

    make.go_on = go_on  # type: ignore[attr-defined]
    return make


def makes(store: Store, engine: FakeEngine, conversations: Conversations, method: str) -> BatchMaker:
    return BatchMaker(store, engine, conversations, method)


# methods
def test_recipes_are_what_their_methods_say() -> None:
    weights = {method: (r.method, r.w_rl, r.w_opd) for method in Method for r in [recipes.of(method)]}
    assert weights == {
        "default": ("rehearsal", 1.0, 1.0),
        "binary": ("combined", 1.0, 0.0),
        "opd": ("combined", 0.0, 1.0),
        "combined": ("combined", 1.0, 1.0),
        "overlap": ("overlap", 1.0, 1.0),
    }
    assert recipes.of("combined").opd_clip == 1.0 and recipes.of("overlap").top_k == 4


@given(st.sampled_from(Method), st.integers(0, 20), st.integers(0, 3))
def test_a_recipe_stays_of_its_method(method: Method, corrections: int, tried: int) -> None:
    found, plain = recipes.recipe_for(corrections, tried, method), recipes.of(method)
    assert (found.method, found.w_rl, found.w_opd) == (plain.method, plain.w_rl, plain.w_opd)
    assert found.anchor == plain.anchor * (2 if tried else 1)
    assert 4 <= found.steps <= 12 and found.lr == plain.lr / (2 if tried else 1)


@pytest.mark.parametrize(
    ("method", "learned", "why"),
    [
        ("default", 3, ""),
        ("combined", 3, ""),
        ("overlap", 3, ""),
        ("binary", 2, "without a verdict on this version, and the method binary learns from nothing else"),
        ("opd", 2, "without a correction in words, and the method opd learns from nothing else"),
    ],
)
def test_a_turn_that_a_method_has_no_use_for_waits(
    store: Store,
    engine: FakeEngine,
    conversations: Conversations,
    corrected: Correct,
    method: str,
    learned: int,
    why: str,
) -> None:
    corrected()
    liked, old = corrected(value=1), corrected(adapter="v9")
    batch = makes(store, engine, conversations, method).make(None)
    assert len(batch.samples) == learned and batch.worth_training()
    assert batch.skipped == ({why: 1} if why else {})
    assert {store.turn(liked).use, store.turn(old).use} == {TurnUse.QUEUED}
    assert bool(batch.lessons) is (method != "binary"), "who distils nothing teaches no lesson"
    assert bool(batch.own) is (method == "default") and batch.rehearsals


def test_nothing_to_distil_is_said_in_one_sentence(
    store: Store, engine: FakeEngine, conversations: Conversations, corrected: Correct, updater: Updater
) -> None:
    corrected(value=-1)
    updater._batches = makes(store, engine, conversations, "opd")
    receipt = updater.run(lambda: False)
    assert (receipt.status, receipt.reason) == (
        UpdateStatus.NOTHING,
        "Nothing to learn from now: 1 without a correction in words, and the method opd learns from nothing else.",
    )
    reading = Need(store, str, "tiny", "opd").readings()[-1]
    assert (reading.text, reading.holds) == (
        "1 judged reply without a correction in words, and the method opd learns from nothing else",
        False,
    )


def test_a_correction_is_one_verdict_to_the_method_binary(store: Store, corrected: Correct) -> None:
    corrected()
    need = Need(store, str, "tiny", "binary")
    assert need.readings()[-1].text == "1 of 4 rated replies for the method binary, which learns from verdicts alone"
    for _ in range(3):
        corrected()
    assert (need.readings()[-1].text, need.readings()[-1].holds) == ("4 judged replies", True)


def test_the_method_reaches_the_job(
    store: Store,
    engine: FakeEngine,
    conversations: Conversations,
    corrected: Correct,
    updater: Updater,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corrected()
    jobs = looked(updater, monkeypatch)
    updater._batches = makes(store, engine, conversations, "opd")
    assert updater.run(lambda: False).status is UpdateStatus.PUBLISHED
    assert (jobs[0].recipe.method, jobs[0].recipe.w_rl, jobs[0].pairs) == ("combined", 0.0, ())


def looked(updater: Updater, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    jobs: list[Job] = []
    write = updater._write_job

    def look(*arguments: Any) -> None:
        write(*arguments)
        jobs.append(Job.read(arguments[0] / "job.json"))

    monkeypatch.setattr(updater, "_write_job", look)
    return jobs


def test_other_hints_and_the_users_own_words_are_options(
    store: Store, engine: FakeEngine, conversations: Conversations, corrected: Correct
) -> None:
    turn = corrected(hint="Keep answers short.")
    signal = store.add_signal(turn, SignalKind.CORRECTION, -1, "my eyes glaze over, be brief please")
    store.add_verdict(Verdict(turn, signal.id, -1, (-1,), 1.0, False, "explicit", "", hint="Answer briefly."))
    [sample] = makes(store, engine, conversations, "overlap").make(None).samples
    assert sample.hinted_prompt_ids is not None
    assert engine.detokenize(sample.hinted_prompt_ids).endswith("Answer briefly.assistant\n")
    told = [engine.detokenize(ids) for ids in sample.hinted_options]
    assert any("eyes glaze over" in text for text in told)
    assert any("Keep answers short." in text and "briefly" not in text for text in told)
    assert makes(store, engine, conversations, "combined").make(None).samples[0].hinted_options == ()


# edits
def test_a_rewritten_reply_is_a_demonstration(
    store: Store, batches: BatchMaker, rewritten: Correct, engine: FakeEngine
) -> None:
    turn = store.turn(rewritten("A heron is a wading bird."))
    [sample] = batches.make(None).samples
    assert sample.edited_ids == (*engine.tokenize("A heron is a wading bird."), END)
    assert sample.hinted_prompt_ids is not None, "it is what the teacher reads as well"
    again = [Line("user", "What is a heron?"), Line("assistant", "A heron is a wading bird."), Line("user", "So?")]
    ids = build(engine, "", again).ids
    both = (*turn.prompt_ids, *sample.edited_ids)
    assert ids[: len(both)] == both


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
def test_an_edit_is_what_the_served_model_would_read_in_a_prompt(llama_engine: Engine, text: str) -> None:
    """Its ids, behind those of the prompt, are how the next prompt of the chat begins."""
    text = text.strip()
    assume(text)
    asked = [Line("user", "What is a heron?")]
    prompt = build(llama_engine, "", asked).ids
    ids = written(llama_engine, text, ())
    assert ids[-1] in llama_engine.stop_ids
    again = build(llama_engine, "", [*asked, Line("assistant", text), Line("user", "So?")]).ids
    assert again[: len(prompt) + len(ids)] == (*prompt, *ids)


def test_the_last_edit_counts_unless_the_reply_was_liked_after_all(
    store: Store, batches: BatchMaker, rewritten: Correct, engine: FakeEngine
) -> None:
    turn = rewritten("A bird.")
    reward = Reward(store, [ExplicitJudge()], lambda: None)
    reward.judge_explicit(store.add_signal(turn, SignalKind.EDIT, -1, "A wading bird."))
    assert batches.make(None).samples[0].edited_ids == (*engine.tokenize("A wading bird."), END)
    reward.judge_explicit(store.add_signal(turn, SignalKind.THUMB, 1, ""))
    assert batches.make(None).samples[0].edited_ids is None


def test_an_edit_is_told_to_methods_that_show_it_alone(
    store: Store, engine: FakeEngine, conversations: Conversations, rewritten: Correct
) -> None:
    rewritten("A bird.")
    for method in set(Method) - {Method.DEFAULT}:
        assert makes(store, engine, conversations, method).make(None).samples[0].edited_ids is None


@pytest.mark.parametrize("change", ["thought = 'Hm.'", 'tool_calls = \'[{"name": "x", "arguments": {}}]\''])
def test_what_a_template_has_to_write_is_no_demonstration(
    store: Store, batches: BatchMaker, rewritten: Correct, change: str
) -> None:
    rewritten("A bird.")
    store._db.execute(f"UPDATE messages SET {change} WHERE role = 'assistant'")
    [sample] = batches.make(None).samples
    assert sample.edited_ids is None and sample.hinted_prompt_ids is not None


# pairs
def test_a_retry_that_was_kept_is_a_pair_and_something_to_learn(
    store: Store, batches: BatchMaker, retried: Callable[..., tuple[str, str]]
) -> None:
    rejected, chosen = retried()
    assert pairs.preferred(store, "tiny") == {rejected: chosen}
    batch = batches.make(None)
    [pair] = batch.pairs
    old, new = store.turn(rejected), store.turn(chosen)
    assert (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) == (old.prompt_ids, new.token_ids, old.token_ids)
    assert batch.kept == (chosen,) and batch.worth_training()
    reading = Need(store, str, "tiny").readings()[-1]
    assert (reading.text, reading.holds) == ("1 judged reply, 1 that you preferred to another", True)


@pytest.mark.parametrize("value", [None, -1])
def test_a_retry_that_nobody_went_on_from_or_liked_is_none(
    store: Store, batches: BatchMaker, retried: Callable[..., tuple[str, str]], value: int | None
) -> None:
    retried(value)
    assert pairs.preferred(store, "tiny") == {} and batches.make(None).pairs == ()
    assert not Need(store, str, "tiny").readings()[-1].holds


def test_who_goes_back_to_the_old_reply_keeps_that(store: Store, retried: Any) -> None:
    rejected, _ = retried()
    retried.go_on(rejected, 1)
    assert pairs.preferred(store, "tiny") == {}


def test_two_equal_replies_are_no_pair(store: Store, retried: Callable[..., tuple[str, str]]) -> None:
    retried(old="A bird.", new="A bird.")
    assert pairs.preferred(store, "tiny") == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE turns SET \"use\" = 'skipped', reason = 'made while learning was off' WHERE id = :chosen",
        "UPDATE turns SET prompt_ids = x'' WHERE id = :chosen",
        "UPDATE turns SET stopped = 'cancelled' WHERE id = :chosen",
        "UPDATE turns SET policy = 'other' WHERE id = :chosen",
        "UPDATE sessions SET learning = 0",
    ],
)
def test_what_must_not_be_learned_from_is_no_pair(
    store: Store, retried: Callable[..., tuple[str, str]], change: str
) -> None:
    _, chosen = retried()
    store._db.execute(change, {"chosen": chosen})
    assert pairs.preferred(store, "tiny") == {}


def test_other_methods_know_no_pairs(
    store: Store, engine: FakeEngine, conversations: Conversations, retried: Callable[..., tuple[str, str]]
) -> None:
    retried()
    for method in set(Method) - {Method.DEFAULT}:
        assert makes(store, engine, conversations, method).make(None).pairs == ()
        assert not Need(store, str, "tiny", method).readings()[-1].holds


def test_a_pair_is_learned_once_and_what_was_read_is_known(
    store: Store, updater: Updater, retried: Callable[..., tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected, chosen = retried()
    jobs = looked(updater, monkeypatch)
    receipt = updater.run(lambda: False)
    assert receipt.status is UpdateStatus.PUBLISHED and receipt.update is not None
    assert len(jobs[0].pairs) == 1
    assert set(store.update_turns(receipt.update)) >= {rejected, chosen}
    assert store.turn(chosen).use is TurnUse.SKIPPED, "read, and not used up"
    assert pairs.preferred(store, "tiny") == {}
    assert pairs.preferred(store, "tiny", TurnUse.USED) == {rejected: chosen}
    assert remains(store, "tiny"), "a rebuild would learn it again"
    assert updater.run(lambda: False).status is UpdateStatus.NOTHING


def test_a_version_that_read_a_kept_reply_goes_when_that_is_forgotten(
    store: Store, updater: Updater, retried: Callable[..., tuple[str, str]]
) -> None:
    _, chosen = retried()
    updater.run(lambda: False)
    found = store.forget([chosen], "tiny")
    assert [version.version for version in found.versions] == ["v1"]


def test_a_kept_reply_that_is_deleted_while_it_trains_fails_it(
    store: Store, updater: Updater, retried: Callable[..., tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected, chosen = retried()
    write = updater._write_job

    def delete(*arguments: Any) -> None:
        write(*arguments)
        store.delete_turn(chosen)

    monkeypatch.setattr(updater, "_write_job", delete)
    assert updater.run(lambda: False).status is UpdateStatus.FAILED
    assert store.turn(rejected).use is TurnUse.QUEUED and store.live("tiny") is None


def test_likes_alone_start_nothing(store: Store, corrected: Correct) -> None:
    for _ in range(5):
        corrected(value=1)
    reading = Need(store, str, "tiny").readings()[-1]
    assert (reading.text, reading.holds) == ("5 replies that you liked: nothing to change", False)
