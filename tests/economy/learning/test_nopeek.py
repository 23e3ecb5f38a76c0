"""NoPeek: distance correlation by hand, its gradient by finite differences, and terms that are each principal's own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from commonweal.agents.arrays import Floats
from commonweal.economy.learning.guards import less_seen
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters
from commonweal.economy.learning.nopeek import correlation_gradient, distance_correlation
from commonweal.economy.learning.traversal import PathPassage

OWNERS = Owners(torch.tensor([[2, 0, 2, 0, 0, 2, 2, -1, 3]]), 4)


def by_hand(first: Floats, second: Floats) -> float:
    """Székely, Rizzo and Bakirov (2007), definitions 4 and 5: from matrices of distances."""
    centred = []
    for values in (first, second):
        apart = np.array([[np.linalg.norm(a - b) for b in values] for a in values])
        centred.append(apart - apart.mean(0) - apart.mean(1)[:, None] + apart.mean())
    one, other = centred
    return float(np.sqrt(np.mean(one * other) / np.sqrt(np.mean(one**2) * np.mean(other**2))))


def groups(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Three groups of 7, 4 and 1 samples."""
    generator = np.random.default_rng(seed)
    first, second = (torch.tensor(generator.standard_normal((3, 7, width))) for width in (4, 5))
    real = torch.arange(7)[None] < torch.tensor([7, 4, 1])[:, None]
    return first, second, real


def test_it_is_that_of_the_definition_in_every_group() -> None:
    first, second, real = groups(0)
    found = distance_correlation(first, second, real)
    assert_allclose(found[0], by_hand(first[0].numpy(), second[0].numpy()), rtol=1e-12)
    assert_allclose(found[1], by_hand(first[1, :4].numpy(), second[1, :4].numpy()), rtol=1e-12)
    assert found[2] == 0  # of one sample there is nothing to correlate


@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-5, 5))
def test_a_turned_scaled_and_shifted_copy_has_1_and_a_constant_has_0(seed: int, scale: float, shift: float) -> None:
    first, _, real = groups(seed)
    turn = torch.linalg.qr(torch.tensor(np.random.default_rng(seed + 1).standard_normal((4, 4))))[0]
    assert_allclose(distance_correlation(first, scale * first @ turn + shift, real)[:2], 1.0, rtol=1e-9)
    found, slope = correlation_gradient(first, torch.full_like(first, shift), real)
    assert not found.any()
    assert not slope.any()


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_its_gradient_is_that_of_finite_differences(seed: int) -> None:
    first, second, real = groups(seed)
    _, slope = correlation_gradient(first, second, real)
    step, wanted = 1e-6, torch.zeros_like(second)
    for place in np.ndindex(*second.shape):
        moved = [second.clone(), second.clone()]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (distance_correlation(first, each, real)[place[0]] for each in moved)
        wanted[place] = (up - down) / (2 * step)
    assert_allclose(slope, wanted, atol=1e-8)


def economy(activation: str) -> tuple[MLP, Parameters, torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(3)
    network = MLP((4, 6, 3), activation, torch.float64)
    parameters = tuple(torch.tensor(generator.standard_normal((1, out, into + 1))) for into, out in ((4, 6), (6, 3)))
    return network, parameters, torch.tensor(generator.standard_normal((1, 9, 4))), torch.arange(9)[None] % 3


def shy(
    network: MLP, parameters: Parameters, features: torch.Tensor, labels: torch.Tensor, weight: float
) -> PathPassage:
    passage = network.traverse(parameters, features, labels, OWNERS)
    return less_seen(passage, passage.inputs[1], network, weight)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_every_update_is_the_gradient_of_its_principals_own_loss_and_term(activation: str) -> None:
    network, parameters, features, labels = economy(activation)
    own = OWNERS.owner[0] == 2
    updates = shy(network, parameters, features, labels, 0.7).updates()

    def loss(*theta: torch.Tensor) -> torch.Tensor:
        inputs, logits = network._forward(theta, features[:, own])
        errors = torch.nn.functional.cross_entropy(logits[0], labels[0, own], reduction="sum")
        term = distance_correlation(features[:, own], inputs[1], torch.ones(1, int(own.sum()), dtype=torch.bool))
        return (errors + own.sum() * 0.7 * term.sum()) / 8  # of eight samples in all

    for layer, theta in enumerate(parameters):
        for place in ((0, 0, 0), (0, 1, 2), (0, 2, theta.shape[2] - 1)):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [each.clone() for each in parameters]
                moved[layer][place] += step
                sides.append(float(loss(*moved)))
            assert_allclose(float(updates[layer][0, 2][place[1:]]), (sides[0] - sides[1]) / 2e-6, atol=1e-8)


def test_a_principals_update_does_not_depend_on_what_others_put_in() -> None:
    network, parameters, features, labels = economy("relu")
    before = shy(network, parameters, features, labels, 2.0).updates()
    changed = features.clone()
    changed[0, OWNERS.owner[0] == 0] += 1.0
    after = shy(network, parameters, changed, labels, 2.0).updates()
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one[:, 2:], other[:, 2:], rtol=0, atol=1e-14)
        assert not torch.equal(one[:, 0], other[:, 0])


def test_only_deltas_of_the_first_layer_change_and_none_with_weight_0() -> None:
    network, parameters, features, labels = economy("relu")
    plain = network.traverse(parameters, features, labels, OWNERS)
    term = shy(network, parameters, features, labels, 1.0)
    torch.testing.assert_close(term.deltas[1], plain.deltas[1], rtol=0, atol=0)
    assert not torch.equal(term.deltas[0], plain.deltas[0])
    nothing = shy(network, parameters, features, labels, 0.0)
    assert all(torch.equal(one, other) for one, other in zip(nothing.deltas, plain.deltas, strict=True))
    torch.testing.assert_close(term.loss, plain.loss, rtol=0, atol=0)


def test_descending_by_it_lowers_the_distance_correlation() -> None:
    network, parameters, features, labels = economy("tanh")
    owners = Owners(torch.zeros(1, 9, dtype=torch.int64), 1)

    def level(theta: Parameters) -> float:
        inputs, _ = network._forward(theta, features)
        return float(distance_correlation(features, inputs[1], torch.ones(1, 9, dtype=torch.bool)))

    parameters = tuple(0.3 * each for each in parameters)  # where tanh has a slope
    first = level(parameters)
    for _ in range(200):
        passage = network.traverse(parameters, features, labels, owners)
        step = less_seen(passage, passage.inputs[1], network, 5.0).weighted_sum(torch.ones(1, 1, dtype=torch.float64))
        parameters = tuple(p - 0.1 * s for p, s in zip(parameters, step, strict=True))
    assert level(parameters) < first - 0.1
