"""What a remote wrote is a sample of the model here that it was shown to serve; else it is said why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clawlocal.assistant import Assistant
from clawlocal.cli import cli
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.speech import SpeechStyle
from clawlocal.offload.following import Following
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.shipment import shipment
from clawlocal.records import NoPolicy, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.training.batch import Batch, BatchMaker
from tests.offload.far_server import MODEL, FarServer, Mind, Piece
from tests.offload.learned import Here, Learned
from tests.saying import said, say
from trainers.job import Job

Open = Callable[..., Assistant]
Begin = Callable[[], Any]
NAME = f"gpu/{MODEL}"
ASKED, WISH, HINT = "What stands there?", "Please answer in at most two sentences.", "Answer in at most two sentences."
SAID = "A heron stands in the reeds. It waits."
LOGPROBS = (-0.125, -2.5, -0.75)
NO_MORE = "no weights here are trained on this reply: "


class Uneven(Mind):
    """Reads a chat as the engines here do, and is not as sure of each token."""

    said = SAID

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        return list(FakeEngine().encode([ChatMessage(m["role"], m["content"]) for m in messages]))

    def reply(self, messages: Sequence[dict[str, str]], words: Sequence[str]) -> list[Piece]:
        return [(self.said, self.ids[:2], [*LOGPROBS[:2]]), ("", self.ids[2:], [*LOGPROBS[2:]])]

    @property
    def ids(self) -> list[int]:
        return [*self.tokenize(self.said)[:2], 257]


@pytest.fixture
def mind(far: FarServer) -> Uneven:
    """What the server's model makes of chats from now on."""
    found = far.mind = Uneven()
    return found


@pytest.fixture
def chatting(mind: Uneven, begin: Begin, open_remote: Open) -> Assistant:
    """Of the remote's model, which is served for `tiny`. Nothing was learned yet."""
    begin()
    return open_remote()


@pytest.fixture
def batch(store: Store, where: Any) -> Callable[..., Batch]:
    """What an update of `tiny` would learn, from a version on."""
    from clawlocal.config import Settings
    from clawlocal.conversation import Conversations

    def make(live: str | None = None, engine: FakeEngine | None = None, **settings: Any) -> Batch:
        engine = engine or FakeEngine(name="tiny")
        return BatchMaker(store, engine, Conversations(store, engine, Settings(), lambda: None)).make(live, **settings)

    return make


def test_it_is_a_sample_with_the_very_ids_and_log_probabilities_of_the_server(
    chatting: Assistant, mind: Uneven, batch: Callable[..., Batch], store: Store
) -> None:
    turn = said(chatting, ASKED)
    told = chatting.correct(turn, WISH)
    assert told == f"Lesson: “{HINT}”. It is learned when tiny is open and the machine is idle."
    kept = store.turn(turn)
    assert (kept.model, kept.policy, kept.adapter, kept.remote, kept.no_policy) == (NAME, "tiny", "base", "gpu", "")
    found = batch()
    [sample] = found.samples
    prompt = mind.prompt([{"role": "user", "content": ASKED}])
    assert (sample.id, sample.prompt_ids, sample.response_ids) == (turn, tuple(prompt), tuple(mind.ids))
    assert (sample.old_logprobs, sample.reward, sample.on_policy) == (LOGPROBS, -1.0, True)
    hinted = FakeEngine().encode([ChatMessage("user", f"{ASKED}\n\n{HINT}")])
    assert (sample.hinted_prompt_ids, found.skipped) == (hinted, {})
    assert [lesson.text for lesson in found.lessons] == [HINT]


def test_a_rating_alone_teaches_the_version_that_answered_there(
    mind: Uneven, begin: Begin, learned: Learned, open_remote: Open, batch: Callable[..., Batch], store: Store
) -> None:
    learned.publish()
    begin()
    assistant = open_remote()
    turn = said(assistant, ASKED)
    assert (store.turn(turn).policy, store.turn(turn).adapter) == ("tiny", "v1")
    assert assistant.rate(turn, "bad") == "Rated bad. It is learned from when tiny is open and the machine is idle."
    assert [(s.id, s.on_policy, s.hinted) for s in batch("v1").samples] == [(turn, True, False)]
    base = said(assistant, "And there?", adapter="base")
    assert (store.turn(base).policy, store.turn(base).adapter) == ("tiny", "base")
    assert batch("v2").skipped == {"made by another adapter version": 1}


