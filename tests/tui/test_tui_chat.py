"""Sending, streaming, stopping, failing; what a user or a model wrote is text and nothing else."""

from __future__ import annotations

import pytest
from fakes import FakeAssistant
from textual.events import Paste
from textual.widgets import Markdown
from waiting import Open, chat_of, idle, said, send, shown, type_text, until

from clawlocal.errors import EngineClosed, PromptError
from tui.running import Arrivals, Piece
from tui.widgets.exchange import Exchange
from tui.widgets.reply import ReplyLine, ReplyText


async def test_a_reply_streams_and_stays(opened: Open, fake: FakeAssistant) -> None:
    script = fake.enqueue("Here are ", "**three** hotels.", held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await type_text(pilot, "a hotel")
        await pilot.press("enter")
        await until(pilot, lambda: chat.query(Exchange) and chat.query_one(ReplyText).source == "Here are ")
        assert chat.prompt.text == ""
        assert "esc stops" in shown(chat.query_one(ReplyLine))
        script.hold.set()
        await idle(pilot)
        assert chat.query_one(ReplyText).source == "Here are **three** hotels."
        assert "tok/s · 6 tokens · base" in shown(chat.query_one(ReplyLine))
        assert "+ good" in shown(chat.query_one(ReplyLine))


async def test_many_tokens_are_drawn_in_few_drawings(
    opened: Open, fake: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[str] = []
    feed = Exchange.feed

    async def counted(self: Exchange, piece: str) -> None:
        fed.append(piece)
        await feed(self, piece)

    monkeypatch.setattr(Exchange, "feed", counted)
    words = [f"word{n} " for n in range(400)]
    fake.enqueue(*words)
    async with opened() as pilot:
        await send(pilot, "tell me")
        await idle(pilot)
        assert chat_of(pilot).query_one(ReplyText).source.split() == "".join(words).split()
        assert "".join(fed) == "".join(words)
        assert len(fed) < len(words) / 4


def test_pieces_are_gathered_until_they_are_taken() -> None:
    arrivals = Arrivals()
    told = [arrivals.add(Piece(text, thought)) for text, thought in (("a", True), ("b", True), ("c", False))]
    assert told == [True, False, False]
    assert arrivals.take() == [Piece("ab", True), Piece("c", False)]
    assert arrivals.take() == []
    assert arrivals.add(Piece("d"))


async def test_the_next_message_goes_to_the_same_chat(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "one")
        await idle(pilot)
        await until(pilot, lambda: chat_of(pilot).talk.title == "one", "the title")
        await send(pilot, "two")
        await idle(pilot)
        assert fake.called("chat") == [("one", None, False), ("two", "s-1", False)]


async def test_a_burst_of_keys_keeps_its_order(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        for letter in ("h", "i", "enter", "y", "o"):
            pilot.app.simulate_key(letter)
        chat = chat_of(pilot)
        await until(pilot, lambda: fake.called("chat") and chat.prompt.text == "yo")
        assert fake.called("chat")[0][0] == "hi"
        await idle(pilot)


async def test_escape_stops_only_while_a_reply_runs(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("A long ", "story", held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        assert chat.check_action("do", ("reply.stop",)) is False
        await send(pilot, "tell me")
        await until(pilot, lambda: chat.running and chat.running.text)
        assert chat.check_action("do", ("reply.stop",)) is True
        await pilot.press("escape")
        await idle(pilot)
        assert "stopped" in shown(chat.query_one(ReplyLine))
        assert chat.query_one(ReplyText).source == "A long "


async def test_stopping_before_the_reply_has_begun(opened: Open, fake: FakeAssistant) -> None:
    fake.ready.clear()
    async with opened() as pilot:
        chat = chat_of(pilot)
        await until(pilot, lambda: "loading tiny…" in shown(chat, "StatusLine"))
        await send(pilot, "too early")
        await pilot.press("escape")
        fake.ready.set()
        await idle(pilot)
        await until(pilot, lambda: "loading" not in shown(chat, "StatusLine"))


async def test_a_refused_message_is_back_in_the_prompt(opened: Open, fake: FakeAssistant) -> None:
    fake.failing["chat"] = PromptError("The message is longer than the context. Shorten it.")
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "a very long message")
        await said(pilot, "Prompt The message is longer")
        await until(pilot, lambda: chat.prompt.text == "a very long message" and not chat.query(Exchange))


async def test_a_broken_reply_stays_and_the_message_comes_back(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("Half of", error=EngineClosed("The engine stopped. Start again."))
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "go on")
        await said(pilot, "Engine The engine stopped.")
        await until(pilot, lambda: chat.prompt.text == "go on" and chat.running is None)
        assert "Half of" in chat.query_one(ReplyText).source
        assert "broke off" in shown(chat.query_one(ReplyLine))
        await send(pilot, "again")
        await until(pilot, lambda: len(chat.transcript.exchanges) == 2)
        await idle(pilot)


async def test_what_was_typed_meanwhile_is_not_lost(opened: Open, fake: FakeAssistant) -> None:
    script = fake.enqueue("x", error=EngineClosed("The engine stopped."), held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "first")
        await until(pilot, lambda: chat.running and chat.running.text)
        await send(pilot, "second")
        await said(pilot, "A reply is still being written")
        script.hold.set()
        await until(pilot, lambda: chat.prompt.text == "first\nsecond")


async def test_markup_and_control_sequences_are_text_or_nothing(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("ok \x1b", "[31mred\x1b]0;title\x07 [b]x[/b] <i>y</i>", notices=("older \x1b[2J messages left out",))
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "[red]not[/red] \x1b[31ma colour")
        await idle(pilot)
        exchange = chat.query_one(Exchange)
        assert str(exchange.query_one("#prompt").render()) == "[red]not[/red] a colour"
        assert exchange.query_one(ReplyText).source == "ok red [b]x[/b] <i>y</i>"
        paragraph = "\n".join(str(block.render()) for block in exchange.query("MarkdownParagraph"))
        assert "[b]x[/b] <i>y</i>" in paragraph
        assert "older  messages left out" in shown(exchange, "#notices")


async def test_a_reply_of_nothing_to_see_ends_as_any_other(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        for _ in range(5):
            fake.enqueue("\x1b")
            chat_of(pilot).send("x")
            await until(pilot, lambda: chat_of(pilot).running is None)
            await idle(pilot)


async def test_retry_replaces_the_reply(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("first try")
    fake.enqueue("second try")
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "try")
        await idle(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: [e.source for e in chat.transcript.exchanges] == ["second try"])
        await idle(pilot)
        assert fake.called("retry") == [("t-1",)]


async def test_a_failed_retry_shows_the_old_reply_again(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "try")
        await idle(pilot)
        await until(pilot, lambda: chat.talk.session)
        fake.failing["retry"] = EngineClosed("The engine stopped.")
        await pilot.press("ctrl+r")
        await said(pilot, "The engine stopped.")
        await until(pilot, lambda: [e.source for e in chat.transcript.exchanges] == ["You said: try"])
        assert chat.prompt.text == ""


async def test_copy_hands_over_the_markdown_source(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("**bold**")
    async with opened() as pilot:
        await send(pilot, "x")
        await idle(pilot)
        await pilot.press("alt+c")
        await said(pilot, "as Markdown")
        assert pilot.app.clipboard == "**bold**"


async def test_the_reader_is_not_pulled_down(opened: Open, fake: FakeAssistant) -> None:
    script = fake.enqueue("line\n\n" * 40, "line\n\n" * 40, held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "long")
        await until(pilot, lambda: chat.transcript.max_scroll_y > 30)
        await pilot.press("pageup", "pageup")
        await until(pilot, lambda: chat.transcript.scroll_y < chat.transcript.max_scroll_y - 20)
        at = chat.transcript.scroll_y
        script.hold.set()
        await idle(pilot)
        assert chat.transcript.scroll_y == at


async def test_a_long_paste_grows_the_prompt_to_eight_lines(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        prompt = chat_of(pilot).prompt
        assert prompt.size.height == 1
        pilot.app.post_message(Paste("\x1b[31mline\n" * 20))
        await until(pilot, lambda: prompt.size.height == 8)
        assert prompt.text == "line\n" * 20


async def test_every_key_is_a_sign_of_life(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        before = fake.keys
        await pilot.press("a", "f1", "escape")
        assert fake.keys == before + 3


async def test_links_of_other_kinds_are_not_opened(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("[x](file:///etc/passwd)")
    async with opened() as pilot:
        await send(pilot, "x")
        await idle(pilot)
        text = chat_of(pilot).query_one(ReplyText)
        text.post_message(Markdown.LinkClicked(text, "file:///etc/passwd"))
        await said(pilot, "Not opened")
