"""What forgetting does, from the chat: this chat or a turn of it, after asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawlocal.errors import NotFound
from tui.background import ask
from tui.commands.feedback import turn_of
from tui.plain import one_line, plain

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen

WEIGHTS = "It cannot be brought back, and adapter versions that learned from it are deleted."


def forget(screen: ChatScreen, argument: str) -> None:
    """This chat; with `turn`, the selected turn or the last."""
    from tui.screens.confirm import ConfirmScreen

    session, what = screen.talk.session, argument.strip().lower()
    if what not in ("", "turn"):
        screen.say("Say /forget for this chat, or /forget turn for the selected turn.")
        return
    if screen.talk.temporary or session is None:
        screen.say("Nothing of this chat is kept, so there is nothing to forget.")
        return
    if not screen.free():
        return
    turn = turn_of(screen, screen.transcript.current) if what else None
    if what and turn is None:
        return
    name = "the selected turn" if turn else f"“{one_line(screen.talk.title)}”"
    form = ConfirmScreen(f"Forget {name}? {WEIGHTS}", "Forget")
    screen.app.push_screen(form, lambda agreed: _forget(screen, session, turn) if agreed else None)


def _forget(screen: ChatScreen, session: str, turn: str | None) -> None:
    def call() -> tuple[str, bool]:
        said = screen.assistant.forget(turn or session)
        return said, turn is not None and _is_there(screen, session)

    ask(screen, call, lambda done: _done(screen, session, *done), group="open")


def _is_there(screen: ChatScreen, session: str) -> bool:
    """A chat goes with its last turn."""
    try:
        screen.assistant.session(session)
    except NotFound:
        return False
    return True


async def _done(screen: ChatScreen, session: str, said: str, is_there: bool) -> None:
    screen.say(plain(said))
    screen.status_line.look()
    if screen.talk.session != session:
        return
    if is_there:
        screen.open(session)
    else:
        await screen.start_new()
