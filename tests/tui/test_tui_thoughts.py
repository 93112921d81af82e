"""Thoughts fold, tool calls are said in words, and ctrl+t does what the model allows."""

from __future__ import annotations

import pytest
from fakes import FakeAssistant
from waiting import Open, chat_of, idle, said, send, shown, until

from clawlocal.records import ToolCall
from tui.widgets.exchange import Exchange
from tui.widgets.prompt import Prompt
from tui.widgets.reply import ReplyText
from tui.widgets.thought import Thought, ThoughtLine
from tui.words import call_words, thought_words

PARIS = ToolCall("get_weather", {"city": "Paris"})


async def test_a_thought_streams_into_one_folded_line(opened: Open, fake: FakeAssistant) -> None:
    script = fake.enqueue("Yes.", thought=["\nIs it", " so?\n"], held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "really?")
        await until(pilot, lambda: chat.query(Thought) and "▸ thinking…" in shown(chat.query_one(Thought)))
        thought = chat.query_one(Thought)
        assert shown(thought, "#thought") == ""
        assert chat.query_one(ReplyText).source == ""
        script.hold.set()
        await idle(pilot)
        assert "▸ thought 3 s" in shown(thought)
        assert shown(thought, "#thought") == ""
        assert chat.query_one(ReplyText).source == "Yes."
        await pilot.pause()  # the end of the reply may have moved the line
        await pilot.click(ThoughtLine)
        await until(pilot, lambda: shown(thought, "#thought") == "Is it so?")
        assert "▾ thought 3 s" in shown(thought)
        assert isinstance(pilot.app.focused, Prompt)
        await pilot.press("shift+tab", "enter")
        await until(pilot, lambda: thought.folded)


async def test_an_unfolded_thought_grows_while_it_is_written(opened: Open, fake: FakeAssistant) -> None:
    script = fake.enqueue("Yes.", thought=["first", " second"], held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "x")
        await until(pilot, lambda: chat.running and chat.running.thought)
        await pilot.press("alt+o")
        await until(pilot, lambda: shown(chat, "#thought") == "first")
        script.hold.set()
        await idle(pilot)
        assert shown(chat, "#thought") == "first second"


async def test_without_a_thought_there_is_no_line(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("Yes.", thought=["\n\n"])
    async with opened() as pilot:
        await send(pilot, "x")
        await idle(pilot)
        assert not chat_of(pilot).query_one(Thought).display
        await pilot.press("alt+o")
        await said(pilot, "There is no thought in this chat.")


async def test_a_chat_that_is_opened_shows_its_thoughts_folded(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("", thought=["Look it up."], tool_calls=(PARIS,))
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "the weather?")
        await idle(pilot)
        await until(pilot, lambda: chat.talk.session)
        session = chat.talk.session
        await send(pilot, "and now?")
        await idle(pilot)
        before = chat.transcript.exchanges
        chat.open(session or "")
        await until(pilot, lambda: len(chat.transcript.exchanges) == 2 and before[0] not in chat.transcript.exchanges)
        first = chat.transcript.exchanges[0]
        await until(pilot, lambda: "▸ thought 3 s" in shown(first))
        assert first.prompt == "the weather?"
        assert shown(first, "#thought") == ""
        assert shown(first, "#calls") == 'asked for get_weather(city: "Paris")'


async def test_a_thought_is_text_and_no_markup(opened: Open, fake: FakeAssistant) -> None:
    call = ToolCall("[red]f\x1b[2J", {"a": "[b]\x1b]0;t\x07\ud800"})
    fake.enqueue("ok", thought=["[b]bold[/b] \x1b[31mred"], tool_calls=(call,))
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "x")
        await idle(pilot)
        await pilot.press("alt+o")
        await until(pilot, lambda: shown(chat, "#thought") == "[b]bold[/b] red")
        words = shown(chat, "#calls")
        assert words.startswith("asked for [red]f(a: ")
        assert "\x1b" not in words and "\x07" not in words and "\ud800" not in words


async def test_a_reply_that_breaks_off_keeps_its_thought(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("Half", thought=["why"], error=RuntimeError("It broke."))
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "x")
        await said(pilot, "It broke.")
        await idle(pilot)
        assert chat.query_one(Exchange).facts.thought == "why"
        assert chat.query_one(Thought).display


async def test_ctrl_t_switches_thinking_where_the_model_can_be_told(opened: Open, fake: FakeAssistant) -> None:
    fake.switch = True
    async with opened() as pilot:
        await pilot.press("ctrl+t")
        await said(pilot, "Thinking is off for the next replies.")
        await send(pilot, "/think")
        await said(pilot, "Thinking is on for the next replies.")
        assert fake.called("set_thinking") == [(False,), (True,)]


async def test_ctrl_t_folds_where_it_cannot(opened: Open, fake: FakeAssistant) -> None:
    fake.enqueue("ok", thought=["why"])
    async with opened() as pilot:
        chat = chat_of(pilot)
        await pilot.press("ctrl+t")
        await said(pilot, "This model cannot be told to think or not.")
        await send(pilot, "x")
        await idle(pilot)
        await pilot.press("ctrl+t")
        await said(pilot, "its thoughts are unfolded now")
        assert shown(chat, "#thought") == "why"
        await pilot.press("ctrl+t")
        await said(pilot, "its thoughts are folded now")
        assert fake.called("set_thinking") == []


@pytest.mark.parametrize(("seconds", "words"), [(0.0, "thought"), (0.6, "thought 1 s"), (61.4, "thought 61 s")])
def test_how_long_it_thought(seconds: float, words: str) -> None:
    assert thought_words(seconds, running=False) == words


def test_calls_in_words() -> None:
    several = (PARIS, ToolCall("now", {}), ToolCall("add", {"a": 1, "b": [True, None]}))
    assert call_words(several).splitlines() == [
        'asked for get_weather(city: "Paris")',
        "asked for now()",
        "asked for add(a: 1, b: [true, null])",
    ]