def test_it_is_trained_on_here_and_used_once(
    chatting: Assistant, open_assistant: Open, works_as: Callable[[str], None], store: Store
) -> None:
    turn = said(chatting, ASKED)
    chatting.correct(turn, WISH)
    readings = {name: text for name, text, _ in chatting.why()}
    assert "its weights are here as tiny, which learns from its replies when it is open" in readings["model"]
    assert "; one reply waits for the model that made it" in readings["something to learn"]
    nothing = chatting.learn_now(wait=True, timeout=60)
    assert nothing is not None and "its weights are here as tiny" in nothing.reason
    chatting.close()
    local = open_assistant(idle_seconds=86400)
    assert ("something to learn", "1 judged reply, 1 with a correction", True) in local.why()
    assert local.status().queue["others"] == local.status().queue["foreign"] == 0
    receipt = local.learn_now(wait=True, timeout=60)
    assert receipt is not None and (receipt.status, receipt.version) == (UpdateStatus.PUBLISHED, "v1")
    assert (receipt.samples["rl"], receipt.samples["opd"], receipt.samples["skipped"]) == (1, 1, {})
    assert (store.turn(turn).use, store.turn_updates(turn)) == (TurnUse.USED, [receipt.update])


def test_a_cluster_is_sent_it_too(chatting: Assistant, open_assistant: Open, gguf: Path) -> None:
    turn = said(chatting, ASKED)
    chatting.correct(turn, WISH)
    chatting.close()
    local = open_assistant(idle_seconds=86400)
    waiting = local.waiting_job()
    assert waiting is not None
    sent = shipment(waiting, local.engine, Redaction())
    assert sent is not None and sent.kept_here == 0
    [sample] = Job.parse(sent.job).samples
    assert (sample.id, sample.old_logprobs) == (turn, LOGPROBS)


def test_edits_and_kept_retries_are_learned_as_those_made_here(
    chatting: Assistant, mind: Uneven, batch: Callable[..., Batch]
) -> None:
    edited, retried = said(chatting, ASKED), say(chatting, "And there?")
    chatting.edit(edited, "A heron.")
    mind.said = "Nothing."
    again = chatting.retry(retried.turn or "").result(60)
    said(chatting, "How far is it?", session=retried.session)
    chatting.rate(again.turn or "", "good")
    found = batch()
    rewritten = next(s for s in found.samples if s.id == edited)
    assert rewritten.edited_ids == (*b"A heron.", 257)
    [pair] = found.pairs
    assert (pair.chosen_ids, pair.rejected_ids) == (tuple(mind.ids), (*b"A ", 257))


def test_the_teacher_thinks_where_the_remote_could_not_be_told_otherwise(
    chatting: Assistant, batch: Callable[..., Batch]
) -> None:
    chatting.set_thinking(False)
    chatting.correct(said(chatting, ASKED), WISH)
    engine = FakeEngine(name="tiny")
    engine.speech = SpeechStyle(switch=True)
    [sample] = batch(engine=engine).samples
    assert "no thinking" not in engine.detokenize(sample.hinted_prompt_ids or ())


