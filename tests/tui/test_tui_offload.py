"""Replies from elsewhere on the screen: where each was made, and what a lost link leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import chat_of, idle, said, send, shown, until

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.offload import remotes
from clawlocal.offload.consent import Consent
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.far_server import MODEL, WORDS, FarServer, serving
from tui.app import ClawlocalApp
from tui.opening import Opening
from tui.widgets.reply import ReplyLine
from tui.words import Facts, reply_words

NAME = f"gpu/{MODEL}"


@pytest.fixture
def far() -> Iterator[FarServer]:
    with serving() as server:
        yield server


@pytest.fixture
def remote(store: Store, far: FarServer) -> Remote:
    remote = remotes.described("gpu", RemoteKind.VLLM, far.url)
    store.add_remote(remote)
    return remote


@pytest.fixture
def assistant(remote: Remote, home: Path) -> Iterator[Assistant]:
    with Assistant.open(Settings(model="tiny"), model=NAME) as assistant:
        yield assistant


def test_the_words_say_where_a_reply_was_made() -> None:
    assert reply_words(Facts(tokens=10, seconds=1, adapter="base", remote="gpu")) == "10 tok/s · 10 tokens · on gpu"
    assert reply_words(Facts(adapter="v2")) == "v2"
    assert reply_words(Facts(adapter="v2", remote="gpu")) == "v2 · on gpu"


async def test_a_reply_says_where_it_was_made_now_and_later(assistant: Assistant, store: Store, remote: Remote) -> None:
    Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
    async with ClawlocalApp(assistant).run_test() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "What stands there?")
        await idle(pilot)
        [exchange] = chat.transcript.exchanges
        assert exchange.source == "".join(WORDS)
        await until(pilot, lambda: shown(exchange.query_one(ReplyLine)).find("6 tokens · on gpu") >= 0)
        assert NAME in shown(chat, "TopLine #model")
        await pilot.press("alt+g")
        await said(pilot, "no weights here are trained on this reply: gpu/")
        await until(pilot, lambda: chat.talk.session)
        chat.open(chat.talk.session or "")
        await until(pilot, lambda: exchange not in chat.transcript.exchanges and chat.transcript.exchanges)
        again = chat.transcript.exchanges[0]
        await until(pilot, lambda: "on gpu" in shown(again.query_one(ReplyLine)))


async def test_a_link_that_is_lost_leaves_the_beginning_marked(
    assistant: Assistant, store: Store, remote: Remote, far: FarServer
) -> None:
    Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
    far.fault = "cut"
    async with ClawlocalApp(assistant).run_test(size=(120, 40)) as pilot:
        chat = chat_of(pilot)
        await send(pilot, "What stands there?")
        await idle(pilot)
        [exchange] = chat.transcript.exchanges
        await until(pilot, lambda: "on gpu · broke off" in shown(exchange.query_one(ReplyLine)))
        assert exchange.source == WORDS[0]
        notices = shown(exchange, "#notices")
        assert "never trained on" in notices and "go on here with the local model" in notices
        assert "alt+l goes on with tiny in this chat." in notices


async def test_one_key_goes_on_with_the_local_model_in_the_same_chat(
    assistant: Assistant, store: Store, remote: Remote, far: FarServer
) -> None:
    Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
    far.fault = "cut"
    app = ClawlocalApp(assistant)
    async with app.run_test(size=(120, 40)) as pilot:
        chat = chat_of(pilot)
        await send(pilot, "What stands there?")
        await idle(pilot)
        await until(pilot, lambda: chat.talk.session)
        chat.prompt.text = "and then"
        await pilot.press("alt+l")
        await until(pilot, lambda: app.return_value)
    left = app.return_value
    [session] = store.sessions()
    broken = assistant.messages(session.id)[-1].turn
    assert left == Opening("tiny", session.id, text="and then", again=broken)
    assistant.close()
    engine = FakeEngine(name="tiny")
    engine.enqueue("A heron stands there.")
    with Assistant.open(Settings(model="tiny"), model="tiny", engine=engine) as local:
        async with ClawlocalApp(local, left).run_test(size=(120, 40)) as pilot:
            chat = chat_of(pilot)
            await until(pilot, lambda: [e.source for e in chat.transcript.exchanges] == ["A heron stands there."])
            await idle(pilot)
            assert chat.prompt.text == "and then"
            assert "on gpu" not in shown(chat.transcript.exchanges[0].query_one(ReplyLine))
            await pilot.press("alt+l")
            await send(pilot, "/local")
            await said(pilot, "The model of this machine is open already.")
        said_there = [m.content for m in local.messages(session.id)]
        assert said_there == ["What stands there?", "A heron stands there."]
        assert local.turn(broken or "").stopped == "failed", "what came is kept, as a branch"
        assert store.signals(broken or "") == [], "it was no bad reply"


async def test_lost_before_the_first_word_the_message_goes_along(
    assistant: Assistant, store: Store, remote: Remote, far: FarServer
) -> None:
    Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
    far.fault = "status"
    app = ClawlocalApp(assistant)
    async with app.run_test(size=(120, 40)) as pilot:
        await send(pilot, "What stands there?")
        await said(pilot, "alt+l goes on with tiny in this chat.")
        await pilot.press("alt+l")
        await until(pilot, lambda: app.return_value)
    [session] = store.sessions()
    assert app.return_value == Opening("tiny", session.id, text="What stands there?")


async def test_a_temporary_chat_cannot_go_along(assistant: Assistant, store: Store, remote: Remote) -> None:
    Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
    async with ClawlocalApp(assistant, Opening(temporary=True)).run_test(size=(120, 40)) as pilot:
        await pilot.press("alt+l")
        await said(pilot, "A temporary chat ends with this window")


async def test_without_a_grant_the_message_comes_back(
    assistant: Assistant, store: Store, far: FarServer, remote: Remote
) -> None:
    async with ClawlocalApp(assistant).run_test(size=(120, 40)) as pilot:
        chat = chat_of(pilot)
        await said(pilot, "you have granted it nothing")
        await send(pilot, "hello")
        await until(pilot, lambda: chat.prompt.text == "hello" and not chat.transcript.exchanges)
        assert (far.asked, store.sessions()) == ([], [])
        assert "no model" in shown(chat, "StatusLine")
        Consent(store).give(remote, Purpose.CHAT, [DataClass.PROMPTS])
        await pilot.press("enter")
        await until(pilot, lambda: chat.transcript.exchanges and not chat.transcript.exchanges[0].running)
        await until(pilot, lambda: "no model" not in shown(chat, "StatusLine"))
