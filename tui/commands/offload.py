"""A cluster in place of this machine, proposed by itself or asked for: the question, and what becomes of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawlocal.assistant import Proposal
from clawlocal.records import Offload
from clawlocal.remote_job import RemoteJob
from tui.background import ask
from tui.commands import adapters
from tui.plain import plain

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen


def propose(screen: ChatScreen, argument: str = "") -> None:
    """Ask the user, who wants to be asked."""
    ask(screen, screen.assistant.proposal, lambda found: show(screen, found), group="offload", long=True)


def show(screen: ChatScreen, proposal: Proposal) -> None:
    from tui.screens.proposal import ProposalScreen

    screen.app.push_screen(ProposalScreen(proposal), lambda answer: _answered(screen, proposal.remote, answer))


def _answered(screen: ChatScreen, remote: str, answer: str | None) -> None:
    assistant = screen.assistant
    match answer:
        case "yes":
            screen.say(f"Sending to {remote}. Chat goes on meanwhile.")
            ask(screen, lambda: assistant.offload(remote), lambda job: _sent(screen, job), group="offload", long=True)
        case "always" | "never":
            kept = Offload(answer)
            adapters.tell(screen, lambda: assistant.answer_offload(remote, kept))
        case _:
            ask(screen, lambda: assistant.decline(remote), group="offload")


def _sent(screen: ChatScreen, job: RemoteJob) -> None:
    home = f"`clawlocal offload pull {job.id}` brings it home when it is done"
    screen.say(plain(f"{job.remote} has it ({job.state}). {home}; until then nothing of it is learned here."))
