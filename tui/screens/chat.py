"""The main screen: the chat, the status line, the prompt. What its actions do is in `tui.commands`."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Footer, TextArea
from textual.worker import get_current_worker

from clawlocal.assistant import Assistant, Proposal, Status
from clawlocal.records import Session
from tui import history
from tui.actions import Place, bindings, find
from tui.background import ask
from tui.commands import chat, feedback, here, offload
from tui.history import History
from tui.opening import Opening
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

    def __init__(self, assistant: Assistant, opening: Opening) -> None:
        super().__init__(assistant)
        self._opening = opening
        self._holder_known = False
        self._proposed: object = None
        """What waited when a cluster was proposed last: not asked again for the same."""

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield Transcript()
        yield StatusLine(self.assistant)
        yield SlashHint()
        yield Prompt()
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        first = self._opening
        session = first.session
        self.prompt.focus()
        self.prompt.put_back(first.text)
        self._load()
        await self.start_new(temporary=first.temporary)
        if session is not None:
            ask(self, lambda: history.load(self.assistant, session), self._open_first, group="open")
        elif not first.temporary:
            ask(self, lambda: self.assistant.sessions(1), self._greet, group="open")

    async def _open_first(self, found: History) -> None:
        await self._opened(found)
        if self._opening.again is not None:
            here.answer(self, self._opening.again)

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
        if action == "do" and parameters[:1] == ("reply.here",):
            return bool(self.assistant.local_model)
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
        self._propose(event.status)
        for screen in self.app.screen_stack:
            if isinstance(screen, PanelScreen):
                screen.reload()

    def _propose(self, status: Status) -> None:
        """Only to who is away: a question over what is being written or read would be in the way."""
        if status.propose is None or status.queue == self._proposed or not self._free_to_ask():
            return
        self._proposed = status.queue
        ask(self, self.assistant.proposal, self._ask_whether, group="offload", long=True)

    def _free_to_ask(self) -> bool:
        return self.app.screen is self and self.running is None and not self.prompt.text.strip()

    def _ask_whether(self, proposal: Proposal) -> None:
        if self._free_to_ask():
            offload.show(self, proposal)
        else:
            self._proposed = None

    def _held(self, go_on: bool | None) -> None:
        if not go_on:
            self.app.exit(0)
