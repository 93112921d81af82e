"""What the actions of feedback do: rate and correct the selected turn, or the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.background import ask
from tui.plain import plain

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen
    from tui.screens.correct import Correction
    from tui.widgets.exchange import Exchange


def good(screen: ChatScreen, argument: str) -> None:
    rate(screen, screen.transcript.current, "good")


def bad(screen: ChatScreen, argument: str) -> None:
    rate(screen, screen.transcript.current, "bad")


def rate(screen: ChatScreen, exchange: Exchange | None, rating: str) -> None:
    turn = turn_of(screen, exchange)
    if turn is None or exchange is None:
        return

    def done(sentence: str) -> None:
        exchange.rate(1 if rating == "good" else -1)
        screen.say(plain(sentence))
        screen.status_line.look()

    ask(screen, lambda: screen.assistant.rate(turn, rating), done, group="feedback")


def correct(screen: ChatScreen, argument: str) -> None:
    """With the correction at once; without one a form asks."""
    from tui.screens.correct import CorrectScreen

    exchange = screen.transcript.current
    turn = turn_of(screen, exchange)
    if turn is None or exchange is None:
        return
    if argument.strip():
        _tell(screen, lambda: screen.assistant.correct(turn, argument.strip()))
        return
    screen.app.push_screen(CorrectScreen(exchange.source), lambda given: _corrected(screen, turn, given))


def _corrected(screen: ChatScreen, turn: str, given: Correction | None) -> None:
    if given is None:
        return
    if given.words:
        _tell(screen, lambda: screen.assistant.correct(turn, given.words))
    if given.edited:
        _tell(screen, lambda: screen.assistant.edit(turn, given.edited))


def _tell(screen: ChatScreen, call: Callable[[], str]) -> None:
    """Make the call, and show the sentence that it returns."""

    def done(sentence: str) -> None:
        screen.say(plain(sentence))
        screen.status_line.look()

    ask(screen, call, done, group="feedback")


def turn_of(screen: ChatScreen, exchange: Exchange | None) -> str | None:
    """The turn that feedback goes to; says why when there is none."""
    if exchange is None:
        screen.say("There is no reply yet.")
    elif exchange.running is not None:
        screen.say("The reply is still being written.")
    elif screen.talk.temporary:
        screen.say("This is a temporary chat: nothing is kept, so there is nothing to learn from.")
    elif exchange.turn is None:
        screen.say("This reply was not kept, so it cannot be learned from.")
    else:
        return exchange.turn
    return None
