"""Every benchmark runs on the real model, as small as it can be. What it finds is not looked at."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest

from benchmarks import background, chats, checkers, hints, latency, memory, resident, speed, switching, train
from benchmarks.bandwidth import read_bandwidth, weights_per_token
from benchmarks.bare import Bare, HighLevel
from benchmarks.engine import PARTS
from benchmarks.fresh import Fresh
from benchmarks.serving import Part, Served, served
from clawlocal.cli import bench
from clawlocal.engine.gguf_file import read_gguf
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import Sampling
from clawlocal.errors import ClawlocalError, ConfigError
from clawlocal.judge import reward
from clawlocal.paths import Paths

SMALL: dict[str, Callable[[Served], Part]] = {
    "speed": lambda one: speed.speed(one, 1, tokens=3, prompts=(8,)),
    "bandwidth": lambda one: speed.bandwidth(one, 1, tokens=3),
    "votes": lambda one: background.votes(one, 1, prefix=16),
    "judge": lambda one: background.judge(one, 1, parts=(4, 4, 4)),
    "preempt": lambda one: background.preempt(one, 1, moments=1, scored=200),
    "swap": lambda one: switching.swap(one, 1, n=16),
    "switch_back": lambda one: switching.switch_back(one, 1, session=80, other=16),
    "turns": lambda one: switching.turns(one, 1, n=4),
}


@pytest.fixture(scope="module")
def one() -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAWLOCAL_CONTEXT", "1024")
        with served() as one:
            yield one


def test_the_command_names_the_parts_that_there_are() -> None:
    assert tuple(PARTS) == tuple(SMALL) == bench.PARTS


@pytest.mark.parametrize("part", SMALL)
def test_a_part_of_the_engines_benchmark(one: Served, part: str) -> None:
    found = SMALL[part](one)
    assert found.results
    assert found.ratios
    assert all(map(math.isfinite, found.ratios.values()))


def test_memory_after_changes_of_adapter(one: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "WARM_UP", 2)
    a, b = memory._adapters(one, tmp_path)
    found = memory.series(one, cycle((a, b)), swaps=4, every=2)
    assert found["swaps"] == [0, 2, 4]
    assert len(memory.series(one, memory._always_new(one, a, b), swaps=2, every=2)["rss_mb"]) == 2


def test_the_memory_of_our_own_process(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(resident.__file__).parents[1]))
    ours = resident.of_ours("smollm2-135m", turns=1)
    assert set(ours) == {"after_load", "after_turns", "after_scoring"}


def test_the_memory_of_llama_cpp_alone(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(resident.__file__).parents[1]))
    bare = resident.of_bare(model_path, 512, (1, 1), turns=1)
    assert bare["after_load"] > model_path.stat().st_size / 2e6


def test_a_process_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(resident.__file__).parents[1]))
    with pytest.raises(ClawlocalError, match="memory of ours could not be measured"):
        resident.of_ours("no such model", turns=1)


def test_latency_without_a_trainer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reward, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(chats, "PROMPT", 4)
    monkeypatch.setattr(chats, "JUDGED", 4)
    said: list[str] = []
    found = latency.run(1, said.append, tokens=3, signals=1, trainer=False)
    assert set(found["results"]) == {"learning_off", "learning_on", "judging", "direct"}
    assert found["ratios"]["first_token_learning_on_vs_off"] > 0
    assert said


def test_the_yardsticks_give_a_piece_for_each_token(model_path: Path) -> None:
    with Bare(model_path, 256, (1, 1)) as bare:
        assert len(bare.run(range(100, 108), range(200, 203), greedy=False).stamps) == 3
        assert len(bare.run(range(100, 108), range(200, 203), greedy=True).stamps) == 3
    with HighLevel(model_path, 256, (1, 1)) as high:
        high.set_threads(2, 2)
        line = high.run([{"role": "user", "content": "Count to ten."}], Sampling(temperature=0, max_tokens=3))
    assert 1 <= len(line.stamps) <= 3


def test_fresh_prompts_are_as_long_as_asked_and_begin_differently(llama_engine: LlamaEngine) -> None:
    fresh = Fresh(llama_engine)
    prompts = [fresh.ids(20) for _ in range(10)]
    assert {len(ids) for ids in prompts} == {20}
    assert len({ids[0] for ids in prompts}) == 10
    assert abs(len(llama_engine.tokenize(fresh.text(30))) - 30) <= 2


def test_the_weights_that_a_token_reads(model_path: Path) -> None:
    tensors = read_gguf(model_path).tensors
    embeddings = next(t.size for t in tensors if t.name == "token_embd.weight")
    tied = all(t.name != "output.weight" for t in tensors)
    whole = sum(t.size for t in tensors)
    assert weights_per_token(model_path) == (whole if tied else whole - embeddings)


def test_memory_can_be_read() -> None:
    assert read_bandwidth(1, size=1 << 20) > 0
    assert read_bandwidth(2, size=1 << 20) > 0


def test_training_with_settings_of_the_users_own(home: Path, where: Paths) -> None:
    where.settings.write_text("votes = 1\n")
    said: list[str] = []
    found = train.run(1, "smollm2-135m", ("gradient",), said.append)
    assert said == ["base", "gradient"]
    assert all(0.0 < cosine <= 1.0 for cosine in found["results"]["gradient_cosine"].values())


LONG = "Herons are long-legged birds that live near water. They eat fish, frogs and insects, and nest in trees."


def test_hints_on_both_kinds_of_rows(home: Path, tmp_path: Path) -> None:
    exchange = {"request": "What is a heron?", "reply": LONG, "said": "way too long, shorter please"}
    rows = [
        {"id": "a", **exchange, "corrected": "A tall bird that fishes."},
        {"id": "b", **exchange, "directive": "Keep answers short."},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = hints.run(tmp_path / "rows.jsonl", "smollm2-135m", True, lambda stage: None)["results"]
    assert found["hints"]["a"]["hint"] == found["hints"]["b"]["hint"] == "Keep answers short."
    assert set(found["gain"]) == set(found["hints"]["a"])
    assert set(found["obeyed"]) == {"nothing", *found["gain"]}
    assert all(0.0 <= share["mean"] <= 1.0 for share in found["obeyed"].values())


@pytest.mark.parametrize(
    "content", [None, "", "no json", '{"request": "x"}', '{"request": "", "reply": "", "said": "x"}']
)
def test_a_file_that_holds_no_corrections_is_said(tmp_path: Path, home: Path, content: str | None) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=str(path)):
        hints.run(path, "smollm2-135m", False, lambda stage: None)


@pytest.mark.parametrize(
    ("directive", "right", "wrong"),
    [
        ("Keep answers short.", "A bird.", "word " * 80),
        ("Answer in at most two sentences.", "One. Two.", "One. Two. Three."),
        ("Answer in at most 5 words.", "A tall bird.", "A tall bird that eats fish."),
        ("Use bullet points.", "- a\n- b", "a, b"),
        ("Use a table.", "| a | b |\n|---|---|\n| 1 | 2 |", "a: 1"),
        ("Do not use markdown.", "plain", "**bold**"),
        ("End every reply with a question to the user.", "Yes. Do you?", "Yes."),
        ("Reply in German.", "Der Reiher ist ein Vogel und frisst die Fische.", "The heron is a bird of the sea."),
    ],
)
def test_rules_for_directives(directive: str, right: str, wrong: str) -> None:
    rule = checkers.check(directive)
    assert rule is not None
    assert (rule(right), rule(wrong)) == (True, False)
    assert checkers.check("Use plain words.") is None
