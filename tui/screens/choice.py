"""Which of two replies to the same message is better."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Footer, Static

from tui.plain import plain
from tui.running import Rival
from tui.screens.form import Form


class ChoiceScreen(Form[str]):
    """The turn of the better one; None for neither."""

    def __init__(self, first: Rival, second: Rival) -> None:
        super().__init__()
        self._replies = {"first": first, "second": second}

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box", can_focus=False):
            yield Static("Which reply is better?", classes="title", markup=False)
            for name, reply in self._replies.items():
                yield Static(f"The {name}", classes="label quiet", markup=False)
                yield Static(plain(reply.text), markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Neither", id="neither", compact=True)
                yield Button("The first", id="first", compact=True)
                yield Button("The second", id="second", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def action_save(self) -> None:
        if isinstance(self.focused, Button):
            self.focused.press()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        reply = self._replies.get(event.button.id or "")
        self.dismiss(reply.turn if reply else None)
