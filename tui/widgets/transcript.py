"""The chat as it scrolls: the last turns, earlier ones on demand, one of them selected."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from tui.history import Past
from tui.widgets.exchange import Exchange
from tui.words import WELCOME


class Earlier(Static):
    """The line at the top that brings earlier turns."""

    DEFAULT_CSS = """
    Earlier { display: none; text-align: center; color: $text-accent; margin-bottom: 1; }
    Earlier.-some { display: block; }
    Earlier:hover { text-style: underline; }
    """

    class Wanted(Message):
        """The user clicked it."""

    def __init__(self) -> None:
        super().__init__("↑ load earlier turns (alt+pageup)", markup=False)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Wanted())


class Transcript(VerticalScroll, can_focus=False):
    """Follows the end while the reader is there, and stays where the reader has scrolled to."""

    DEFAULT_CSS = """
    Transcript {
        height: 1fr;
        padding: 1 0 0 0;
        scrollbar-size-vertical: 1;
        #welcome { padding: 0 2; color: $text-muted; display: none; }
        &.-welcome #welcome { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Earlier()
        yield Static(WELCOME, id="welcome", markup=False)

    def on_mount(self) -> None:
        self.anchor()

    @property
    def exchanges(self) -> list[Exchange]:
        return list(self.query_children(Exchange))

    @property
    def selected(self) -> Exchange | None:
        return next((exchange for exchange in self.exchanges if exchange.has_class("-selected")), None)

    @property
    def current(self) -> Exchange | None:
        """What rating, correcting, copying and retrying mean: the selected turn, or the last."""
        return self.selected or next(reversed(self.exchanges), None)

    def welcome(self, show: bool) -> None:
        self.set_class(show, "-welcome")

    def more(self, some: bool) -> None:
        """Whether there are earlier turns than those shown."""
        self.query_one(Earlier).set_class(some, "-some")

    def append(self, exchange: Exchange) -> None:
        """A new turn: the view goes to it."""
        self.welcome(False)
        self.select(None)
        self.mount(exchange)
        self.anchor()

    def cut(self, exchange: Exchange) -> None:
        """Take this turn and all after it off the screen."""
        shown = self.exchanges
        for later in shown[shown.index(exchange) :]:
            later.remove()

    async def fill(self, page: Sequence[Past]) -> None:
        """Show another chat."""
        await self.query_children(Exchange).remove()
        self.welcome(False)
        await self.mount_all([Exchange(past.prompt, past.reply, past.facts) for past in page])
        self.anchor()

    async def prepend(self, page: Sequence[Past]) -> None:
        """Earlier turns, above what the reader sees; the reader stays where he was."""
        self.release_anchor()
        before = self.virtual_size.height - self.scroll_y
        await self.mount_all(
            [Exchange(past.prompt, past.reply, past.facts) for past in page], after=self.query_one("#welcome")
        )
        self.call_after_refresh(self._keep, before)

    def _keep(self, below: float) -> None:
        self.scroll_to(y=self.virtual_size.height - below, animate=False, force=True)

    def fold(self) -> bool | None:
        """Unfold every thought, or fold them all when none is folded. True: unfolded now; None: there is none."""
        thoughts = [exchange.thought for exchange in self.exchanges if exchange.facts.thought.strip()]
        unfold = any(thought.folded for thought in thoughts)
        for thought in thoughts:
            thought.fold(not unfold)
        return unfold if thoughts else None

    def select(self, chosen: Exchange | None) -> None:
        for exchange in self.exchanges:
            exchange.set_class(exchange is chosen, "-selected")
        if chosen is not None:
            self.scroll_to_widget(chosen, animate=False)

    def move(self, step: int) -> bool:
        """Select the turn `step` further down; false when there is none above."""
        shown = self.exchanges
        selected = self.selected
        at = (shown.index(selected) if selected else len(shown)) + step
        if at < 0:
            return False
        self.select(shown[at] if at < len(shown) else None)
        if at >= len(shown):
            self.anchor()
        return True
