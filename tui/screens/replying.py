"""A reply from the moment it is asked for until it is kept, or its message is back in the prompt."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import monotonic

from clawlocal.assistant import Answer, Reply
from clawlocal.errors import ClawlocalError, ConsentError, OffloadError
from tui.actions import find
from tui.background import ask
from tui.plain import plain
from tui.running import Arrived, Finished, Rival, Running, Start, callbacks
from tui.screens.choice import ChoiceScreen
from tui.screens.talking import Talking
from tui.widgets.exchange import Exchange
from tui.words import Facts

PACE_SECONDS = 0.08
"""A reply is drawn so often at most. For every drawing the screen is laid out anew, while the model waits."""


class Replying(Talking):
    """Sends, and shows what comes back. One reply at a time; the user may read another chat meanwhile."""

    def free(self) -> bool:
        """Whether another reply may begin; says so when it may not."""
        if self.running is not None:
            self.say("A reply is still being written. esc stops it.")
        return self.running is None

    def send(self, text: str) -> None:
        talk = self.talk
        self.begin(
            Running(text, talk.session),
            lambda calls: self.assistant.chat(text, session=talk.session, temporary=talk.temporary, **calls),
        )

    def begin(self, running: Running, start: Start) -> None:
        """Show that a reply is on its way, and ask for it."""
        self.running = running
        self.transcript.append(Exchange.of(running))
        self.status_line.news = ""
        self.refresh_bindings()
        calls = callbacks(running, self)
        ask(
            self,
            lambda: start(calls),
            lambda reply: self._begun(running, reply),
            group="reply",
            undo=lambda: self._put_back(running, ""),
        )

    def _begun(self, running: Running, reply: Reply) -> None:
        running.begun(reply)
        if self._shown(running) is not None and self.talk.session is None:
            self.show(replace(self.talk, session=reply.session))

    def _shown(self, running: Running) -> Exchange | None:
        """The exchange that shows this reply, unless the user has gone to another chat."""
        return next((exchange for exchange in self.transcript.exchanges if exchange.running is running), None)

    async def on_arrived(self, message: Arrived) -> None:
        running = message.running
        wait = running.drawn + PACE_SECONDS - monotonic()
        if wait > 0:
            self.set_timer(wait, partial(self._draw, running))
        else:
            await self._draw(running)

    async def _draw(self, running: Running) -> None:
        """Show what has arrived, in the exchange if it is on the screen."""
        if not self.app.is_running:
            return
        running.drawn = monotonic()
        exchange = self._shown(running)
        for piece in running.arrivals.take():
            if piece.thought:
                running.think(piece.text)
                if exchange is not None:
                    exchange.think(running)
            else:
                running.text += piece.text
                if exchange is not None:
                    await exchange.feed(piece.text)

    async def on_finished(self, message: Finished) -> None:
        if not self.app.is_running:
            return
        await self._draw(message.running)
        match message.outcome:
            case Answer() as answer:
                await self._kept(message.running, answer)
            case ClawlocalError() as error:
                said = self.in_words(error)
                self.notify(said, title=error.title, severity="error", markup=False)
                await self._put_back(message.running, said)
            case error:
                self.notify(str(error) or repr(error), title="Reply", severity="error", markup=False)
                await self._put_back(message.running, str(error) or repr(error))

    async def _kept(self, running: Running, answer: Answer) -> None:
        exchange = self._shown(running)
        self._over(running)
        # A remote that was not granted at the start may be by now.
        self.status_line.progress = ""
        if exchange is None:
            self.say("The reply in the other chat is finished.")
            return
        facts = Facts.of_answer(answer)
        if answer.remote and facts.broke_off:
            facts = replace(facts, notices=(*facts.notices, *self._local_words()))
        await exchange.finish(answer.text, facts)
        if self.talk.temporary:
            self.show(replace(self.talk, session=answer.session))
        else:
            ask(self, lambda: self.assistant.session(answer.session), self.name_talk, group="open")
        if running.rival is not None and answer.turn is not None:
            self._ask_which(running.rival, Rival(answer.turn, answer.text))

    def in_words(self, error: ClawlocalError) -> str:
        """With the way out, where it is a remote that failed."""
        lost = isinstance(error, (OffloadError, ConsentError))
        return " ".join([str(error), *(self._local_words() if lost else ())])

    def _local_words(self) -> tuple[str, ...]:
        """The key that goes on here, where there is another model for it. A temporary chat ends with the remote."""
        local = self.assistant.local_model
        if not local or self.talk.temporary:
            return ()
        return (f"{find('reply.here').key} goes on with {local} in this chat.",)

    def _ask_which(self, first: Rival, second: Rival) -> None:
        """The chat goes on from the reply that is chosen, or from the first."""

        def chosen(better: str | None) -> None:
            ask(self, lambda: self.assistant.vote(first.turn, second.turn, better), voted, group="feedback")

        def voted(sentence: str) -> None:
            self.say(plain(sentence))
            self.status_line.look()
            if self.talk.session is not None:
                self.open(self.talk.session)

        self.app.push_screen(ChoiceScreen(first, second), chosen)

    async def _put_back(self, running: Running, sentence: str) -> None:
        """It failed: the message goes back into the prompt, or the old reply back onto the screen."""
        if running is not self.running:
            return
        exchange = self._shown(running)
        self._over(running)
        if running.again:
            if exchange is not None and running.session is not None:
                self.open(running.session)
            return
        self.prompt.put_back(running.prompt)
        if exchange is None:
            return
        if exchange.source:
            await exchange.fail(sentence)
        else:
            await exchange.remove()

    def _over(self, running: Running) -> None:
        if self.running is running:
            self.running = None
        self.refresh_bindings()
