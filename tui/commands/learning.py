"""What the actions of learning do, from the chat: one function each, `(screen, argument)`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.background import ask
from tui.commands import adapters

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen


def panel(screen: ChatScreen, argument: str) -> None:
    from tui.screens.panel import PanelScreen

    screen.app.push_screen(PanelScreen(screen.assistant))


def toggle(screen: ChatScreen, argument: str) -> None:
    status = screen.status_line.status
    if argument:
        screen.say("Say /learn on, off, now, here, pause or resume.")
    elif status is not None:
        adapters.set_learning(screen, screen.assistant, not status.learning)


def on(screen: ChatScreen, argument: str) -> None:
    adapters.set_learning(screen, screen.assistant, True)


def off(screen: ChatScreen, argument: str) -> None:
    adapters.set_learning(screen, screen.assistant, False)


def now(screen: ChatScreen, argument: str) -> None:
    adapters.learn_now(screen, screen.assistant)


def pause(screen: ChatScreen, argument: str) -> None:
    """Until the user resumes, or for so many minutes."""
    words = argument.split()
    if len(words) > 1 or any(not word.isdecimal() for word in words):
        screen.say("Say /learn pause, or /learn pause 30 for half an hour.")
        return
    # A number of more digits is more than any pause takes, and the assistant says so.
    minutes = int(words[0][:9]) if words else None
    adapters.tell(screen, lambda: screen.assistant.pause(minutes))


def resume(screen: ChatScreen, argument: str) -> None:
    adapters.tell(screen, screen.assistant.resume)


def here(screen: ChatScreen, argument: str) -> None:
    """Whether this chat is learned from."""
    talk = screen.talk
    if talk.temporary:
        screen.say("A temporary chat is never learned from.")
        return
    if talk.session is None:
        screen.say("This chat has not begun. Send a message first, or start a temporary chat with /temp.")
        return
    session, learning = talk.session, not talk.learning

    def done(_: None) -> None:
        screen.show(replace(screen.talk, learning=learning))
        screen.say(f"This chat is {'learned from again' if learning else 'kept, but not learned from'}.")

    ask(screen, lambda: screen.assistant.set_session_learning(session, learning), done, group="learning")


def rollback(screen: ChatScreen, argument: str) -> None:
    adapters.rollback(screen, screen.assistant, argument.strip() or None)


def export(screen: ChatScreen, argument: str) -> None:
    """With a format and a path at once; without them a form asks."""
    from tui.screens.export import FORMATS, Export, ExportScreen

    status = screen.status_line.status
    live = status.live_version if status else None
    format, _, path = argument.strip().partition(" ")
    if live is None:
        screen.say("Nothing has been learned yet, so there is nothing to export.")
    elif format in FORMATS and path.strip():
        adapters.export(screen, screen.assistant, live, format, Path(path.strip()).expanduser())
    elif argument.strip():
        screen.say("Say /export peft FOLDER, /export gguf FILE, or with mlx, merged-gguf or ollama.")
    else:

        def chosen(export: Export | None) -> None:
            if export is not None:
                adapters.export(screen, screen.assistant, live, export.format, export.path)

        screen.app.push_screen(ExportScreen(live), chosen)
