"""What is made of the measurements of simulated users: derived figures, summaries, the plot."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import plots
from benchmarks.personalize import derived, reported, summary
from benchmarks.report import report
from clawlocal.cli.bench import bench
from clawlocal.cli.figures import lines
from clawlocal.errors import ConfigError

SVG = "{http://www.w3.org/2000/svg}"


def _curve(*shares: float) -> list[dict[str, Any]]:
    return [{"interactions": 2 * i, "obeys_and_answers": share} for i, share in enumerate(shares)]


def _run(persona: str, seed: int, *shares: float, memory: float = 0.5, kl: float | None = 0.1) -> dict[str, Any]:
    scores = {"frozen": shares[0], "memory": memory, "weights": shares[-1], "both": shares[-1]}
    updates = [{"status": "published", "trainer_seconds": 8.0, "kl_base": kl, "probes_base": 0.5, "probes_after": 0.4}]
    return {
        "persona": persona,
        "method": "default",
        "seed": seed,
        "columns": {name: {"obeys_and_answers": v, "obeys": v, "pmi": 1.0} for name, v in scores.items()},
        "curve": _curve(*shares),
        **derived.figures(_curve(*shares), [True] * 4, updates, 2.0),
        "perplexity": {"before": 20.0, "after": 22.0},
    }


RUNS = [_run("terse", 0, 0.0, 0.7, 0.9), _run("terse", 1, 0.2, 0.8, 0.6, kl=None), _run("plain", 0, 0.1, 0.1, 0.1)]


def test_the_first_point_above_a_bar() -> None:
    assert derived.reached(_curve(0.1, 0.76, 0.5, 0.9), 0.76) == 2
    assert derived.reached(_curve(0.1, 0.76, 0.5, 0.9), 0.81) == 6
    assert derived.reached(_curve(0.1), 0.76) is None


@pytest.mark.parametrize(
    ("pleased", "sitting"),
    [("", None), ("0110110", None), ("111", 1), ("0001110", 1), ("00001110", 2), ("000000000000111", 3)],
)
def test_the_sitting_in_which_a_user_settles(pleased: str, sitting: int | None) -> None:
    assert derived.settled([each == "1" for each in pleased]) == sitting


def test_figures_of_updates() -> None:
    failed = {"status": "failed", "trainer_seconds": None}
    done = {"status": "published", "trainer_seconds": 6.0, "kl_base": 0.2, "probes_base": 0.7, "probes_after": 0.6}
    found = derived.figures(_curve(0.0), [False] * 3, [failed, done, {**done, "status": "rejected", "kl_base": 9}], 1.5)
    assert (found["kl_base"], found["probes_base"], found["probes_after"]) == (0.2, 0.7, 0.6)
    assert found["trainer_seconds_per_interaction"] == 4.0
    assert found["learner_cpu_seconds_per_interaction"] == 0.5
    assert (found["updates_published"], found["updates_not_published"]) == (1, 2)
    assert derived.figures(_curve(0.0), [], [], 0.0)["kl_base"] is None


def test_medians_with_their_spread() -> None:
    found = summary.of(RUNS)
    assert [row["weights"] for row in found["rows"]] == [0.9, 0.6, 0.1]
    terse = found["summary"]["terse/default"]
    assert (terse["weights"]["obeys"]["min"], terse["weights"]["obeys"]["max"]) == (0.6, 0.9)
    assert terse["weights"]["obeys"]["median"] == 0.75
    assert terse["curve"]["2"]["median"] == 0.75
    assert terse["interactions_to_0.76"]["median"] == 3
    assert (terse["kl_base"]["n"], terse["perplexity_after_to_before"]["median"]) == (1, pytest.approx(1.1))
    assert found["summary"]["plain/default"]["interactions_to_0.76"] is None
    assert summary.ratios(RUNS)["terse/default/weights_to_memory"] == 1.5
    assert summary.ratios([_run("terse", 0, 0.0, 1.0, memory=0.0)]) == {}


def test_curves_are_named_by_persona() -> None:
    assert summary.curves(RUNS)["terse"] == [(0, 0.1), (2, 0.75), (4, 0.75)]
    other = {**RUNS[2], "method": "opd"}
    assert list(summary.curves([*RUNS, other])) == ["terse/default", "plain/default", "plain/opd"]


def test_a_curve_has_the_points_that_all_runs_have() -> None:
    short = {**RUNS[1], "curve": [{"interactions": at, "obeys_and_answers": 0.5} for at in (0, 4)]}
    assert summary.curves([RUNS[0], short])["terse"] == [(0, 0.25), (4, 0.7)]


def test_runs_of_the_weights_alone_are_summed_up_with_others() -> None:
    alone = {**RUNS[1], "columns": {"weights": RUNS[1]["columns"]["weights"]}, "curve": RUNS[1]["curve"][1:]}
    found = summary.of([RUNS[0], alone])
    assert [list(row)[3:5] for row in found["rows"]] == [["frozen", "memory"], ["weights", "interactions_to_0.76"]]
    assert "memory" not in found["summary"]["terse/default"]
    assert found["summary"]["terse/default"]["weights"]["obeys"]["median"] == 0.75
    assert summary.ratios([RUNS[0], alone]) == {}
    # The base is the same, whoever measured it.
    assert summary.curves([RUNS[0], alone])["terse"] == [(0, 0.0), (2, 0.75), (4, 0.75)]


def _reported(file: Path, runs: Sequence[summary.Run], **asked: Any) -> Path:
    said = {"model": "tiny", "judge": "ours", "user": "scripted", **asked}
    file.write_text(json.dumps(report("personalize", {**said, **summary.of(runs)}, {})), "utf-8")
    return file


def test_reports_are_summed_up_together(tmp_path: Path) -> None:
    files = [_reported(tmp_path / "a.json", RUNS[1:]), _reported(tmp_path / "b.json", RUNS[:1])]
    found = json.loads(CliRunner().invoke(bench, ["personalize", *_each("--reported", files), "--json"]).output)
    assert [(row["persona"], row["seed"]) for row in found["results"]["rows"]] == [
        ("plain", 0),
        ("terse", 0),
        ("terse", 1),
    ]
    assert found["results"]["summary"] == summary.of(RUNS)["summary"]
    assert (found["results"]["model"], found["ratios"]) == ("tiny", summary.ratios(RUNS))


def test_reports_are_drawn_together(tmp_path: Path) -> None:
    files = [_reported(tmp_path / "a.json", RUNS[:1]), _reported(tmp_path / "b.json", RUNS[2:])]
    plot = tmp_path / "curves.svg"
    CliRunner().invoke(bench, ["personalize", *_each("--reported", files), "--plot", str(plot)], catch_exceptions=False)
    assert len(list(ET.parse(plot).getroot().iter(f"{SVG}polyline"))) == 2


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (lambda file: _reported(file, RUNS[2:], model="large"), "b.json is about model large"),
        (lambda file: _reported(file, RUNS[:1]), "terse/default/0 is in .*b.json and in another report"),
        (lambda file: file.write_text("{}"), "b.json is no report"),
        (lambda file: file.write_text('{"results": {"runs": {"a": {}}}}'), "b.json is no report"),
        (lambda file: None, "Cannot read .*b.json: No such file"),
    ],
)
def test_what_cannot_be_summed_up_is_said(tmp_path: Path, second: Callable[[Path], object], reason: str) -> None:
    first, other = _reported(tmp_path / "a.json", RUNS[:2]), tmp_path / "b.json"
    second(other)
    with pytest.raises(ConfigError, match=reason):
        reported.read([first, other])


def _each(option: str, files: Sequence[Path]) -> list[str]:
    return [word for file in files for word in (option, str(file))]


def test_rows_are_printed_as_a_table() -> None:
    rows = [{"persona": "terse", "weights": 0.9, "to": None, "why": {"a": 1}}, {"persona": "a", "weights": 0.25}]
    report = {"name": "personalize", "machine": {}, "results": {"n": 2, "rows": rows}, "ratios": {}}
    assert list(lines(report))[1:] == [
        "  n  2",
        "",
        "rows",
        "  persona  weights  to  why",
        "  terse    0.9      -   a 1",
        "  a        0.25     -   -",
    ]


def test_a_plot_has_axes_a_line_each_and_a_legend(tmp_path: Path) -> None:
    file = tmp_path / "curves.svg"
    plots.write(file, {"terse": [(0, 0.0), (8, 1.0)], "a<b": [(0, 0.5)]}, x="interactions", y="obeys & answers")
    tree = ET.parse(file).getroot()
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert {"interactions", "obeys & answers", "terse", "a<b", "0", "8", "1"} <= set(texts)
    first, second = (line.get("points") for line in tree.iter(f"{SVG}polyline"))
    assert first == f"{plots.LEFT}.0,{plots.HEIGHT - plots.BOTTOM}.0 {plots.WIDTH - plots.RIGHT}.0,{plots.TOP}.0"
    assert second is not None
    assert len(list(tree.iter(f"{SVG}circle"))) == 3
    assert ET.fromstring(plots.svg({}, x="x", y="y")) is not None


def test_a_plot_that_cannot_be_written_is_said_before_it_is_made(tmp_path: Path) -> None:
    for file in (tmp_path / "curves.png", tmp_path / "nowhere" / "curves.svg"):
        with pytest.raises(ConfigError, match="Cannot write the plot"):
            plots.check(file)
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(ConfigError, match="Cannot write the plot"):
        plots.write(tmp_path / "folder.svg", {}, x="x", y="y")
