"""Workers that share a step: who gets what, and that together they do what one does alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policies import apart
from tests.trainers import team_member
from trainers.gguf_base import Base
from trainers.team import ALONE, shares

DEADLINE = 300.0


@given(st.lists(st.integers(1, 1000), max_size=40), st.integers(1, 9))
def test_each_item_is_somebodys_and_nobodys_share_is_far_too_large(costs: list[int], workers: int) -> None:
    found = shares(costs, workers)
    assert len(found) == workers
    assert [i for each in found for i in range(len(costs))[each]] == list(range(len(costs)))
    most = max((sum(costs[each]) for each in found), default=0)
    assert most <= sum(costs) / workers + max(costs, default=0)


def test_alone_nothing_is_shared() -> None:
    policy = object()
    assert ALONE.shared(policy) is policy  # type: ignore[arg-type, comparison-overlap]
    assert (ALONE.first, ALONE.agreed(7), ALONE.words()) == (True, 7, {})


@pytest.mark.skipif(os.name == "nt", reason="gloo meets by a file")
def test_two_workers_do_what_one_does_alone(base: Base, tmp_path: Path) -> None:
    alone = team_member.seen(team_member.policy(base))
    command = [sys.executable, "-m", "tests.trainers.team_member"]
    members = [subprocess.Popen([*command, str(rank), "2", str(tmp_path), str(base.folder)]) for rank in range(2)]
    try:
        assert [member.wait(DEADLINE) for member in members] == [0, 0]
    finally:
        for member in members:
            member.kill()
            member.wait()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == second, "all of them know the same"
    assert (first["agreed"], first["workers"], first["drawn"]) == (0, 2, alone["drawn"])
    for name in ("logprobs", "losses", "weights"):
        assert apart(first[name], alone[name]) < 1e-5
    assert first["norm"] == pytest.approx(alone["norm"], rel=1e-4)
