"""The trainer in MLX does what the one in torch does: same log-probabilities, losses, updates and replies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mlx.core")
pytest.importorskip("mlx_lm")

from benchmarks import random_model
from clawlocal.engine.library import high_level
from trainers import adapter_gguf, adapter_peft, gguf_base, gguf_config
from trainers.adapter_peft import Adapter
from trainers.gguf_base import Base
from trainers.items import Demonstrated, Distilled, Item, Judged, View
from trainers.job import Recipe
from trainers.mlx_policy import MlxPolicy
from trainers.objective import Divergence
from trainers.plan import BFLOAT16, FLOAT32, INT4, Plan
from trainers.policy import Drawing, Policy
from trainers.torch_policy import TorchPolicy

ARCHITECTURES = tuple(gguf_config.NAMES)
EXACT = Plan(FLOAT32, True, 2048, False, 0)
RECIPE = Recipe(lr=1e-3)
IDS = tuple(int(i) for i in np.random.default_rng(1).integers(0, 256, 160))
"""Longer than a block of queries, and than Gemma's window."""
REPLIES = ((IDS[:30], IDS[30:70]), (IDS[:30], IDS[80:100]), (IDS[100:], IDS[:20]))
"""Two to one prompt, one to another."""


def changed(fresh: Adapter, size: float) -> Adapter:
    """One that changes every layer."""
    rng = np.random.default_rng(2)
    b = {k: rng.normal(0, size, t.shape).astype(np.float32) for k, t in fresh.tensors.items() if k[-1] == "B"}
    return replace(fresh, tensors={**fresh.tensors, **b})


