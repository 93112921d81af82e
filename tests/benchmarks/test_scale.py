"""`clawlocal bench scale`: sizes of adapters, options, what is assumed, the report, and the docs on it."""

from __future__ import annotations

import inspect
import json
import re
import xml.etree.ElementTree as ET
from math import inf
from pathlib import Path
from typing import Any

import click
import pytest

from benchmarks import random_adapter, scale
from benchmarks.scale import adapted, adapters, arrivals, checkpoints, checks, replies, summary
from benchmarks.scale.assumptions import Assumptions, Order, People, Routing, Training
from benchmarks.scale.options import FIELDS, Adapter, assumptions
from clawlocal.cli import bench
from clawlocal.cli.figures import lines
from clawlocal.engine.gguf_file import read_gguf
from clawlocal.errors import ConfigError
from trainers import adapter_peft

DOCS = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
OPTIONS: dict[str, click.Option] = {
    each.name: each for each in bench.scale.params if isinstance(each, click.Option) and each.name
}
OWN = set(inspect.signature(scale.run).parameters) - {"say", "given"}
SMALL: dict[str, Any] = {"users": 200, "jobs_per_day": 2.0, "steps": 4, "tokens_per_second": 60.0}


def _run(*only: str, **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys((*OWN, *FIELDS))
    return scale.run(**nothing | {"seeds": 1, "first_seed": 0, "only": only, "say": lambda _: None} | SMALL | more)


def test_an_adapter_is_as_large_as_its_tensors() -> None:
    small = adapters.decoder(2, 64, 128, 4, 2, 16, 100)
    tensors = adapter_peft.fresh(small, 8, 16, 0).tensors.values()
    assert small.adapter_parameters(8) == sum(tensor.size for tensor in tensors)


def test_the_embedded_models_adapter_as_it_is_written(model_path: Path, tmp_path: Path) -> None:
    written = random_adapter.write(model_path, tmp_path / "a.gguf", "a", 0)
    numbers = sum(tensor.shape[0] * tensor.shape[1] for tensor in read_gguf(written.path).tensors)
    assert adapters.of_gguf(model_path, random_adapter.RANK) == numbers
    assert adapters.parameters("smollm2-135m", random_adapter.RANK) == numbers
    assert 0 <= written.path.stat().st_size - adapters.HALF * numbers < 100_000


def test_the_plans_eight_billion() -> None:
    adapter = Adapter.of(None, None, None)
    assert (adapter.model, adapter.rank) == ("qwen3-8b", 16)
    assert adapter.served_mib == pytest.approx(83.25)
    assert adapter.checkpoint_mib == pytest.approx(6 * 83.25)
    assert Adapter.of(None, None, 10.0).checkpoint_mib == 60.0


def test_a_model_that_nobody_knows(home: Path) -> None:
    with pytest.raises(ConfigError, match="qwen3-8b, "):
        Adapter.of("nobodys-7b", 16, None)
    with pytest.raises(ConfigError, match="rank 0"):
        Adapter.of(None, 0, None)


def test_every_option_is_used() -> None:
    assert OPTIONS.keys() - {"as_json"} == OWN | FIELDS.keys()
    assert set(bench.ROUTINGS) == set(Routing) and set(bench.ORDERS) == set(Order)


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "routing"])
def test_the_help_tells_the_defaults(name: str) -> None:
    group, field = FIELDS[name].split(".")
    default = getattr(getattr(Assumptions(), group), field)
    shown = default / 60 if name == "minutes_between_preemptions" else default
    found = re.search(r"\[default: (?:from its size, )?([^]]+)\]", OPTIONS[name].help or "")
    assert found is not None and found[1] == (f"{shown:g}" if isinstance(shown, float) else str(shown))


def test_what_is_not_given_stays_as_assumed() -> None:
    assert assumptions(Adapter.of(None, None, None), dict.fromkeys(FIELDS)) == Assumptions()


