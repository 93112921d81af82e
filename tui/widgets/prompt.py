"""The prompt: a text field that grows, and the hint above it for slash commands."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static, TextArea

from tui.actions import Place, bindings
from tui.plain import plain
from tui.slash import completed, matches

METHODS = {binding.key: binding.action for binding in Binding.make_bindings(bindings(Place.PROMPT))}
METHODS["shift+\r"] = "newline"  # shift+enter, as xterm and tmux encode it


class Prompt(TextArea):
    """Enter sends; ctrl+j and shift+enter break the line."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.PROMPT)]
    DEFAULT_CSS = """
    Prompt, Prompt:focus {
        height: auto;
        max-height: 10;
        border: round $primary;
        padding: 0 1;
        background: transparent;
    }
    """

    class Sent(Message):
        """The user pressed enter on a text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Paged(Message):
        """The user wants to scroll the chat, a page up (-1) or down (1)."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        super().__init__(
            placeholder="ask anything…   (/ commands, f1 help)",
            highlight_cursor_line=False,
            show_line_numbers=False,
        )

    def put_back(self, text: str) -> None:
        """A text that was not sent, before whatever was typed since."""
        self.text = f"{text}\n{self.text}" if self.text.strip() else text
        self.move_cursor(self.document.end)

    @on(events.Key)
    def obey(self, event: events.Key) -> None:
        """The keys of the prompt in their turn among the letters: a text may come in one burst, with its enter.

        Bindings are looked up later, when what was typed after the enter is in the field already.
        """
        if event.key.startswith("alt+"):
            event.prevent_default()  # the text field would insert the letter; the screen has a use for it
        method = METHODS.get(event.key)
        if method is None or not self.check_action(method, ()):
            return
        event.stop()
        event.prevent_default()
        getattr(self, f"action_{method}")()

    def action_send(self) -> None:
        text = self.text
        if text.strip():
            self.clear()
            self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        self.insert("\n")

    def action_complete(self) -> None:
        text = completed(self.text)
        if text is not None:
            self.text = text
            self.move_cursor(self.document.end)

    def action_page_up(self) -> None:
        self.post_message(self.Paged(-1))

    def action_page_down(self) -> None:
        self.post_message(self.Paged(1))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(matches(self.text)) if action == "complete" else True

    @on(events.Paste)
    def strip(self, event: events.Paste) -> None:
        """Before the text field takes it."""
        event.text = plain(event.text)


class SlashHint(Static):
    """The commands that the typed line could mean."""

    DEFAULT_CSS = """
    SlashHint {
        height: auto;
        max-height: 8;
        padding: 0 2;
        color: $text-muted;
        background: $panel;
        display: none;
    }
    SlashHint.-some { display: block; }
    """
    LINES = 7

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show_for(self, text: str) -> None:
        found = matches(text)
        width = max((len(action.command) for action in found), default=0)
        lines = [f"{action.command.ljust(width)}  {action.title}" for action in found]
        if len(lines) > self.LINES:
            lines[self.LINES :] = [f"… {len(lines) - self.LINES} more; type on, tab completes"]
        self.set_class(bool(lines), "-some")
        self.update("\n".join(lines))
