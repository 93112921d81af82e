"""Who waits for an update is told how far it is."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from clawlocal.cli import learn
from clawlocal.errors import StoreError
from clawlocal.records import Receipt, UpdateStatus


class Slow:
    """An assistant that learns until it was asked for its status a few times."""

    def __init__(self, end: Receipt | Exception) -> None:
        self._end = end
        self._asked, self._done = 0, threading.Event()

    def learn_now(self, wait: bool) -> Receipt:
        assert wait and self._done.wait(60)
        if isinstance(self._end, Exception):
            raise self._end
        return self._end

    def status(self) -> Any:
        self._asked += 1
        if self._asked == 5:
            self._done.set()
        progress = [0.1, 0.1, 0.11, 0.3, None][min(self._asked, 5) - 1]
        state = "waiting" if progress is None else "training"
        return SimpleNamespace(state=state, why=f"training {progress}", progress=progress)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "TELL_SECONDS", 0.001)


def test_each_tenth_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    receipt = Receipt(1, UpdateStatus.PUBLISHED)
    assert learn._wait(Slow(receipt)) is receipt  # type: ignore[arg-type]
    assert capsys.readouterr() == ("", "… training 0.1\n… training 0.3\n")


def test_what_fails_meanwhile_is_an_error_of_the_command() -> None:
    with pytest.raises(StoreError, match="damaged"):
        learn._wait(Slow(StoreError("The store is damaged.")))  # type: ignore[arg-type]