def test_options_become_assumptions() -> None:
    given = {"minutes_between_preemptions": 5.0, "priorities": "first", "routing": "least", "users": 7, "slots": 3}
    taken = assumptions(Adapter.of(None, None, None), given)
    assert (taken.training.preempted_after, taken.training.order) == (300.0, Order.FIRST)
    assert (taken.serving.routing, taken.serving.slots, taken.people.users) == (Routing.LEAST, 3, 7)
    rows = {row["assumption"]: row["origin"] for row in taken.rows()}
    assert (rows["users"], rows["slots"], rows["streams"]) == ("given", "given", "assumed")


def test_a_larger_adapter_takes_longer_to_load_and_to_save() -> None:
    taken = assumptions(Adapter.of(None, None, 500.0), {})
    assert taken.serving.load_seconds == pytest.approx(1.015, abs=0.01)
    assert taken.training.checkpoint_seconds == 12.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("users", 0),
        ("users", -5),
        ("requests_per_day", -1.0),
        ("tokens_per_second", 0.0),
        ("step_seconds", float("nan")),
        ("steps", 0),
        ("slots", 0),
        ("checkpoint_every", -1),
        ("minutes_between_preemptions", inf),
        ("day_profile", "weekend"),
        ("day_profile", "1,2,3"),
        ("day_profile", ",".join(["0"] * 24)),
        ("day_profile", ",".join(["-1"] * 24)),
    ],
)
def test_what_cannot_be_simulated_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigError):
        _run("training", **{name: value})


def test_jobs_that_never_end_are_refused_with_a_way_out() -> None:
    with pytest.raises(ConfigError, match="save it more often"):
        _run("training", minutes_between_preemptions=1.0, checkpoint_every=0)


def test_where_nothing_is_asked_for_nothing_breaks() -> None:
    found = _run("serving", "training", requests_per_day=0.0, jobs_per_day=0.0, minutes_between_preemptions=0.0)
    assert (found["results"]["serving"]["gpus"], found["results"]["training"]["gpus"]) == (1, 1)


def test_a_day_of_ones_own() -> None:
    mine = ",".join(["1"] * 23 + ["25"])
    assert arrivals.peak(mine) == (23, pytest.approx(12.5))
    assert arrivals.peak("evening")[1] == pytest.approx(2.074, abs=1e-3)
    assert arrivals.peak("office")[1] == pytest.approx(2.387, abs=1e-3)


def test_the_report_can_be_read_and_is_json(tmp_path: Path) -> None:
    plot = tmp_path / "scale.svg"
    found = _run("serving", "training", gpus=9, plot=plot)
    text = "\n".join(lines(found))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "busiest_hour" in text and "by_target" in text and "checkpoints" not in found["results"]
    assert found["results"]["training"]["gpus"] == 9
    assert found["ratios"]["training_gpus_per_1000_users"] == 45.0
    labels = ET.parse(plot).getroot().itertext()
    assert {"all, in turn", "first adapters", "behind them"} <= set(labels)


def test_fewer_than_needed_are_not_enough() -> None:
    found = _run("serving")["results"]["serving"]
    enough = [row["enough"] for row in found["busiest_hour"] if row["routing"] is Routing.USER]
    assert enough[1:] == [True, True]
    assert found["gpus"] >= found["offered_gpus_at_peak"]


def test_a_target_that_no_number_meets() -> None:
    found = _run("training", adapter_minutes=5.0)["results"]["training"]
    assert found["gpus"] is None and "day" not in found
    assert found["p95_minutes_without_a_queue"]["median"] > 5
    impossible = Assumptions(people=People(users=10))
    assert replies.needed(assumptions(Adapter.of(None, None, None), {"first_token_seconds": 0.05}), [0]) is None
    assert replies.needed(impossible, [0]) == 1


