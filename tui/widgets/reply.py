"""A reply as Markdown, and the line under it."""

from __future__ import annotations

from markdown_it import MarkdownIt
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Markdown, Static

from tui.plain import plain
from tui.words import Facts, reply_words

WEB = ("https://", "http://", "mailto:")


def parser() -> MarkdownIt:
    """GitHub's Markdown, with HTML shown as it is written instead of swallowed."""
    return MarkdownIt("gfm-like", {"html": False})


class ReplyText(Markdown):
    """The reply. Its links open in the browser, when they are links of the web."""

    DEFAULT_CSS = """
    ReplyText { padding: 0 1 0 2; background: transparent; }
    ReplyText MarkdownHeader { margin: 0 0 1 0; content-align: left middle; }
    """

    def __init__(self, source: str = "") -> None:
        super().__init__(plain(source), parser_factory=parser, open_links=False)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        if event.href.startswith(WEB):
            self.app.open_url(event.href)
        else:
            self.notify(f"Not opened, it is no web address: {plain(event.href)}", markup=False)


class Mark(Static):
    """A rating to click; ticked once given."""

    DEFAULT_CSS = """
    Mark { width: auto; margin-left: 2; color: $text-muted; }
    Mark:hover { text-style: underline; }
    Mark.-given { text-style: bold; color: $text-primary; }
    """

    class Clicked(Message):
        """The user rates by mouse."""

        def __init__(self, rating: str) -> None:
            super().__init__()
            self.rating = rating

    def __init__(self, sign: str, rating: str) -> None:
        super().__init__(f"{sign} {rating}", markup=False)
        self.sign = sign
        self.rating = rating

    def give(self, given: bool) -> None:
        self.set_class(given, "-given")
        self.update(f"✓ rated {self.rating}" if given else f"{self.sign} {self.rating}")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self.rating))


class ReplyLine(Horizontal):
    """`42 tok/s · 412 tokens · v12`, and the two ratings."""

    DEFAULT_CSS = """
    ReplyLine {
        height: auto;
        padding: 0 1 0 2;
        #facts { width: auto; max-width: 1fr; color: $text-muted; }
        &.-waiting Mark { display: none; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static("", id="facts", markup=False)
        yield Mark("+", "good")
        yield Mark("−", "bad")

    def wait(self, words: str) -> None:
        """What is going on, while there is nothing to rate."""
        self.add_class("-waiting")
        self.query_one("#facts", Static).update(words)

    def show(self, facts: Facts) -> None:
        self.set_class(facts.turn is None, "-waiting")
        self.query_one("#facts", Static).update(reply_words(facts))
        for mark in self.query(Mark):
            mark.give(facts.rating == (1 if mark.rating == "good" else -1))
