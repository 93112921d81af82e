"""Sampling and training on the real model, with a few tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.policies import base_of, chance, fresh, student
from trainers import batch, gauge, torch_rollout
from trainers.errors import Diverged
from trainers.gguf_base import Base
from trainers.items import Ids, Item, View
from trainers.job import Recipe, Rehearsal, Sample
from trainers.policy import Drawing, Reply
from trainers.progress import Silent
from trainers.steps import Figures, train
from trainers.torch_policy import TorchPolicy

RECIPE = Recipe(steps=2, rollouts=1, max_new=6, lr=2e-3)

Prompts = tuple[tuple[int, ...], ...]


@pytest.fixture
def policy(base: Base) -> TorchPolicy:
    return fresh(base)


@pytest.fixture(scope="module")
def prompts(llama: Any) -> Prompts:
    return tuple(llama.ids(t) for t in ("The capital of France is", "1, 2, 3, 4,", "Roses are red, violets are"))


def likeliest(policy: TorchPolicy, prompts: Prompts, stop: tuple[int, ...] = (), most: int = 6) -> list[Reply]:
    drawn = chance(len(prompts), most)
    return torch_rollout.sample(
        policy.decoder, prompts, stop, drawn, lambda n: None, adapted=True, drawing=Drawing(0.0)
    )


def sampled(policy: TorchPolicy, prompts: Prompts, tokens: int, seed: int, *, base: bool = False) -> list[Reply]:
    return policy.sample(prompts, (), chance(len(prompts), tokens, seed), lambda n: None, base=base)


def learn(policy: TorchPolicy, items: list[Item]) -> list[Figures]:
    history: list[Figures] = []
    train(policy, lambda step: items, RECIPE, 1024, Silent(), history, lambda step: None)
    return history


def test_a_batch_samples_what_each_prompt_would_alone(policy: TorchPolicy, prompts: Prompts) -> None:
    together = likeliest(policy, prompts)
    assert together == [likeliest(policy, (p,))[0] for p in prompts]
    assert [len(r) for r in together] == [6, 6, 6]


def test_a_batch_draws_what_each_prompt_would_alone(policy: TorchPolicy, prompts: Prompts) -> None:
    """By its own numbers, whoever else is there; replies to one prompt differ by them."""
    drawn = chance(4, 6)
    asked = (*prompts, prompts[0])
    together = policy.sample(asked, (), drawn, lambda n: None)
    assert together == [policy.sample([p], (), drawn[i : i + 1], lambda n: None)[0] for i, p in enumerate(asked)]
    assert together[0] != together[3]


def test_a_finished_reply_leaves_the_others_alone(policy: TorchPolicy, prompts: Prompts) -> None:
    whole = likeliest(policy, prompts)
    stop = whole[0][1]
    cut = likeliest(policy, prompts, (stop,))
    for full, short in zip(whole, cut, strict=True):
        assert short == (full[: full.index(stop) + 1] if stop in full else full)


def test_the_same_chance_repeats_its_replies(policy: TorchPolicy, prompts: Prompts) -> None:
    assert sampled(policy, prompts, 5, 3) == sampled(policy, prompts, 5, 3)
    assert sampled(policy, prompts, 5, 3) != sampled(policy, prompts, 5, 4)
    assert sampled(policy, (), 5, 0) == []
    assert sampled(policy, prompts, 0, 0) == [(), (), ()]


def test_it_tells_each_token_as_it_comes(policy: TorchPolicy, prompts: Prompts) -> None:
    told: list[int] = []
    policy.sample(prompts, (), chance(3, 4), told.append)
    assert told == [1, 2, 3, 4]


def test_what_is_sampled_has_the_probability_that_is_told(policy: TorchPolicy, prompts: Prompts) -> None:
    """The distribution of first tokens is that of the model: chance in even steps draws each by its share."""
    count, prompt = 256, prompts[0]
    drawn = ((np.arange(count) + 0.5) / count)[:, None]
    replies = policy.sample([prompt] * count, (), drawn, lambda n: None)
    tokens, times = np.unique([reply[0] for reply in replies], return_counts=True)
    told = [float(np.exp(base_of(policy, prompt, [int(token)])[0])) for token in tokens]
    assert np.abs(times / count - told).max() <= 1.0 / count + 1e-4


def test_what_is_cut_is_not_drawn_and_what_is_left_is_drawn_by_its_share(policy: TorchPolicy, prompts: Prompts) -> None:
    """As the chat draws: tokens of at least a tenth of the likeliest, then the temperature."""
    count, prompt = 256, prompts[0]
    drawn = ((np.arange(count) + 0.5) / count)[:, None]
    replies = policy.sample([prompt] * count, (), drawn, lambda n: None, drawing=Drawing(0.5, 0.1))
    tokens, times = np.unique([reply[0] for reply in replies], return_counts=True)
    told = np.array([float(np.exp(base_of(policy, prompt, [int(token)])[0])) for token in tokens])
    assert told.min() >= 0.1 * told.max()
    assert np.abs(times / count - told**2 / (told**2).sum()).max() <= 1.0 / count + 1e-4


def test_phrases_are_kept_from_coming_again(policy: TorchPolicy, prompts: Prompts) -> None:
    chance, longest = np.zeros((1, 200)), {}
    for after in (0, 4):
        (reply,) = policy.sample([prompts[0]], (), chance, lambda n: None, drawing=Drawing(0.0, repeat_after=after))
        grams = [tuple(reply[i : i + 8]) for i in range(len(reply) - 7)]
        longest[after] = len(grams) - len(set(grams))
    assert longest[4] < longest[0], "greedy, a small model goes round in circles"


def test_log_probabilities_are_of_the_reply_only(policy: TorchPolicy, text_ids: Ids) -> None:
    """And a fresh adapter is the base."""
    whole = student(policy, text_ids[:1], text_ids[1:30])
    part = student(policy, text_ids[:20], text_ids[20:30])
    assert part.shape == (10,)
    assert np.allclose(part, whole[19:], atol=1e-3)
    assert (part == base_of(policy, text_ids[:20], text_ids[20:30])).all()


def test_practice_brings_the_student_to_the_teacher_and_leaves_the_base(
    policy: TorchPolicy, text_ids: tuple[int, ...], llama: Any
) -> None:
    rehearsal = Rehearsal(text_ids[:12], (*llama.ids("Answer in French. "), *text_ids[:12]))
    items: list[Item] = [*batch.practised(policy, [rehearsal], [text_ids[12:24]], RECIPE, ())]
    before = student(policy, text_ids[:12], text_ids[12:24])
    history = learn(policy, items)
    (after,) = policy.accumulate(items, RECIPE)
    assert after.figures["distance"] < history[-1]["distance"] < history[0]["distance"]
    assert (student(policy, text_ids[:12], text_ids[12:24]) != before).all()
    assert (base_of(policy, text_ids[:12], text_ids[12:24]) == before).all()


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_a_verdict_moves_the_reply(policy: TorchPolicy, text_ids: tuple[int, ...], reward: float) -> None:
    prompt, response = text_ids[:12], text_ids[12:24]
    old = student(policy, prompt, response)
    sample = Sample("t", prompt, response, tuple(map(float, old)), reward)
    judged = batch.judged(policy, [sample], RECIPE, ())
    before = gauge.margin(policy, judged)
    learn(policy, [*judged])
    assert gauge.margin(policy, judged) > before
    assert (float(student(policy, prompt, response).sum()) > float(old.sum())) == (reward > 0)


def test_a_reply_of_another_version_is_not_rewarded(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    prompt, response = text_ids[:12], text_ids[12:24]
    stale = Sample("t", prompt, response, (-1.0,) * 12, -1.0, None, on_policy=False)
    assert batch.judged(policy, [stale], RECIPE, ()) == []
    hinted = Sample("t", prompt, response, (-1.0,) * 12, -1.0, text_ids[4:12], on_policy=False)
    (item,) = batch.judged(policy, [hinted], RECIPE, ())
    assert (np.abs(item.advantage) <= RECIPE.opd_clip).all()
    assert item.weight.tolist() == [1.0] * 12


def test_a_loss_that_is_no_number_ends_the_run(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    items: list[Item] = [*batch.anchored(policy, [text_ids[:12]], [text_ids[12:16]], float("nan"), ())]
    before = policy.adapter()
    with pytest.raises(Diverged, match="diverged"):
        learn(policy, items)
    assert all((before.tensors[name] == t).all() for name, t in policy.adapter().tensors.items())
    assert not policy.moments()


def test_a_view_of_the_teacher_is_the_base_with_the_hint(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    """Unamplified, behind the same prompt, it is no different from the base at all."""
    response = text_ids[12:20]
    same = View(text_ids[:12], plain=text_ids[:12], amplify=1.0)
    (distance,) = policy.divergence([(View(text_ids[:12]), same, response)])
    assert np.abs(distance).max() < 1e-5
    hinted = View(text_ids[4:12], plain=text_ids[:12], amplify=1.0)
    plainly = View(text_ids[4:12])
    far, near = policy.divergence([(View(text_ids[:12]), view, response) for view in (hinted, plainly)])
    assert far.mean() > near.mean() > 0.0