@pytest.fixture(scope="module", params=ARCHITECTURES)
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A small random model of each architecture."""
    folder = tmp_path_factory.mktemp(request.param)
    return gguf_base.prepare(random_model.write(folder / "model.gguf", request.param), "0" * 64, folder / "bases")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """The architecture with most in it."""
    folder = tmp_path_factory.mktemp("one")
    return gguf_base.prepare(random_model.write(folder / "model.gguf", "gemma3"), "0" * 64, folder / "bases")


def adapter_of(base: Base) -> Adapter:
    return changed(adapter_peft.fresh(base.shape, 4, 8, seed=0), 0.1)


def both(base: Base, adapter: Adapter, plan: Plan = EXACT) -> tuple[TorchPolicy, MlxPolicy]:
    return TorchPolicy(base, adapter, plan), MlxPolicy(base, adapter, plan)


def items(policy: Policy, replies: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Item]:
    """Each reply judged, drawn to an amplified teacher, anchored, and demonstrated."""
    rng = np.random.default_rng(3)
    hint = replies[-1][0][:5]
    found: list[Item] = []
    for prompt, response in replies:
        old, base = policy.logprobs([(View(prompt, base=False), response), (View(prompt), response)])
        # Some of the ratios are past the bound.
        old = old + rng.normal(0, 0.2, len(old)).astype(np.float32)
        advantage, weight = rng.normal(0, 1, (2, len(old))).astype(np.float32)
        mask = rng.random(len(old)) < 0.8
        teacher = View((*hint, *prompt), plain=prompt, amplify=1.0)
        found += [
            Judged(prompt, response, old, base, advantage, np.abs(weight), mask, 0.7),
            Distilled(prompt, response, teacher, Divergence.REVERSE, mask, 1.1, "distance"),
            Distilled(prompt, response, View(prompt), Divergence.FORWARD, mask, 0.5, "anchor"),
            Demonstrated(prompt, response, np.abs(weight), mask, 0.3),
        ]
    return found


def cosine(one: Adapter, other: Adapter, start: Adapter) -> float:
    """Of two updates from `start`."""
    a, b = (np.concatenate([(x.tensors[n] - t).ravel() for n, t in start.tensors.items()]) for x in (one, other))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def off(one: Any, other: Any) -> float:
    return float(np.abs(np.asarray(one) - np.asarray(other)).mean())


def views(replies: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[tuple[View, Sequence[int]]]:
    """The student's, the base's and an amplified one."""
    return [
        (view, response)
        for prompt, response in replies
        for view in (
            View(prompt, base=False),
            View(prompt),
            View((*prompt[:4], *prompt), plain=prompt, amplify=1.0),
        )
    ]


def test_every_architecture_sees_what_torch_sees(small: Base) -> None:
    theirs, ours = both(small, adapter_of(small))
    asked = views(REPLIES)
    for a, b in zip(theirs.logprobs(asked), ours.logprobs(asked), strict=True):
        assert off(a, b) < 1e-3
    for a, b in zip(theirs.entropy(asked), ours.entropy(asked), strict=True):
        assert off(a, b) < 1e-3
    for a, b in zip(theirs.likeliest(asked, 4), ours.likeliest(asked, 4), strict=True):
        assert a.shape == b.shape and (a == b).mean() > 0.97, "but for near ties"
    assert [x.shape for x in ours.likeliest([(View(IDS[:3]), ())], 4)] == [(0, 4)]
    pairs = [(View(prompt, base=False), View(prompt), response) for prompt, response in REPLIES]
    for a, b in zip(theirs.divergence(pairs), ours.divergence(pairs), strict=True):
        assert off(a, b) < 1e-3


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_every_architecture_learns_what_torch_learns(small: Base, frozen: bool, checkpointing: bool) -> None:
    start, recipe = adapter_of(small), replace(RECIPE, frozen_prompt=frozen)
    theirs, ours = both(small, start, replace(EXACT, checkpointing=checkpointing))
    learned(theirs, ours, items(theirs, REPLIES), recipe, start)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_prompt_of_one_token_has_nothing_before_it(one: Base, frozen: bool) -> None:
    start, recipe = adapter_of(one), replace(RECIPE, frozen_prompt=frozen)
    theirs, ours = both(one, start)
    prompts = (REPLIES[0], (IDS[5:6], IDS[10:20]), (IDS[6:7], IDS[20:33]))
    for a, b in zip(theirs.logprobs(views(prompts)), ours.logprobs(views(prompts)), strict=True):
        assert off(a, b) < 1e-3
    learned(theirs, ours, items(theirs, prompts), recipe, start)


def learned(theirs: TorchPolicy, ours: MlxPolicy, batch: list[Item], recipe: Recipe, start: Adapter) -> None:
    """One step with both, in two parts."""
    for part in (batch[:-1], batch[-1:]):
        for a, b in zip(theirs.accumulate(part, recipe), ours.accumulate(part, recipe), strict=True):
            assert b.loss == pytest.approx(a.loss, rel=1e-4, abs=1e-3)
            assert b.figures == pytest.approx(a.figures, rel=1e-4, abs=1e-3)
    assert ours.step(recipe) == pytest.approx(theirs.step(recipe), rel=1e-3)
    assert cosine(ours.adapter(), theirs.adapter(), start) > 0.999


def test_every_architecture_samples_what_torch_samples(small: Base) -> None:
    theirs, ours = both(small, adapter_of(small))
    chance = np.random.default_rng(0).random((3, 40))
    prompts = [IDS[:30], IDS[:50], IDS[:30]]
    told: list[int] = []
    replies = ours.sample(prompts, (), chance, told.append)
    assert told == list(range(1, 41))
    assert replies == theirs.sample(prompts, (), chance, lambda n: None)
    base = ours.sample(prompts, (), chance, told.append, base=True)
    # The random Gemma says its last token again, adapter or not.
    assert base != replies or small.shape.sandwich
    assert base == theirs.sample(prompts, (), chance, lambda n: None, base=True)


def test_replies_are_drawn_as_torch_draws_them(small: Base) -> None:
    theirs, ours = both(small, adapter_of(small))
    chance, wish = np.random.default_rng(0).random((2, 30)), Drawing(0.7, 0.05)
    prompts = [IDS[:30], IDS[:50]]
    replies = ours.sample(prompts, (), chance, lambda n: None, drawing=wish)
    assert replies == theirs.sample(prompts, (), chance, lambda n: None, drawing=wish)
    # The random Gemma says its last token again, however it is drawn.
    assert replies != ours.sample(prompts, (), chance, lambda n: None) or small.shape.sandwich


def test_phrases_are_kept_from_coming_again_as_torch_keeps_them(one: Base) -> None:
    theirs, ours = both(one, adapter_of(one))
    chance, wish = np.random.default_rng(0).random((2, 60)), Drawing(0.0, repeat_after=2)
    prompts = [IDS[:30], IDS[:50]]
    replies = ours.sample(prompts, (), chance, lambda n: None, drawing=wish)
    assert replies == theirs.sample(prompts, (), chance, lambda n: None, drawing=wish)
    loops = ours.sample(prompts, (), chance, lambda n: None, drawing=Drawing(0.0))
    for fewer, more in zip(replies, loops, strict=True):
        assert _phrases(fewer) > _phrases(more)


def _phrases(reply: Sequence[int]) -> int:
    """Different ones of three tokens."""
    return len({tuple(reply[i : i + 3]) for i in range(len(reply) - 2)})


def test_a_reply_that_ends_leaves_the_others_alone(one: Base) -> None:
    ours = MlxPolicy(one, adapter_of(one), EXACT)
    chance = np.random.default_rng(0).random((3, 20))
    prompts = [IDS[:30], IDS[:50], IDS[:30]]
    whole = ours.sample(prompts, (), chance, lambda n: None)
    stop = whole[0][3]
    cut = ours.sample(prompts, (stop,), chance, lambda n: None)
    assert cut == [r[: r.index(stop) + 1] if stop in r else r for r in whole]
    assert ours.sample([], (), chance[:0], lambda n: None) == []


def test_a_frozen_prompt_is_another_gradient(one: Base) -> None:
    """Unless it is frozen, the gradient flows through the prompt's keys and values."""
    found = []
    for frozen in (False, True):
        ours, recipe = MlxPolicy(one, adapter_of(one), EXACT), replace(RECIPE, frozen_prompt=frozen)
        ours.accumulate(items(ours, REPLIES), recipe)
        found.append(ours.step(recipe))
    assert found[0] != pytest.approx(found[1], rel=1e-2)


