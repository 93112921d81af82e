"""From a remote to the model of this machine, in the same chat: one application ends, the next goes on where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.opening import Opening
from tui.running import Running

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen


def go_on(screen: ChatScreen, argument: str) -> None:
    """What was being written stays in the prompt; a last reply that broke off is made anew."""
    local = screen.assistant.local_model
    if not local:
        screen.say("The model of this machine is open already.")
    elif screen.talk.temporary:
        screen.say("A temporary chat ends with this window, so it cannot go on there. Copy what you need first.")
    elif screen.free():
        exchanges = screen.transcript.exchanges
        last = exchanges[-1].facts if exchanges else None
        again = last.turn if last is not None and last.broke_off else None
        screen.app.exit(Opening(local, screen.talk.session, text=screen.prompt.text, again=again))


def answer(screen: ChatScreen, turn: str) -> None:
    """Once more the message of a turn that broke off, which stays as a branch. It was no answer, and no bad one."""
    exchange = screen.transcript.current
    if exchange is None or exchange.turn != turn:
        return
    screen.transcript.cut(exchange)
    screen.begin(
        Running(exchange.prompt, screen.talk.session, again=True),
        lambda calls: screen.assistant.rival(turn, adapter="live", **calls),
    )
