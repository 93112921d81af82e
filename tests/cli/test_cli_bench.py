"""How a benchmark's report is printed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import Result

from benchmarks import personalize, workers
from benchmarks.personas import PERSONAS
from clawlocal.cli import bench
from clawlocal.cli.figures import lines

SPREAD = {"median": 12.345, "min": 10.0, "max": 20.0, "iqr": 2.5, "n": 5}
REPORT: dict[str, Any] = {
    "name": "engine",
    "machine": {"processor": "x86_64", "threads": 2, "memory_gb": 8.0, "load_at_end": None},
    "results": {
        "model": "tiny",
        "swap": {"swap_ms": SPREAD, "deeper": {"rate_tokens_per_s": 1234.5}},
        "all_ms": [1, 2.5],
    },
    "ratios": {"decode_vs_bare": 0.98765, "behind_ms_40": -1.5},
}


def test_sections_figures_and_units() -> None:
    assert list(lines(REPORT)) == [
        "engine on processor x86_64, threads 2, memory gb 8.0",
        "  model   tiny",
        "  all_ms  1 2.5 ms",
        "",
        "swap",
        "  swap_ms      12.3  (10 to 20, IQR 2.5, n 5) ms",
        "",
        "swap / deeper",
        "  rate_tokens_per_s  1234 tokens/s",
        "",
        "ratios",
        "  decode_vs_bare  0.988",
        "  behind_ms_40    -1.5 ms",
    ]


def test_a_section_gives_its_unit_to_its_figures() -> None:
    report = {**REPORT, "results": {"ours_mb": {"after_load": 268.0}}, "ratios": {}}
    assert list(lines(report))[1:] == ["", "ours_mb", "  after_load  268 MB"]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("engine", "--repeats", "2", "--only", "votes"), (2, None, ("votes",))),
        (("latency",), (5,)),
        (("memory", "--swaps", "10", "--model", "tiny"), (5, 10, "tiny")),
    ],
)
def test_options_reach_the_benchmark(
    invoke: Callable[..., Result],
    data: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    given: tuple[object, ...],
) -> None:
    heard: list[tuple[object, ...]] = []

    def run(*values: object) -> dict[str, Any]:
        heard.append(values[:-1])
        return REPORT

    monkeypatch.setattr(bench, "_load", lambda name: run)
    assert data("bench", *arguments) == REPORT
    assert "decode_vs_bare" in invoke("bench", *arguments).stdout
    assert heard == [given, given]


def test_how_far_it_is_goes_to_stderr(invoke: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
        say("beside a trainer")
        return REPORT

    monkeypatch.setattr(bench, "_load", lambda name: run)
    result = invoke("bench", "latency")
    assert result.stderr == "… beside a trainer\n"
    assert "trainer" not in result.stdout


def test_who_is_simulated_reaches_the_benchmark(data: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []

    def run(**options: Any) -> dict[str, Any]:
        heard.append(options)
        return REPORT

    monkeypatch.setattr(bench, "_load", lambda name: run)
    assert data("bench", "personalize") == REPORT
    data("bench", "personalize", *"--persona plain --persona lists --method opd --seeds 2 --judge noisy".split())
    first, second = heard
    assert (first["personas"], first["methods"], first["interactions"]) == (("terse",), ("default",), 8)
    assert (first["judge"], first["user"], first["prompts"], first["plot"]) == ("ours", None, None, None)
    assert (second["personas"], second["methods"]) == (("plain", "lists"), ("opd",))
    assert (second["seeds"], second["judge"]) == (2, "noisy")
    assert first.keys() == inspect.signature(personalize.run).parameters.keys()


def test_options_reach_the_simulation(data: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []

    def run(**options: Any) -> dict[str, Any]:
        heard.append(options)
        return REPORT

    monkeypatch.setattr(bench, "_load", lambda name: run)
    assert (
        data("bench", "scale", *"--users 50 --priorities paying --only queue --only checks --gpus 3".split()) == REPORT
    )
    [given] = heard
    assert (given["users"], given["priorities"], given["only"], given["gpus"]) == (50, "paying", ("queue", "checks"), 3)
    assert (given["seeds"], given["steps"], given["plot"]) == (3, None, None)


def test_numbers_of_workers_reach_the_benchmark(data: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []

    def run(**options: Any) -> dict[str, Any]:
        heard.append(options)
        return REPORT

    monkeypatch.setattr(bench, "_load", lambda name: run)
    data("bench", "workers")
    data("bench", "workers", *"--workers 2 --workers 1 --repeats 2 --steps 4".split())
    assert [(each["workers"], each["repeats"], each["steps"]) for each in heard] == [((1, 2, 4), 3, 6), ((2, 1), 2, 4)]
    assert heard[0].keys() == inspect.signature(workers.run).parameters.keys()


@pytest.mark.parametrize("count", ["0", "65", "-1"])
def test_a_number_of_workers_that_cannot_be_is_refused(invoke: Callable[..., Result], count: str) -> None:
    with pytest.raises(click.BadParameter, match=f"{count} is not in the range 1<=x<=64"):
        invoke("bench", "workers", "--workers", count)


def test_an_unknown_persona_is_a_usage_error(invoke: Callable[..., Result]) -> None:
    with pytest.raises(click.BadParameter, match="'nobody' is not one of 'terse'"):
        invoke("bench", "personalize", "--persona", "nobody")


def test_the_command_names_the_personas_that_there_are() -> None:
    assert sorted(bench.PERSONAS) == sorted(PERSONAS)
