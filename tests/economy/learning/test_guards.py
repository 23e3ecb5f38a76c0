"""What is changed before it leaves a node: nothing where nothing is set; noise, bounds and grids as they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.guards import (
    Guard,
    Secrets,
    Told,
    clipped,
    guarded,
    guarded_deltas,
    keys_of,
    noisy_cut,
    rounded,
    shares,
    spread_of,
)
from commonweal.economy.learning.network import Owners
from commonweal.economy.learning.traversal import PathPassage
from tests.helpers.digits import digits, perceptron

NETWORK, PARAMETERS = perceptron(32)
OWNER = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, -1]])
SECRETS = Secrets(keys_of(np.array([11]), 5), round=3)


def batch() -> tuple[torch.Tensor, torch.Tensor, Owners]:
    features, labels = digits().learned
    return torch.tensor(features[None, :16]), torch.tensor(labels[None, :16]), Owners(OWNER, 5)


def clean() -> PathPassage:
    return NETWORK.traverse(PARAMETERS, *batch())


def let_out(guard: Guard, secrets: Secrets = SECRETS) -> PathPassage | DeltaPassage:
    features, labels, owners = batch()
    return guarded(NETWORK, PARAMETERS, (features, labels), owners, guard, secrets)


def test_without_a_guard_the_passage_is_what_it_is_to_the_last_bit() -> None:
    passage = let_out(Guard(smallest=3))
    assert isinstance(passage, PathPassage)
    for ours, theirs in zip((*passage.inputs, *passage.deltas), (*clean().inputs, *clean().deltas), strict=True):
        assert torch.equal(ours, theirs)


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
    torch.nn.functional.cross_entropy(scores[0, :15], labels[0, :15]).backward()
    ones = torch.ones(1, 5, dtype=torch.float64)
    for ours, theirs in zip(passage.weighted_sum(ones), (first.grad, second.grad), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_noise_at_the_cut_is_as_strong_as_it_says_for_every_principal() -> None:
    passage = let_out(Guard(cut_noise=2.0))
    assert isinstance(passage, PathPassage)
    activity, added = clean().inputs[1], passage.inputs[1] - clean().inputs[1]
    spread = spread_of(activity, batch()[2])[..., 0]
    for principal in range(4):
        own = principal == OWNER
        wanted = float(activity[own].std(correction=0))
        torch.testing.assert_close(spread[own], torch.full_like(spread[own], wanted))
        assert float(added[own].std()) == pytest.approx(2.0 * wanted, rel=0.25)
    assert not added[0, 15].any()  # padding


def test_noise_is_the_principals_own_and_never_drawn_twice() -> None:
    again = [let_out(Guard(cut_noise=1.0), each) for each in (
        SECRETS, SECRETS, replace(SECRETS, round=4), replace(SECRETS, again=1), replace(SECRETS, purpose=1),
        Secrets(keys_of(np.array([12]), 5), round=3),
    )]  # fmt: skip
    first, same, *others = (each.inputs[1] for each in again if isinstance(each, PathPassage))
    assert torch.equal(first, same)
    assert not any(torch.equal(first, other) for other in others)


def test_noise_does_not_depend_on_who_else_is_on_the_node() -> None:
    keys = SECRETS.keys
    whole = SECRETS.drawn(OWNER.numpy(), 6)
    part = OWNER[:, 4:12].numpy()  # principals 1 and 2, as principals 0 and 1 of a node of their own
    alone = replace(SECRETS, keys=keys[:, 1:3]).drawn(part - 1, 6)
    np.testing.assert_array_equal(whole[:, 4:12], alone)
    assert len(np.unique(keys)) == keys.size


@given(st.floats(0.05, 50.0), st.booleans())
def test_no_mean_gradient_is_longer_than_the_bound_and_shorter_ones_stay(bound: float, federated: bool) -> None:
    plain = clean()
    limit = bound * shares(plain.owners, torch.float64)
    flat = torch.cat([u.flatten(2) for u in plain.updates()], dim=2)
    shapes = tuple(u.shape[2:] for u in plain.updates())
    before = DeltaPassage(flat, shapes, plain.owners, plain.loss) if federated else plain
    after = clipped(before, limit)
    norms, bounded = (each.squared_norms().sqrt() for each in (plain, after))
    torch.testing.assert_close(bounded, torch.minimum(norms, limit), rtol=1e-9, atol=1e-12)
    sent = torch.cat([u.flatten(2) for u in after.updates()], dim=2)
    cosine = (sent * flat).sum(2)[:, :4] / (bounded * norms)[:, :4]
    torch.testing.assert_close(cosine, torch.ones_like(cosine), rtol=1e-9, atol=1e-9)


def test_the_bound_is_of_the_mean_over_a_principals_samples_whatever_others_put_in() -> None:
    share = shares(batch()[2], torch.float64)
    torch.testing.assert_close(share[0], torch.tensor([4, 3, 5, 3, 0], dtype=torch.float64) / 15)
    assert (clipped(clean(), 1.0 * share).squared_norms().sqrt() <= share * (1 + 1e-9)).all()


def test_noise_on_updates_is_a_multiple_of_the_bound_on_every_entry_of_the_mean_gradient() -> None:
    bare, noisy = let_out(Guard(clip=0.5)), let_out(Guard(clip=0.5, update_noise=2.0))
    assert isinstance(noisy, DeltaPassage)
    added = noisy.deltas - torch.cat([u.flatten(2) for u in bare.updates()], dim=2)
    share = shares(bare.owners, torch.float64)[0]
    for principal in range(4):
        wanted = 2.0 * 0.5 * float(share[principal])
        assert float(added[0, principal].std()) == pytest.approx(wanted, rel=0.1)
    assert not noisy.deltas[0, 4].any()  # who puts in nothing sends nothing
    changed = guarded_deltas(noisy, Guard(clip=0.1), SECRETS)
    assert (changed.squared_norms().sqrt()[0] <= 0.1 * share * (1 + 1e-9)).all()


@given(st.floats(0.01, 1.0))
def test_rounded_products_are_on_the_grid_of_cosines_and_within_half_of_it(grid: float) -> None:
    generator = np.random.default_rng(3)
    directions = tuple(torch.tensor(generator.standard_normal((1, 3, *p.shape[1:]))) for p in PARAMETERS)
    told, plain = Told(clean(), grid), clean()
    found, exact = told.products(directions), plain.products(directions)
    lengths = torch.cat([v.flatten(2) for v in directions], dim=2).norm(dim=2)
    units = plain.squared_norms().sqrt()[:, :4, None] * lengths[:, None]
    cosines = [each[:, :4] / units for each in (found, exact)]
    assert ((cosines[0] - cosines[1]).abs() <= grid / 2 + 1e-9).all()
    assert (cosines[0] / grid - (cosines[0] / grid).round()).abs().max() < 1e-6
    assert told.asked == [directions]
    assert torch.equal(Told(plain).products(directions), exact)
    assert torch.equal(rounded(exact * 0, grid, plain.squared_norms() * 0, directions), exact * 0)
