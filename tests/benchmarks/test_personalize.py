"""Simulated users over an engine that heeds a lesson: what they say, what it learns, what is measured of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks import personalize
from benchmarks.home import empty_home
from benchmarks.personalize import plan, users
from benchmarks.personalize.exam import information, perplexity
from benchmarks.personalize.feedback import FLIPPED, LOST, Spoken, Told, feedback
from benchmarks.personalize.plan import Plan
from benchmarks.personalize.voices import Scripted
from benchmarks.personas import PERSONAS, Persona
from clawlocal import paths
from clawlocal.assistant import Answer, Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import ConfigError
from clawlocal.models import Catalog, locate

SAID = "Please answer in at most two sentences."
TERSE = replace(PERSONAS["terse"], reactions=(SAID,), content=("thanks",), held_out=PERSONAS["terse"].held_out[:5])
ANSWER = Answer("s", "t", "One.", "tiny", "base", 1, 1, 0.0, 0.0, "end", ())
OURS = Plan("tiny", 3, "ours")


class Heeding(FakeEngine):
    """Long-winded, unless an adapter speaks or the prompt says how to answer."""

    def generate(self, prompt_ids: Any, sampling: Any, adapter: Any = None, *rest: Any, **more: Any) -> Any:
        asked = self.detokenize(prompt_ids).rsplit("user\n", 1)[1].removesuffix("assistant\n")
        short = f"It is about {asked.splitlines()[0]!r} and warm green water."
        heeds = adapter is not None or "two sentences" in asked
        self.enqueue(short.replace("?", "") if heeds else f"{short} So. It. Goes. On.")
        return super().generate(prompt_ids, sampling, adapter, *rest, **more)


class Recording:
    """Stands for an assistant that is told a verdict."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def rate(self, turn: str, rating: str) -> None:
        self.heard.append(("rate", turn, rating))

    def correct(self, turn: str, text: str) -> None:
        self.heard.append(("correct", turn, text))


@pytest.fixture
def heeding(open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch) -> Iterator[Heeding]:
    """The engine of every assistant that a user speaks to."""
    engine = Heeding(name="tiny")

    @contextmanager
    def one(settings: Settings) -> Iterator[Assistant]:
        yield open_assistant(engine, idle_seconds=settings.idle_seconds)

    monkeypatch.setattr(users, "assistant_of", one)
    yield engine
    engine.close()


def _user(persona: Persona = TERSE, wanted: Plan = OURS, seed: int = 0) -> dict[str, Any]:
    return users.one_user(persona, wanted, wanted.settings(plan.DEFAULT), seed, lambda stage: None)


def test_a_user_is_heard_and_content_after_the_first_correction(
    heeding: Heeding, works_as: Callable[[str], None]
) -> None:
    works_as("publish")
    found = _user()
    assert found["pleased"] == [0, 1, 1]
    assert [(row["interactions"], row["version"]) for row in found["curve"]] == [(0, "base"), (2, "v1"), (3, "v1")]
    assert [row["obeys_and_answers"] for row in found["curve"]] == [0.0, 1.0, 1.0]
    assert found["interactions_to_0.76"] == found["interactions_to_0.81"] == 2
    assert [(x["text"], x["state"]) for x in found["lessons"]] == [("Answer in at most two sentences.", "learned")]
    assert [(update["after"], update["status"]) for update in found["updates"]] == [(2, "published")]
    assert found["kl_base"] == 0.1
    assert {name: score["obeys"] for name, score in found["columns"].items()} == {
        "frozen": 0.0,
        "memory": 1.0,
        "weights": 1.0,
        "both": 1.0,
    }


