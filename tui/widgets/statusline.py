"""The status line: asks the assistant how the learning goes, and says it in words.

It asks whenever the assistant reports a change, and every few seconds; one question at a time.
"""

from __future__ import annotations

from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from clawlocal.assistant import Assistant, Status
from clawlocal.errors import ClawlocalError, NotFound
from clawlocal.records import Receipt, UpdateStatus
from tui.background import ask, post
from tui.plain import one_line
from tui.words import news_words, status_words

SLOWLY = 5.0
"""Seconds between two looks when nothing is reported: the clock of the idle time moves on."""


class StatusLine(Static):
    """One line, two where the window is narrow. The colour only repeats what the words say."""

    DEFAULT_CSS = """
    StatusLine {
        height: auto;
        max-height: 2;
        padding: 0 1;
        color: $text-muted;
        &.-busy { color: $foreground; }
        &.-off { color: $foreground; text-style: bold; }
    }
    """

    progress = reactive("")
    """What the model is doing, as long as it cannot answer: `loading smollm2-135m…`."""
    news = reactive("")
    """How the last update ended, until the next message is sent."""
    temporary = reactive(False)

    class Changed(Message):
        """The assistant says that its status may have changed."""

    class Updated(Message):
        """A new status; `ended` is an update that has ended since the one before."""

        def __init__(self, status: Status, ended: Receipt | None) -> None:
            super().__init__()
            self.status = status
            self.ended = ended

    def __init__(self, assistant: Assistant) -> None:
        super().__init__("○ starting…", markup=False)
        self.assistant = assistant
        self.session: str | None = None
        self.status: Status | None = None
        self._asking = False
        self._again = False

    def on_mount(self) -> None:
        self.assistant.on_change(lambda: post(self, self.Changed()))
        self.set_interval(SLOWLY, self.look)
        self.look()

    def on_status_line_changed(self, event: Changed) -> None:
        event.stop()
        self.look()

    def look(self) -> None:
        """Ask for the status, unless a question is under way: then ask once more after it."""
        if self._asking:
            self._again = True
            return
        self._asking, self._again = True, False
        session = self.session
        ask(self, lambda: self._read(session), self._seen, group="status")

    def typed(self) -> None:
        """A key was pressed: a running update pauses, which the assistant does not report."""
        if self.status is not None and self.status.state == "training":
            self.look()

    def _read(self, session: str | None) -> Status | ClawlocalError:
        """In a worker. An error is said here, not over the chat every few seconds."""
        try:
            return self.assistant.status(session)
        except NotFound:  # deleted by another instance
            return self.assistant.status()
        except ClawlocalError as e:
            return e

    def _asked(self) -> None:
        self._asking = False
        if self._again:
            self.look()

    def _seen(self, status: Status | ClawlocalError) -> None:
        self._asked()
        if isinstance(status, ClawlocalError):
            self.update(f"○ {one_line(str(status))}")
            return
        ended = self._ended(status)
        self.status = status
        if ended is not None:
            self.news = news_words(ended)
        self._say()
        self.post_message(self.Updated(status, ended))

    def _ended(self, status: Status) -> Receipt | None:
        """The update that has ended since the last look. What was before the first look is no news."""
        receipt = status.last_update
        before = self.status.last_update if self.status else receipt
        if receipt is None or receipt == before or receipt.status is UpdateStatus.RUNNING:
            return None
        return receipt

    def watch_progress(self) -> None:
        self._say()

    def watch_news(self) -> None:
        self._say()

    def watch_temporary(self) -> None:
        self._say()

    def _say(self) -> None:
        status = self.status
        if status is None:
            self.update(self.progress or "○ starting…")
            return
        words = status_words(status, temporary=self.temporary, news=self.news)
        self.set_class(status.state in ("training", "paused"), "-busy")
        self.set_class(status.state == "off" or bool(status.holder), "-off")
        self.update(f"{self.progress}  {words}" if self.progress else words)
