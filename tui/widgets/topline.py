"""The first line: which chat, which model, which adapter version."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui.plain import one_line
from tui.words import TEMPORARY


class TopLine(Horizontal):
    """`clawlocal   Trip to Lisbon        smollm2-135m · v12`."""

    DEFAULT_CSS = """
    TopLine {
        height: 1;
        padding: 0 1;
        background: $panel;
        Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #brand { width: auto; margin-right: 3; text-style: bold; color: $text-primary; }
        #title { width: 1fr; }
        #model { width: auto; margin-left: 2; color: $text-muted; }
    }
    TopLine.-temporary #title { text-style: bold; }
    """

    def compose(self) -> ComposeResult:
        yield Static("clawlocal", id="brand", markup=False)
        yield Static("", id="title", markup=False)
        yield Static("", id="model", markup=False)

    def show_title(self, title: str, *, temporary: bool) -> None:
        self.set_class(temporary, "-temporary")
        self.query_one("#title", Static).update(TEMPORARY if temporary else one_line(title) or "new chat")

    def show_model(self, model: str, version: str | None) -> None:
        parts = [part for part in (one_line(model), version or "base") if part]
        self.query_one("#model", Static).update(" · ".join(parts))
