"""The main screen: the chat, the status line, the prompt. What its actions do is in `tui.commands`."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Footer, TextArea
from textual.worker import get_current_worker

from clawlocal.assistant import Assistant
from clawlocal.records import Session
from tui.actions import Place, bindings, find
from tui.background import ask
from tui.commands import chat, feedback
from tui.plain import one_line
from tui.screens.holder import HolderScreen
from tui.screens.panel import PanelScreen
from tui.screens.replying import Replying
from tui.slash import UnknownCommand, parse
from tui.widgets.exchange import Exchange
from tui.widgets.prompt import Prompt, SlashHint
from tui.widgets.statusline import StatusLine
from tui.widgets.topline import TopLine
from tui.widgets.transcript import Earlier, Transcript


class ChatScreen(Replying):
    """Paints at once; the model loads meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.CHAT)]

    def __init__(self, assistant: Assistant, session: str | None, temporary: bool) -> None:
        super().__init__(assistant)
        self._first = (session, temporary)
        self._holder_known = False

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield Transcript()
        yield StatusLine(self.assistant)
        yield SlashHint()
        yield Prompt()
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        session, temporary = self._first
        self.prompt.focus()
        self._load()
        await self.start_new(temporary=temporary)
        if session is not None:
            self.open(session)
        elif not temporary:
            ask(self, lambda: self.assistant.sessions(1), self._greet, group="open")

    def _load(self) -> None:
        self.status_line.progress = f"loading {one_line(self.assistant.model_name)}…"
        ask(self, self._until_ready, lambda _: self._loaded_model(""), group="model",
            undo=lambda: self._loaded_model("no model"))  # fmt: skip

    def _until_ready(self) -> None:
        worker = get_current_worker()
        while not worker.is_cancelled:  # so that quitting does not wait for the model
            try:
                return self.assistant.wait_ready(timeout=0.2)
            except TimeoutError:
                continue

    def _loaded_model(self, progress: str) -> None:
        self.status_line.progress = progress

    def _greet(self, sessions: list[Session]) -> None:
        self.transcript.welcome(not sessions and not self.transcript.exchanges)

    # actions

    def action_do(self, identity: str, argument: str = "") -> None:
        """Carry out an action of the registry."""
        action = find(identity)
        if action.run is not None:
            action.run(self, argument)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do" and parameters[:1] == ("reply.stop",):
            return self.running is not None
        return True

    @on(Exchange.Rated)
    def rated(self, event: Exchange.Rated) -> None:
        feedback.rate(self, event.exchange, event.rating)

    @on(Exchange.Chosen)
    def chosen(self, event: Exchange.Chosen) -> None:
        selected = self.transcript.selected
        self.transcript.select(None if event.exchange is selected else event.exchange)

    @on(Earlier.Wanted)
    def wanted(self) -> None:
        chat.earlier(self, "")

    # the prompt

    @on(TextArea.Changed)
    def hint(self) -> None:
        self.query_one(SlashHint).show_for(self.prompt.text)

    @on(Prompt.Paged)
    def page(self, event: Prompt.Paged) -> None:
        if event.step < 0:
            self.transcript.scroll_page_up(animate=False)
        else:
            self.transcript.scroll_page_down(animate=False)

    @on(Prompt.Sent)
    def sent(self, event: Prompt.Sent) -> None:
        try:
            command = parse(event.text)
        except UnknownCommand as e:
            self.prompt.put_back(event.text)
            self.notify(str(e), severity="warning", markup=False)
            return
        if command is not None:
            action, argument = command
            self.action_do(action.id, argument)
        elif self.free():
            self.send(event.text)
        else:
            self.prompt.put_back(event.text)

    # learning

    @on(StatusLine.Updated)
    def status_updated(self, event: StatusLine.Updated) -> None:
        self.query_one(TopLine).show_model(self.assistant.model_name, event.status.live_version)
        if event.ended is not None:
            news = self.status_line.news
            self.say(f"{news[:1].upper()}{news[1:]}. ctrl+s shows the receipt.")
        if event.status.holder and not self._holder_known:
            self.app.push_screen(HolderScreen(event.status.holder), self._held)
        self._holder_known = True
        for screen in self.app.screen_stack:
            if isinstance(screen, PanelScreen):
                screen.reload()

    def _held(self, go_on: bool | None) -> None:
        if not go_on:
            self.app.exit(0)
