"""Chat on a remote: streamed, kept, judged, never trained on here; and what goes wrong in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.errors import ClawlocalError, ModelError, NotFound, OffloadError, PromptError
from clawlocal.offload import client, remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.preview import preview
from clawlocal.records import DataClass, LessonState, Purpose, Remote, RemoteKind, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.training.batch import BatchMaker
from tests.offload.far_server import MODEL, WORDS, FarServer
from tests.waiting import until

Open = Callable[..., Assistant]
SAID = "".join(WORDS)


@pytest.fixture
def assistant(open_remote: Open, granted: Remote) -> Assistant:
    return open_remote()


def messages(far: FarServer) -> Any:
    return far.asked[-1][1]["messages"]


def test_a_reply_is_streamed_and_kept_with_what_the_server_tells(
    assistant: Assistant, far: FarServer, store: Store
) -> None:
    assistant.wait_ready()
    reply = assistant.chat("What stands there?", overrides={"seed": 7, "temperature": 0.5})
    assert list(reply) == list(WORDS)
    answer = reply.result(60)
    assert (answer.text, answer.model, answer.remote, answer.stopped) == (SAID, f"gpu/{MODEL}", "gpu", "end")
    turn = store.turn(answer.turn or "")
    assert (turn.remote, turn.prompt_ids, turn.token_ids) == ("gpu", (1, 2, 3), tuple(range(100, 106)))
    assert (turn.logprobs, turn.temperature, turn.use) == ((-0.5,) * 6, 0.5, TurnUse.OPEN)
    path, asked = far.asked[-1]
    assert (path, asked["model"], asked["seed"], asked["stream"]) == ("/v1/chat/completions", MODEL, 7, True)
    assert (asked["logprobs"], asked["top_logprobs"], asked["return_token_ids"]) == (True, 1, True)
    assert asked["repetition_penalty"] == 1.0, "what the server would set is not in the log-probabilities that it tells"


def test_the_conversation_goes_along_and_is_redacted(assistant: Assistant, far: FarServer, store: Store) -> None:
    session = assistant.chat("I am ada@example.org", system="Be brief.").result(60).session
    assistant.chat("And now?", session=session).result(60)
    assert messages(far) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "I am [e-mail]"},
        {"role": "assistant", "content": SAID},
        {"role": "user", "content": "And now?"},
    ]
    assert store.branch(session)[0].content == "I am ada@example.org"


def test_a_preview_is_what_is_sent_to_the_last_byte(
    assistant: Assistant, far: FarServer, store: Store, granted: Remote
) -> None:
    settings = Settings(model="tiny")
    session = assistant.chat("I am ada@example.org").result(60).session
    seen = preview(store, settings, granted, MODEL, "And now?", session[:6])
    assistant.chat("And now?", session=session).result(60)
    assert far.bodies[-1] == seen == preview(store, settings, granted, MODEL, "", session)
    with pytest.raises(PromptError, match="nothing to preview"):
        preview(store, settings, granted, MODEL, "", None)


def test_lessons_are_sent_only_where_they_are_granted(
    assistant: Assistant, far: FarServer, store: Store, granted: Remote
) -> None:
    store.add_lesson("Keep answers short.", "general", state=LessonState.ACTIVE)
    session = assistant.chat("One").result(60).session
    assert messages(far)[-1]["content"] == "One"
    Consent(store).give(granted, Purpose.CHAT, [DataClass.PROMPTS, DataClass.LESSONS])
    assistant.chat("Two", session=session).result(60)
    assert [m["content"] for m in messages(far)[::2]] == ["One\n\nKeep answers short.", "Two\n\nKeep answers short."]


def test_a_log_without_content(assistant: Assistant, far: FarServer, store: Store) -> None:
    assistant.chat("a secret heron").result(60)
    [entry] = store.egress()
    host = far.url.removeprefix("http://")
    assert (entry.remote, entry.host, entry.purpose, entry.outcome) == ("gpu", host, Purpose.CHAT, "done")
    assert entry.sent == len(far.bodies[-1])
    assert entry.received > 500
    assert "heron" not in str(entry)


def test_a_temporary_chat_leaves_nothing_but_the_log(assistant: Assistant, far: FarServer, store: Store) -> None:
    first = assistant.chat("One", temporary=True).result(60)
    assistant.chat("Two", session=first.session).result(60)
    assert [m["content"] for m in messages(far)] == ["One", SAID, "Two"]
    assert (store.sessions(), len(store.egress()), first.turn) == ([], 2, None)


def test_thoughts_that_the_server_takes_apart(assistant: Assistant, far: FarServer) -> None:
    far.thought = "A bird?"
    answer = assistant.chat("What stands there?").result(60)
    assert (answer.thought, answer.text) == ("A bird?", SAID)


def test_a_server_that_tells_neither_ids_nor_logprobs(assistant: Assistant, far: FarServer, store: Store) -> None:
    far.fault = "bare"
    answer = assistant.chat("What stands there?").result(60)
    turn = store.turn(answer.turn or "")
    assert (answer.text, turn.prompt_ids, turn.token_ids, turn.logprobs) == (SAID, (), (), ())
    assert (answer.prompt_tokens, answer.completion_tokens) == (3, 6)
    told = assistant.correct(turn.id, "Please answer in at most two sentences.")
    assert "no weights here are trained on this reply: gpu tells no token ids with their log-probabilities." in told
    assert "Lesson: “" in told


def test_ids_that_are_none(assistant: Assistant, far: FarServer) -> None:
    far.fault = "odd"
    with pytest.raises(OffloadError, match="does not say"):
        assistant.chat("What stands there?").result(60)


def test_other_kinds_are_asked_for_what_they_know(
    store: Store, far: FarServer, open_remote: Open, granted: Remote
) -> None:
    for kind in (RemoteKind.OPENAI, RemoteKind.SGLANG):
        remote = remotes.described(kind.value, kind, far.url, api_key_env="GPU_KEY")
        store.add_remote(remote)
        Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
        assert open_remote(f"{kind}/{MODEL}").chat("hello").result(60).text == SAID
    plain, sglang = (body for _, body in far.asked[-2:])
    assert {"logprobs", "top_k", "min_p", "return_token_ids"}.isdisjoint(plain)
    assert sglang["logprobs"] and "return_token_ids" not in sglang


def test_a_reply_can_be_stopped_while_the_server_is_silent(assistant: Assistant, far: FarServer, store: Store) -> None:
    far.fault = "stall"
    reply = assistant.chat("What stands there?")
    assert next(iter(reply)) == WORDS[0]
    reply.cancel()
    answer = reply.result(60)
    assert (answer.stopped, answer.text) == ("cancelled", WORDS[0])
    assert store.turn(answer.turn or "").use is TurnUse.SKIPPED
    assert store.egress()[0].outcome == "cancelled"


def test_closing_ends_a_reply(open_remote: Open, granted: Remote, far: FarServer, store: Store) -> None:
    far.fault = "stall"
    assistant = open_remote()
    reply = assistant.chat("What stands there?")
    assert next(iter(reply)) == WORDS[0]
    assistant.close()
    assert reply.result(60).stopped == "cancelled"
    assert store.egress()[0].outcome == "cancelled"


@pytest.mark.parametrize(
    ("fault", "says", "outcome"),
    [
        ("stall", "gpu fell silent", "stalled"),
        ("cut", "broke off", "cut off"),
        ("unfinished", "broke off before its reply was complete", "cut off"),
        ("malformed", "answered with something that a server of the kind vllm does not say", "malformed"),
        ("deep", "does not say", "malformed"),
        ("error", "failed in the middle of its reply, it says “Engine died”", "failed midway"),
    ],
)
def test_what_came_before_the_link_was_lost_is_kept_and_never_trained_on(
    assistant: Assistant, far: FarServer, store: Store, impatient: None, fault: str, says: str, outcome: str
) -> None:
    far.fault = fault
    answer = assistant.chat("What stands there?").result(60)
    assert (answer.text, answer.stopped) == (WORDS[0], "failed")
    [notice] = answer.notices
    assert says in notice
    assert "never trained on" in notice and f"`clawlocal --model tiny --session {answer.session}`" in notice
    turn = store.turn(answer.turn or "")
    assert (turn.use, turn.reason, store.egress()[0].outcome) == (TurnUse.SKIPPED, "failed", outcome)
    far.fault = ""
    assert assistant.retry(turn.id).result(60).text == SAID


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("status", "gpu failed (500), it says “CUDA out of memory"),
        ("html", "does not say"),
    ],
)
def test_a_remote_that_fails_at_once(assistant: Assistant, far: FarServer, fault: str, says: str) -> None:
    far.fault = fault
    with pytest.raises(OffloadError, match=r"try again|`clawlocal offload test gpu`") as raised:
        assistant.chat("What stands there?").result(60)
    assert says in str(raised.value)
    far.fault = ""
    assert assistant.chat("What stands there?").result(60).text == SAID


def test_a_wrong_key(assistant: Assistant, far: FarServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "another")
    with pytest.raises(OffloadError, match=r"does not accept the key \(401\): correct the key in GPU_KEY"):
        assistant.chat("hello").result(60)


def test_a_model_that_is_not_there(open_remote: Open, granted: Remote) -> None:
    with pytest.raises(OffloadError, match=r"gpu has no model 'crane'.*`clawlocal offload test gpu` lists"):
        open_remote("gpu/crane").chat("hello").result(60)


def test_names_that_mean_nothing(open_remote: Open, granted: Remote) -> None:
    with pytest.raises(NotFound, match=r"There is no remote 'cpu'. Known: gpu"):
        open_remote("cpu/crane")
    with pytest.raises(ModelError, match="Say which model of gpu"):
        open_remote("gpu/")


def test_an_answer_without_end(assistant: Assistant, far: FarServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 200_000)
    far.words = ("heron ",) * 2000
    answer = assistant.chat("hello").result(60)
    assert answer.stopped == "failed" and "does not come to an end" in answer.notices[0]


def test_tools_are_refused_before_anything_is_kept(assistant: Assistant, store: Store) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    with pytest.raises(PromptError, match="Tools cannot be offered to a remote yet"):
        assistant.chat("hello", tools=[tool])
    assert store.sessions() == []


def test_an_overlong_message(open_remote: Open, granted: Remote, store: Store, far: FarServer) -> None:
    with pytest.raises(PromptError, match="Shorten it"):
        open_remote(context=512).chat("heron " * 1000)
    assert (store.sessions(), far.asked) == ([], [])


def test_a_turn_of_a_remote_that_serves_no_model_of_ours_is_judged_and_no_weights_learn_from_it(
    open_remote: Open, granted: Remote, store: Store, open_assistant: Callable[..., Assistant]
) -> None:
    assistant = open_remote()
    answer = assistant.chat("What stands there?").result(60)
    told = assistant.correct(answer.turn or "", "Please answer in at most two sentences.")
    unknown = f"gpu/{MODEL} was not known to be a model that is here when it replied"
    assert f"no weights here are trained on this reply: {unknown}" in told
    [lesson] = store.lessons(LessonState.ACTIVE)
    assert store.turn(answer.turn or "").use is TurnUse.QUEUED
    assert any("its weights are on gpu, not here" in text for name, text, _ in assistant.why() if name == "model")
    receipt = assistant.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.status is UpdateStatus.NOTHING
    assert "the weights of gpu/heron-8b are on gpu" in receipt.reason
    assistant.close()
    local = open_assistant(FakeEngine(name="tiny"))
    batch = BatchMaker(store, local.engine, local._conversations).make(None)
    assert (batch.samples, [(why.startswith(f"made by gpu: {unknown}"), n) for why, n in batch.skipped.items()]) == (
        (),
        [(True, 1)],
    )
    assert lesson.id in [x.id for x in store.prompt_lessons("tiny")]


def test_a_session_moves_between_the_machines(
    open_remote: Open, granted: Remote, far: FarServer, open_assistant: Callable[..., Assistant]
) -> None:
    with open_remote() as assistant:
        session = assistant.chat("One").result(60).session
    engine = FakeEngine(name="tiny")
    engine.enqueue("Here.")
    with open_assistant(engine) as local:
        answer = local.chat("Two", session=session).result(60)
    assert (answer.text, answer.remote) == ("Here.", "")
    assert SAID in engine.requests[-1].prompt
    open_remote().chat("Three", session=session).result(60)
    assert [m["content"] for m in messages(far)] == ["One", SAID, "Two", "Here.", "Three"]


def test_feedback_and_lists_need_neither_remote_nor_network(
    granted: Remote, store: Store, tries: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.remove_remote("gpu")
    with Assistant.open(Settings(model=f"gpu/{MODEL}"), serve=False) as assistant:
        assert assistant.sessions() == []
        with pytest.raises(ClawlocalError):
            assistant.rate("x", "good")
    assert tries == []


def test_json_of_a_grant_is_plain(store: Store, granted: Remote) -> None:
    [grant] = store.grants()
    assert json.dumps(sorted(grant.data)) == '["prompts"]'
    until(lambda: not store.egress())
