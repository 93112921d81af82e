"""Whose adapter speaks on a remote, and what is loaded there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clawlocal.records import Remote, RemoteKind
from clawlocal.served_adapter import Load, LoadState, Serving
from clawlocal.store import Store

SERVING = Serving("gpu", "heron-8b", "smollm2-135m", "/mnt/common", "/srv/common", "{}")
LOAD = Load(
    "gpu", "heron-8b", "clawlocal-ab-v1", "smollm2-135m", "v1", "/mnt/common", LoadState.LOADING, "", (-0.5, -1)
)


@pytest.fixture(autouse=True)
def remote(store: Store) -> None:
    store.add_remote(Remote("gpu", RemoteKind.VLLM, "https://gpu.example.org", ""))


def test_one_is_followed_for_each_model_of_a_remote(store: Store) -> None:
    assert store.serving("gpu", "heron-8b") is None
    store.set_serving(SERVING)
    other = replace(SERVING, model="other")
    store.set_serving(other)
    assert store.servings() == [other] == [store.serving("gpu", "heron-8b")]
    assert (store.drop_serving("gpu", "heron-8b"), store.drop_serving("gpu", "heron-8b")) == (True, False)


def test_loads_are_kept_as_they_are_now(store: Store) -> None:
    store.keep_load(LOAD)
    loaded = replace(LOAD, state=LoadState.LOADED, text="well")
    store.keep_load(loaded)
    assert store.loads() == store.loads("gpu") == [loaded] == [store.load("gpu", LOAD.name)]
    assert store.loads("cpu") == []
    store.drop_load("gpu", LOAD.name)
    assert store.load("gpu", LOAD.name) is None


def test_what_is_to_leave_and_what_was_forgotten_is_outdated(store: Store, talk: Any) -> None:
    turn = talk.queued()
    talk.publish([turn.id])
    loaded = replace(LOAD, state=LoadState.LOADED)
    store.keep_load(loaded)
    assert store.outdated_loads() == []
    store.keep_load(replace(loaded, state=LoadState.LEAVING))
    assert len(store.outdated_loads()) == 1
    store.keep_load(loaded)
    store.forget([turn.id], "smollm2-135m")
    assert store.outdated_loads() == [loaded]


def test_both_go_with_the_remote(store: Store) -> None:
    store.set_serving(SERVING)
    store.keep_load(LOAD)
    store.remove_remote("gpu")
    assert (store.servings(), store.loads()) == ([], [])
