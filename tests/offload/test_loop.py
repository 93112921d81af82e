"""The thread over which remote replies come."""

from __future__ import annotations

import asyncio
import threading

import pytest

from clawlocal.errors import EngineClosed
from clawlocal.offload.loop import LoopThread
from tests.waiting import until


async def for_ever() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise KeyError("x")


async def ends() -> None:
    await asyncio.sleep(0)


def test_each_end_is_told_once() -> None:
    told: list[BaseException | None] = []
    loop = LoopThread("test")
    loop.submit(ends, told.append)
    until(lambda: told == [None])
    loop.submit(fails, told.append)
    until(lambda: len(told) == 2 and isinstance(told[1], KeyError))
    cancel = loop.submit(for_ever, told.append)
    cancel()
    until(lambda: len(told) == 3 and isinstance(told[2], asyncio.CancelledError))
    loop.close()
    cancel()
    assert len(told) == 3


def test_closing_ends_what_runs_and_what_has_not_begun() -> None:
    told: list[BaseException | None] = []
    held, go_on = threading.Event(), threading.Event()
    loop = LoopThread("test")

    async def holds() -> None:
        held.set()
        go_on.wait(60)

    loop.submit(holds, told.append)
    assert held.wait(60)
    cancel = loop.submit(for_ever, told.append)
    cancel()
    loop.submit(for_ever, told.append)
    closing = threading.Thread(target=loop.close)
    closing.start()
    go_on.set()
    closing.join(60)
    assert [type(error) for error in told] == [type(None), asyncio.CancelledError, asyncio.CancelledError]
    with pytest.raises(EngineClosed):
        loop.submit(ends, told.append)
    loop.close()


def test_one_that_was_never_used_closes() -> None:
    LoopThread("test").close()