def test_restored_it_goes_on_as_if_it_had_never_stopped(one: Base) -> None:
    whole = MlxPolicy(one, adapter_of(one), EXACT)
    batch = items(whole, REPLIES)
    assert not whole.moments()
    whole.accumulate(batch, RECIPE)
    whole.step(RECIPE)
    # A file gives its tensors back in another order.
    turned = dict(reversed(whole.adapter().tensors.items()))
    second = MlxPolicy(one, replace(whole.adapter(), tensors=turned), EXACT)
    second.restore(replace(whole.adapter(), tensors=turned), whole.moments())
    for policy in (whole, second):
        policy.accumulate(batch, RECIPE)
        policy.step(RECIPE)
    for name, tensor in whole.adapter().tensors.items():
        assert (tensor == second.adapter().tensors[name]).all()
    assert whole.moments().keys() == second.moments().keys()


def test_a_loss_that_is_no_number_changes_nothing(one: Base) -> None:
    ours = MlxPolicy(one, adapter_of(one), EXACT)
    broken = [replace(item, share=float("nan")) for item in items(ours, REPLIES[:1])]
    ours.accumulate(broken, RECIPE)
    assert not np.isfinite(ours.step(RECIPE))
    assert all((ours.adapter().tensors[n] == t).all() for n, t in adapter_of(one).tensors.items())
    assert ours.step(RECIPE) == 0.0, "nothing was accumulated"


@pytest.mark.parametrize(("precision", "rounding"), [(BFLOAT16, 0.1), (INT4, 0.8)])
def test_less_precision_is_near_and_exact_brings_float32_back(one: Base, precision: str, rounding: float) -> None:
    ours = MlxPolicy(one, adapter_of(one), Plan(precision, True, 2048, False, 0))
    asked = views(REPLIES)
    ours.exact(True)
    exact = ours.logprobs(asked)
    ours.exact(False)
    rough = ours.logprobs(asked)
    for a, b in zip(exact, rough, strict=True):
        assert 0.0 < off(a, b) < rounding * float(np.std(a))
    assert all(np.isfinite(x.loss) for x in ours.accumulate(items(ours, REPLIES), RECIPE))
    assert np.isfinite(ours.step(RECIPE))
    assert {t.dtype for t in ours.adapter().tensors.values()} == {np.dtype(np.float32)}
    ours.restore(adapter_of(one), {})
    ours.exact(True)
    assert off(np.concatenate(ours.logprobs(asked)), np.concatenate(exact)) == 0.0


