"""The learning panel: whether it learns and why not, what it has learned, the versions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from clawlocal.assistant import Assistant
from clawlocal.records import AdapterState
from tui.actions import Place, bindings
from tui.background import ask
from tui.commands import adapters
from tui.learned import Learned, gather
from tui.receipt import condition_lines, lesson_line, queue_words, receipt_lines, version_line
from tui.screens.confirm import ConfirmScreen
from tui.screens.export import Export, ExportScreen
from tui.words import sentence, status_words

BASE = "base"


class Section(Vertical):
    """A heading and a text under it."""

    DEFAULT_CSS = """
    Section { height: auto; margin-bottom: 1; }
    Section .heading { text-style: bold; color: $text-primary; }
    """

    def __init__(self, heading: str, *, id: str) -> None:
        super().__init__(id=id)
        self.heading = heading

    def compose(self) -> ComposeResult:
        yield Static(self.heading, classes="heading", markup=False)
        yield Static("…", classes="body", markup=False)

    def show(self, lines: list[str], otherwise: str) -> None:
        self.query_one(".body", Static).update("\n".join(lines) or otherwise)


class PanelScreen(ModalScreen[None]):
    """Asks again whenever the chat screen hears of a change."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.PANEL)]

    def __init__(self, assistant: Assistant) -> None:
        super().__init__()
        self.assistant = assistant
        self.learned: Learned | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="panel", can_focus=False):
            yield Section("Learning", id="state")
            yield Section("Conditions for training", id="conditions")
            yield Static("Versions  (↑ ↓ marks one)", classes="heading", markup=False)
            yield OptionList(id="versions", markup=False, compact=True)
            yield Section("Last update", id="receipt")
            yield Section("Lessons", id="lessons")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.reload()

    def reload(self) -> None:
        ask(self, lambda: gather(self.assistant), self._show, group="panel")

    def _show(self, learned: Learned) -> None:
        self.learned = learned
        status = learned.status
        state = [status_words(status), f"waiting: {queue_words(status.queue)}"]
        why = sentence(status.why)
        self._section("state", state if why in state[0] else [*state, status.why])
        self._section("conditions", condition_lines(learned.conditions))
        self._section("receipt", receipt_lines(learned.receipt) if learned.receipt else [], "No update yet.")
        lessons = [lesson_line(lesson, learned.chats[lesson.id]) for lesson in learned.lessons]
        self._section("lessons", lessons, "None yet. A correction (alt+e) makes one.")
        self._versions(learned)

    def _section(self, name: str, lines: list[str], otherwise: str = "–") -> None:  # noqa: RUF001
        self.query_one(f"#{name}", Section).show(lines, otherwise)

    def _versions(self, learned: Learned) -> None:
        live = any(version.state is AdapterState.LIVE for version in learned.versions)
        options = [Option(version_line(version), id=version.version) for version in learned.versions]
        base = f"{'      ' if live else '● live'}  base   the model as it came"
        marked = self.marked
        rows = self.query_one(OptionList)
        rows.clear_options().add_options([*options, Option(base, id=BASE)])
        names = [version.version for version in learned.versions] + [BASE]
        rows.highlighted = names.index(marked) if marked in names else 0

    @property
    def marked(self) -> str | None:
        """The version under the mark."""
        option = self.query_one(OptionList).highlighted_option
        return option.id if option else None

    def action_now(self) -> None:
        adapters.learn_now(self, self.assistant)

    def action_learning(self) -> None:
        if self.learned is not None:
            adapters.set_learning(self, self.assistant, not self.learned.status.learning)

    def action_rollback(self) -> None:
        version, learned = self.marked, self.learned
        if version is None or learned is None:
            return
        live = learned.status.live_version or BASE
        if version == live:
            self.notify(f"{live} is live already. Mark the version to bring back.", markup=False)
            return
        question = f"Bring back {version}? It speaks from the next reply on; {live} is kept."
        self.app.push_screen(ConfirmScreen(question, f"Bring back {version}"), self._bring_back)

    def _bring_back(self, agreed: bool | None) -> None:
        if agreed:
            adapters.rollback(self, self.assistant, self.marked)

    def action_export(self) -> None:
        version = self.marked
        if version is None or version == BASE:
            self.notify("Mark a version to export; the base model is a file already.", markup=False)
            return
        self.app.push_screen(ExportScreen(version), lambda export: self._export(version, export))

    def _export(self, version: str, export: Export | None) -> None:
        if export is not None:
            adapters.export(self, self.assistant, version, export.format, export.path)

    def action_page_up(self) -> None:
        self.query_one("#panel", VerticalScroll).scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.query_one("#panel", VerticalScroll).scroll_page_down(animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