def test_the_queue_tells_the_preferred_from_the_others() -> None:
    taken = assumptions(Adapter.of(None, None, None), {**SMALL, "priorities": "first"})
    row = adapted.queue_row(taken, 5, [0, 1])
    assert row["preferred_p95"] < row["others_p95"] and row["p95_of_seeds"][0] <= row["p95_min"]
    assert adapted.queue_row(assumptions(Adapter.of(None, None, None), SMALL), 5, [0])["preferred_p95"] is None


def test_few_machines_are_looked_at_once() -> None:
    rows = adapted.queue(assumptions(Adapter.of(None, None, None), {**SMALL, "users": 20}), [0])
    assert [(row["day"], row["gpus"], row["first"]) for row in rows] == [
        *(("evening", 1, order) for order in Order),
        ("flat", 1, Order.FIFO),
    ]


def test_saving_pays_where_machines_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "JOBS", 200)
    rows = {(row["preempted_after_min"], row["every_steps"]): row for row in checkpoints.by_interval(Training(), [0])}
    assert rows[15, 1]["mean_min"] < rows[15, 0]["mean_min"]
    assert rows[15, 0]["machine_time_lost"] > rows[240, 0]["machine_time_lost"]
    assert all(row["mean_min"] == pytest.approx(row["formula_mean_min"], rel=0.15) for row in rows.values())
    costs = checkpoints.by_cost(Training(), [0])
    assert [row["best_s"] for row in costs] == sorted(row["best_s"] for row in costs)
    assert all(row["best_mean_min"] <= row["young_mean_min"] <= row["never_mean_min"] + 2 for row in costs)
    assert checkpoints.by_cost(Training(preempted_after=0.0), [0]) == []


def test_jobs_that_hardly_end_are_told_and_not_simulated() -> None:
    hopeless = Training(step_seconds=3600.0, checkpoint_every=0, preempted_after=900.0)
    assert checkpoints.simulated_mean(hopeless, [0]) is None


def test_the_plan_on_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "JOBS", 2000)
    monkeypatch.setattr(replies, "needed", lambda taken, seeds: 2)
    rows = {row["what"]: row for row in checks.against_the_plan([0, 1])}
    size, gpus, *jobs = rows.values()
    assert size["formula"] == pytest.approx(size["plan"], rel=0.01)
    assert gpus["formula"] < gpus["plan"] == gpus["simulated"]
    with_start, without_start = jobs[::2], jobs[1::2]
    assert [row["formula"] for row in with_start] == pytest.approx([92, 31], rel=0.02)
    assert [row["simulated"] for row in with_start] == pytest.approx([92, 31], rel=0.1)
    assert [row["formula"] for row in without_start] == pytest.approx([78, 22], rel=0.01)


def test_quantiles_know_of_what_never_ended() -> None:
    assert summary.quantile([1.0, 2.0, inf], 0.5) == 2.0
    assert summary.quantile([1.0, inf, inf], 0.5) == inf
    assert (summary.quantile([], 0.5), summary.mean([])) == (0.0, 0.0)
    assert (summary.over_seeds([1.0, inf, inf]), summary.between([1.0, inf])) == (None, [1.0, None])


@pytest.mark.parametrize("answer", [1, 2, 7, 49, 50])
@pytest.mark.parametrize("start", [1, 5, 50])
def test_the_least_number_is_found_from_any_guess(answer: int, start: int) -> None:
    assert summary.least(lambda n: n >= answer, start, 60) == answer
    assert summary.least(lambda n: n >= 61, start, 60) is None


def test_a_large_number_is_found_to_two_percent() -> None:
    found = summary.least(lambda n: n >= 1000, 700, 10_000)
    assert found is not None and 1000 <= found <= 1020


@pytest.mark.parametrize("option", [option for each in OPTIONS.values() for option in each.opts])
def test_every_option_is_documented(option: str) -> None:
    assert option in DOCS


def test_every_part_and_assumption_is_documented() -> None:
    assert all(f"`{part}`" in DOCS for part in bench.SCALE_PARTS)
    for row in Assumptions().rows():
        value = row["value"]
        shown = f"{value:,g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
        assert f"| `{row['assumption']}` | {shown} |" in DOCS