def test_the_reaction_is_the_next_message_of_the_same_chat(heeding: Heeding, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    _user()
    kept = [asked for asked in heeding.requests if asked.session]
    first, reaction = kept[:2]
    assert reaction.prompt.startswith(first.prompt)
    assert reaction.prompt.rsplit("user\n", 1)[1].startswith(SAID)
    assert len({asked.session for asked in kept}) == 1
    assert len({asked.sampling.seed for asked in kept}) == len(kept)


def test_each_column_is_asked_in_its_own_way(heeding: Heeding, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    _user()
    columns: dict[tuple[str, bool], int] = {}
    for asked in heeding.requests:
        if not asked.session:
            key = (asked.adapter.version if asked.adapter else "base", "two sentences" in asked.prompt)
            columns[key] = columns.get(key, 0) + 1
    # Nothing is measured twice, though there are three points.
    assert columns == {("base", False): 5, ("v1", False): 5, ("base", True): 5, ("v1", True): 5}


def test_the_weights_alone_are_asked_without_a_line_in_the_prompt(
    heeding: Heeding, works_as: Callable[[str], None]
) -> None:
    works_as("publish")
    found = _user(wanted=replace(OURS, weights_only=True))
    alone = [asked for asked in heeding.requests if not asked.session]
    assert {asked.adapter.version for asked in alone if asked.adapter} == {"v1"} and all(x.adapter for x in alone)
    assert not any("two sentences" in asked.prompt for asked in alone)
    assert list(found["columns"]) == ["weights"]
    assert [row["interactions"] for row in found["curve"]] == [2, 3]


def test_a_rejected_update_says_why_and_is_tried_again(heeding: Heeding, works_as: Callable[[str], None]) -> None:
    works_as("reject")
    found = _user()
    *rejected, last = found["updates"]
    assert [(u["after"], u["status"]) for u in rejected] == [(2, "rejected"), (2, "rejected")]
    assert all("drifted" in update["reason"] for update in rejected)
    assert (last["after"], last["status"]) == (3, "nothing_to_do") and "you liked" in last["reason"]
    assert found["updates"][0]["failed_checks"] == ["kl_base"]
    assert found["columns"]["weights"] == found["columns"]["frozen"]
    assert found["columns"]["both"] == found["columns"]["memory"]
    assert (found["interactions_to_0.76"], found["kl_base"], found["updates_not_published"]) == (None, None, 3)


def test_a_perfect_judge_is_told(heeding: Heeding, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    found = _user(wanted=replace(OURS, judge="perfect"))
    assert [x["text"] for x in found["lessons"]] == [TERSE.directive]
    assert all(SAID not in asked.prompt for asked in heeding.requests)


def test_a_sitting_ends_with_learning_and_a_new_chat(heeding: Heeding, works_as: Callable[[str], None]) -> None:
    works_as("publish")
    found = _user(wanted=replace(OURS, interactions=7))
    assert len({asked.session for asked in heeding.requests if asked.session}) == 2
    assert found["sittings_to_content"] == 1
    assert found["learner_cpu_seconds_per_interaction"] >= 0.0


def test_verdicts_that_are_told() -> None:
    assistant = Recording()
    told = Told("Be brief.", Random(0))
    assert told.give(assistant, "q", ANSWER, False)  # type: ignore[arg-type]
    assert not told.give(assistant, "q", ANSWER, True)  # type: ignore[arg-type]
    assert assistant.heard == [("correct", "t", "Be brief."), ("rate", "t", "good")]


def _noisy(seed: int, pleased: bool = False) -> list[tuple[str, ...]]:
    assistant = Recording()
    told = feedback(TERSE, replace(OURS, judge="noisy"), Random(seed))
    for _ in range(400):
        told.give(assistant, "q", ANSWER, pleased)  # type: ignore[arg-type]
    return assistant.heard


def test_noise_is_the_same_for_the_same_seed_and_as_much_as_it_should_be() -> None:
    assert _noisy(1) == _noisy(1) != _noisy(2)
    kinds = [heard[-1] for heard in _noisy(1)]
    assert kinds.count("good") / 400 == pytest.approx(FLIPPED, abs=0.05)
    assert kinds.count("bad") / (400 - kinds.count("good")) == pytest.approx(LOST, abs=0.06)
    # Whether the reply pleased does not move what is drawn.
    flipped = [i for i, kind in enumerate(kinds) if kind == "good"]
    assert flipped == [i for i, heard in enumerate(_noisy(1, pleased=True)) if heard[-1] != "good"]


def test_a_scripted_user_repeats_nothing_and_is_sometimes_silent() -> None:
    persona = PERSONAS["terse"]
    voice = Scripted(persona, Random(3))
    said = [voice.says("q", "r", False) for _ in persona.reactions]
    assert sorted(said) == sorted(persona.reactions)
    content = [voice.says("q", "r", True) for _ in range(100)]
    assert set(content) == {"", *persona.content}
    assert said != [Scripted(persona, Random(4)).says("q", "r", False) for _ in persona.reactions]
    assert isinstance(feedback(persona, OURS, Random(0)), Spoken)


def test_points() -> None:
    assert Plan("tiny", 1, "ours").points == (0, 1)
    assert Plan("tiny", 8, "ours").points == (0, 2, 4, 8)
    assert Plan("tiny", 40, "ours").points == (0, 2, 4, 8, 12, 24, 36, 40)


def test_a_method_needs_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OURS.settings("default").model == "tiny"
    monkeypatch.setattr(plan, "_METHOD", ("no such setting",))
    with pytest.raises(ConfigError, match="leave --method opd out"):
        OURS.settings("opd")
    monkeypatch.setattr(plan, "_METHOD", ("system",))
    assert OURS.settings("opd").system == "opd"


def test_where_it_is_measured() -> None:
    assert Plan("tiny", 9, "ours").points == (0, 2, 4, 8, 9)
    assert Plan("tiny", 8, "ours", at=(4, 8)).points == (0, 4, 8)
    assert Plan("tiny", 8, "ours", at=(3, 12)).points == (0, 3, 8)
    assert Plan("tiny", 8, "ours", at=(4,), weights_only=True).points == (4, 8)
    assert Plan("tiny", 8, "ours", at=(0, 4), weights_only=True).points == (0, 4, 8)


def test_what_makes_no_sense_is_said() -> None:
    with pytest.raises(ConfigError, match="leave --user out"):
        Plan("tiny", 2, "perfect", user="http://127.0.0.1")
    with pytest.raises(ConfigError, match="terse has 41 questions"):
        Plan("tiny", 42, "ours").people(["terse"])


def test_prompts_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "maths.jsonl"
    file.write_text("".join(f'{{"question": "What is {i} + 1?", "answer": "{i + 1}"}}\n' for i in range(9)))
    first, second = Plan("tiny", 6, "ours", prompts=file, held_out=2).people(["terse", "student", "terse"])
    assert first.questions == second.questions == tuple(f"What is {i} + 1?" for i in range(6))
    assert first.held_out == ("What is 6 + 1?", "What is 7 + 1?")
    assert (first.name, second.name) == ("terse", "student")


@pytest.mark.parametrize("content", [None, "", "no json", '{"q": "x"}', '{"question": ""}', '{"question": "a"}\n' * 9])
def test_a_file_without_prompts_is_said(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "prompts.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=str(file)):
        Plan("tiny", 1, "ours", prompts=file).people(["terse"])


def test_information_is_what_a_reply_says_of_its_question(engine: FakeEngine) -> None:
    def by_first_letter(prefix: Any, said: Any, _adapter: AdapterFile | None) -> list[float]:
        asked = engine.detokenize(prefix).removeprefix("user\n")[0]
        return [-len(ids) * (1.0 if engine.detokenize(ids)[0] == asked else 3.0) for ids in said]

    engine.scorer = by_first_letter
    assert information(engine, [("a?", "aaa"), ("b?", "b"), ("c?", ""), ("d?", "dd")]) == pytest.approx(2.0)
    assert information(engine, [("a?", "x"), ("b?", "x")]) == 0.0
    assert information(engine, [("a?", "aaa"), ("b?", " ")]) == 0.0


def test_perplexity_of_plain_english(engine: FakeEngine) -> None:
    engine.scorer = lambda _prefix, said, _adapter: [-1.0 * len(ids) for ids in said]
    assert perplexity(engine, None) == pytest.approx(2.718, abs=0.001)
    assert len(engine.scored) >= 5
    adapter = AdapterFile("v1", Path("v1"))
    perplexity(engine, adapter)
    assert engine.scored[-1].adapter is adapter


def test_an_empty_home_knows_a_model_of_the_users_own(where: paths.Paths) -> None:
    before = os.environ["CLAWLOCAL_HOME"]
    file = locate(Catalog.load(where).entry("tiny"), where)
    with empty_home("tiny"):
        here = paths.find()
        assert here.data != where.data
        assert locate(Catalog.load(here).entry("tiny"), here) == file
    assert os.environ["CLAWLOCAL_HOME"] == before


def test_a_row_for_each_user(
    home: Path, works_as: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_as("publish")
    opened: list[Assistant] = []

    @contextmanager
    def one(settings: Settings) -> Iterator[Assistant]:
        with Assistant.open(settings, engine=Heeding(name="tiny")) as assistant:
            assistant.purge()
            opened.append(assistant)
            yield assistant

    monkeypatch.setattr(users, "assistant_of", one)
    said: list[str] = []
    found = personalize.run(
        personas=("terse", "plain"),
        methods=("default",),
        model="tiny",
        seeds=2,
        first_seed=3,
        interactions=2,
        judge="perfect",
        user=None,
        user_model="user",
        prompts=None,
        held_out=2,
        at=(),
        weights_only=False,
        plot=tmp_path / "curves.svg",
        reported=(),
        say=said.append,
    )
    results = found["results"]
    assert [(row["persona"], row["seed"]) for row in results["rows"]] == [
        ("terse", 3),
        ("terse", 4),
        ("plain", 3),
        ("plain", 4),
    ]
    assert set(results["summary"]) == {"terse/default", "plain/default"}
    assert results["summary"]["terse/default"]["weights"]["obeys"]["n"] == 2
    assert set(results["runs"]) == {f"{name}/default/{seed}" for name in ("terse", "plain") for seed in (3, 4)}
    assert found["ratios"]["terse/default/weights_to_memory"] == 1.0
    assert "terse/default/4: question 2: content" in said
    assert ">terse</text>" in (tmp_path / "curves.svg").read_text()
    assert len(opened) == 4
