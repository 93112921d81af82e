"""The list of chats: find by title or by what was said, open, rename, delete."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from clawlocal.records import Message, Session
from tui.actions import Place, bindings
from tui.background import ask
from tui.plain import one_line
from tui.screens.confirm import ConfirmScreen
from tui.screens.form import Modal
from tui.screens.line import LineScreen
from tui.screens.talking import Talking
from tui.words import counted

LIMIT = 1000
"""Chats in the list: the latest."""


def session_line(session: Session, current: str | None, quote: str = "") -> str:
    """`● Trip to Lisbon  (12 turns · 2025-06-01 12:30)`, and below it what was found in it."""
    mark = "●" if session.id == current else " "
    facts = [counted(session.turns, "turn"), session.updated[:16].replace("T", " ")]
    if not session.learning:
        facts.append("not learned from")
    line = f"{mark} {one_line(session.title) or 'untitled'}  ({' · '.join(facts)})"
    return f"{line}\n    “{quote}”" if quote else line


def quoted(messages: Iterable[Message], text: str) -> dict[str, str]:
    """For each chat in which `text` was found, the place: the first message, cut around the first word."""
    word = text.split()[0].casefold()
    quotes: dict[str, str] = {}
    for message in messages:
        line = one_line(message.content)
        start = max(0, line.casefold().find(word) - 20)
        quotes.setdefault(message.session, ("…" if start else "") + line[start : start + 60])
    return quotes


class SessionsScreen(Modal[str]):
    """The id of the chat to open. The field keeps the focus: typing filters, up and down mark."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.SESSIONS)]
    DEFAULT_CSS = """
    SessionsScreen .box { height: 80%; }
    SessionsScreen OptionList { height: 1fr; border: none; padding: 0; background: transparent; }
    """

    def __init__(self, chat: Talking, filter: str = "") -> None:
        super().__init__()
        self.chat = chat
        self.filter = filter
        self.sessions: list[Session] = []
        self.quotes: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static("Chats", classes="title", markup=False)
            yield Input(self.filter, placeholder="type to search…  (enter opens)", compact=True)
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
        self.search()

    @on(Input.Changed)
    def search(self) -> None:
        """The titles at once; what was said as soon as it is found."""
        text = self.query_one(Input).value
        self.quotes = {}
        self._list()
        if text.split():
            find = partial(self.chat.assistant.search, text)
            ask(self, find, lambda found: self._found(text, found), group="search")

    def _found(self, text: str, messages: list[Message]) -> None:
        if text == self.query_one(Input).value:  # else the user has typed on
            self.quotes = quoted(messages, text)
            self._list()

    def _list(self) -> None:
        words = self.query_one(Input).value.casefold().split()
        by_title = [x for x in self.sessions if all(word in x.title.casefold() for word in words)]
        by_text = [x for x in self.sessions if x.id in self.quotes and x not in by_title]
        marked, rows = self.marked, self.query_one(OptionList)
        lines = [(x, "") for x in by_title] + [(x, self.quotes[x.id]) for x in by_text]
        options = [Option(session_line(x, self.chat.talk.session, quote), id=x.id) for x, quote in lines]
        rows.clear_options().add_options(options)
        ids = [x.id for x, _ in lines]
        if ids:
            rows.highlighted = ids.index(marked.id) if marked and marked.id in ids else 0
        self.query_one("#none", Static).update("" if ids else "Nothing found." if words else "No chat yet.")

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
        if title is not None:
            rename = partial(self.chat.assistant.rename_session, session.id, title)
            ask(self, rename, lambda _: self._renamed(session), group="sessions")

    def _renamed(self, session: Session) -> None:
        self.reload()
        if session.id == self.chat.talk.session:
            ask(self.chat, lambda: self.chat.assistant.session(session.id), self.chat.name_talk, group="open")

    def action_delete(self) -> None:
        session = self.marked
        if session is not None:
            name = f"“{one_line(session.title)}” ({counted(session.turns, 'turn')})"
            stays = "What the weights learned from it stays; `clawlocal forget` takes that out too."
            form = ConfirmScreen(f"Delete {name}? It cannot be brought back. {stays}", "Delete")
            self.app.push_screen(form, lambda agreed: self._delete(session, agreed))

    def _delete(self, session: Session, agreed: bool | None) -> None:
        if agreed:
            delete = partial(self.chat.assistant.delete_session, session.id)
            ask(self, delete, lambda _: self._deleted(session), group="sessions")

    async def _deleted(self, session: Session) -> None:
        self.reload()
        if session.id == self.chat.talk.session:
            await self.chat.start_new()
