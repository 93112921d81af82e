"""An updater over a real store, with real processes that compute nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from clawlocal.config import Settings
from clawlocal.conversation import Conversations
from clawlocal.engine.fake import FakeEngine
from clawlocal.idle import Idleness
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.reward import Reward
from clawlocal.models.opened import OpenedModel
from clawlocal.paths import Paths
from clawlocal.records import Receipt, SignalKind
from clawlocal.store import Store
from clawlocal.training.batch import BatchMaker
from clawlocal.training.update import Updater
from tests.machine import Machine
from tests.saying import exchange

HINT = "Answer in one sentence."

Correct = Callable[..., str]


@pytest.fixture
def corrected(store: Store, conversations: Conversations) -> Correct:
    """`corrected()` makes a turn that waits for the trainer, with a hint; with `value`, with a thumb instead."""
    reward = Reward(store, [ExplicitJudge()], lambda: None)

    def make(text: str = "What is a heron?", hint: str = HINT, value: int = 0, adapter: str = "") -> str:
        turn = exchange(conversations, text, adapter=adapter).turn
        assert turn is not None
        kind = SignalKind.THUMB if value else SignalKind.CORRECTION
        reward.judge_explicit(store.add_signal(turn, kind, value or -1, "" if value else hint))
        return turn

    return make


@pytest.fixture
def batches(store: Store, engine: FakeEngine, conversations: Conversations) -> BatchMaker:
    return BatchMaker(store, engine, conversations)


@pytest.fixture
def clock() -> list[float]:
    """The time, turned by hand: `clock[0] += 60`."""
    return [1000.0]


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def idle(clock: list[float], machine: Machine, store: Store) -> Idleness:
    settings = Settings(idle_seconds=60)
    return Idleness(settings, lambda: 0, lambda: False, lambda: clock[0], sensors=machine, paused=store.paused)


@pytest.fixture
def updater(
    store: Store,
    where: Paths,
    engine: FakeEngine,
    batches: BatchMaker,
    idle: Idleness,
    works_as: Callable[[str], None],
) -> Updater:
    model = OpenedModel.open("tiny", Settings(), where, engine=engine)
    return Updater(store, where, model, batches, idle, lambda: None, lambda: None)


class Running:
    """An update on a thread of its own."""

    def __init__(self, updater: Updater) -> None:
        self.receipts: list[Receipt] = []
        self.thread = threading.Thread(target=lambda: self.receipts.append(updater.run(lambda: False)))
        self.thread.start()

    def receipt(self) -> Receipt:
        self.thread.join(60)
        return self.receipts[0]


@pytest.fixture
def run(updater: Updater) -> Iterator[Callable[[], Running]]:
    """Starts an update in the background."""
    yield lambda: Running(updater)
    updater.stop("the test is over")
