"""Questions with a known answer: how they are measured, and that a broken model does not get past the gate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.prompting import Line, build
from clawlocal.training import gate, probes
from clawlocal.training.prompts import EVERYDAY
from tests.policies import PLAN, busy, fresh
from trainers import batch, gauge
from trainers.chance import Chance
from trainers.gauge import MARGIN_BOUND
from trainers.gguf_base import Base
from trainers.items import Floats, Ids, Item, View
from trainers.job import Job, Probe, Recipe, Rehearsal, Sample
from trainers.progress import Silent
from trainers.steps import train
from trainers.torch_policy import TorchPolicy

HELD = 2
WILD = 0.5
"""Of an adapter that leaves nothing of the model; one that learned something has about a twentieth."""


class Scorer:
    """Knows only what each token is worth: to the base as given, to the student `shift` times as much."""

    def __init__(self, worth: dict[int, float], shift: float = 1.0) -> None:
        self.worth, self.shift = worth, shift

    def logprobs(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return [
            np.array([self.worth[token] * (1.0 if view.base else self.shift) for token in answer], np.float32)
            for view, answer in replies
        ]


def asked(policy: Scorer, *asked: Probe, base: bool = False) -> list[float]:
    return gauge.probes(policy, asked, base=base)  # type: ignore[arg-type]


def test_a_margin_is_the_right_answer_against_the_likeliest_wrong_one() -> None:
    policy = Scorer({1: -0.5, 2: -1.0, 3: -3.0}, shift=2.0)
    won, lost = Probe((9,), (1,), ((2,), (3,))), Probe((9,), (3,), ((2,), (1,)))
    assert asked(policy, won, lost, base=True) == pytest.approx([0.5, -2.5])
    assert asked(policy, won, lost) == pytest.approx([1.0, -MARGIN_BOUND]), "bounded"
    assert asked(policy) == []


def test_what_answers_share_cancels() -> None:
    """A lesson that makes endings or beginnings less likely says nothing about what is right."""
    policy = Scorer({1: -0.5, 2: -1.0, 7: -40.0})
    assert asked(policy, Probe((9,), (7, 1, 7), ((7, 2, 7),))) == pytest.approx([0.5])


def test_figures_count_shares_and_what_changed_sides() -> None:
    figures = gauge.probed([1.0, 1.0, -1.0, -2.0], [1.0, 1.0, 1.0, -2.0], [3.0, -1.0, 1.0, 0.0])
    assert figures == {
        "probes": 4,
        "probes_base": 0.5,
        "probes_before": 0.75,
        "probes_after": 0.5,
        "probes_margin_base": -0.25,
        "probes_margin_before": 0.25,
        "probes_margin_after": 0.75,
        "probes_lost": 1,
        "probes_gained": 1,
    }
    assert gauge.probed([], [], []) == {}


def test_a_margin_that_is_no_number_is_lost() -> None:
    margins = asked(Scorer({1: math.nan, 2: -1.0}), Probe((9,), (1,), ((2,),)), Probe((9,), (2,), ((1,),)))
    figures = gauge.probed([1.0, 1.0], [1.0, 1.0], margins)
    assert (figures["probes_after"], figures["probes_lost"]) == (0.0, 2)


# the real model
@pytest.fixture(scope="module")
def questions(llama_engine: LlamaEngine) -> tuple[Probe, ...]:
    return probes.rendered(llama_engine)


@pytest.fixture(scope="module")
def held(llama_engine: LlamaEngine) -> list[Rehearsal]:
    prompts = [build(llama_engine, "", [Line("user", text)]).ids for text in EVERYDAY[:HELD]]
    return [Rehearsal(ids, ids) for ids in prompts]


@pytest.fixture(scope="module")
def wild(base: Base) -> TorchPolicy:
    return TorchPolicy(base, busy(base.shape, size=WILD), PLAN)


@pytest.fixture(scope="module")
def known(wild: TorchPolicy, questions: tuple[Probe, ...]) -> list[float]:
    """By the base."""
    return gauge.probes(wild, questions, base=True)


def spoken(policy: TorchPolicy, held: Sequence[Rehearsal], stop_ids: Sequence[int]) -> dict[str, float]:
    """What an update measures of a policy's replies, and of the base's."""
    job = Job("", "", "", "", None, (), (), (), tuple(stop_ids), recipe=Recipe(max_new=24))
    base = gauge.sight(policy, held, [], job, Chance(0, 0), lambda n: None, base=True)
    after = gauge.sight(policy, held, [], job, Chance(0, 1), lambda n: None)
    return {
        "kl_base": 0.0,
        "degenerate_base": base.degenerate,
        "degenerate": after.degenerate,
        "length_base": base.length,
        "length_after": after.length,
        "entropy_before": gauge.entropy(policy, held, base.held, base=True),
        "entropy_after": gauge.entropy(policy, held, after.held),
    }


def failed(figures: dict[str, float]) -> list[str]:
    return [check.name for check in gate.examine(figures).checks if not check.passed]


def test_answers_are_written_to_the_end_that_the_model_writes(
    questions: tuple[Probe, ...], llama_engine: LlamaEngine
) -> None:
    ends = {answer[-1] for probe in questions for answer in probe.answers}
    said = llama_engine.encode([Line("user", "Hi").rendered(), Line("assistant", "Hi").rendered()])
    assert len(ends) == 1 and ends <= set(llama_engine.stop_ids) & set(said)
    for probe, question in zip(questions, probes.QUESTIONS, strict=True):
        assert llama_engine.detokenize(probe.right) == question.right
        lengths = [len(answer) for answer in probe.answers]
        assert max(lengths) - min(lengths) <= 2, question.text


def test_the_base_passes_a_good_part_and_the_gate(
    base: Base, known: list[float], held: list[Rehearsal], llama_engine: LlamaEngine
) -> None:
    figures = gauge.probed(known, known, known)
    assert 0.55 <= figures["probes_base"] <= 0.85
    assert min(map(abs, known)) > 0.5, "not for a rounding error to decide"
    assert failed({**figures, **spoken(fresh(base), held, llama_engine.stop_ids)}) == []


def test_a_wild_adapter_fails_the_probes(wild: TorchPolicy, questions: tuple[Probe, ...], known: list[float]) -> None:
    figures = {"kl_base": 0.0, "degenerate": 0.0, **gauge.probed(known, known, gauge.probes(wild, questions))}
    assert figures["probes_after"] < 0.55
    assert failed(figures) == ["probes"]
    assert "easy questions that it no longer gets right" in gate.examine(figures).reason


def test_a_policy_that_learned_to_say_nothing_fails_length_and_entropy(
    base: Base, held: list[Rehearsal], llama_engine: LlamaEngine
) -> None:
    policy, end = fresh(base), probes.rendered(llama_engine)[0].right[-1]
    good = [Sample(str(i), r.prompt_ids, (end,), (-1.0,), 1.0, on_policy=True) for i, r in enumerate(held)]
    recipe = Recipe(lr=4e-3, steps=10, beta=0.0)

    def items(step: int) -> list[Item]:
        # As the policy is now: the clip would end what it learns.
        return list(batch.judged(policy, good, recipe, (end,)))

    train(policy, items, recipe, 1024, Silent(), [], lambda step: None)
    assert failed(spoken(policy, held, llama_engine.stop_ids)) == ["degenerate", "length", "entropy"]
