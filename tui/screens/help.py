"""All keys and commands, from the registry."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from tui.actions import ACTIONS, Action, Place, bindings
from tui.screens.form import Modal

SPOKEN = {"escape": "esc", "pageup": "page up", "pagedown": "page down"}
NOTES = (
    "Rating, correcting, copying and retrying mean the selected turn, or the last one when none is selected. "
    "A line that begins with / and is no command, such as a path, is sent as it is."
)


def key_words(keys: str) -> str:
    """`ctrl+j, shift+enter`: as it is printed on the keyboard."""
    words = ", ".join(keys.split(","))
    for name, spoken in SPOKEN.items():
        words = words.replace(name, spoken)
    return words


class HelpRow(Horizontal):
    """The ways to one action, and what it does."""

    DEFAULT_CSS = """
    HelpRow {
        height: auto;
        .ways { width: 2fr; margin-right: 1; color: $text-primary; }
        .does { width: 3fr; }
    }
    """

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action

    def compose(self) -> ComposeResult:
        ways = " · ".join(way for way in (key_words(self.action.key), self.action.command) if way)
        yield Static(ways, classes="ways", markup=False)
        yield Static(self.action.help, classes="does", markup=False)


class HelpScreen(Modal[None]):
    """Every action under the heading of its place."""

    BINDINGS: ClassVar[list[BindingType]] = [b for b in bindings(Place.FORM) if b.action == "cancel"]
    DEFAULT_CSS = """
    HelpScreen .box { width: 90; height: 90%; }
    HelpScreen .heading { text-style: bold; margin-top: 1; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box"):
            yield Static("Keys and commands  (esc closes)", classes="title", markup=False)
            yield Static(NOTES, classes="quiet", markup=False)
            for place in Place:
                yield Static(place.value, classes="heading", markup=False)
                for action in ACTIONS:
                    if action.place is place:
                        yield HelpRow(action)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_cancel(self) -> None:
        self.dismiss(None)
