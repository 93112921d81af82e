"""Ratings and corrections reach the assistant, and are seen."""

from __future__ import annotations

import pytest
from fakes import FakeAssistant
from textual.widgets import Input, TextArea
from waiting import Open, chat_of, idle, said, send, shown, type_text, until

from clawlocal.errors import NotFound
from tui.screens.choice import ChoiceScreen
from tui.screens.correct import CorrectScreen
from tui.widgets.reply import Mark, ReplyLine


async def test_a_rating_is_shown_and_can_be_changed(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "hello")
        await idle(pilot)
        await pilot.press("alt+g")
        await until(pilot, lambda: "✓ rated good" in shown(chat.query_one(ReplyLine)))
        await pilot.press("alt+x")
        await until(pilot, lambda: "✓ rated bad" in shown(chat.query_one(ReplyLine)))
        assert "+ good" in shown(chat.query_one(ReplyLine))
        assert fake.called("rate") == [("t-1", "good"), ("t-1", "bad")]
        await until(pilot, lambda: "2 new examples" in shown(chat, "StatusLine"))
        assert chat.prompt.text == ""


async def test_rating_by_mouse(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "hello")
        await idle(pilot)
        await pilot.pause()
        assert await pilot.click(Mark)
        await until(pilot, lambda: fake.called("rate") == [("t-1", "good")])


async def test_the_selected_turn_is_the_one_that_is_rated(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        for text in ("one", "two", "three"):
            await send(pilot, text)
            await idle(pilot)
        await pilot.press("alt+up", "alt+up")
        await until(pilot, lambda: chat.transcript.selected and chat.transcript.selected.prompt == "two")
        await pilot.press("alt+g")
        await until(pilot, lambda: fake.called("rate") == [("t-2", "good")])
        await pilot.press("alt+down", "alt+down")
        await until(pilot, lambda: chat.transcript.selected is None)
        await pilot.press("alt+g")
        await until(pilot, lambda: fake.called("rate")[-1] == ("t-3", "good"))


async def test_correcting_in_words(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "hello")
        await idle(pilot)
        await pilot.press("alt+e")
        await until(pilot, lambda: isinstance(pilot.app.screen, CorrectScreen))
        words = shown(pilot.app.screen)
        assert "What should it do differently?" in words
        assert "edit the reply itself" in words
        await type_text(pilot, "be brief")
        await pilot.press("enter")
        await said(pilot, "Noted: be brief. It is in every prompt")
        assert fake.called("correct") == [("t-1", "be brief")]
        assert fake.called("edit") == []


async def test_correcting_by_editing(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("Good morning.")
    async with opened() as pilot:
        await send(pilot, "hello")
        await idle(pilot)
        await pilot.press("alt+e")
        await until(pilot, lambda: isinstance(pilot.app.screen, CorrectScreen))
        field = pilot.app.screen.query_one(TextArea)
        assert field.text == "Good morning."
        await pilot.press("ctrl+s")
        await said(pilot, "Nothing is changed yet")
        field.text = "Good evening."
        await pilot.press("ctrl+s")
        await said(pilot, "Your version of the reply")
        assert fake.called("edit") == [("t-1", "Good evening.")]
        assert fake.called("correct") == []


async def test_escape_leaves_the_reply_as_it_is(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "hello")
        await idle(pilot)
        await pilot.press("alt+e")
        await until(pilot, lambda: isinstance(pilot.app.screen, CorrectScreen))
        pilot.app.screen.query_one(Input).value = "never mind"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is chat_of(pilot))
        assert fake.called("correct") == []


async def test_nothing_to_rate(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await pilot.press("alt+g")
        await said(pilot, "There is no reply yet")


async def test_a_temporary_chat_says_so_and_takes_no_rating(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "/temp")
        await until(pilot, lambda: "temporary: not kept, not learned from" in shown(chat, "#title"))
        await until(pilot, lambda: "not kept (temporary chat)" in shown(chat, "StatusLine"))
        await send(pilot, "psst")
        await idle(pilot)
        assert fake.called("chat") == [("psst", None, True)]
        assert "good" not in shown(chat.query_one(ReplyLine))
        await pilot.press("alt+g")
        await said(pilot, "temporary chat")
        await send(pilot, "more")
        await idle(pilot)
        assert fake.called("chat")[-1] == ("more", "temp-1", True)
        assert fake.called("rate") == []


@pytest.mark.parametrize(
    ("keys", "better", "stays"),
    [(["tab", "enter"], "t-1", "of v1"), (["tab", "tab", "enter"], "t-2", "of base"), (["escape"], None, "of v1")],
)
async def test_the_better_of_two_replies_is_gone_on_from(
    opened: Open, fake: FakeAssistant, keys: list[str], better: str | None, stays: str
) -> None:
    fake.enqueue("of v1")
    fake.enqueue("of base")
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "hello")
        await idle(pilot)
        await send(pilot, "/compare")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceScreen))
        words = shown(pilot.app.screen)
        assert words.index("of v1") < words.index("of base")
        await pilot.press(*keys)
        await until(pilot, lambda: fake.called("vote") == [("t-1", "t-2", better)])
        await until(pilot, lambda: [exchange.source for exchange in chat.transcript.exchanges] == [stays])
        assert fake.called("rival") == [("t-1", None)]


async def test_a_version_that_is_not_there_leaves_the_old_reply(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "hello")
        await idle(pilot)
        await until(pilot, lambda: chat.talk.session)
        fake.failing["rival"] = NotFound("There is no version v9.")
        await send(pilot, "/compare v9")
        await said(pilot, "There is no version v9.")
        await until(pilot, lambda: [exchange.source for exchange in chat.transcript.exchanges] == ["You said: hello"])
