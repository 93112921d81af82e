"""Which chat is on the screen: a new one, a kept one, and its name."""

from __future__ import annotations

from dataclasses import dataclass

from textual.screen import Screen

from clawlocal.assistant import Assistant
from clawlocal.records import Message, Session
from tui import history
from tui.background import ask
from tui.history import History, Past
from tui.running import Running
from tui.widgets.exchange import Exchange
from tui.widgets.prompt import Prompt
from tui.widgets.statusline import StatusLine
from tui.widgets.topline import TopLine
from tui.widgets.transcript import Transcript


@dataclass(frozen=True)
class Talk:
    """The chat on the screen. `session` is none until its first message is sent."""

    session: str | None = None
    title: str = ""
    temporary: bool = False
    learning: bool = True


class Talking(Screen[None]):
    """Holds the chat that is shown, and the reply that runs, which may belong to another chat."""

    def __init__(self, assistant: Assistant) -> None:
        super().__init__()
        self.assistant = assistant
        self.talk = Talk()
        self.running: Running | None = None
        self.unread: list[Message] = []
        """The messages before those on the screen."""

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    @property
    def status_line(self) -> StatusLine:
        return self.query_one(StatusLine)

    def say(self, sentence: str) -> None:
        """A word to the user, over the chat."""
        self.notify(sentence, markup=False)

    async def start_new(self, *, temporary: bool = False) -> None:
        """An empty chat. It is kept with its first message, unless it is temporary."""
        self.unread = []
        self.show(Talk(temporary=temporary))
        self.transcript.more(False)
        await self.transcript.fill([])

    def open(self, session: str) -> None:
        """Show a chat that was kept."""
        ask(self, lambda: history.load(self.assistant, session), self._opened, group="open")

    async def _opened(self, found: History) -> None:
        self.unread = found.earlier
        self.name_talk(found.session)
        self.transcript.more(bool(found.earlier))
        running, page = self.running, found.page
        if running is None or running.session != found.session.id:
            await self.transcript.fill(page)
            return
        await self.transcript.fill(page if page and page[-1].answered else page[:-1])
        self.transcript.append(Exchange.of(running))

    def load_earlier(self) -> None:
        """One page more, above."""
        unread, self.unread = self.unread, []
        ask(self, lambda: history.take(self.assistant, unread), self._loaded, group="open")

    async def _loaded(self, taken: tuple[list[Past], list[Message]]) -> None:
        page, self.unread = taken
        self.transcript.more(bool(self.unread))
        await self.transcript.prepend(page)

    def name_talk(self, session: Session) -> None:
        """The chat on the screen is this one."""
        self.show(Talk(session.id, session.title, False, session.learning))

    def show(self, talk: Talk) -> None:
        self.talk = talk
        self.query_one(TopLine).show_title(talk.title, temporary=talk.temporary)
        self.status_line.temporary = talk.temporary
        self.status_line.session = talk.session
        self.status_line.look()
