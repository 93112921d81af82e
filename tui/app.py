"""The application: one chat screen, the palette, the errors. `run` is the entry point.

Speaks to `clawlocal.assistant` alone. It takes every key as a sign of life: training gives way at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from inspect import isawaitable
from typing import Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.markup import escape
from textual.screen import Screen

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.errors import ClawlocalError
from tui.actions import ACTIONS, Place, bindings
from tui.background import Answered, Raised
from tui.opening import FIRST, Opening
from tui.plain import plain
from tui.screens.chat import ChatScreen
from tui.screens.help import HelpScreen
from tui.screens.panel import PanelScreen
from tui.screens.sessions import SessionsScreen

PLACES: dict[type[Screen[Any]], Place] = {
    ChatScreen: Place.CHAT,
    PanelScreen: Place.PANEL,
    SessionsScreen: Place.SESSIONS,
}


class ClawlocalApp(App[int | Opening]):
    """Owns no state but the assistant. What it returns is its exit code, or how the next one is to be opened."""

    CSS_PATH = "app.tcss"
    TITLE = "clawlocal"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.APP)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012

    def __init__(self, assistant: Assistant, opening: Opening = FIRST) -> None:
        super().__init__()
        self.assistant = assistant
        self.chat = ChatScreen(assistant, opening)

    def get_default_screen(self) -> Screen[None]:
        return self.chat

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self.assistant.activity()
            if self.chat.is_mounted:
                self.chat.status_line.typed()
        await super().on_event(event)

    async def on_answered(self, message: Answered) -> None:
        await self._carry_out(message.node, message.then)

    async def on_raised(self, message: Raised) -> None:
        error = message.error
        self.notify(plain(self.chat.in_words(error)), title=error.title, severity="error", timeout=10, markup=False)
        if message.undo is not None:
            await self._carry_out(message.node, message.undo)

    async def _carry_out(self, node: DOMNode, call: Callable[[], object]) -> None:
        """Unless the application ends, or the widget that asked has gone: then its parts are gone too."""
        if self.is_running and node.is_running:
            result = call()
            if isawaitable(result):
                await result

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: the actions of the screen that it was called from, and those that work everywhere."""
        for action in ACTIONS:
            if action.place is PLACES.get(type(screen)):
                yield SystemCommand(action.title, escape(action.entry), partial(screen.run_action, action.does))
            elif action.place is Place.APP and action.method != "command_palette":
                yield SystemCommand(action.title, escape(action.entry), partial(self.run_action, action.does))

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())


def run(
    settings: Settings | None = None,
    *,
    model: str | None = None,
    session: str | None = None,
    temporary: bool = False,
) -> int:
    """Open the assistant, run the interface, close it; once more where another model takes over.

    The exit code; 1 says why on stderr.
    """
    opening = Opening(model, session, temporary)
    try:
        while True:
            with Assistant.open(settings, model=opening.model) as assistant:
                app = ClawlocalApp(assistant, opening)
                left = app.run()
            if not isinstance(left, Opening):
                return left or app.return_code or 0
            opening = left
    except ClawlocalError as e:
        print(f"{e.title}: {e}", file=sys.stderr)
        return 1