def test_one_that_was_not_compared_is_none_and_that_is_said(
    mind: Uneven, granted: Any, open_remote: Open, batch: Callable[..., Batch], store: Store
) -> None:
    assistant = open_remote()
    turn = said(assistant, ASKED)
    why = f"{NAME} was not known to be a model that is here when it replied (`clawlocal offload serve {NAME}` compares "
    assert f"{NO_MORE}{why}them). Lesson: “{HINT}”" in assistant.correct(turn, WISH)
    kept = store.turn(turn)
    assert (kept.token_ids, kept.policy, kept.no_policy) == (tuple(mind.ids), None, NoPolicy.UNKNOWN)
    found = batch()
    assert (found.samples, found.skipped) == ((), {f"made by gpu: {why}them)": 1})
    assert store.queue_counts("tiny")["foreign"] == store.queue_counts()["foreign"] == 1
    reading = next(text for name, text, _ in assistant.why() if name == "something to learn")
    assert f"; one reply teaches no weights here: {why}" in reading
    told = CliRunner().invoke(cli, ["learn", "status"], catch_exceptions=False).stdout
    assert f"one reply teaches no weights here: {why}" in told
    assert store.turn(turn).use is TurnUse.QUEUED, "said again, it makes a lesson again"


def test_what_is_shown_later_says_nothing_of_earlier_replies(
    mind: Uneven, begin: Begin, allowed: Any, open_remote: Open, store: Store
) -> None:
    assistant = open_remote()
    before = said(assistant, ASKED)
    begin()
    assert (store.turn(before).policy, store.turn(said(assistant, ASKED)).policy) == (None, "tiny")


@pytest.mark.parametrize("fault", ["bare", "unsure"])
def test_without_log_probabilities_it_is_none(
    chatting: Assistant, far: FarServer, batch: Callable[..., Batch], store: Store, fault: str
) -> None:
    far.fault = fault
    turn = said(chatting, ASKED)
    why = "gpu tells no token ids with their log-probabilities"
    assert f"{NO_MORE}{why}." in chatting.correct(turn, WISH)
    assert (store.turn(turn).policy, store.turn(turn).no_policy) == (None, NoPolicy.NO_IDS)
    assert (batch().samples, batch().skipped) == ((), {f"made by gpu: {why}": 1})


def test_a_chat_in_which_something_was_redacted_is_none_from_there_on(
    chatting: Assistant, far: FarServer, batch: Callable[..., Batch], store: Store
) -> None:
    first = say(chatting, ASKED)
    turns = [first.turn or "", said(chatting, "I am ada@example.org", session=first.session)]
    turns.append(said(chatting, "And now?", session=first.session))
    told = [chatting.correct(turn, WISH) for turn in turns]
    assert [f"{NO_MORE}something in its chat was redacted" in each for each in told] == [False, True, True]
    assert "[e-mail]" in FakeEngine().detokenize(store.turn(turns[2]).prompt_ids), "what was sent is kept as it was"
    assert [store.turn(turn).no_policy for turn in turns] == ["", NoPolicy.REDACTED, NoPolicy.REDACTED]
    assert store.recent_prompts(9) == [ASKED], "nor is it practised on"
    found = batch()
    assert found.turns == turns[:1]
    [(why, count)] = found.skipped.items()
    assert (why.startswith("made by gpu: something in its chat was redacted"), count) == (True, 2)


def test_after_unserve_what_was_shown_before_still_counts(
    chatting: Assistant, follow: Following, batch: Callable[..., Batch], store: Store
) -> None:
    before = said(chatting, ASKED)
    follow.end()
    after = said(chatting, ASKED)
    for turn in (before, after):
        chatting.correct(turn, WISH)
    assert (store.turn(before).policy, store.turn(after).policy) == ("tiny", None)
    assert batch().turns == [before]


def test_where_another_base_was_found_nothing_counts_until_it_is_served_again(
    chatting: Assistant, mind: Uneven, learned: Learned, begin: Begin, store: Store
) -> None:
    assert store.turn(said(chatting, ASKED)).policy == "tiny"
    learned.publish()
    mind.shift = 9.0
    answer = say(chatting, ASKED)
    assert "is not the model that learned here" in answer.notices[0]
    assert (answer.adapter, store.turn(answer.turn or "").policy) == ("base", None)
    store.set_live(None, "tiny")
    assert store.turn(said(chatting, ASKED)).policy is None, "nothing is live, but it was seen to be another"
    mind.shift = 0.0
    begin()
    assert store.turn(said(chatting, ASKED)).policy == "tiny"