def test_the_served_model_is_what_it_computes(base: Base, llama: Any, text_ids: tuple[int, ...]) -> None:
    """As torch does, and as llama.cpp within the noise of its 8 bits."""
    theirs, ours = both(base, changed(adapter_peft.fresh(base.shape, 4, 8, seed=0), 0.05))
    text_ids = text_ids[:48]
    asked = views([(text_ids[:1], text_ids[1:])])
    found = ours.logprobs(asked)
    for a, b in zip(theirs.logprobs(asked), found, strict=True):
        assert off(a, b) < 1e-3
    assert off(found[1], llama.logprobs(text_ids)) < 0.1


def test_the_served_model_learns_and_samples_as_in_torch(base: Base, text_ids: tuple[int, ...]) -> None:
    start = adapter_peft.fresh(base.shape, 4, 8, seed=0)
    theirs, ours = both(base, start)
    replies = [(text_ids[:12], text_ids[12:24]), (text_ids[:12], text_ids[20:28])]
    learned(theirs, ours, items(theirs, replies), RECIPE, start)
    chance = np.random.default_rng(0).random((2, 8))
    prompts = [text_ids[:12], text_ids[:20]]
    assert ours.sample(prompts, (), chance, lambda n: None) == theirs.sample(prompts, (), chance, lambda n: None)


@pytest.fixture(scope="module")
def trained(small: Base) -> Adapter:
    """Steps that a reader can see."""
    ours, recipe = MlxPolicy(small, adapter_peft.fresh(small.shape, 4, 8, seed=0), EXACT), replace(RECIPE, lr=2e-2)
    batch = items(ours, REPLIES)
    for _ in range(2):
        ours.accumulate(batch, recipe)
        ours.step(recipe)
    return ours.adapter()


def chosen(logits: Any) -> Any:
    """Log-probabilities of IDS after the first, [T-1]."""
    logits = np.asarray(logits, np.float64)
    logits = logits - logits.max(-1, keepdims=True)
    logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return logprobs[np.arange(len(IDS) - 1), list(IDS[1:])]


def seen(base: Base, adapter: Adapter) -> tuple[Any, Any]:
    """What the base and the student say of IDS."""
    replies = [(View(IDS[:1], base=on), IDS[1:]) for on in (True, False)]
    without, adapted = MlxPolicy(base, adapter, EXACT).logprobs(replies)
    return without, adapted


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_peft_reads_the_adapter(small: Base, trained: Adapter, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    adapter_peft.write(trained, tmp_path / "adapter")
    model = AutoModelForCausalLM.from_pretrained(small.folder, dtype=torch.float32, local_files_only=True)
    peft = PeftModel.from_pretrained(model, tmp_path / "adapter")
    with torch.no_grad():
        theirs = chosen(peft(torch.tensor([IDS])).logits[0, :-1].numpy())
    without, ours = seen(small, trained)
    assert off(without, ours) > 0.05, "the adapter has to do something"
    assert off(theirs, ours) < 2e-3


def test_llama_cpp_serves_the_adapter(small: Base, trained: Adapter, tmp_path: Path) -> None:
    adapter_peft.write(trained, tmp_path / "adapter")
    adapter_gguf.convert(tmp_path / "adapter", small, tmp_path / "adapter.gguf")
    # Keys and values in float32, as the trainer has them.
    exact: dict[str, Any] = {"type_k": 0, "type_v": 0, "swa_full": True}
    gguf, lora = str(small.folder.parents[1] / "model.gguf"), str(tmp_path / "adapter.gguf")
    with closing(
        high_level()(gguf, n_ctx=512, logits_all=True, verbose=False, n_threads=1, lora_path=lora, **exact)
    ) as engine:
        engine.eval(list(IDS))
        theirs = chosen(engine.scores[: len(IDS) - 1])
    assert off(theirs, seen(small, trained)[1]) < 4e-3
