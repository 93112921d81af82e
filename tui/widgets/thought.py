"""What the model thought before it answered: one line that unfolds. Knows no reply."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static

from tui.actions import Place, bindings
from tui.plain import plain
from tui.words import thought_words

OFTEN = 0.2
"""Seconds between two looks at a thought that is being written: a long one is laid out anew each time."""


class ThoughtLine(Static, can_focus=True):
    """`▸ thinking…`, `▸ thought 3 s`. A click leaves the focus where the user writes."""

    FOCUS_ON_CLICK = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.THOUGHT)]
    DEFAULT_CSS = """
    ThoughtLine {
        width: auto;
        padding: 0 1 0 2;
        color: $text-muted;
        pointer: pointer;
        &:hover { text-style: underline; }
        &:focus { text-style: reverse; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def action_unfold(self) -> None:
        if isinstance(self.parent, Thought):
            self.parent.fold(not self.parent.folded)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_unfold()


class Thought(Vertical):
    """Nothing while there is no thought. The text is laid out only while it is unfolded."""

    DEFAULT_CSS = """
    Thought {
        height: auto;
        display: none;
        margin-bottom: 1;
        #thought { padding: 0 1 0 4; color: $text-muted; text-style: italic; display: none; }
        &.-some { display: block; }
        &.-unfolded #thought { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._words = ""
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield ThoughtLine()
        yield Static("", id="thought", markup=False)

    @property
    def folded(self) -> bool:
        return not self.has_class("-unfolded")

    def fold(self, folded: bool) -> None:
        self.set_class(not folded, "-unfolded")
        self._show_line()
        self._show_text()

    def show(self, text: str, seconds: float, *, running: bool) -> None:
        """What there is of it. While it is `running`, an unfolded text follows every now and then."""
        self._text, self._words = text.strip(), thought_words(seconds, running=running)
        self.set_class(bool(self._text), "-some")
        self._show_line()
        if running and self._text and self._timer is None:
            self._timer = self.set_interval(OFTEN, self._show_text)
        if not running:
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
            self._show_text()

    def _show_line(self) -> None:
        self.query_one(ThoughtLine).update(f"{'▸' if self.folded else '▾'} {self._words}")

    def _show_text(self) -> None:
        if not self.folded:
            self.query_one("#thought", Static).update(plain(self._text))