def test_while_what_is_live_could_not_be_compared_nothing_counts(
    chatting: Assistant, far: FarServer, learned: Learned, store: Store
) -> None:
    far.lora = False
    learned.publish()
    answer = say(chatting, ASKED)
    assert "loads no adapters" in answer.notices[0]
    assert store.turn(answer.turn or "").policy is None


def test_forgotten_it_leaves_the_weights_and_the_others_are_learned_anew(
    chatting: Assistant,
    open_assistant: Open,
    works_as: Callable[[str], None],
    here: Here,
    batch: Callable[..., Batch],
    store: Store,
) -> None:
    gone, stays = said(chatting, ASKED), said(chatting, "And what is a stork?")
    for turn in (gone, stays):
        chatting.correct(turn, WISH)
    chatting.close()
    with open_assistant(idle_seconds=86400) as local:
        receipt = local.learn_now(wait=True, timeout=60)
        assert receipt is not None and store.update_turns(receipt.update or 0) == sorted((gone, stays))
        told = local.forget(gone)
        assert "V1, which had learned from it, was deleted; the base answers until an adapter is rebuilt" in told
        wanted = store.rebuild("tiny")
        assert wanted is not None and wanted.forgotten
        [sample] = batch(rebuild=wanted).samples
        assert (sample.id, sample.old_logprobs, sample.on_policy) == (stays, LOGPROBS, True)
        receipt = local.learn_now(wait=True, timeout=60)
        assert receipt is not None and receipt.reason.startswith("rebuilt from the base without what was forgotten")
        assert store.update_turns(receipt.update or 0) == [stays]


def test_forgotten_while_the_remote_is_open_it_leaves_the_weights_here(
    chatting: Assistant, open_assistant: Open, works_as: Callable[[str], None], open_remote: Open, store: Store
) -> None:
    turns = [said(chatting, ASKED), said(chatting, "And what is a stork?")]
    for turn in turns:
        chatting.correct(turn, WISH)
    chatting.close()
    with open_assistant(idle_seconds=86400) as local:
        local.learn_now(wait=True, timeout=60)
    live = store.live("tiny")
    assert live is not None and Path(live.path).exists()
    told = open_remote().forget(turns[0])
    assert "V1, which had learned from it, was deleted; the base answers until an adapter is rebuilt" in told
    assert told.endswith(", once tiny is open.")
    assert (store.live("tiny"), Path(live.path).exists()) == (None, False)
    assert store.rebuild("tiny") is not None
    assert [queued.turn.id for queued in store.ledger("tiny")] == turns[1:]


def test_a_vetoed_lesson_is_no_hint_of_it(chatting: Assistant, batch: Callable[..., Batch], store: Store) -> None:
    turn = said(chatting, ASKED)
    chatting.correct(turn, WISH)
    chatting.veto(store.lessons()[0].id)
    [sample] = batch().samples
    assert (sample.id, sample.hinted) == (turn, False)


def test_vetoed_while_the_remote_is_open_a_lesson_is_taken_out_of_the_weights_here(
    chatting: Assistant, learned: Learned, store: Store
) -> None:
    turns = [said(chatting, ASKED), said(chatting, "And what is a stork?")]
    chatting.correct(turns[0], WISH)
    chatting.correct(turns[1], "Always answer in German.")
    gone = next(lesson.id for lesson in store.lessons() if lesson.text == HINT)
    learned.publish(turns, [lesson.id for lesson in store.lessons()])
    assert "taken out of the weights by a rebuild from the base" in chatting.veto(gone)
    wanted = store.rebuild("tiny")
    assert wanted is not None and wanted.vetoed == (gone,)


def test_a_lesson_that_is_added_while_the_remote_is_open_is_learned_here(chatting: Assistant, store: Store) -> None:
    chatting.add_lesson("Write as a sailor would.")
    wanted = store.rebuild("tiny")
    assert wanted is not None and wanted.carried == (store.lessons()[0].id,)
