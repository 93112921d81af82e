"""The learning panel: whether it learns and why not, what it has learned, the versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from clawlocal.assistant import Assistant
from clawlocal.records import AdapterState, Lesson, LessonState
from tui.actions import Place, bindings
from tui.background import ask
from tui.commands import adapters
from tui.learned import Learned, gather
from tui.receipt import condition_lines, lesson_line, queue_words, receipt_lines, version_line
from tui.screens.export import Export, ExportScreen
from tui.words import BASE, sentence, status_words


class Section(Vertical):
    """A heading and a text under it."""

    DEFAULT_CSS = """
    Section { height: auto; margin-bottom: 1; }
    """

    def __init__(self, heading: str, *, id: str) -> None:
        super().__init__(id=id)
        self.heading = heading

    def compose(self) -> ComposeResult:
        yield Static(self.heading, classes="heading", markup=False)
        yield Static("…", classes="body", markup=False)

    def show(self, lines: Sequence[str], otherwise: str = "") -> None:
        self.query_one(".body", Static).update("\n".join(lines) or otherwise)


class Rows(OptionList):
    """Rows to mark one of. The mark stays on its row when the rows are shown anew."""

    DEFAULT_CSS = """
    Rows, Rows:focus {
        height: auto;
        max-height: 10;
        margin-bottom: 1;
        padding: 0;
        border: none;
        background: transparent;
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id, markup=False, compact=True)

    @property
    def marked(self) -> str | None:
        option = self.highlighted_option
        return option.id if option else None

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        """Rows as pairs of id and text."""
        marked, ids = self.marked, [identity for identity, _ in rows]
        self.clear_options().add_options([Option(text, id=identity) for identity, text in rows])
        if rows:
            self.highlighted = ids.index(marked) if marked in ids else 0


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
            yield Static("Versions  (↑ ↓ mark one)", classes="heading", markup=False)
            yield Rows("versions")
            yield Section("Last update", id="receipt")
            yield Static("Lessons", id="taught", classes="heading", markup=False)
            yield Rows("lessons")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.versions.focus()
        self.reload()

    @property
    def versions(self) -> Rows:
        return self.query_one("#versions", Rows)

    @property
    def lessons(self) -> Rows:
        return self.query_one("#lessons", Rows)

    def reload(self) -> None:
        ask(self, lambda: gather(self.assistant), self._show, group="panel")

    def _show(self, learned: Learned) -> None:
        self.learned = learned
        status = learned.status
        state = [status_words(status), f"waiting: {queue_words(status.queue)}"]
        if sentence(status.why) not in state[0]:
            state.insert(1, sentence(status.why))
        receipt = status.last_update
        self._section("state").show(state)
        self._section("conditions").show(condition_lines(learned.conditions))
        self._section("receipt").show(receipt_lines(receipt, learned.chats) if receipt else [], "No update yet.")
        marking = "tab, then ↑ ↓ mark one" if learned.lessons else "none yet: a correction, alt+e, makes one"
        self.query_one("#taught", Static).update(f"Lessons  ({marking})")
        by_id: dict[int | None, Lesson] = {x.id: x for x in learned.lessons}
        self.lessons.show(
            [(str(x.id), lesson_line(x, learned.chats[x.id], by_id.get(x.replaced_by))) for x in learned.lessons]
        )
        live = any(version.state is AdapterState.LIVE for version in learned.versions)
        base = f"{'      ' if live else '● live'}  base   the model as it came"
        self.versions.show([*((x.version, version_line(x)) for x in learned.versions), (BASE, base)])

    def _section(self, name: str) -> Section:
        return self.query_one(f"#{name}", Section)

    def action_now(self) -> None:
        adapters.learn_now(self, self.assistant)

    def action_learning(self) -> None:
        if self.learned is not None:
            adapters.set_learning(self, self.assistant, not self.learned.status.learning)

    def action_rollback(self) -> None:
        """One key: the marked version speaks; where the live one is marked, the one that it was made from.

        Not asked twice, since the same key brings back what was live.
        """
        version, learned = self.versions.marked, self.learned
        if version is None or learned is None:
            return
        live = next((v for v in learned.versions if v.state is AdapterState.LIVE), None)
        if live is not None and version == live.version:
            version = live.parent or BASE
        adapters.rollback(self, self.assistant, version)

    def action_export(self) -> None:
        version = self.versions.marked
        if version is None or version == BASE:
            self.notify("Mark a version to export; the base model is a file already.", markup=False)
            return
        self.app.push_screen(ExportScreen(version), lambda export: self._export(version, export))

    def _export(self, version: str, export: Export | None) -> None:
        if export is not None:
            adapters.export(self, self.assistant, version, export.format, export.path)

    def action_veto(self) -> None:
        marked, learned = self.lessons.marked, self.learned
        lesson = next((x for x in learned.lessons if str(x.id) == marked), None) if learned else None
        if lesson is None:
            self.notify("There is no lesson yet. A correction (alt+e) makes one.", markup=False)
        elif lesson.state is LessonState.VETOED:
            adapters.restore(self, self.assistant, lesson.id)
        else:
            adapters.veto(self, self.assistant, lesson.id)

    def action_page_up(self) -> None:
        self.query_one("#panel", VerticalScroll).scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.query_one("#panel", VerticalScroll).scroll_page_down(animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
