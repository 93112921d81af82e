"""Sampling and training on the real model, with a few tokens."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from trainers import torch_batch, torch_lora, torch_policy
from trainers.errors import Diverged
from trainers.gguf_base import Base
from trainers.job import Recipe, Rehearsal, Sample
from trainers.progress import Silent
from trainers.torch_loss import loss
from trainers.torch_policy import Policy
from trainers.torch_rollout import sample

RECIPE = Recipe(steps=2, rollouts=1, max_new=6, lr=2e-3)


@pytest.fixture
def policy(base: Base) -> Policy:
    return torch_policy.load(base, rank=4, alpha=8, parent=None, seed=0)


@pytest.fixture(scope="module")
def prompts(llama: Any) -> tuple[tuple[int, ...], ...]:
    return tuple(llama.ids(t) for t in ("The capital of France is", "1, 2, 3, 4,", "Roses are red, violets are"))


def test_a_batch_samples_what_each_prompt_would_alone(policy: Policy, prompts: tuple[tuple[int, ...], ...]) -> None:
    generator = torch.Generator()
    together = sample(policy, prompts, (), 6, generator, temperature=0.0)
    alone = [sample(policy, [p], (), 6, generator, temperature=0.0)[0] for p in prompts]
    assert together == alone
    assert [len(r) for r in together] == [6, 6, 6]


def test_a_finished_reply_leaves_the_others_alone(policy: Policy, prompts: tuple[tuple[int, ...], ...]) -> None:
    generator = torch.Generator()
    whole = sample(policy, prompts, (), 6, generator, temperature=0.0)
    stop = whole[0][1]
    cut = sample(policy, prompts, (stop,), 6, generator, temperature=0.0)
    for full, short in zip(whole, cut, strict=True):
        assert short == (full[: full.index(stop) + 1] if stop in full else full)


def test_a_seed_repeats_its_replies(policy: Policy, prompts: tuple[tuple[int, ...], ...]) -> None:
    first, second = (sample(policy, prompts, (), 5, torch.Generator().manual_seed(3)) for _ in range(2))
    assert first == second
    assert sample(policy, [], (), 5, torch.Generator()) == []


def test_logits_are_of_the_reply_only(policy: Policy, text_ids: tuple[int, ...]) -> None:
    """And a fresh adapter is the base."""
    whole = policy.measured(text_ids[:1], text_ids[1:30])
    part = policy.measured(text_ids[:20], text_ids[20:30])
    assert part.shape == (10, whole.shape[1])
    assert torch.allclose(part, whole[19:], atol=1e-3)
    assert torch.equal(part, policy.measured(text_ids[:20], text_ids[20:30], base=True))


def test_practice_brings_the_student_to_the_teacher_and_leaves_the_base(
    policy: Policy, text_ids: tuple[int, ...], llama: Any
) -> None:
    rehearsal = Rehearsal(text_ids[:12], (*llama.ids("Answer in French. "), *text_ids[:12]))
    items = torch_batch.practised(policy, [rehearsal], [text_ids[12:24]], RECIPE)
    before = policy.measured(text_ids[:12], text_ids[12:24])
    history = torch_lora.train(policy, lambda step: items, loss, RECIPE, Silent())
    distance, _ = loss(policy, items[0], RECIPE)
    assert float(distance.detach()) < history[0]["distance"]
    assert torch.equal(policy.measured(text_ids[:12], text_ids[12:24], base=True), before)


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_a_verdict_moves_the_reply(policy: Policy, text_ids: tuple[int, ...], reward: float) -> None:
    from trainers import torch_gauge

    old = tuple(float(x) for x in _chosen(policy, text_ids))
    judged = torch_batch.judged(policy, [Sample("t", text_ids[:12], text_ids[12:24], old, reward)], RECIPE)
    before = torch_gauge.margin(policy, judged)
    torch_lora.train(policy, lambda step: judged, loss, RECIPE, Silent())
    assert torch_gauge.margin(policy, judged) > before
    assert (float(_chosen(policy, text_ids).sum()) > sum(old)) == (reward > 0)


def test_a_reply_of_another_version_is_not_rewarded(policy: Policy, text_ids: tuple[int, ...]) -> None:
    prompt, response = text_ids[:12], text_ids[12:24]
    stale = Sample("t", prompt, response, (-1.0,) * 12, -1.0, None, on_policy=False)
    assert torch_batch.judged(policy, [stale], RECIPE) == []
    hinted = Sample("t", prompt, response, (-1.0,) * 12, -1.0, text_ids[4:12], on_policy=False)
    (item,) = torch_batch.judged(policy, [hinted], RECIPE)
    assert (item.advantage.abs() <= RECIPE.opd_clip).all()
    assert item.weight.tolist() == [1.0] * 12


def _chosen(policy: Policy, text_ids: tuple[int, ...]) -> torch.Tensor:
    from trainers.torch_loss import chosen

    return chosen(policy.measured(text_ids[:12], text_ids[12:24]), text_ids[12:24])


def test_a_loss_that_is_no_number_ends_the_run(policy: Policy, text_ids: tuple[int, ...]) -> None:
    items = torch_batch.anchored(policy, [text_ids[:12]], [text_ids[12:16]], float("nan"))
    with pytest.raises(Diverged, match="diverged"):
        torch_lora.train(policy, lambda step: items, loss, RECIPE, Silent())
