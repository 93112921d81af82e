"""The list of chats, and a chat that is opened again."""

from __future__ import annotations

from fakes import FakeAssistant
from textual.widgets import OptionList
from waiting import Open, chat_of, idle, said, send, shown, type_text, until

from tui.screens.confirm import ConfirmScreen
from tui.screens.line import LineScreen
from tui.screens.sessions import SessionsScreen
from tui.widgets.transcript import Earlier


async def sessions(pilot: object) -> SessionsScreen:
    await pilot.press("ctrl+o")  # type: ignore[attr-defined]
    screen = pilot.app.screen  # type: ignore[attr-defined]
    await until(pilot, lambda: screen.sessions)  # type: ignore[arg-type]
    return screen


async def test_the_first_run_says_how_to_give_feedback(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await until(pilot, lambda: "corrections teach it" in shown(chat_of(pilot), "#welcome"))


async def test_no_welcome_where_there_are_chats(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Letters", [("a", "b")])
    async with opened() as pilot:
        await pilot.app.workers.wait_for_complete()
        assert shown(chat_of(pilot), "#welcome") == ""


async def test_filter_open_and_go_on(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Trip to Lisbon", [("find a hotel", "Hotel *X*.")])
    fake.add_chat("s-2", "Tax letter", [("write it", "Dear Sir")])
    async with opened() as pilot:
        chat = chat_of(pilot)
        screen = await sessions(pilot)
        await type_text(pilot, "lis")
        await until(pilot, lambda: screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: [e.source for e in chat.transcript.exchanges] == ["Hotel *X*."])
        assert "Trip to Lisbon" in shown(chat, "#title")
        await send(pilot, "cheaper")
        await idle(pilot)
        assert fake.called("chat") == [("cheaper", "s-1", False)]
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not chat.transcript.exchanges and "new chat" in shown(chat, "#title"))


async def test_what_was_said_is_found(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Trip to Lisbon", [("find a hotel", "Hotel [b]Ritz[/b] by the river.")])
    fake.add_chat("s-2", "Tax letter", [("write it", "Dear Sir")])
    async with opened() as pilot:
        screen = await sessions(pilot)
        await type_text(pilot, "ritz")
        rows = screen.query_one(OptionList)
        await until(pilot, lambda: rows.option_count == 1 and "[b]Ritz[/b]" in str(rows.get_option_at_index(0).prompt))
        await type_text(pilot, "x")
        await until(pilot, lambda: rows.option_count == 0 and "Nothing found." in shown(screen))


async def test_rename_and_delete(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Letters", [("a", "b")])
    async with opened(session="s-1") as pilot:
        chat = chat_of(pilot)
        await until(pilot, lambda: chat.talk.session == "s-1")
        await sessions(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(pilot.app.screen, LineScreen))
        await type_text(pilot, " home")
        await pilot.press("enter")
        await until(pilot, lambda: fake.called("rename_session") == [("s-1", "Letters home")])
        await until(pilot, lambda: chat.talk.title == "Letters home")
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        assert "Delete “Letters home” (1 turn)?" in shown(pilot.app.screen)
        await pilot.press("enter")
        assert fake.called("delete_session") == []
        await pilot.press("f8", "tab", "enter")
        await until(pilot, lambda: fake.called("delete_session") == [("s-1",)])
        await until(pilot, lambda: chat.talk.session is None and not chat.transcript.exchanges)


async def test_a_long_chat_shows_its_end_and_loads_the_rest(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Long", [(f"question {i}", f"answer {i}") for i in range(50)])
    async with opened(session="s-1") as pilot:
        chat = chat_of(pilot)
        await until(pilot, lambda: len(chat.transcript.exchanges) == 20)
        await until(pilot, lambda: chat.query_one(Earlier).display)
        assert chat.transcript.exchanges[0].prompt == "question 30"
        await pilot.press("alt+pageup")
        await until(pilot, lambda: len(chat.transcript.exchanges) == 40)
        await until(pilot, lambda: chat.transcript.scroll_y > 0)
        await send(pilot, "/earlier")
        await until(pilot, lambda: len(chat.transcript.exchanges) == 50 and not chat.query_one(Earlier).display)
        assert chat.transcript.exchanges[0].prompt == "question 0"
        await send(pilot, "/earlier")
        await said(pilot, "start of the chat")


async def test_a_reply_goes_on_while_another_chat_is_read(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Letters", [("a", "b")])
    script = fake.enqueue("one ", "two", held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "count")
        await until(pilot, lambda: chat.running and chat.running.text == "one " and chat.running.session)
        running = chat.running
        assert running is not None
        chat.open("s-1")
        await until(pilot, lambda: [e.source for e in chat.transcript.exchanges] == ["b"])
        assert running.session is not None
        chat.open(running.session)
        await until(pilot, lambda: [e.source for e in chat.transcript.exchanges] == ["one "])
        script.hold.set()
        await idle(pilot)
        assert [e.source for e in chat.transcript.exchanges] == ["one two"]


async def test_a_chat_that_is_not_there(opened: Open, fake: FakeAssistant) -> None:
    async with opened(session="gone") as pilot:
        await said(pilot, "No chat gone.")
        assert chat_of(pilot).talk.session is None
