"""Correcting a reply: in words, or by editing it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Footer, Input, Static, TextArea

from tui.plain import plain
from tui.screens.form import Form


@dataclass(frozen=True)
class Correction:
    """What the user entered; an empty string for the way that was not taken."""

    words: str
    edited: str


class CorrectScreen(Form[Correction]):
    """Two ways on one screen. What was filled in or changed is what is saved."""

    DEFAULT_CSS = """
    CorrectScreen TextArea { height: auto; min-height: 4; max-height: 12; }
    """

    def __init__(self, reply: str) -> None:
        super().__init__()
        self.reply = plain(reply)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box", can_focus=False):
            yield Static("Correct the reply", classes="title", markup=False)
            yield Static("What should it do differently?  (enter saves)", markup=False)
            yield Input(placeholder="e.g. shorter, and with prices in euros", compact=True)
            words = "… or edit the reply itself  (tab goes there, ctrl+s saves)"
            yield Static(words, classes="label", markup=False)
            yield TextArea(self.reply, highlight_cursor_line=False, compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_input_submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        words = self.query_one(Input).value.strip()
        text = self.query_one(TextArea).text
        edited = text if text.strip() and text.strip() != self.reply.strip() else ""
        if words or edited:
            self.dismiss(Correction(words, edited))
        else:
            self.notify("Nothing is changed yet. esc leaves it as it is.", markup=False)
