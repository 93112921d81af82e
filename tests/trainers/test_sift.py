"""Bad input: what is left out and why, what cannot be learned at all, and what looks bad but is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policies import fresh, student
from trainers import batch, sift
from trainers.errors import JobError
from trainers.gguf_base import Base
from trainers.items import Item
from trainers.job import Job, Probe, Recipe, Rehearsal, Sample
from trainers.progress import Silent
from trainers.steps import Figures, train
from trainers.torch_policy import TorchPolicy

VOCABULARY = 100
WHOLE = Sample("whole", (1, 2), (3, 4, 5), (-1.0, -0.5, 0.0), -1.0, (9, 1, 2))

BROKEN: dict[str, tuple[Sample, str]] = {
    "no response": (replace(WHOLE, response_ids=(), old_logprobs=()), sift.EMPTY),
    "no response but log-probabilities": (replace(WHOLE, response_ids=()), sift.EMPTY),
    "no prompt": (replace(WHOLE, prompt_ids=()), sift.NO_PROMPT),
    "an empty hinted prompt": (replace(WHOLE, hinted_prompt_ids=()), sift.NO_PROMPT),
    "an id that is too large": (replace(WHOLE, response_ids=(3, VOCABULARY, 5)), sift.NOT_IN_VOCABULARY),
    "an id below zero": (replace(WHOLE, response_ids=(3, -1, 5)), sift.NOT_IN_VOCABULARY),
    "a prompt from elsewhere": (replace(WHOLE, prompt_ids=(1, 10**9)), sift.NOT_IN_VOCABULARY),
    "a prompt below zero": (replace(WHOLE, prompt_ids=(-5, 1)), sift.NOT_IN_VOCABULARY),
    "a hint from elsewhere": (replace(WHOLE, hinted_prompt_ids=(1, VOCABULARY)), sift.NOT_IN_VOCABULARY),
    "a reward that is no number": (replace(WHOLE, reward=math.nan), sift.NO_VERDICT),
    "an infinite reward": (replace(WHOLE, reward=-math.inf), sift.NO_VERDICT),
    "a reward above one": (replace(WHOLE, reward=1.5), sift.NO_VERDICT),
    "a reward below minus one": (replace(WHOLE, reward=-2.0), sift.NO_VERDICT),
    "too few log-probabilities": (replace(WHOLE, old_logprobs=(-1.0,) * 2), sift.NOT_PROBABILITIES),
    "too many log-probabilities": (replace(WHOLE, old_logprobs=(-1.0,) * 4), sift.NOT_PROBABILITIES),
    "no log-probabilities": (replace(WHOLE, old_logprobs=()), sift.NOT_PROBABILITIES),
    "a positive log-probability": (replace(WHOLE, old_logprobs=(-1.0, 0.1, -1.0)), sift.NOT_PROBABILITIES),
    "a log-probability of nothing": (replace(WHOLE, old_logprobs=(-1.0, -math.inf, -1.0)), sift.NOT_PROBABILITIES),
    "a log-probability that is no number": (
        replace(WHOLE, old_logprobs=(-1.0, math.nan, -1.0)),
        sift.NOT_PROBABILITIES,
    ),
}

REASONS = (sift.EMPTY, sift.NO_PROMPT, sift.NO_VERDICT, sift.NOT_PROBABILITIES, sift.NOT_IN_VOCABULARY)


def job(samples: Sequence[Sample], rehearsals: Sequence[Rehearsal] = (), neutral: Sequence[int] = (1, 2)) -> Job:
    return Job("", "", "", "", None, tuple(samples), tuple(rehearsals), (tuple(neutral),), (2,))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_sample_is_left_out_and_says_why(what: str) -> None:
    sample, why = BROKEN[what]
    kept, dropped = sift.sift(job([replace(sample, id="broken"), WHOLE]), VOCABULARY)
    assert kept.samples == (WHOLE,)
    assert dropped == {"broken": why}


@pytest.mark.parametrize("reward", [-1.0, 0.0, 0.5, 1.0])
def test_a_whole_sample_is_kept(reward: float) -> None:
    samples = [replace(WHOLE, reward=reward), replace(WHOLE, id="plain", hinted_prompt_ids=None)]
    kept, dropped = sift.sift(job(samples), VOCABULARY)
    assert (kept, dropped) == (job(samples), {})


def test_when_all_are_broken_the_sentence_counts_the_reasons() -> None:
    samples = [replace(sample, id=str(i)) for i, (sample, _) in enumerate(BROKEN.values())]
    with pytest.raises(JobError) as caught:
        sift.sift(job(samples), VOCABULARY)
    told = str(caught.value)
    assert told.startswith("There is nothing to learn from")
    for why in REASONS:
        count = sum(reason == why for _, reason in BROKEN.values())
        assert f"Left out: {count} with {why}." in told
    assert "\n" not in told


def test_what_is_rehearsed_is_enough() -> None:
    rehearsal = Rehearsal((1, 2), (9, 1, 2))
    kept, dropped = sift.sift(job([replace(WHOLE, reward=math.nan)], [rehearsal]), VOCABULARY)
    assert (kept.samples, dropped) == ((), {"whole": sift.NO_VERDICT})


def test_samples_that_say_nothing_are_no_reason_to_blame_them() -> None:
    with pytest.raises(JobError, match=r"nothing is to be rehearsed\.$"):
        sift.sift(job([replace(WHOLE, reward=0.0, hinted_prompt_ids=None)]), VOCABULARY)


@pytest.mark.parametrize(
    "broken",
    [
        job([WHOLE], [Rehearsal((), (1,))]),
        job([WHOLE], [Rehearsal((1,), ())]),
        job([WHOLE], [Rehearsal((1,), (VOCABULARY,))]),
        job([WHOLE], [Rehearsal((-1,), (1,))]),
        job([WHOLE], neutral=()),
        job([WHOLE], neutral=(VOCABULARY,)),
    ],
)
def test_a_broken_prompt_to_practise_on_ends_it(broken: Job) -> None:
    with pytest.raises(JobError, match="A prompt to practise on is empty or has tokens"):
        sift.sift(broken, VOCABULARY)


@pytest.mark.parametrize(
    "probe",
    [
        Probe((), (1,), ((2,),)),
        Probe((1,), (), ((2,),)),
        Probe((1,), (1,), ()),
        Probe((1,), (1,), ((2,), ())),
        Probe((1,), (VOCABULARY,), ((2,),)),
        Probe((1,), (1,), ((-1,),)),
    ],
)
def test_a_broken_probe_ends_it(probe: Probe) -> None:
    whole = Probe((1, 2), (3,), ((4,),))
    assert sift.sift(replace(job([WHOLE]), probes=(whole,)), VOCABULARY)[0].probes == (whole,)
    with pytest.raises(JobError, match="A question to measure on is not whole"):
        sift.sift(replace(job([WHOLE]), probes=(whole, probe)), VOCABULARY)


ids = st.lists(st.integers(-2, VOCABULARY + 1), max_size=4).map(tuple)


@given(
    st.lists(
        st.builds(
            Sample,
            id=st.uuids().map(str),
            prompt_ids=ids,
            response_ids=ids,
            old_logprobs=st.lists(st.floats(max_value=0.5), max_size=4).map(tuple),
            reward=st.floats(),
            hinted_prompt_ids=st.none() | ids,
        ),
        max_size=6,
    )
)
def test_what_is_kept_can_be_learned_from(samples: list[Sample]) -> None:
    kept, dropped = sift.sift(job([*samples, WHOLE]), VOCABULARY)
    assert {s.id for s in kept.samples} | dropped.keys() == {s.id for s in samples} | {WHOLE.id}
    assert not {s.id for s in kept.samples} & dropped.keys()
    assert set(dropped.values()) <= set(REASONS)
    for sample in kept.samples:
        assert sample.prompt_ids and sample.response_ids and abs(sample.reward) <= 1.0
        assert len(sample.old_logprobs) == len(sample.response_ids)
        assert np.isfinite(sample.old_logprobs).all() and max(sample.old_logprobs) <= 0.0


def test_a_job_with_numbers_that_are_none_survives_being_written(tmp_path: Path) -> None:
    broken = job([replace(WHOLE, id="nan", reward=math.nan, old_logprobs=(-math.inf, -1.0, -1.0)), WHOLE])
    broken.write(tmp_path / "job.json")
    kept, dropped = sift.sift(Job.read(tmp_path / "job.json"), VOCABULARY)
    assert kept.samples == (WHOLE,) and dropped == {"nan": sift.NO_VERDICT}


# what looks bad but is not
RECIPE = Recipe(steps=2, lr=2e-3)


@pytest.fixture
def policy(base: Base) -> TorchPolicy:
    return fresh(base)


def served(policy: TorchPolicy, text: Sequence[int], name: str, reward: float) -> Sample:
    """A reply to four tokens, with the log-probabilities that it was sampled with."""
    prompt, response = tuple(text[:4]), tuple(text[4:])
    old = np.minimum(student(policy, prompt, response), 0.0)
    return Sample(name, prompt, response, tuple(map(float, old)), reward)


def learn(policy: TorchPolicy, samples: Sequence[Sample]) -> list[Figures]:
    kept, dropped = sift.sift(replace(job(samples), recipe=RECIPE), policy.decoder.shape.vocabulary)
    assert not dropped
    items: list[Item] = [*batch.judged(policy, kept.samples, RECIPE, ())]
    history: list[Figures] = []
    train(policy, lambda step: items, RECIPE, 1024, Silent(), history, lambda n: None)
    return history


@pytest.mark.parametrize("reward", [1.0, -1.0])
@pytest.mark.parametrize("count", [1, 3])
def test_one_verdict_or_equal_ones_are_learned(
    policy: TorchPolicy, text_ids: tuple[int, ...], count: int, reward: float
) -> None:
    """A z-score would be 0/0 for one sample and zero for equal ones: the advantage is the verdict itself."""
    samples = [served(policy, text_ids[9 * i : 9 * i + 9], f"t{i}", reward) for i in range(count)]
    for item in batch.judged(policy, samples, RECIPE, ()):
        assert (item.advantage == np.float32(reward)).all()
        assert np.allclose(item.weight, 1.0, atol=1e-3)
    history = learn(policy, samples)
    assert all(h["grad_norm"] > 0.0 and math.isfinite(h["loss"]) for h in history)
    for sample in samples:
        moved = float(student(policy, sample.prompt_ids, sample.response_ids).sum()) - sum(sample.old_logprobs)
        assert moved * reward > 0.0


def test_a_reply_of_a_single_token_is_learned(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    sample = served(policy, text_ids[:5], "t", -1.0)
    learn(policy, [sample])
    assert float(student(policy, sample.prompt_ids, sample.response_ids)[0]) < sample.old_logprobs[0]


def test_a_reply_that_the_engine_could_hardly_have_sampled_stays_finite(
    policy: TorchPolicy, text_ids: tuple[int, ...]
) -> None:
    """Log-probabilities far from ours: the weight is capped, and nothing becomes infinite."""
    sample = served(policy, text_ids[:9], "t", -1.0)
    for old in (-1e30, -1e-30):
        history = learn(policy, [replace(sample, old_logprobs=(old,) * 5)])
        assert all(math.isfinite(value) for figures in history for value in figures.values())
