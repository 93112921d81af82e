"""Whether a cluster is to do an update: what would be sent, where to, why not here, and four answers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Footer, Static

from clawlocal.assistant import Proposal
from tui.plain import plain
from tui.screens.form import Form

ANSWERS = (("no", "Not now"), ("never", "Never"), ("always", "Always"), ("yes", "Send it"))
"""The first has the focus: who comes back to the machine and goes on typing sends nothing."""


class ProposalScreen(Form[str]):
    """One of the answers; esc is the first."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        self.proposal = proposal

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box", can_focus=False):
            yield Static(f"Have {self.proposal.remote} train?", classes="title", markup=False)
            yield Static(plain(self.proposal.words()), markup=False)
            yield Static(
                "Never and Always hold for this model and this cluster; `clawlocal offload auto ask` takes them back.",
                classes="label quiet",
                markup=False,
            )
            with Horizontal(classes="buttons"):
                for answer, label in ANSWERS:
                    yield Button(label, id=answer, compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def action_save(self) -> None:
        if isinstance(self.focused, Button):
            self.focused.press()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)
