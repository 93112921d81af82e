"""The whole way on a real cluster: trained by two workers of which one is killed, brought home, through the gate, live.

Nothing is faked but the distance: the embedded model, a Ray head with a token, torch.distributed, the measuring worker.
"""

from __future__ import annotations

import json
import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.ray_head import running, until
from clawlocal.cli import cli
from clawlocal.remote_job import JobState
from clawlocal.store import Store
from trainers.messages import Planned, found_in

pytestmark = [
    pytest.mark.minutes,
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: pip install clawlocal[ray]"),
    pytest.mark.skipif(os.name == "nt", reason="SIGKILL"),
]
DEADLINE = 600.0
"""Alone it takes four to seven minutes in all; other tests may run beside it."""


def say(*words: str) -> Any:
    """What a command prints as JSON."""
    result = CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def do(*words: str) -> str:
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.timeout(2 * DEADLINE)
def test_a_cluster_trains_loses_a_worker_and_its_adapter_goes_live(
    home: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    # Nothing by itself, and the shortest of the methods.
    monkeypatch.setenv("CLAWLOCAL_IDLE_SECONDS", "86400")
    monkeypatch.setenv("CLAWLOCAL_LEARNING_METHOD", "combined")
    with running(cpus=2) as head:
        monkeypatch.setenv("RAY_AUTH_TOKEN", head.token)
        do("offload", "add", "near", "--kind", "ray", "--address", head.url, "--storage", str(shared))
        do("offload", "grant", "near", "--purpose", "train", "--max-mb", "150")
        assert all(finding["works"] for finding in say("offload", "test", "near")["findings"])
        turn = say("chat", "What is photosynthesis?", "--max-tokens", "60", "--seed", "7")["turn"]
        do("correct", turn, "Please answer in at most two sentences.")

        job = say("offload", "train", "near", "--workers", "2")
        until(lambda: '"event": "step"' in do("offload", "logs", job["id"]), DEADLINE, "a step was kept", 2.0)
        [*_, victim] = head.workers()
        os.kill(victim.pid, signal.SIGKILL)

        def ended() -> bool:
            [told] = say("offload", "jobs")
            assert told["state"] != JobState.FAILED, do("offload", "logs", job["id"])
            return bool(told["state"] == JobState.DONE)

        until(ended, DEADLINE, "the job was done", 2.0)
        log = do("offload", "logs", job["id"])
    # What is done lies in the storage, with or without the cluster.
    receipt = say("offload", "pull", job["id"])

    assert "_ray_pkg_" in log, "it ran what was sent"
    began = [message for _, message in found_in(log) if isinstance(message, Planned)]
    assert began[0].resumed is None and began[-1].resumed is not None
    assert (receipt["status"], receipt["version"], receipt["gate"]["passed"]) == ("published", "v1", True)
    assert receipt["metrics"]["loss"] > 0
    assert [told.state for told in store.remote_jobs()] == [JobState.PUBLISHED]
    assert not (shared / "jobs" / job["name"]).exists()
    assert say("chat", "What is a glacier?", "--max-tokens", "8")["adapter"] == "v1"
