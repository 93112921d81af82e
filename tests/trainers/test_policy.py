"""The torch policy on the real model: packing, gradients, precision, and going on from a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.policies import PLAN, apart, base_of, busy, cosine, flat, fresh, gradient, student
from trainers import batch, torch_policy
from trainers.adapter_peft import Adapter
from trainers.errors import Diverged
from trainers.gguf_base import Base
from trainers.items import Demonstrated, Distilled, Floats, Ids, Item, Judged, View, packs
from trainers.job import Recipe
from trainers.objective import Divergence
from trainers.plan import BFLOAT16, Plan
from trainers.policy import Learned, Moments
from trainers.progress import Silent
from trainers.steps import Figures, train
from trainers.torch_policy import TorchPolicy

WITHIN = 1e-4

STEP = 2e-3
"""Of finite differences, along a direction of length one."""

RECIPE = Recipe(lr=1e-3, max_new=6)


@pytest.fixture(scope="module")
def policy(base: Base) -> TorchPolicy:
    """With an adapter that does something; its tests leave it as it is."""
    return TorchPolicy(base, busy(base.shape), PLAN)


@pytest.fixture(scope="module")
def batch_of_six(policy: TorchPolicy, text_ids: tuple[int, ...]) -> list[Item]:
    """Two prompts with three replies each, of unlike lengths, by verdict and by distillation."""
    first, second = text_ids[:14], text_ids[5:27]
    replies = [text_ids[30:41], text_ids[20:34], text_ids[44:45]]
    return [
        *(judged(policy, first, reply, advantage) for reply, advantage in zip(replies, (1.0, -1.0, 0.5), strict=True)),
        *(distilled(second, reply, kind) for reply, kind in zip(replies, list(Divergence), strict=False)),
    ]


def judged(policy: TorchPolicy, prompt: Ids, response: Ids, advantage: float, share: float = 0.2) -> Judged:
    """Off by a little from what the policy says now, so that ratios are not one."""
    old, length = student(policy, prompt, response), len(response)
    nudge = np.random.default_rng(length).normal(0.0, 0.05, length).astype(np.float32)
    return Judged(
        prompt=prompt,
        response=response,
        old=old + nudge,
        base=base_of(policy, prompt, response),
        advantage=np.full(length, advantage, np.float32),
        weight=np.linspace(0.8, 1.2, length, dtype=np.float32),
        mask=np.ones(length, bool),
        share=share,
    )


def distilled(prompt: Ids, response: Ids, kind: Divergence = Divergence.REVERSE, share: float = 0.15) -> Distilled:
    view = View((*prompt[3:9], *prompt), plain=prompt, amplify=1.0)
    return Distilled(prompt, response, view, kind, np.ones(len(response), bool), share, "distance")


def learned(policy: TorchPolicy, items: Sequence[Item], recipe: Recipe = RECIPE) -> tuple[list[Learned], Floats]:
    """All items in one pass, and the gradient."""
    found = policy.accumulate(items, recipe)
    return found, flat(gradient(policy))


def same(a: Sequence[Learned], b: Sequence[Learned]) -> None:
    for ours, theirs in zip(a, b, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, abs=WITHIN, rel=WITHIN)
        assert ours.figures == pytest.approx(theirs.figures, abs=WITHIN, rel=WITHIN)


# packing
@given(
    replies=st.lists(st.tuples(st.sampled_from([(1,), (2, 3), (4, 5, 6, 7)]), st.integers(0, 9)), max_size=30),
    positions=st.integers(0, 40),
)
def test_packs(replies: list[tuple[tuple[int, ...], int]], positions: int) -> None:
    pairs = [(prompt, (0,) * length) for prompt, length in replies]
    found = packs(pairs, positions)
    flat = [i for pack in found for i in pack]
    assert sorted(flat) == list(range(len(pairs))), "each once"
    assert all(found), "none is empty"
    order = list(dict.fromkeys(prompt for prompt, _ in replies))
    assert [order.index(replies[i][0]) for i in flat] == sorted(order.index(p) for p, _ in replies), "neighbours"
    for pack in found:
        prompts = {pairs[i][0] for i in pack}
        taken = sum(map(len, prompts)) + sum(len(pairs[i][1]) for i in pack)
        assert taken <= positions or len(pack) == 1


def test_replies_in_one_pass_are_seen_as_each_alone(policy: TorchPolicy, batch_of_six: list[Item]) -> None:
    pairs = [(item.prompt, item.response) for item in batch_of_six]
    with torch.no_grad():
        together = policy.decoder.hidden(pairs, adapted=True)
        for pair, hidden in zip(pairs, together, strict=True):
            (alone,) = policy.decoder.hidden([pair], adapted=True)
            assert hidden.shape == (len(pair[1]), policy.decoder.shape.width)
            assert apart(hidden.flatten().numpy(), alone.flatten().numpy()) < WITHIN
    for base in (False, True):
        views = [(View(prompt, base=base), reply) for prompt, reply in pairs]
        for ours, view in zip(policy.logprobs(views), views, strict=True):
            assert np.abs(ours - policy.logprobs([view])[0]).max() < WITHIN
        assert np.abs(policy.entropy(views[-1:])[0] - policy.entropy(views)[-1]).max() < WITHIN


def test_one_pass_learns_what_each_reply_alone_would(policy: TorchPolicy, batch_of_six: list[Item]) -> None:
    together, whole = learned(policy, batch_of_six)
    parts = [learned(policy, [item]) for item in batch_of_six]
    same(together, [one for (one,), _ in parts])
    assert apart(whole, np.sum([part for _, part in parts], axis=0)) < WITHIN


def test_a_reply_that_is_two_items_is_learned_from_as_both(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    prompt, reply = text_ids[:14], text_ids[30:41]
    weight = np.array([0.0, 2.2] * 5 + [0.0], np.float32)
    items = [
        Demonstrated(prompt, reply, weight, np.ones(len(reply), bool), 0.3),
        replace(distilled(prompt, reply, Divergence.FORWARD), mask=weight == 0.0),
    ]
    together, whole = learned(policy, items)
    parts = [learned(policy, [item]) for item in items]
    same(together, [one for (one,), _ in parts])
    assert apart(whole, np.sum([part for _, part in parts], axis=0)) < WITHIN


def test_shares_weigh_the_gradient_not_the_loss(policy: TorchPolicy, batch_of_six: list[Item]) -> None:
    (one,), small = learned(policy, batch_of_six[3:4])
    (other,), large = learned(policy, [replace(batch_of_six[3], share=0.45)])
    assert one.loss == other.loss
    assert apart(large, 3.0 * small) < WITHIN


@pytest.mark.parametrize("frozen", [False, True])
def test_the_gradient_is_what_the_loss_changes_by(
    policy: TorchPolicy, batch_of_six: list[Item], monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    """Against differences along the gradient through everything; a frozen prompt stays what it was meanwhile."""
    items, recipe = batch_of_six[1:5], replace(RECIPE, frozen_prompt=frozen)
    _, direction = learned(policy, items)
    _, found = learned(policy, items, recipe)
    direction /= np.linalg.norm(direction)
    if frozen:
        prompts = list(dict.fromkeys(tuple(item.prompt)[:-1] for item in items))
        with torch.no_grad():
            kept = policy.decoder.read(prompts, adapted=True)
        monkeypatch.setattr(policy.decoder, "read", lambda *_, **__: kept)
    slope = (_loss_at(policy, items, recipe, direction) - _loss_at(policy, items, recipe, -direction)) / (2 * STEP)
    assert slope == pytest.approx(float(found @ direction), rel=0.02)


def _loss_at(policy: TorchPolicy, items: Sequence[Item], recipe: Recipe, direction: Floats) -> float:
    """The objective a little way off."""
    start, at = policy.adapter(), 0
    moved = dict(start.tensors)
    for name in sorted(moved):
        part = direction[at : at + moved[name].size]
        moved[name], at = moved[name] + STEP * part.reshape(moved[name].shape), at + len(part)
    policy.restore(replace(start, tensors=moved), {})
    found = learned(policy, items, recipe)[0]
    policy.restore(start, {})
    return sum(item.share * one.loss for item, one in zip(items, found, strict=True))


def test_a_frozen_prompt_is_another_gradient_that_points_the_same_way(base: Base, text_ids: tuple[int, ...]) -> None:
    """For a young adapter: measured between 0.7 and 0.85, so not nearly the same."""
    young = fresh(base)
    prompt, response = text_ids[:14], text_ids[14:38]
    for item in (judged(young, prompt, response, 1.0), distilled(prompt, response)):
        through, whole = learned(young, [item])
        past, part = learned(young, [item], replace(RECIPE, frozen_prompt=True))
        same(through, past)
        print(f"\nfrozen prompt: cosine {cosine(whole, part):.3f}")
        assert 0.6 < cosine(whole, part) < 0.999


def test_a_prompt_of_one_token_has_nothing_to_freeze(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    item = judged(policy, text_ids[:1], text_ids[1:9], 1.0)
    whole, part = (learned(policy, [item], replace(RECIPE, frozen_prompt=frozen))[1] for frozen in (False, True))
    assert apart(part, whole) < 1e-6


def test_checkpointing_changes_no_gradient(policy: TorchPolicy, batch_of_six: list[Item]) -> None:
    kept, whole = learned(policy, batch_of_six)
    policy.decoder.checkpointing = True
    try:
        again, part = learned(policy, batch_of_six)
        frozen = learned(policy, batch_of_six, replace(RECIPE, frozen_prompt=True))[1]
    finally:
        policy.decoder.checkpointing = False
    same(kept, again)
    assert apart(part, whole) < 1e-6
    assert apart(frozen, learned(policy, batch_of_six, replace(RECIPE, frozen_prompt=True))[1]) < 1e-6


@pytest.mark.parametrize("chunk", [1, 4])
def test_a_chunked_output_layer_is_the_whole_one(
    policy: TorchPolicy, batch_of_six: list[Item], monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(policy, "_chunk", 1000)
    kept, whole = learned(policy, batch_of_six)
    monkeypatch.setattr(policy, "_chunk", chunk)
    again, part = learned(policy, batch_of_six)
    same(kept, again)
    assert apart(part, whole) < WITHIN


# masks
def test_a_control_token_inside_a_reply_is_not_learned_from(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    """Whatever is said of it; the token that ends the reply is."""
    stop, other = 2, 1
    assert {stop, other} <= set(policy.control_ids)
    response = (*text_ids[30:33], other, *text_ids[33:36], stop)
    mask = batch.learnable(policy, response, (stop,))
    assert mask.tolist() == [True, True, True, False, True, True, True, True]
    item = replace(judged(policy, text_ids[:14], response, 1.0), mask=mask)
    loud = item.advantage.copy()
    loud[3] = 1e3
    (one,), before = learned(policy, [item])
    (two,), after = learned(policy, [replace(item, advantage=loud)])
    assert one == two and (before == after).all()
    loud[4] = 1e3
    assert (learned(policy, [replace(item, advantage=loud)])[1] != before).any()


def test_a_reply_without_a_token_to_learn_from_has_no_gradient(policy: TorchPolicy, text_ids: tuple[int, ...]) -> None:
    item = judged(policy, text_ids[:14], text_ids[30:33], 1.0)
    (one,), found = learned(policy, [replace(item, mask=np.zeros(3, bool))])
    assert one.loss == 0.0
    assert not found.any()


# precision
def test_a_bfloat16_plan_trains_and_measures_in_float32(base: Base, text_ids: tuple[int, ...]) -> None:
    narrow = fresh(base, plan=replace(PLAN, precision=BFLOAT16))
    prompt, response = text_ids[:14], text_ids[30:41]
    narrow.exact(True)
    exactly = student(narrow, prompt, response)
    item = judged(narrow, prompt, response, -1.0, share=1.0)
    narrow.exact(False)
    assert narrow.decoder.head.dtype == torch.bfloat16
    roughly = student(narrow, prompt, response)
    assert 0.0 < np.abs(roughly - exactly).max() < 0.5
    (item,) = batch.seen_again(narrow, [item])
    history = stepped(narrow, [item], 3)
    assert history[-1]["loss"] < history[0]["loss"]
    assert history[-1]["tokens"] == len(prompt) + len(response)
    assert all(t.dtype == np.float32 for t in narrow.adapter().tensors.values())
    narrow.exact(True)
    assert narrow.decoder.head.dtype == torch.float32
    assert student(narrow, prompt, response).sum() < exactly.sum()
    assert (base_of(narrow, prompt, response) == exactly).all(), "the base is the same again"


def test_without_memory_for_it_nothing_is_exact(base: Base) -> None:
    plan = Plan(BFLOAT16, exact=False, positions=0, checkpointing=True, bytes=0)
    narrow = fresh(base, plan=plan)
    assert narrow.decoder.head.dtype == torch.bfloat16
    assert narrow.decoder.checkpointing


def test_the_gradient_in_bfloat16_points_where_the_exact_one_does(
    base: Base, policy: TorchPolicy, batch_of_six: list[Item]
) -> None:
    narrow = TorchPolicy(base, busy(base.shape), replace(PLAN, precision=BFLOAT16, exact=False))
    similar = cosine(learned(narrow, batch_of_six)[1], learned(policy, batch_of_six)[1])
    print(f"\nbfloat16: cosine {similar:.4f}")
    assert similar > 0.9


# steps
def stepped(
    policy: TorchPolicy, items: Sequence[Item], steps: int, history: list[Figures] | None = None
) -> list[Figures]:
    """`steps` in all, those in `history` included."""
    history = [] if history is None else history
    train(policy, lambda step: items, replace(RECIPE, steps=steps), 1024, Silent(), history, lambda n: None)
    return history


def test_going_on_is_as_if_it_had_never_stopped(base: Base, text_ids: tuple[int, ...]) -> None:
    """Bit for bit: three steps are one, a checkpoint, and two in a fresh policy."""
    items = [distilled(text_ids[:8], text_ids[30:36]), distilled(text_ids[:8], text_ids[20:25], Divergence.FORWARD)]
    whole, history = fresh(base), list[Figures]()
    kept: list[tuple[Adapter, Moments, list[Figures]]] = []

    def keep(steps: int) -> None:
        kept.append((whole.adapter(), whole.moments(), list(history)))

    recipe = replace(RECIPE, steps=3)
    train(whole, lambda step: items, recipe, 1024, Silent(), history, keep)
    adapter, moments, partly = kept[0]
    assert len(partly) == 1
    second = TorchPolicy(base, adapter, PLAN)
    second.restore(adapter, moments)
    assert stepped(second, items, 3, partly) == history
    for name, tensor in whole.adapter().tensors.items():
        assert tensor.tobytes() == second.adapter().tensors[name].tobytes()
    for name, moment in whole.moments().items():
        assert moment.tobytes() == second.moments()[name].tobytes()
        assert moment.shape == second.moments()[name].shape


def test_a_fresh_policy_has_no_moments_to_go_on_from(base: Base, text_ids: tuple[int, ...]) -> None:
    one, two = fresh(base), fresh(base)
    assert one.moments() == {}
    two.restore(one.adapter(), one.moments())
    items = [distilled(text_ids[:14], text_ids[30:36])]
    assert stepped(one, items, 1) == stepped(two, items, 1)


def test_the_adapter_that_is_given_away_is_a_copy(base: Base, text_ids: tuple[int, ...]) -> None:
    policy = fresh(base)
    before = policy.adapter()
    kept = {name: t.copy() for name, t in before.tensors.items()}
    stepped(policy, [distilled(text_ids[:14], text_ids[30:36])], 1)
    assert all((before.tensors[name] == t).all() for name, t in kept.items())
    assert any((policy.adapter().tensors[name] != t).any() for name, t in kept.items())


def test_a_gradient_is_clipped_and_its_norm_told(base: Base, text_ids: tuple[int, ...]) -> None:
    items = [distilled(text_ids[:14], text_ids[30:36], share=50.0)]
    policy = fresh(base)
    wanted = float(np.linalg.norm(learned(policy, items)[1].astype(np.float64)))
    policy.accumulate(items, RECIPE)
    assert policy.step(RECIPE) == pytest.approx(wanted, rel=1e-3)
    assert wanted > RECIPE.max_grad_norm
    first = next(iter(n for n in policy.moments() if n.endswith("exp_avg")))
    assert np.linalg.norm(policy.moments()[first]) <= (1 - torch_policy.BETAS[0]) * RECIPE.max_grad_norm * 1.001


@pytest.mark.parametrize("steps", [0, 1])
def test_a_share_that_is_no_number_makes_no_step(base: Base, text_ids: tuple[int, ...], steps: int) -> None:
    policy = fresh(base)
    whole, told = distilled(text_ids[:14], text_ids[30:36]), list[int]()
    history = stepped(policy, [whole], steps)
    before, moments = policy.adapter(), policy.moments()
    with pytest.raises(Diverged, match="diverged"):
        train(
            policy,
            lambda step: [whole, replace(whole, share=float("nan"))],
            replace(RECIPE, steps=steps + 1),
            1024,
            Silent(),
            history,
            told.append,
        )
    assert (told, len(history)) == ([], steps)
    assert all((t == before.tensors[name]).all() for name, t in policy.adapter().tensors.items())
    assert all((t == moments[name]).all() for name, t in policy.moments().items())
    policy.accumulate([whole], RECIPE)
    assert np.isfinite(policy.step(RECIPE)), "what was no number is forgotten"


def test_control_tokens_are_those_of_the_model(policy: TorchPolicy, llama: Any) -> None:
    assert set(llama.ids("<|im_start|><|im_end|>")) <= set(policy.control_ids)
    assert not set(llama.ids("Why is the sky blue?")) & set(policy.control_ids)
