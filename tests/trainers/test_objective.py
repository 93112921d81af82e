"""The NumPy reference has the properties that its docstrings promise."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trainers import objective
from trainers.objective import Divergence, Normalisation

Array = npt.NDArray[np.float64]

T, V = 5, 7
IMPOSSIBLE = -1e4
"""Log-probability of a token that cannot be sampled."""


def normal(logits: Array) -> Array:
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def tokens(low: float = -12.0, high: float = -1e-3) -> st.SearchStrategy[Array]:
    """Log-probabilities of sampled tokens, [T]."""
    return arrays(np.float64, (T,), elements=st.floats(low, high))


def vocabularies() -> st.SearchStrategy[Array]:
    """Distributions, [T, V]."""
    return arrays(np.float64, (T, V), elements=st.floats(-8.0, 8.0)).map(normal)


advantages = arrays(np.float64, (T,), elements=st.floats(-2.0, 2.0))


@given(st.sampled_from([-1.0, 0.0, 1.0]), st.integers(0, 9))
def test_binary_advantage_is_the_verdict_for_every_token(reward: float, n: int) -> None:
    assert objective.binary_advantage(reward, n).tolist() == [reward] * n


@given(tokens(), tokens())
def test_distillation_advantage_is_bounded_and_points_to_the_teacher(teacher: Array, old: Array) -> None:
    advantage = objective.distillation_advantage(teacher, old, 1.0)
    assert (np.abs(advantage) <= 1.0).all()
    assert (np.sign(advantage) == np.sign(teacher - old)).all()


@given(tokens(), tokens())
def test_a_weight_of_zero_leaves_its_part_out(teacher: Array, old: Array) -> None:
    rl = objective.combined_advantage(-1.0, teacher, old, 1.0, 0.0, 1.0)
    opd = objective.combined_advantage(-1.0, teacher, old, 0.0, 1.0, 1.0)
    assert rl.tolist() == [-1.0] * T
    assert opd.tolist() == objective.distillation_advantage(teacher, old, 1.0).tolist()


@given(tokens(), tokens())
def test_importance_weight_is_positive_and_capped(trainer: Array, sampler: Array) -> None:
    weight = objective.importance_weight(trainer, sampler)
    assert (weight > 0.0).all()
    assert (weight <= objective.WEIGHT_CAP + 1e-12).all()
    assert np.allclose(objective.importance_weight(trainer, trainer), 1.0)


@given(tokens(), tokens(), advantages)
def test_surrogate_never_promises_more_than_the_ratio(student: Array, old: Array, advantage: Array) -> None:
    value = objective.surrogate(student, old, advantage, np.ones(T), 0.2, 0.28)
    assert (value <= np.exp(student - old) * advantage + 1e-9).all()
    assert (value[advantage > 0] <= 1.28 * advantage[advantage > 0] + 1e-9).all()


@given(tokens(), advantages)
def test_at_the_old_policy_nothing_is_clipped(old: Array, advantage: Array) -> None:
    assert np.allclose(objective.surrogate(old, old, advantage, np.ones(T), 0.2, 0.28), advantage)
    assert not objective.clipped(old, old, advantage, 0.2, 0.28).any()


@given(tokens(), tokens())
def test_k3_is_never_negative_and_zero_where_they_agree(student: Array, base: Array) -> None:
    assert (objective.k3(student, base) >= 0.0).all()
    assert objective.k3(base, base).tolist() == [0.0] * T


def test_k3_is_the_kl_in_expectation() -> None:
    rng = np.random.default_rng(0)
    student, base = normal(rng.normal(size=(1, V))), normal(rng.normal(size=(1, V)))
    expected = float((np.exp(student) * objective.k3(student, base)).sum())
    assert expected == pytest.approx(float(objective.kl(student, base)[0]))


@given(vocabularies(), vocabularies())
def test_kl_is_never_negative_and_zero_for_the_same(p: Array, q: Array) -> None:
    assert (objective.kl(p, q) >= -1e-9).all()
    assert np.allclose(objective.kl(p, p), 0.0)


@given(vocabularies())
def test_entropy_is_between_certainty_and_the_uniform(p: Array) -> None:
    assert (objective.entropy(p) >= -1e-9).all()
    assert (objective.entropy(p) <= np.log(V) + 1e-9).all()


@given(vocabularies(), vocabularies(), st.floats(0.0, 3.0))
def test_the_amplified_teacher_is_a_distribution(hinted: Array, plain: Array, c: float) -> None:
    assert np.allclose(np.exp(objective.amplified(hinted, plain, c)).sum(-1), 1.0)


@given(vocabularies(), vocabularies())
def test_without_amplification_the_teacher_is_the_hinted_base(hinted: Array, plain: Array) -> None:
    assert np.allclose(objective.amplified(hinted, plain, 0.0), hinted)
    assert np.allclose(objective.amplified(hinted, hinted, 1.0), hinted)


@given(vocabularies(), vocabularies())
def test_amplification_raises_most_what_the_hint_raised_most(hinted: Array, plain: Array) -> None:
    moved = objective.amplified(hinted, plain, 1.0) - hinted
    by_hint = np.clip(hinted - plain, -objective.AMPLIFY_BOUND, objective.AMPLIFY_BOUND)
    best = by_hint.argmax(-1)[:, None]
    assert np.allclose(np.take_along_axis(moved, best, -1)[:, 0], moved.max(-1))


def test_internalised_goes_from_the_base_to_the_teacher() -> None:
    assert objective.internalised(0.5, 0.5) == 0.0
    assert objective.internalised(0.0, 0.5) == 1.0
    assert objective.internalised(0.75, 0.5) == -0.5
    assert objective.internalised(0.1, 0.0) == 0.0


@given(tokens(), advantages)
def test_margin_is_a_weighted_mean(logprobs: Array, advantage: Array) -> None:
    assert abs(objective.margin(logprobs, advantage)) <= np.abs(logprobs).max() + 1e-9
    assert objective.margin(logprobs, np.zeros(T)) == 0.0


divergences = st.sampled_from(list(Divergence))
masks = arrays(np.bool_, (T,))
lengths = st.lists(st.integers(0, 50), max_size=8)


@given(vocabularies(), vocabularies(), st.floats(0.01, 0.99))
def test_jsd_is_between_zero_and_the_entropy_of_its_weights(p: Array, q: Array, beta: float) -> None:
    value = objective.jsd(p, q, beta)
    assert (value >= -1e-9).all()
    assert (value <= -beta * np.log(beta) - (1 - beta) * np.log(1 - beta) + 1e-9).all()
    assert np.allclose(objective.jsd(p, p, beta), 0.0)


@given(vocabularies(), vocabularies(), st.floats(0.01, 0.99))
def test_jsd_of_the_two_swapped_is_that_of_the_other_weight(p: Array, q: Array, beta: float) -> None:
    assert np.allclose(objective.jsd(p, q, beta), objective.jsd(q, p, 1 - beta))


def test_jsd_tends_to_the_kl_for_a_small_weight() -> None:
    rng = np.random.default_rng(0)
    p, q = normal(rng.normal(size=(T, V))), normal(rng.normal(size=(T, V)))
    assert np.allclose(objective.jsd(p, q, 1e-6) / 1e-6, objective.kl(p, q), rtol=1e-3)


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_jsd_is_refused_where_it_vanishes(beta: float) -> None:
    with pytest.raises(ValueError):
        objective.jsd(np.zeros((1, 1)), np.zeros((1, 1)), beta)


@given(vocabularies(), vocabularies(), st.integers(1, V + 2))
def test_top_k_kl_is_never_negative_and_at_most_the_full_one(student: Array, teacher: Array, k: int) -> None:
    value, full = objective.top_k_kl(student, teacher, k), objective.kl(student, teacher)
    assert (value >= -1e-9).all()
    assert (value <= full + 1e-9).all()
    if k >= V - 1:
        assert np.allclose(value, full)


@given(vocabularies(), st.integers(1, V + 2))
def test_top_k_kl_is_zero_for_the_same(p: Array, k: int) -> None:
    assert np.allclose(objective.top_k_kl(p, p, k), 0.0)


def test_top_k_kl_sees_mass_that_moved_into_the_tail() -> None:
    """The sum over the top k alone would be below zero here."""
    student = np.log(np.array([[0.3, 0.25, 0.25, 0.2]]))
    teacher = np.log(np.array([[0.9, 0.05, 0.03, 0.02]]))
    assert float((np.exp(student) * (student - teacher))[0, 0]) < 0.0
    assert objective.top_k_kl(student, teacher, 1)[0] == pytest.approx(0.3 * np.log(0.3 / 0.9) + 0.7 * np.log(7.0))


def test_top_k_kl_does_not_see_what_differs_inside_the_tail() -> None:
    student, teacher = np.log(np.array([[0.6, 0.3, 0.1]])), np.log(np.array([[0.6, 0.1, 0.3]]))
    assert objective.top_k_kl(student, teacher, 1)[0] == pytest.approx(0.0)
    assert objective.top_k_kl(student, teacher, 2)[0] > 0.1


@given(vocabularies(), vocabularies())
def test_each_divergence_is_the_formula_of_its_name(student: Array, target: Array) -> None:
    for kind, expected in {
        Divergence.REVERSE: objective.kl(student, target),
        Divergence.FORWARD: objective.kl(target, student),
        Divergence.JSD: objective.jsd(student, target),
        Divergence.TOP_K: objective.top_k_kl(student, target, 3),
    }.items():
        assert np.allclose(objective.divergence(kind, student, target, 3), expected)


@given(divergences, vocabularies(), vocabularies())
def test_divergences_are_never_negative_and_zero_at_the_target(kind: Divergence, student: Array, target: Array) -> None:
    assert (objective.divergence(kind, student, target, 3) >= -1e-9).all()
    assert np.allclose(objective.divergence(kind, target, target, 3), 0.0)


@given(st.lists(st.integers(0, 9), max_size=12), st.frozensets(st.integers(0, 9)))
def test_special_tokens_are_not_learned_from(ids: list[int], special: frozenset[int]) -> None:
    mask = objective.learnable(ids, special)
    assert mask.dtype == np.bool_
    assert mask.shape == (len(ids),)
    assert not special & {i for i, kept in zip(ids, mask, strict=True) if kept}
    assert special >= {i for i, kept in zip(ids, mask, strict=True) if not kept}


@given(advantages, masks)
def test_masked_mean_is_that_of_the_kept_ones(values: Array, mask: npt.NDArray[np.bool_]) -> None:
    expected = float(values[mask].mean()) if mask.any() else 0.0
    assert objective.masked_mean(values, mask) == pytest.approx(expected)
    assert objective.masked_mean(np.where(mask, values, np.nan), mask) == pytest.approx(expected)


@given(st.sampled_from(list(Normalisation)), lengths)
def test_weights_sum_to_one_unless_there_is_nothing(normalisation: Normalisation, lengths: list[int]) -> None:
    weights = objective.weights(normalisation, lengths)
    assert len(weights) == len(lengths)
    assert sum(weights) == pytest.approx(1.0 if any(lengths) else 0.0)
    assert all((weight > 0.0) == (length > 0) for weight, length in zip(weights, lengths, strict=True))


@given(st.lists(arrays(np.float64, st.integers(1, 6), elements=st.floats(-5.0, 5.0)), min_size=1, max_size=5))
def test_weights_make_the_mean_over_sequences_or_over_tokens(batch: list[Array]) -> None:
    means, counts = [float(values.mean()) for values in batch], [len(values) for values in batch]
    by_sequence, by_token = (objective.weights(n, counts) for n in (Normalisation.SEQUENCE, Normalisation.TOKEN))
    assert np.dot(by_sequence, means) == pytest.approx(float(np.mean(means)), abs=1e-9)
    assert np.dot(by_token, means) == pytest.approx(float(np.concatenate(batch).mean()), abs=1e-9)


@given(tokens(), advantages, masks)
def test_at_the_old_policy_the_loss_is_minus_the_advantage(
    old: Array, advantage: Array, mask: npt.NDArray[np.bool_]
) -> None:
    value = objective.policy_loss(old, old, old, advantage, np.ones(T), mask, 0.2, 0.28, 0.02)
    assert value == pytest.approx(-objective.masked_mean(advantage, mask))


@given(tokens(), tokens(), tokens(), advantages, masks)
def test_policy_loss_does_not_depend_on_what_is_masked(
    student: Array, old: Array, base: Array, advantage: Array, mask: npt.NDArray[np.bool_]
) -> None:
    def value(student: Array) -> float:
        return objective.policy_loss(student, old, base, advantage, np.ones(T), mask, 0.2, 0.28, 0.02)

    assert value(np.where(mask, student, IMPOSSIBLE)) == value(student)


@given(tokens(), tokens())
def test_the_distance_to_the_base_only_adds(student: Array, base: Array) -> None:
    nothing, everything = np.zeros(T), np.ones(T, bool)
    value = objective.policy_loss(student, student, base, nothing, nothing, everything, 0.2, 0.28, 0.02)
    assert value == pytest.approx(0.02 * float(objective.k3(student, base).mean()))


@given(divergences, vocabularies(), vocabularies(), masks)
def test_distillation_loss_is_the_mean_divergence_of_the_kept(
    kind: Divergence, student: Array, target: Array, mask: npt.NDArray[np.bool_]
) -> None:
    expected = objective.masked_mean(objective.divergence(kind, student, target, 3), mask)
    assert objective.distillation_loss(kind, student, target, mask, 3) == expected


@given(tokens(), masks)
def test_demonstration_loss_of_equal_weights_is_cross_entropy(student: Array, mask: npt.NDArray[np.bool_]) -> None:
    expected = -student[mask].mean() if mask.any() else 0.0
    assert objective.demonstration_loss(student, np.ones(T), mask) == pytest.approx(expected)


@given(tokens())
def test_a_token_without_weight_is_not_demonstrated(student: Array) -> None:
    weight = np.zeros(T)
    weight[0] = T
    loss = objective.demonstration_loss(student, weight, np.ones(T, bool))
    assert loss == pytest.approx(-student[0])


def test_a_log_ratio_out_of_bounds_gives_finite_numbers() -> None:
    here, gone = np.zeros(1), np.full(1, IMPOSSIBLE)
    for advantage in (-1.0, 0.0, 1.0):
        assert np.isfinite(objective.surrogate(here, gone, np.full(1, advantage), np.ones(1), 0.2, 0.28)).all()
    assert np.isfinite(objective.k3(gone, here)).all()
    assert objective.clipped(here, gone, np.ones(1), 0.2, 0.28).all()


# preferences and overlap
margins = st.floats(-200.0, 200.0)


@given(tokens(), tokens(), tokens(), tokens())
def test_a_preference_margin_turns_round_with_its_pair(a: Array, a_base: Array, b: Array, b_base: Array) -> None:
    margin = objective.preference_margin(a, a_base, b, b_base)
    assert margin == pytest.approx(-objective.preference_margin(b, b_base, a, a_base))
    assert objective.preference_margin(a_base, a_base, b_base, b_base) == 0.0


@given(margins, st.floats(0.01, 1.0))
def test_a_preference_weighs_what_its_loss_changes_by(margin: float, beta: float) -> None:
    step = 1e-4
    up, down = (objective.preference_loss(margin + d, beta) for d in (step, -step))
    weight = objective.preference_weight(margin, beta)
    assert weight == pytest.approx((down - up) / (2 * step), abs=1e-6)
    assert 0.0 <= weight <= beta and objective.preference_loss(margin, beta) >= 0.0


def test_an_undecided_pair_weighs_half_of_beta() -> None:
    assert objective.preference_weight(0.0, 0.1) == pytest.approx(0.05)
    assert objective.preference_loss(0.0, 0.1) == pytest.approx(np.log(2.0))


ranked = st.lists(st.permutations(range(V)).map(lambda ids: ids[:4]), min_size=1, max_size=T)


@given(ranked, st.randoms())
def test_overlap_is_a_share_that_knows_no_order(ids: list[list[int]], chance: random.Random) -> None:
    found = np.array(ids)
    turned = np.array([chance.sample(row, len(row)) for row in ids])
    assert objective.overlap(found, turned) == 1.0
    assert objective.overlap(found, found + V) == 0.0
    other = np.roll(found, 1, axis=0)
    shares = [len(set(a) & set(b)) / 4 for a, b in zip(found.tolist(), other.tolist(), strict=True)]
    assert objective.overlap(found, other) == pytest.approx(np.mean(shares)) == objective.overlap(other, found)


def test_nothing_overlaps_where_there_are_no_tokens() -> None:
    assert objective.overlap(np.zeros((0, 4), np.int64), np.zeros((0, 4), np.int64)) == 0.0
