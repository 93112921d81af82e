"""One line to fill in: a title, a path."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Footer, Input, Static

from tui.screens.form import Form


class LineScreen(Form[str]):
    """The text that was entered, or none when cancelled. enter saves."""

    def __init__(self, question: str, text: str = "") -> None:
        super().__init__()
        self.question = question
        self.text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(self.question, markup=False, classes="title")
            yield Input(self.text, compact=True, select_on_focus=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_input_submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        text = self.query_one(Input).value.strip()
        if text:
            self.dismiss(text)
