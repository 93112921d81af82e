"""The registry: every action has its way, its words, and its place in the help."""

from __future__ import annotations

import pytest
from fakes import FakeAssistant
from textual.widgets import Input, TextArea
from waiting import Open, chat_of, idle, said, send, shown, until

from tui.actions import ACTIONS, Place, bindings
from tui.app import ClawlocalApp
from tui.screens.chat import ChatScreen
from tui.screens.form import Form
from tui.screens.help import HelpScreen, key_words
from tui.screens.panel import PanelScreen
from tui.screens.sessions import SessionsScreen
from tui.slash import UnknownCommand, completed, matches, parse
from tui.widgets.prompt import Prompt
from tui.widgets.thought import ThoughtLine

OWNERS = {
    Place.PROMPT: Prompt,
    Place.THOUGHT: ThoughtLine,
    Place.PANEL: PanelScreen,
    Place.SESSIONS: SessionsScreen,
    Place.FORM: Form,
    Place.APP: ClawlocalApp,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_an_action_can_be_carried_out(action: object) -> None:
    if action.place is Place.CHAT or action.slash:
        assert action.run is not None
    if action.place is not Place.CHAT:
        assert callable(getattr(OWNERS[action.place], f"action_{action.method}"))
    assert action.help.endswith(".")


def test_ids_keys_and_commands_are_given_once() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    commands = [action.slash for action in ACTIONS if action.slash]
    assert len(set(commands)) == len(commands)
    for place in Place:
        keys = [key for binding in bindings(place) for key in binding.key.split(",")]
        assert len(set(keys)) == len(keys)


def test_no_key_is_taken_from_the_text_field_or_is_another_in_terminals() -> None:
    taken = {"ctrl+h", "ctrl+i", "ctrl+m"} | {f"ctrl+{letter}" for letter in "adekuwxcvzy"}
    keys = {key for action in ACTIONS for key in action.key.split(",")}
    assert not taken & keys


def test_every_binding_has_an_id_and_a_tooltip() -> None:
    for place in Place:
        assert all(binding.id and binding.tooltip for binding in bindings(place))


async def test_every_action_is_in_the_help(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        words = shown(pilot.app.screen)
        for action in ACTIONS:
            assert action.help in words
            assert key_words(action.key) in words
            assert action.command in words
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChatScreen))


async def test_the_palette_offers_every_action_of_the_chat(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        offered = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
        assert offered >= {action.title for action in ACTIONS if action.place is Place.CHAT}
        await pilot.press("ctrl+p")
        await until(pilot, lambda: pilot.app.screen is not chat_of(pilot))
        await pilot.press(*"temporary", "enter", "enter")
        await until(pilot, lambda: chat_of(pilot).talk.temporary)


async def test_escape_closes_the_palette_while_a_reply_runs(opened: Open, fake: FakeAssistant) -> None:
    script = fake.enqueue("one", "two", held=True)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "x")
        await until(pilot, lambda: chat.running and chat.running.text)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: pilot.app.screen is not chat)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is chat)
        assert chat.running is not None and not chat.running.cancelled
        script.hold.set()
        await idle(pilot)


def test_parsing_commands() -> None:
    def parsed(text: str) -> tuple[str, str] | None:
        found = parse(text)
        return (found[0].id, found[1]) if found else None

    assert parsed("/new") == ("chat.new", "")
    assert parsed("/learn") == ("learning.toggle", "")
    assert parsed("/learn off") == ("learning.off", "")
    assert parsed("/correct use euros, please ") == ("rate.correct", "use euros, please")
    assert parsed("/export gguf ~/my file.gguf") == ("learning.export", "gguf ~/my file.gguf")
    assert parsed("/etc/hosts is odd") is None
    assert parsed("what is /new?") is None
    with pytest.raises(UnknownCommand, match="no command /foo"):
        parse("/foo bar")


def test_completing_commands() -> None:
    assert [action.slash for action in matches("/re")] == ["rename", "retry"]
    assert completed("/ret") == "/retry"
    assert completed("/exp") == "/export "
    assert completed("/zzz") is None
    assert matches("hello") == []


async def test_the_hint_and_tab(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        await pilot.press("slash", "g")
        await until(pilot, lambda: "/good  Good reply" in shown(chat, "SlashHint"))
        await pilot.press("tab")
        await until(pilot, lambda: chat.prompt.text == "/good")
        await pilot.press("enter")
        await said(pilot, "There is no reply yet")
        assert shown(chat, "SlashHint") == ""


async def test_slash_commands_reach_the_assistant(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened() as pilot:
        chat = chat_of(pilot)
        await send(pilot, "hello")
        await idle(pilot)
        await until(pilot, lambda: chat.talk.session)
        for text, name in {
            "/good": "rate",
            "/bad": "rate",
            "/correct be brief": "correct",
            "/learn now": "learn_now",
            "/learn off": "set_learning",
            "/rollback base": "rollback",
            "/rename Greetings": "rename_session",
        }.items():
            before = len(fake.called(name))
            await send(pilot, text)
            await until(pilot, lambda n=name, b=before: len(fake.called(n)) == b + 1, text)
        assert fake.called("rollback") == [("base",)]
        assert fake.called("rename_session")[0][1] == "Greetings"


async def test_exporting_by_command(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "/export gguf /tmp/x.gguf")
        await said(pilot, "nothing to export")
        fake.learned()
        fake.set()
        await until(pilot, lambda: chat_of(pilot).status_line.status.live_version == "v2")
        await send(pilot, "/export nonsense")
        await said(pilot, "Say /export peft FOLDER")
        await send(pilot, "/export gguf /tmp/x.gguf")
        await said(pilot, "written to /tmp/x.gguf")
        await send(pilot, "/export")
        await until(pilot, lambda: pilot.app.screen.query(Input))


async def test_an_unknown_command_is_said_and_kept(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "/foo")
        await said(pilot, "There is no command /foo. /help lists them all.")
        assert chat_of(pilot).prompt.text == "/foo"
        assert fake.called("chat") == []


async def test_quit(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "/quit")
        await until(pilot, lambda: pilot.app._exit)


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (30, 10)])
async def test_narrow_terminals_and_a_light_theme(opened: Open, fake: FakeAssistant, size: tuple[int, int]) -> None:
    fake.learned()
    async with opened(size=size) as pilot:
        chat = chat_of(pilot)
        pilot.app.theme = "textual-light"
        await send(pilot, "hello")
        await idle(pilot)
        for key in ("ctrl+s", "f1", "ctrl+o", "alt+e"):
            await pilot.press(key)
            await until(pilot, lambda: pilot.app.screen is not chat, key)
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is chat, key)
        assert chat.query_one("#brand").display is (size[0] >= 72)
        assert chat.query_one(TextArea).size.width > 10
