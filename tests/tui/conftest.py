"""One application over a fake assistant, in a terminal of 80 x 24."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from fakes import FakeAssistant
from textual.pilot import Pilot
from waiting import Open, chat_of, until

from clawlocal.assistant import Assistant
from tui.app import ClawlocalApp
from tui.opening import Opening


@pytest.fixture
def fake() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def opened(fake: FakeAssistant) -> Open:
    """`async with opened() as pilot`: the application is painted and has asked for the status."""

    @asynccontextmanager
    async def open_it(size: tuple[int, int] = (80, 24), **options: Any) -> AsyncIterator[Pilot[Any]]:
        app = ClawlocalApp(cast(Assistant, fake), Opening(**options))
        async with app.run_test(size=size) as pilot:
            chat = chat_of(pilot)
            await until(pilot, lambda: chat.status_line.status is not None, "the first status")
            yield pilot

    return open_it
