"""Another instance holds the data folder: chat without learning, or quit."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from tui.plain import one_line
from tui.screens.form import Modal


class HolderScreen(Modal[bool]):
    """True to go on. Shown at the start, when the status names a holder."""

    def __init__(self, holder: str) -> None:
        super().__init__()
        self.holder = holder

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static("Another instance is running", classes="title", markup=False)
            yield Static(
                f"The data folder is held by {one_line(self.holder)}. You can chat here, and it is kept, "
                "but this window learns nothing. To learn here, quit the other one first.",
                markup=False,
            )
            with Horizontal(classes="buttons"):
                yield Button("Chat without learning", id="go", variant="primary", compact=True)
                yield Button("Quit", id="quit", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "go")
