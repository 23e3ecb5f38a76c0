"""Defences: with nothing on nothing changes; what each changes, economy and attacker see alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from commonweal import Ensemble, load
from commonweal.agents.streams import Stream
from commonweal.economy.leaking.attackers import Knowledge, recovered
from commonweal.economy.leaking.defences import (
    Defence,
    GuardedMLP,
    clipped,
    median_norm,
    noisy_cut,
    returned_by_head,
    rounded,
    spread_of,
)
from commonweal.economy.leaking.inversion import Prior, label_means
from commonweal.economy.leaking.measures import nmse
from commonweal.economy.leaking.sight import first_deltas, seen
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.modes import MODES
from tests.helpers.digits import digits, perceptron, visited

NETWORK, PARAMETERS = perceptron(32)
OWNER = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3]])


def batch() -> tuple[torch.Tensor, torch.Tensor, Owners]:
    features, labels = digits().learned
    return torch.tensor(features[None, :16]), torch.tensor(labels[None, :16]), Owners(OWNER, 5)


def clean() -> PathPassage:
    return NETWORK.traverse(PARAMETERS, *batch())


def told(defence: Defence, seed: int = 0):
    stream = Stream((np.random.default_rng(seed),))
    return GuardedMLP.of(NETWORK, defence, stream).traverse(PARAMETERS, *batch())


def test_without_a_defence_an_economy_is_what_it_is_to_the_last_bit() -> None:
    courses = []
    for guarded in (False, True):
        ensemble = Ensemble(load("commons", {"population.count": 6, "rounds": 6}), [0, 1])
        if guarded:
            assert isinstance(ensemble.world.network, MLP)
            network = GuardedMLP.of(ensemble.world.network, Defence(), ensemble.streams.shock)
            ensemble.world = replace(ensemble.world, network=network)
        courses.append(ensemble.run().rounds)
    assert courses[0].equals(courses[1])


def test_noise_of_0_at_the_cut_is_the_clean_passage() -> None:
    passage = noisy_cut(NETWORK, PARAMETERS, *batch(), torch.zeros(1, 16, 32, dtype=torch.float64))
    for ours, theirs in zip((*passage.inputs, *passage.deltas), (*clean().inputs, *clean().deltas), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gradients_pass_the_noise_as_they_pass_a_constant(activation: str) -> None:
    network = replace(NETWORK, activation=activation)
    features, labels, owners = batch()
    noise = torch.tensor(np.random.default_rng(0).standard_normal((1, 16, 32)))
    passage = noisy_cut(network, PARAMETERS, features, labels, owners, noise)
    first, second = (p.clone().requires_grad_() for p in PARAMETERS)
    sums = features @ first[..., :-1].mT + first[..., -1].unsqueeze(1)
    hidden = (torch.relu(sums) if activation == "relu" else torch.tanh(sums)) + noise
    scores = hidden @ second[..., :-1].mT + second[..., -1].unsqueeze(1)
    torch.nn.functional.cross_entropy(scores[0], labels[0]).backward()
    ones = torch.ones(1, 5, dtype=torch.float64)
    for ours, theirs in zip(passage.weighted_sum(ones), (first.grad, second.grad), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_noise_at_the_cut_is_as_strong_as_it_says_and_its_passage_is_what_leaves() -> None:
    passage = told(Defence(noise=2.0)).passage
    added = passage.inputs[1] - clean().inputs[1]
    wanted = 2.0 * spread_of(clean().inputs[1], batch()[2])
    assert float(added.std()) == pytest.approx(float(wanted), rel=0.1)
    sight = seen("cut", passage, 0, np.arange(16))
    np.testing.assert_array_equal(sight.activity, passage.inputs[1][0].numpy())
    assert float(wanted) == pytest.approx(2.0 * float(clean().inputs[1].std(correction=0)))


@given(st.floats(0.0, 2.0), st.integers(0, 9))
def test_no_clipped_update_is_longer_than_the_median(noise: float, seed: int) -> None:
    limit = median_norm(clean())
    norms = clean().squared_norms().sqrt()
    assert float(limit) == pytest.approx(float(norms[norms > 0].median()), rel=0.5)
    bare = clipped(clean(), limit, 0.0)
    assert (bare.squared_norms().sqrt() <= limit[:, None] * (1 + 1e-12)).all()
    short = norms[0] < limit[0]
    torch.testing.assert_close(bare.squared_norms()[0, short], norms[0, short] ** 2)
    drawn = torch.tensor(np.random.default_rng(seed).standard_normal((1, 5, bare.deltas.shape[2])))
    sent = clipped(clean(), limit, noise, drawn)
    apart = sent.deltas - bare.deltas
    torch.testing.assert_close(apart[:, :4], noise * limit[:, None, None] * drawn[:, :4], rtol=1e-6, atol=1e-12)
    assert not sent.deltas[0, 4].any()  # who puts in nothing sends nothing


def test_the_passage_of_clipped_updates_answers_as_they_do() -> None:
    guarded = told(Defence(clip=True, clip_noise=0.5))
    direction = tuple(torch.ones(1, 1, *p.shape[1:], dtype=torch.float64) for p in PARAMETERS)
    whole = torch.cat([u.flatten(2) for u in guarded.updates()], dim=2)
    torch.testing.assert_close(guarded.products(direction)[..., 0], whole.sum(2))
    torch.testing.assert_close(guarded.squared_norms(), whole.square().sum(2))
    assert guarded.asked == [direction]


@given(st.floats(0.01, 2.0))
def test_rounded_products_are_on_the_grid_and_within_half_of_it(grid: float) -> None:
    products = torch.tensor(np.random.default_rng(3).standard_normal((2, 7, 3)))
    found = rounded(products, grid)
    unit = grid * products.square().mean(1, keepdim=True).sqrt()
    assert ((found - products).abs() <= unit / 2 * (1 + 1e-9)).all()
    assert (found / unit - (found / unit).round()).abs().max() < 1e-9
    assert rounded(products, 0.0) is products


def test_what_comes_back_through_the_last_layer_is_its_product_with_the_deltas() -> None:
    output, head = clean().deltas[-1][0], PARAMETERS[-1][0]
    torch.testing.assert_close(returned_by_head(output, head), (head[:, :-1].T @ output.T).T)


class TestSight:
    def test_deltas_of_the_first_layer_are_worked_out_from_what_is_above_the_cut(self) -> None:
        sight = seen("cut", clean(), 0, np.arange(4, 12))
        found = first_deltas(sight, PARAMETERS, NETWORK)
        np.testing.assert_allclose(found, clean().deltas[0][0, 4:12].numpy() * 16, atol=1e-12)

    @pytest.mark.parametrize("mode", list(MODES))
    def test_every_mode_shows_what_it_says_and_no_more(self, mode: str) -> None:
        sight = seen(mode, clean(), 0, np.arange(4))
        shown = {name for name, value in vars(sight).items() if value is not None}
        wanted = {
            "paths": {"samples", "activity", "output"},
            "cut": {"activity", "output", "gradient"},
            "cut-gradients": {"activity", "output", "gradient"},
            "secure": set(),
            "two-servers": {"output"},
        }
        assert shown == wanted[mode]

    @pytest.mark.parametrize("mode", ["cut", "cut-gradients"])
    def test_a_slice_is_recovered_from_what_a_node_answers(self, mode: str) -> None:
        sight = seen(mode, clean(), 0, np.arange(4))
        held = digits().held[0]
        pairs = visited(NETWORK, PARAMETERS, held, digits().held[1]).inputs[1][0].numpy()
        means = label_means(held, digits().held[1], 10)
        known = Knowledge(Prior.of(held), (pairs, held), NETWORK, PARAMETERS, means)
        found = recovered(sight, known)
        true, variance = digits().learned[0][:4], digits().variance
        assert nmse(found["pseudo-inverse"], true, variance) < 1e-20
        assert nmse(found["MAP of gradient"], true, variance) < 1e-6
        assert nmse(found["decoder"], true, variance) < 0.3
        np.testing.assert_array_equal(found["mean of its label"], means[digits().learned[1][:4]])
        assert not recovered(seen("secure", clean(), 0, np.arange(4)), known)
