"""What `clawlocal bench workers` makes of a job's log, and the job that it makes. No cluster is started."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import workers
from benchmarks.job_times import Times, summary, times
from benchmarks.made_job import REPLY, SAMPLES, made
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.errors import ClawlocalError, ConfigError
from clawlocal.models.opened import TrainedModel
from trainers.demonstrations import checkable
from trainers.job import Job
from trainers.messages import Message, Planned, Progress, Step, dated
from trainers.sift import sift

SENT = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
PLAN = Planned("torch", "bfloat16", True, 2048, False, 10**9, None)
TOLD: tuple[tuple[float, Message], ...] = (
    (20, Progress("preparing", 1, 9)),
    (25, Progress("loading", 0, 1)),
    (25, PLAN),
    (30, Progress("measuring", 1, 64)),
    (55, Progress("rehearsing", 1, 64)),
    (58, Progress("training", 20, 300)),
    (62, Step(0, {"loss": 0.5, "tokens": 900.0})),
    (63, Progress("rehearsing", 1, 64)),
    (66, Step(1, {"loss": 0.5, "tokens": 1000.0})),
    (71.5, Step(2, {"loss": 0.4, "tokens": 1100.0})),
    (72, Progress("measuring", 1, 64)),
    (90, Progress("writing", 1, 1)),
)


def log(told: tuple[tuple[float, Message], ...] = TOLD) -> str:
    """As Ray hands it on."""
    lines = [
        f"\x1b[36m(RayTrainWorker pid=7, ip=127.0.0.2)\x1b[0m {dated(message, datetime.fromtimestamp(SENT + at, UTC))}"
        for at, message in told
    ]
    return "\n".join(["2 workers on CPUs, Ray 2.60.0, /tmp/trainers", *lines, "2026-11-27 13:00:00 Training finished"])


def test_times_are_those_of_the_workers_own_lines() -> None:
    found = times(log(), SENT)
    assert (found.start, found.base, found.measuring, found.until_first_step) == (20.0, 5.0, 30.0, 55.0)
    assert (found.steps, found.tokens, found.whole) == ((4.0, 5.5), (1000.0, 1100.0), 90.0)
    assert found.plan == "torch, bfloat16, 2048 tokens at once"


def test_a_base_that_was_there_takes_no_time() -> None:
    assert times(log(TOLD[1:]), SENT).base == 0.0


@pytest.mark.parametrize(
    "events",
    [(), TOLD[:7], TOLD[:-1], (*TOLD[:7], (70, PLAN), *TOLD[7:])],
    ids=["nothing", "one step", "no end", "begun twice"],
)
def test_a_job_that_was_disturbed_is_no_measurement(events: tuple[tuple[float, Message], ...]) -> None:
    with pytest.raises(ClawlocalError, match=r"^A job lost a worker or .*, then try again\.$"):
        times(log(events), SENT)


def job(*steps: float) -> Times:
    return Times(10.0, 5.0, 30.0, steps, (1000.0,) * len(steps), 90.0, "torch")


def test_rounds_are_compared_side_by_side() -> None:
    alone, two, four = (job(8, 10, 12), job(20, 20)), (job(5, 5), job(16, 16)), (job(10), job(25))
    results, ratios = summary({4: four, 1: alone, 2: two}, cores=2)
    # Round by round 2 and 1.25, though the machine was half as fast in the second.
    assert ratios == pytest.approx(
        {"speed_up_2_workers": 1.625, "efficiency_2_workers": 0.8125, "speed_up_4_workers": 0.9}
        | {"efficiency_4_workers": 0.225}
    )
    assert list(results) == ["1_worker", "2_workers", "4_workers", "sharing"]
    assert results["sharing"].startswith("4 workers share 2 cores: ")
    step = results["1_worker"]["step_seconds"]
    assert (step["min"], step["median"], step["max"], step["n"]) == (8, 12, 20, 5)
    assert results["2_workers"]["learned_tokens_per_s"]["max"] == 200.0
    assert results["2_workers"]["until_first_step_seconds"]["median"] == 45.0
    assert "sharing" not in summary({1: alone, 2: two}, cores=2)[0]
    assert summary({1: alone}, cores=2)[1] == {}


def test_jobs_that_were_computed_in_several_ways_say_so() -> None:
    results, _ = summary({1: [job(1), replace(job(1), plan="mlx")]}, cores=2)
    assert results["1_worker"]["plan"] == "mlx; torch"


def test_without_one_worker_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(ConfigError, match=r"give --workers 1 as well\.$"):
        workers.run(workers=(2, 4), repeats=1, steps=2, say=lambda stage: None)


def test_what_is_missing_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda name: None if name == "ray" else name)
    with pytest.raises(ConfigError, match=r"pip install 'clawlocal\[ray,torch\]'"):
        workers.run(workers=(1, 2), repeats=1, steps=2, say=lambda stage: None)


def test_the_made_job_is_one_that_can_be_learned_from(llama_engine: LlamaEngine, model_path: Path) -> None:
    model = TrainedModel("tiny", model_path, "0" * 64, llama_engine.stop_ids)
    found, again = (made(llama_engine, model, steps=3) for _ in range(2))
    assert found == again == Job.parse(json.dumps(asdict(found)).encode())
    assert sift(found, vocabulary=1 << 20) == (found, {})
    assert (len(found.samples), {len(s.response_ids) for s in found.samples}) == (SAMPLES, {REPLY})
    assert not any(map(checkable, found.rehearsals)), "replies that a rule mends are not of one length"
