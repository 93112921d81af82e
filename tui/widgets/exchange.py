"""One turn on the screen: what the user wrote, the reply, the line under it."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static
from textual.widgets.markdown import MarkdownStream

from tui.plain import Filter, plain
from tui.running import Running
from tui.widgets.reply import Mark, ReplyLine, ReplyText
from tui.widgets.thought import Thought
from tui.words import Facts, call_words, notice_words


class Exchange(Vertical):
    """A turn, from the store or in the making.

    While `running` is set it is filled by `feed`; `finish` or `fail` closes it. All three may come before it
    is mounted, when a chat is opened whose reply is still being written.
    """

    DEFAULT_CSS = """
    Exchange {
        height: auto;
        margin-bottom: 1;
        border-left: blank;
        #prompt { padding: 0 1; margin-bottom: 1; background: $boost; border-left: thick $primary; }
        #calls { padding: 0 1 0 2; margin-bottom: 1; display: none; }
        #calls.-some { display: block; }
        #notices { padding: 0 1 0 2; text-style: italic; display: none; }
        #notices.-said { display: block; }
    }
    Exchange.-selected { border-left: double $accent; }
    """

    class Rated(Message):
        """The user clicked a mark."""

        def __init__(self, exchange: Exchange, rating: str) -> None:
            super().__init__()
            self.exchange = exchange
            self.rating = rating

    class Chosen(Message):
        """The user clicked the turn."""

        def __init__(self, exchange: Exchange) -> None:
            super().__init__()
            self.exchange = exchange

    def __init__(
        self, prompt: str, reply: str = "", facts: Facts | None = None, running: Running | None = None
    ) -> None:
        super().__init__()
        self.prompt = prompt
        self.source = reply
        """The reply as Markdown, as it came."""
        self.facts = facts or Facts()
        self.running = running
        self._filter = Filter()
        self._ready = False
        self._stream: MarkdownStream | None = None
        self._timer: Timer | None = None

    @classmethod
    def of(cls, running: Running) -> Exchange:
        """A reply in the making, with what there is of it."""
        facts = Facts(thought=running.thought, thought_seconds=running.thought_seconds)
        return cls(running.prompt, running.text, facts, running)

    @property
    def turn(self) -> str | None:
        return self.facts.turn

    def compose(self) -> ComposeResult:
        yield Static(plain(self.prompt), id="prompt", markup=False)
        yield Thought()
        yield ReplyText(self.source)
        yield Static("", id="calls", markup=False)
        yield ReplyLine()
        yield Static("", id="notices", markup=False)

    async def on_mount(self) -> None:
        self._timer = self.set_interval(1, self._show)
        text = self.query_one(ReplyText)
        while text.source != plain(self.source):  # more came while it was mounted
            await text.update(plain(self.source))
        self._ready = True
        self._show()

    @property
    def thought(self) -> Thought:
        return self.query_one(Thought)

    def think(self, running: Running) -> None:
        """Some more of the thought, which the reply in the making holds."""
        self.facts = replace(self.facts, thought=running.thought, thought_seconds=running.thought_seconds)
        if self._ready:
            self._show_thought()

    async def feed(self, piece: str) -> None:
        """Some more text of the reply."""
        self.source += piece
        if not self._ready:
            return
        text = self._filter.feed(piece)
        if not text:
            return  # a stream that is stopped before anything was written would take this handler with it
        if self._stream is None:
            self._stream = ReplyText.get_stream(self.query_one(ReplyText))
            self._show()
        await self._stream.write(text)

    async def finish(self, text: str, facts: Facts) -> None:
        """The reply is complete: `text` is what was kept."""
        self.source, self.facts, self.running = text, facts, None
        if not self._ready:
            return
        await self._close_stream()
        if plain(text).strip() != self.query_one(ReplyText).source.strip():
            await self.query_one(ReplyText).update(plain(text))
        self._show()

    async def fail(self, sentence: str) -> None:
        """The reply broke off; what came of it stays on the screen."""
        await self.finish(self.source, replace(self.facts, stopped="failed", notices=(sentence,)))

    async def _close_stream(self) -> None:
        if self._stream is not None:
            await self._stream.write(self._filter.flush())
            await self._stream.stop()
            self._stream = None

    def rate(self, rating: int) -> None:
        """Show a rating that was given."""
        self.facts = self.facts.rated(rating)
        self._show()

    def _show_thought(self) -> None:
        thinking = self.running is not None and not self.source
        self.thought.show(self.facts.thought, self.facts.thought_seconds, running=thinking)

    def _doing(self, running: Running) -> str:
        if running.cancelled:
            return "stopping"
        return "writing" if self.source else "thinking" if self.facts.thought.strip() else "reading"

    def _show(self) -> None:
        self._show_thought()
        line = self.query_one(ReplyLine)
        if self.running is not None:
            doing = self._doing(self.running)
            line.wait(f"{doing}… {monotonic() - self.running.since:.0f} s · esc stops")
            return
        if self._timer is not None:
            self._timer.stop()
        line.show(self.facts)
        calls = self.query_one("#calls", Static)
        calls.update(call_words(self.facts.tool_calls))
        calls.set_class(bool(self.facts.tool_calls), "-some")
        notices = self.query_one("#notices", Static)
        notices.update(notice_words(self.facts))
        notices.set_class(bool(self.facts.notices), "-said")

    def on_mark_clicked(self, event: Mark.Clicked) -> None:
        event.stop()
        self.post_message(self.Rated(self, event.rating))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Chosen(self))
