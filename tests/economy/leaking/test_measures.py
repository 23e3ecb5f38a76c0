"""Measures of a leak by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.economy.leaking.labels import labels_of, output_deltas_of
from commonweal.economy.leaking.measures import area_under_curve, distance_correlation, nmse
from tests.helpers.digits import course, digits, perceptron, trained, visited


def test_guessing_the_mean_of_all_features_together_has_an_error_of_1() -> None:
    true = np.array([[0.0, 2.0], [4.0, 6.0]])
    assert nmse(np.full((2, 2), true.mean()), true, float(true.var())) == pytest.approx(1.0)


def test_guessing_the_mean_digit_leaves_about_half() -> None:
    """.55 of the page; .52 with this shuffle, over all digits."""
    features = digits().features
    guess = np.broadcast_to(digits().held[0].mean(axis=0), features.shape)
    assert nmse(guess, features, digits().variance) == pytest.approx(0.535, abs=0.03)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_the_area_is_the_chance_that_a_member_scores_higher(members: list[int], others: list[int]) -> None:
    pairs = [1.0 if m > o else 0.5 if m == o else 0.0 for m in members for o in others]
    found = area_under_curve(np.array(members, dtype=float), np.array(others, dtype=float))
    assert found == pytest.approx(np.mean(pairs))


def test_distance_correlation_is_1_of_what_is_similar_and_small_of_what_is_independent() -> None:
    generator = np.random.default_rng(0)
    one = generator.standard_normal((300, 3))
    assert distance_correlation(one, 2 * one[:, ::-1] + 1) == pytest.approx(1.0)
    assert distance_correlation(one, generator.standard_normal((300, 1))) < 0.2
    assert distance_correlation(one, np.zeros((300, 1))) == 0.0


def test_distance_correlation_of_three_points_by_hand() -> None:
    """Points 0, 1, 3 on a line and 0, 1, 0: centred distance matrices have dCov² = 8/81, dVar² = 20·4/81, 8/81 · 2."""
    one, other = np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [1.0], [0.0]])

    def centred(points: np.ndarray) -> np.ndarray:
        apart = np.abs(points - points.T)
        middle = np.eye(3) - 1 / 3
        return np.asarray(middle @ apart @ middle)

    a, b = centred(one), centred(other)
    wanted = np.sqrt((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean()))
    assert distance_correlation(one, other) == pytest.approx(wanted)


def test_the_negative_entry_of_the_last_delta_is_the_label_also_behind_a_u_shape() -> None:
    """A U-shaped split hides δ_L, but W_Lᵀ δ_L comes back, and the orchestrator of traversal learning knows W_L."""
    (features, labels), network, parameters = digits().test, perceptron(32)[0], trained(32)
    output = visited(network, parameters, features, labels).deltas[-1][0].numpy()
    assert (labels_of(output) == labels).all()
    head = parameters[-1][0].numpy()
    returned = output @ head[:, :-1]
    np.testing.assert_allclose(output_deltas_of(returned, head), output, atol=1e-12)
    assert (labels_of(output_deltas_of(returned, head)) == labels).all()


def _area(parameters: tuple, members: tuple, others: tuple) -> float:
    import torch

    from commonweal.economy.learning.losses import log_probabilities, sample_losses

    network = perceptron(32)[0]
    losses = []
    for features, labels in (members, others):
        scores = log_probabilities(network.logits(parameters, torch.tensor(features)[None]))
        losses.append(sample_losses(scores, torch.tensor(labels)[None])[0].numpy())
    return area_under_curve(-losses[0], -losses[1])


def test_a_commons_hides_its_members_by_being_many() -> None:
    """AUC .515 after 200 rounds on 1197 samples; its standard error with 600 others is .014."""
    others = tuple(np.concatenate(pair) for pair in zip(digits().held, digits().test, strict=True))
    areas = [_area(course(32, 200, seed)[-1], digits().learned, others) for seed in range(3)]
    assert np.mean(areas) == pytest.approx(0.515, abs=0.028)


@pytest.mark.slow
def test_few_samples_learned_for_long_are_told_from_others() -> None:
    """AUC .589 after 2000 full steps on 200 samples; over three draws of them here .60."""
    import torch

    from commonweal.economy.learning.network import descend, scaled
    from tests.helpers.digits import ONE

    others = tuple(np.concatenate(pair) for pair in zip(digits().held, digits().test, strict=True))
    areas = []
    for seed in range(3):
        (network, parameters), (features, labels) = perceptron(32, seed), digits().learned
        own = slice(200 * seed, 200 * seed + 200)
        for _ in range(2000):
            step = visited(network, parameters, features[own], labels[own]).weighted_sum(ONE)
            parameters = descend(parameters, scaled(step, torch.tensor([0.5], dtype=torch.float64)))
        areas.append(_area(parameters, (features[own], labels[own]), others))
    assert np.mean(areas) == pytest.approx(0.589, abs=0.03)
