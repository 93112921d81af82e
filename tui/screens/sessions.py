"""The list of chats: find, open, rename, delete."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from clawlocal.records import Session
from tui.actions import Place, bindings
from tui.background import ask
from tui.plain import one_line
from tui.screens.confirm import ConfirmScreen
from tui.screens.form import Modal
from tui.screens.line import LineScreen
from tui.screens.talking import Talking
from tui.words import counted

LIMIT = 1000


def session_line(session: Session, current: str | None) -> str:
    """`● Trip to Lisbon   12 turns · 2025-06-01 12:30 · not learned from`."""
    mark = "●" if session.id == current else " "
    facts = [counted(session.turns, "turn"), session.updated[:16].replace("T", " ")]
    if not session.learning:
        facts.append("not learned from")
    return f"{mark} {one_line(session.title) or 'untitled'}  ({' · '.join(facts)})"


def fits(session: Session, words: list[str]) -> bool:
    """Whether every word is in the title."""
    title = session.title.casefold()
    return all(word in title for word in words)


class SessionsScreen(Modal[str]):
    """The id of the chat to open. The field keeps the focus: typing filters, up and down mark."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.SESSIONS)]
    DEFAULT_CSS = """
    SessionsScreen .box { height: 80%; }
    SessionsScreen OptionList { height: 1fr; border: none; padding: 0; }
    """

    def __init__(self, chat: Talking, filter: str = "") -> None:
        super().__init__()
        self.chat = chat
        self.filter = filter
        self.sessions: list[Session] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static("Chats", classes="title", markup=False)
            yield Input(self.filter, placeholder="type to filter…", compact=True)
            yield Static("", id="none", classes="quiet", markup=False)
            yield OptionList(markup=False, compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()
        self.reload()

    def reload(self) -> None:
        ask(self, lambda: self.chat.assistant.sessions(LIMIT), self._show, group="sessions")

    def _show(self, sessions: list[Session]) -> None:
        self.sessions = sessions
        self.narrow()

    @on(Input.Changed)
    def narrow(self) -> None:
        """Show those that the filter leaves."""
        words = self.query_one(Input).value.casefold().split()
        found = [session for session in self.sessions if fits(session, words)]
        rows = self.query_one(OptionList)
        marked = self.marked
        rows.clear_options().add_options(
            [Option(session_line(session, self.chat.talk.session), id=session.id) for session in found]
        )
        ids = [session.id for session in found]
        rows.highlighted = (ids.index(marked.id) if marked and marked.id in ids else 0) if ids else None
        nothing = "No chat has this title." if words else "No chat yet."
        self.query_one("#none", Static).update("" if found else nothing)

    @property
    def marked(self) -> Session | None:
        option = self.query_one(OptionList).highlighted_option
        return next((session for session in self.sessions if option and session.id == option.id), None)

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        if self.marked is not None:
            self.dismiss(self.marked.id)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_rename(self) -> None:
        session = self.marked
        if session is not None:
            form = LineScreen("The title of this chat", one_line(session.title))
            self.app.push_screen(form, lambda title: self._rename(session, title))

    def _rename(self, session: Session, title: str | None) -> None:
        if title is None:
            return
        assistant = self.chat.assistant
        rename = partial(assistant.rename_session, session.id, title)
        ask(self, rename, lambda _: self._changed(session), group="sessions")

    def _changed(self, session: Session) -> None:
        self.reload()
        if session.id == self.chat.talk.session:
            ask(self.chat, lambda: self.chat.assistant.session(session.id), self.chat.name_talk, group="open")

    def action_delete(self) -> None:
        session = self.marked
        if session is not None:
            name = f"“{one_line(session.title)}” ({counted(session.turns, 'turn')})"
            form = ConfirmScreen(f"Delete {name}? It cannot be brought back.", "Delete")
            self.app.push_screen(form, lambda agreed: self._delete(session, agreed))

    def _delete(self, session: Session, agreed: bool | None) -> None:
        if not agreed:
            return
        assistant = self.chat.assistant
        delete = partial(assistant.delete_session, session.id)
        ask(self, delete, lambda _: self._deleted(session), group="sessions")

    async def _deleted(self, session: Session) -> None:
        self.reload()
        if session.id == self.chat.talk.session:
            await self.chat.start_new()
