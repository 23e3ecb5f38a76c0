"""Losses are what automatic differentiation says they are, and carry through the layers of networks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from commonweal.economy.learning.losses import LOSSES, SQUARED_ERROR, Loss
from commonweal.economy.learning.mlp import MLP
from commonweal.testing import check_network
from commonweal.testing.learning import check_any_network
from commonweal.testing.promises import Promises

RUNS, SAMPLES, DOUBLE = 2, 6, torch.float64
LINKS = pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))


def drawn(loss: Loss, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Scores, labels and weights."""
    generator = torch.Generator().manual_seed(seed)
    count = 4 if loss.target == "class" else 1
    scores = 2 * torch.randn(RUNS, SAMPLES, count, generator=generator, dtype=DOUBLE)
    weights = torch.rand(RUNS, SAMPLES, generator=generator, dtype=DOUBLE)
    if loss.target == "class":
        return scores, torch.randint(count, (RUNS, SAMPLES), generator=generator), weights
    return scores, torch.randn(RUNS, SAMPLES, generator=generator, dtype=DOUBLE), weights


@LINKS
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_gradients_by_the_scores_are_those_of_automatic_differentiation(loss: Loss, seed: int) -> None:
    scores, labels, weights = drawn(loss, seed)
    bounded = torch.arange(SAMPLES) % 2 == 1
    watched = scores.requires_grad_()
    values = loss.of_samples(watched, labels, bounded) * weights
    (expected,) = torch.autograd.grad(values.sum(), watched)
    found, deltas = loss.deltas(scores.detach(), labels, weights, bounded)
    torch.testing.assert_close(found, values.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(deltas, expected, rtol=1e-12, atol=1e-12)
    for place in range(SAMPLES):
        each = loss.each(scores[:, place].detach(), labels[:, place], bool(bounded[place])) * weights[:, place]
        torch.testing.assert_close(each, found[:, place], rtol=1e-12, atol=1e-12)


@LINKS
def test_the_bend_is_the_second_derivative(loss: Loss) -> None:
    scores, labels, _ = drawn(loss, 3)
    moved = torch.randn(scores.shape, generator=torch.Generator().manual_seed(4), dtype=DOUBLE)
    watched = scores.requires_grad_()
    (slope,) = torch.autograd.grad(loss.of_samples(watched, labels).sum(), watched, create_graph=True)
    expected = torch.zeros_like(scores)
    if slope.requires_grad:
        (expected,) = torch.autograd.grad((slope * moved).sum(), watched)
    torch.testing.assert_close(loss.bend(scores.detach(), moved), expected, rtol=1e-12, atol=1e-12)


@LINKS
def test_a_bounded_loss_is_one_less_the_likelihood(loss: Loss) -> None:
    scores, labels, _ = drawn(loss, 5)
    plain = loss.of_samples(scores, labels)
    bounded = loss.of_samples(scores, labels, torch.ones(SAMPLES, dtype=torch.bool))
    torch.testing.assert_close(bounded, 1 - torch.exp(-plain))
    assert ((bounded >= 0) & (bounded <= 1)).all()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("hidden", [(), (6,), (5, 4)])
def test_a_perceptron_learns_numbers_by_exact_paths_and_curvature(activation: str, hidden: tuple[int, ...]) -> None:
    network = MLP((9, *hidden, 1), activation, DOUBLE, loss=SQUARED_ERROR)
    check_any_network(network, Promises("a perceptron of numbers"), loss=SQUARED_ERROR)


def test_the_convolution_learns_numbers_as_every_network_does() -> None:
    check_network("conv", {"learning.hidden": [3]}, target="number")


def test_a_linear_network_finds_the_least_squares() -> None:
    """A network without hidden layers descends to what the normal equations give."""
    rng = np.random.default_rng(0)
    features, target = rng.normal(size=(60, 3)), rng.normal(size=60)
    network = MLP((3, 1), dtype=DOUBLE, loss=SQUARED_ERROR)
    parameters: tuple[Tensor, ...] = (torch.zeros(1, 1, 4, dtype=DOUBLE),)
    from commonweal.economy.learning.network import Owners, descend

    owners = Owners(torch.zeros(1, 60, dtype=torch.int64), 1)
    for _ in range(500):
        passage = network.traverse(parameters, torch.tensor(features)[None], torch.tensor(target)[None], owners)
        parameters = descend(parameters, tuple(0.3 * s for s in passage.weighted_sum(torch.ones(1, 1, dtype=DOUBLE))))
    expected = np.linalg.lstsq(np.column_stack([features, np.ones(60)]), target, rcond=None)[0]
    np.testing.assert_allclose(parameters[0][0, 0].numpy(), expected, atol=1e-10)
