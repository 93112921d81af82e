"""What the actions of the chat do: one function each, `(screen, argument)`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui import clipboard
from tui.background import ask
from tui.commands.feedback import turn_of
from tui.running import Rival, Running, Start

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen
    from tui.widgets.exchange import Exchange


def new(screen: ChatScreen, argument: str) -> None:
    screen.run_worker(screen.start_new(), group="transcript")


def temporary(screen: ChatScreen, argument: str) -> None:
    screen.run_worker(screen.start_new(temporary=True), group="transcript")


def sessions(screen: ChatScreen, argument: str) -> None:
    from tui.screens.sessions import SessionsScreen

    def chosen(session: str | None) -> None:
        if session is not None and session != screen.talk.session:
            screen.open(session)

    screen.app.push_screen(SessionsScreen(screen, argument.strip()), chosen)


def rename(screen: ChatScreen, argument: str) -> None:
    """With the title at once; without one a form asks."""
    from tui.screens.line import LineScreen

    session = screen.talk.session
    if session is None or screen.talk.temporary:
        screen.say("Only a chat that is kept has a title. Send a message first.")
        return

    def titled(title: str | None) -> None:
        if title:
            call = partial(screen.assistant.rename_session, session, title)
            ask(screen, call, lambda _: renamed(title), group="open")

    def renamed(title: str) -> None:
        if screen.talk.session == session:
            screen.show(replace(screen.talk, title=title))

    if argument.strip():
        titled(argument.strip())
    else:
        screen.app.push_screen(LineScreen("The title of this chat", screen.talk.title), titled)


def stop(screen: ChatScreen, argument: str) -> None:
    if screen.running is None:
        screen.say("No reply is being written.")
    else:
        screen.running.cancel()


def retry(screen: ChatScreen, argument: str) -> None:
    if (old := _to_reply_again(screen)) is not None:
        exchange, turn = old
        running = Running(exchange.prompt, screen.talk.session, again=True)
        _again(screen, exchange, running, lambda calls: screen.assistant.retry(turn, **calls))


def compare(screen: ChatScreen, argument: str) -> None:
    """With a version, that one replies; without one the base, or the live version where the base made the first."""
    if (old := _to_reply_again(screen)) is not None:
        exchange, turn = old
        version = argument.strip() or None
        running = Running(exchange.prompt, screen.talk.session, again=True, rival=Rival(turn, exchange.source))
        _again(screen, exchange, running, lambda calls: screen.assistant.rival(turn, adapter=version, **calls))


def _to_reply_again(screen: ChatScreen) -> tuple[Exchange, str] | None:
    """The exchange that is meant, with its turn; says why when there can be no other reply to it."""
    exchange = screen.transcript.current
    if not screen.free():
        return None
    if screen.talk.temporary:
        screen.say("A temporary chat keeps no branches. Send the message again.")
        return None
    turn = turn_of(screen, exchange)
    return None if turn is None or exchange is None else (exchange, turn)


def _again(screen: ChatScreen, exchange: Exchange, running: Running, start: Start) -> None:
    screen.transcript.cut(exchange)
    screen.begin(running, start)


def copy(screen: ChatScreen, argument: str) -> None:
    exchange = screen.transcript.current
    if exchange is None or not exchange.source:
        screen.say("There is no reply to copy.")
        return
    source = exchange.source

    def done(copied: bool) -> None:
        if not copied:
            screen.app.copy_to_clipboard(source)
        screen.say("Copied as Markdown." if copied else "Handed to the terminal's clipboard as Markdown.")

    ask(screen, lambda: clipboard.copy(source), done, group="clipboard")


def earlier(screen: ChatScreen, argument: str) -> None:
    if screen.unread:
        screen.load_earlier()
    else:
        screen.say("This is the start of the chat.")


def previous(screen: ChatScreen, argument: str) -> None:
    if not screen.transcript.move(-1) and screen.unread:
        screen.load_earlier()


def following(screen: ChatScreen, argument: str) -> None:
    screen.transcript.move(1)


def thoughts(screen: ChatScreen, argument: str) -> None:
    """Unfold every thought, or fold them all when none is folded."""
    unfolded = screen.transcript.fold()
    if unfolded is None:
        screen.say("There is no thought in this chat.")


def thinking(screen: ChatScreen, argument: str) -> None:
    """Whether the next replies begin with a thought; where that cannot be chosen, whether thoughts are shown."""
    assistant = screen.assistant

    def switch(there_is_one: bool) -> None:
        if there_is_one:
            assistant.set_thinking(not assistant.thinking)
            screen.say(f"Thinking is {'on' if assistant.thinking else 'off'} for the next replies.")
            return
        unfolded = screen.transcript.fold()
        if unfolded is None:
            screen.say("This model cannot be told to think or not.")
        else:
            shown = "unfolded" if unfolded else "folded"
            screen.say(f"This model cannot be told to think or not; its thoughts are {shown} now.")

    # It waits for the model, and quitting must not.
    ask(screen, assistant.thinking_switch, switch, group="thinking", long=True)


async def _act(screen: ChatScreen, action: str) -> None:
    await screen.app.run_action(f"app.{action}")


def show_help(screen: ChatScreen, argument: str) -> None:
    screen.run_worker(_act(screen, "help"), group="app")


def theme(screen: ChatScreen, argument: str) -> None:
    screen.run_worker(_act(screen, "change_theme"), group="app")


def leave(screen: ChatScreen, argument: str) -> None:
    screen.app.exit(0)
