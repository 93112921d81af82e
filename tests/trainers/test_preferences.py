"""What the user wrote or kept, on the real model: edits, pairs, and the hint that the student is nearest to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.policies import PLAN, apart, base_of, busy, flat, fresh, gradient, student
from trainers import batch, gauge, objective, preferences, sift
from trainers.errors import JobError
from trainers.gguf_base import Base
from trainers.items import Demonstrated, Ids, Item, View
from trainers.job import Job, Pair, Recipe, Rehearsal, Result, Sample
from trainers.progress import Silent
from trainers.steps import train
from trainers.torch_loss import chosen
from trainers.torch_policy import TorchPolicy
from trainers.update import update

RECIPE = Recipe(rank=4, alpha=8, lr=1e-3, steps=3, rollouts=1, max_new=6, longest=6)


def sample(policy: TorchPolicy, prompt: Ids, reply: Ids, edited: Ids | None = None, reward: float = -1.0) -> Sample:
    old = np.minimum(student(policy, prompt, reply), 0.0)
    return Sample(
        *("t1", tuple(prompt), tuple(reply), tuple(map(float, old)), reward),
        edited_ids=None if edited is None else tuple(edited),
    )


def job(samples: Sequence[Sample], pairs: Sequence[Pair], text: Ids, recipe: Recipe = RECIPE) -> Job:
    neutral = (tuple(text[:5]), tuple(text[6:12]))
    return Job("", "", "", "", None, tuple(samples), (), neutral, (2,), recipe=recipe, pairs=tuple(pairs))


def run(policy: TorchPolicy, wanted: Job) -> Result:
    kept, dropped = sift.sift(wanted, policy.decoder.shape.vocabulary)
    assert not dropped
    return update(kept, policy, 1024, Silent(), None, lambda *_: None)


@pytest.fixture(scope="module")
def policy(base: Base) -> TorchPolicy:
    """With an adapter that does something; its tests leave it as it is."""
    return TorchPolicy(base, busy(base.shape), PLAN)


@pytest.fixture
def pair(text_ids: tuple[int, ...]) -> Pair:
    return Pair(text_ids[:14], text_ids[30:38], text_ids[18:30])


# edits
def test_what_was_changed_counts_for_more_than_what_was_left(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    own = text_ids[14:22]
    edited = (*own[:4], 500, *own[5:])
    [item] = batch.edited(policy, [sample(policy, text_ids[:14], own, edited)], RECIPE, (2,))
    assert item.weight.mean() == pytest.approx(1.0)
    assert item.weight[4] == pytest.approx(item.weight[0] / RECIPE.copied)
    assert (item.share, item.figures) == (1.0, ("edit",))


def test_a_rewritten_reply_becomes_likelier_and_more_so_than_the_one_it_takes_the_place_of(
    base: Base, text_ids: tuple[int, ...]
) -> None:
    policy = fresh(base)
    prompt, own, edited = text_ids[:14], text_ids[14:26], (*text_ids[44:52], 2)
    before = [float(student(policy, prompt, reply).mean()) for reply in (own, edited)]
    result = run(policy, job([sample(policy, prompt, own, edited)], (), text_ids))
    rise = [float(student(policy, prompt, r).mean()) - was for r, was in zip((own, edited), before, strict=True)]
    assert rise[1] > max(0.0, rise[0])
    assert result.counts["edited"] == result.counts["demonstrated"] == 1
    assert result.metrics["edit_before"] == pytest.approx(before[1], abs=1e-4)
    assert result.metrics["edit_after"] == pytest.approx(before[1] + rise[1], abs=1e-4)
    assert "preference_after" not in result.metrics


def test_an_edit_alone_is_something_to_learn(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    alone = sample(policy, text_ids[:9], text_ids[9:14], text_ids[20:24], reward=0.0)
    assert job([alone], (), text_ids).problem() is None
    for method in ("combined", "overlap"):
        assert job([alone], (), text_ids, replace(RECIPE, method=method)).problem()


# pairs
def direct(
    policy: TorchPolicy, pairs: Sequence[Pair], beta: float
) -> tuple[float, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """DPO as it is written, its gradient by autograd."""
    losses = []
    for pair in pairs:
        replies = (pair.chosen_ids, pair.rejected_ids)
        hidden = policy.decoder.hidden([(pair.prompt_ids, ids) for ids in replies], adapted=True)
        ratios = [
            chosen(torch.log_softmax(policy.decoder.logits(h), dim=-1), ids).sum()
            - float(base_of(policy, pair.prompt_ids, ids).sum())
            for h, ids in zip(hidden, replies, strict=True)
        ]
        losses.append(-torch.nn.functional.logsigmoid(beta * (ratios[0] - ratios[1])))
    loss = torch.stack(losses).mean()
    loss.backward()
    return float(loss.detach()), flat(gradient(policy))


@pytest.mark.parametrize("beta", [0.1, 0.5])
def test_the_gradient_is_that_of_the_preference_loss(
    policy: TorchPolicy, pair: Pair, text_ids: tuple[int, ...], beta: float
) -> None:
    pairs = [pair, Pair(text_ids[3:20], text_ids[40:44], text_ids[20:33])]
    loss, wanted = direct(policy, pairs, beta)
    contrasts = preferences.contrasts(policy, pairs, ())
    found = [objective.preference_loss(margin, beta) for margin in preferences.margins(policy, contrasts)]
    assert np.mean(found) == pytest.approx(loss, rel=1e-4)
    items: list[Item] = [*preferences.preferred(policy, contrasts, beta)]
    policy.accumulate(items, RECIPE)
    assert apart(flat(gradient(policy)), wanted) < 1e-3


def test_the_weight_is_told_anew_as_the_preference_is_learned(base: Base, pair: Pair) -> None:
    policy = fresh(base)
    contrasts = preferences.contrasts(policy, [pair], ())
    assert preferences.margins(policy, contrasts) == [0.0], "an adapter that does nothing prefers nothing"
    weights: list[float] = []

    def items(step: int) -> list[Demonstrated]:
        found = preferences.preferred(policy, contrasts, 0.1)
        weights.append(float(found[0].weight[0]) / len(pair.chosen_ids))
        assert found[1].weight[0] == pytest.approx(-weights[-1] * len(pair.rejected_ids))
        return found

    train(policy, items, RECIPE, 1024, Silent(), [], lambda n: None)
    assert weights[0] == pytest.approx(0.05)
    assert weights[0] > weights[1] > weights[2] > 0.0
    assert gauge.preference(policy, contrasts) > 0.0


def test_control_tokens_of_a_pair_count_for_nothing(policy: TorchPolicy, pair: Pair) -> None:
    marked = replace(pair, chosen_ids=(*pair.chosen_ids, 1))
    (margin,) = preferences.margins(policy, preferences.contrasts(policy, [pair], (2,)))
    (same,) = preferences.margins(policy, preferences.contrasts(policy, [marked], (2,)))
    assert same == pytest.approx(margin, abs=1e-4)


def test_an_update_of_a_pair_alone_prefers_what_was_kept(base: Base, pair: Pair, text_ids: tuple[int, ...]) -> None:
    policy = fresh(base)
    result = run(policy, job((), (pair,), text_ids))
    assert result.metrics["preference_before"] == 0.0 < result.metrics["preference_after"]
    assert (result.counts["preferred"], result.counts["rl"]) == (1, 0)
    assert "edit_after" not in result.metrics


def test_an_interrupted_update_knows_what_it_measured_before(base: Base, pair: Pair, text_ids: tuple[int, ...]) -> None:
    whole, states = fresh(base), []
    wanted = job([sample(whole, text_ids[:14], text_ids[14:20], text_ids[44:50])], (pair,), text_ids)
    result = update(wanted, whole, 1024, Silent(), None, lambda *kept: states.append(kept))
    steps, adapter, moments, state = states[1]
    assert steps == 1
    again = fresh(base)
    again.restore(adapter, moments)
    second = update(wanted, again, 1024, Silent(), state, lambda *_: None)
    assert second.metrics == pytest.approx(result.metrics, rel=1e-3, abs=1e-4)


# broken pairs, other methods
@pytest.mark.parametrize(
    "broken",
    [{"chosen_ids": ()}, {"prompt_ids": ()}, {"rejected_ids": (10**9,)}, {"chosen_ids": (7,), "rejected_ids": (7,)}],
)
def test_a_broken_pair_is_left_out(broken: dict[str, tuple[int, ...]], pair: Pair) -> None:
    whole, bad = Pair((1,), (2,), (3,)), replace(pair, **broken)
    kept, _ = sift.sift(job((), (whole, bad), range(20)), 10**5)
    assert kept.pairs == (whole,)
    with pytest.raises(JobError, match="nothing to learn from"):
        sift.sift(job((), (bad,), range(20)), 10**5)


@given(
    method=st.sampled_from(["rehearsal", "combined", "overlap"]),
    w_rl=st.sampled_from([0.0, 1.0]),
    w_opd=st.sampled_from([0.0, 1.0]),
    reward=st.sampled_from([-1.0, 0.0, 1.0]),
    hinted=st.booleans(),
    edited=st.booleans(),
)
def test_a_method_learns_from_what_it_has_a_weight_for(
    method: str, w_rl: float, w_opd: float, reward: float, hinted: bool, edited: bool
) -> None:
    recipe = replace(RECIPE, method=method, w_rl=w_rl, w_opd=w_opd)
    made = Sample("t", (1,), (2,), (-1.0,), reward, (3,) if hinted else None, edited_ids=(4,) if edited else None)
    found = bool((w_rl and reward) or (w_opd and hinted) or (method == "rehearsal" and edited))
    assert recipe.learns_from(made) is found
    wanted = replace(job((made,), (), range(20), recipe), rehearsals=(Rehearsal((1,), (2,)),))
    assert (wanted.problem() is None) is (found or method == "rehearsal")


def test_binary_alone_and_distillation_alone_are_parts_of_both(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    prompt, reply = text_ids[:14], text_ids[14:24]
    told = replace(sample(policy, prompt, reply), hinted_prompt_ids=(*text_ids[40:48], *prompt))
    both, binary, opd = (
        batch.judged(policy, [told], replace(RECIPE, w_rl=w_rl, w_opd=w_opd), (2,))[0].advantage
        for w_rl, w_opd in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
    )
    assert (binary == -1.0).all()
    assert np.abs(opd).max() <= 1.0 and np.allclose(both, binary + opd, atol=1e-5)
    assert batch.judged(policy, [replace(told, hinted_prompt_ids=None)], replace(RECIPE, w_rl=0.0), (2,)) == []


def test_of_several_hints_the_one_nearest_to_the_student_is_taken(base: Base, text_ids: tuple[int, ...]) -> None:
    policy, prompt, reply = fresh(base), text_ids[:14], text_ids[14:30]
    far, near = (*text_ids[50:70], *prompt[-2:]), prompt
    told = replace(sample(policy, prompt, reply), hinted_prompt_ids=tuple(far), hinted_options=(tuple(near),))
    recipe = replace(RECIPE, method="overlap")
    student, first, second = policy.likeliest([(View(p), reply) for p in (prompt, far, near)], 4)
    assert objective.overlap(student, first) < objective.overlap(student, second) == 1.0
    assert batch.hinted_prompt(policy, told, recipe) == near
    assert batch.hinted_prompt(policy, told, replace(recipe, method="combined")) == far
    assert batch.hinted_prompt(policy, replace(told, hinted_prompt_ids=None), recipe) is None


def test_the_likeliest_tokens_are_those_with_the_largest_logprobs(
    policy: TorchPolicy, text_ids: tuple[int, ...]
) -> None:
    view, reply = View(text_ids[:9], base=False), text_ids[9:12]
    [found] = policy.likeliest([(view, reply)], 3)
    assert found.shape == (3, 3)
    said = [policy.logprobs([(view, (*reply[:t], int(i)))])[0][t] for t in range(3) for i in found[t]]
    table = np.array(said).reshape(3, 3)
    assert (np.diff(table, axis=1) <= 0.0).all(), "the likeliest first"
    assert policy.likeliest([(view, ())], 3)[0].shape == (0, 3)
