"""A cluster is proposed to who is away, in words, and each answer does what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeAssistant
from textual.pilot import Pilot
from textual.widgets import Button
from waiting import Open, chat_of, said, send, shown, until

from clawlocal.assistant import Proposal
from clawlocal.errors import OffloadError
from clawlocal.records import Offload
from tui.screens.chat import ChatScreen
from tui.screens.proposal import ANSWERS, ProposalScreen

PROPOSAL = Proposal(
    remote="lab",
    to="ray.example.org:8265 with s3://lab/clawlocal",
    model="tiny",
    why="0.4 GB free, training needs 1.1 GB",
    waiting="1 judged reply, 1 with a correction",
    sizes={"samples": 36_817, "adapter": 9_800_000, "model": 98_362_432, "our trainer": 161_718},
    kept_here=2,
)


@pytest.fixture
def fake() -> FakeAssistant:
    fake = FakeAssistant()
    fake.offered = PROPOSAL
    return fake


async def asked(pilot: Pilot[Any], fake: FakeAssistant) -> ProposalScreen:
    fake.set(propose="lab", queue={"queued": 1})
    await until(pilot, lambda: isinstance(pilot.app.screen, ProposalScreen), "the question")
    screen = pilot.app.screen
    assert isinstance(screen, ProposalScreen)
    await until(pilot, lambda: screen.focused, "its buttons")
    return screen


def test_all_of_it_is_said() -> None:
    words = PROPOSAL.words()
    assert "too much for this machine: 0.4 GB free, training needs 1.1 GB. lab could do it." in words
    assert "36,817 bytes of samples, 9.8 MB of adapter and 0.2 MB of our trainer" in words
    assert "the file of tiny, 98.4 MB, where it is not there yet" in words
    assert "2 more stay here" in words and PROPOSAL.to in words
    assert replace(PROPOSAL, why="").words().startswith("lab could do it.")


@pytest.mark.parametrize(
    ("answer", "call"),
    [
        ("no", ("decline", "lab")),
        ("never", ("answer_offload", "lab", Offload.NEVER)),
        ("always", ("answer_offload", "lab", Offload.ALWAYS)),
        ("yes", ("offload", "lab")),
    ],
)
async def test_each_answer(opened: Open, fake: FakeAssistant, answer: str, call: tuple[Any, ...]) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, fake)
        assert "98.4 MB" in shown(screen)
        await pilot.click(f"#{answer}")
        await until(pilot, lambda: call in fake.calls)
        await until(pilot, lambda: isinstance(pilot.app.screen, ChatScreen))
        if answer == "yes":
            await said(pilot, "`clawlocal offload pull clawlocal-03f8-1` brings it home when it is done")


async def test_who_goes_on_typing_sends_nothing(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, fake)
        focused = screen.focused
        assert isinstance(focused, Button) and focused.id == ANSWERS[0][0]
        await pilot.press(*"yes", "enter")
        await until(pilot, lambda: fake.called("decline") == [("lab",)])
        assert fake.called("offload") == []


async def test_escape_is_not_now(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await asked(pilot, fake)
        await pilot.press("escape")
        await until(pilot, lambda: fake.called("decline") == [("lab",)])


async def test_it_does_not_come_over_what_is_being_written(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        chat.prompt.text = "a thought that"
        fake.set(propose="lab", queue={"queued": 1})
        await until(pilot, lambda: chat.status_line.status and chat.status_line.status.propose)
        assert (fake.called("proposal"), pilot.app.screen) == ([], chat)
        chat.prompt.clear()
        fake.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, ProposalScreen))


async def test_what_cannot_be_sent_is_said_once(opened: Open, fake: FakeAssistant) -> None:
    fake.failing["proposal"] = OffloadError("Nothing is sent: redaction finds something in all that waits.")
    async with opened() as pilot:
        chat = chat_of(pilot)
        fake.set(propose="lab", queue={"queued": 1})
        await said(pilot, "redaction finds something")
        del fake.failing["proposal"]
        fake.set()
        await until(pilot, lambda: not chat.status_line._asking)
        assert fake.called("proposal") == []
        fake.set(queue={"queued": 2})
        await until(pilot, lambda: isinstance(pilot.app.screen, ProposalScreen))


async def test_it_can_be_asked_for(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "/offload")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProposalScreen))
