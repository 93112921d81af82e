"""What an update takes here, by what earlier ones took."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.models.opened import OpenedModel
from clawlocal.paths import Paths
from clawlocal.records import UpdateStatus
from clawlocal.remote_job import JobState, RemoteJob
from clawlocal.store import Store
from clawlocal.store.updates import TRAINED_ELSEWHERE
from clawlocal.training.cost import LOOKED_AT, Cost
from clawlocal.training.update import Updater


@pytest.fixture
def cost(store: Store, where: Paths, engine: FakeEngine) -> Cost:
    return Cost(store, OpenedModel.open("tiny", Settings(), where, engine=engine))


def ended(
    store: Store, seconds: float, status: UpdateStatus = UpdateStatus.PUBLISHED, model: str = "tiny", here: bool = True
) -> None:
    metrics = {"loss": 0.5} if here else {TRAINED_ELSEWHERE: 1.0}
    store.finish_update(store.start_update(model, None), status, seconds=seconds, metrics=metrics)


def arrived(store: Store) -> None:
    store.add_remote_job(RemoteJob("j", "n", "lab", "tiny", None, "", {}, 1, 1, "2026", "2026", JobState.ARRIVED))


def test_seconds_are_the_median_of_the_latest_that_were_trained_here(cost: Cost, store: Store) -> None:
    assert cost.seconds() is None
    ended(store, 9000)
    for seconds in (60, 70, 900, 65, 80):
        ended(store, seconds, UpdateStatus.REJECTED)
    assert (LOOKED_AT, cost.seconds()) == (5, 70)
    for other in (
        {"status": UpdateStatus.FAILED},
        {"status": UpdateStatus.NOTHING},
        {"model": "other"},
        {"here": False},
    ):
        ended(store, 5, **other)  # type: ignore[arg-type]
    assert cost.seconds() == 70


def test_what_only_measures_takes_less(cost: Cost, store: Store) -> None:
    ended(store, 900)
    store.note_memory("tiny", 9 * 10**9)
    arrived(store)
    assert (cost.seconds(), cost.bytes()) == (None, 750_000_000)


def test_memory_is_what_a_trainer_found_until_there_was_enough(
    cost: Cost, updater: Updater, store: Store, works_as: Callable[[str], None], corrected: Callable[..., str]
) -> None:
    assert cost.bytes() == 750_000_000
    works_as("starved")
    corrected()
    assert updater.run(lambda: False).status is UpdateStatus.FAILED
    assert cost.bytes() == 9 * 10**9
    works_as("publish")
    assert updater.run(lambda: False).status is UpdateStatus.PUBLISHED
    assert cost.bytes() == 750_000_000
