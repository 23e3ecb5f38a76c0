"""The FedAvg baseline: local training from the shared network, and its deltas behind the interface of a passage."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from commonweal.agents.actions import Action
from commonweal.agents.streams import Streams
from commonweal.economy.learning.federated import train_locally
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork
from commonweal.economy.learning.network import Network, Owners, Parameters, Passage, descend, inner
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

FEATURES, CLASSES, PRINCIPALS = 5, 3, 4
DOUBLE = torch.float64
EXACT = {"rtol": 1e-12, "atol": 1e-14}
OWNERS = torch.tensor([[0, 2, 2, 0, 2, 3, 2], [1, -1, 1, 3, -1, -1, 1], [-1] * 7])  # in run 2 nobody puts in anything
RATE = torch.tensor([0.5, 0.2, 0.3], dtype=DOUBLE)


def mlp() -> Network:
    return MLP((FEATURES, 6, CLASSES), "tanh", DOUBLE)


def module() -> Network:
    layers = nn.Sequential(nn.Linear(FEATURES, 6), nn.Tanh(), nn.Linear(6, CLASSES)).double()
    return ModuleNetwork(layers, FEATURES, DOUBLE)


every_network = pytest.mark.parametrize("make", [mlp, module])


def batch(owner: Tensor, seed: int = 3) -> tuple[Parameters, Tensor, Tensor, Owners]:
    """Parameters are left to the network; features, labels and owners of a virtual batch."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(*owner.shape, FEATURES, generator=generator, dtype=DOUBLE)
    labels = torch.randint(CLASSES, owner.shape, generator=generator)
    return features, labels, Owners(owner, PRINCIPALS)


def passages(make: Callable[[], Network], epochs: int, owner: Tensor = OWNERS) -> tuple[Passage, Passage]:
    """FedAvg's passage and traversal learning's, over the same batch."""
    network, drawn = make(), batch(owner)
    parameters = network.initial(Streams.from_seeds(range(len(owner))).task)
    federated = train_locally(network, parameters, *drawn, RATE[: len(owner)], epochs)
    return federated, network.traverse(parameters, *drawn)


@every_network
def test_one_local_epoch_is_a_traversal_pass(make: Callable[[], Network]) -> None:
    federated, traversal = passages(make, epochs=1)
    generator = torch.Generator().manual_seed(1)
    directions = tuple(torch.randn(3, 2, *u.shape[2:], generator=generator, dtype=DOUBLE) for u in traversal.updates())
    weights = torch.rand(3, PRINCIPALS, generator=generator, dtype=DOUBLE)
    torch.testing.assert_close(federated.updates(), traversal.updates(), **EXACT)
    torch.testing.assert_close(federated.products(directions), traversal.products(directions), **EXACT)
    torch.testing.assert_close(federated.squared_norms(), traversal.squared_norms(), **EXACT)
    torch.testing.assert_close(federated.weighted_sum(weights), traversal.weighted_sum(weights), **EXACT)
    torch.testing.assert_close(federated.loss, traversal.loss, **EXACT)


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_a_step_averages_local_networks_by_their_samples(epochs: int) -> None:
    """Algorithm 1 of McMahan et al. 2017 written out with autograd, one principal after the other."""
    network, (features, labels, owners) = mlp(), batch(OWNERS)
    parameters = network.initial(Streams.from_seeds(range(3)).task)
    passage = train_locally(network, parameters, features, labels, owners, RATE, epochs)
    step = passage.weighted_sum(torch.ones(3, PRINCIPALS, dtype=DOUBLE))
    averaged = descend(parameters, tuple(RATE.view(-1, 1, 1) * s for s in step))
    for run in range(2):
        expected = [torch.zeros_like(p[run]) for p in parameters]
        for principal in range(PRINCIPALS):
            mine = OWNERS[run] == principal
            local = [p[run : run + 1].clone() for p in parameters]
            for _ in range(epochs if mine.any() else 0):
                local = [p.requires_grad_() for p in local]
                loss = cross_entropy(network.logits(tuple(local), features[run : run + 1, mine])[0], labels[run, mine])
                slopes = torch.autograd.grad(loss, local)
                local = [(p - RATE[run] * g).detach() for p, g in zip(local, slopes, strict=True)]
            share = mine.sum().double() / (OWNERS[run] >= 0).sum()
            expected = [e + share * p[0] for e, p in zip(expected, local, strict=True)]
        torch.testing.assert_close([p[run] for p in averaged], expected, rtol=1e-10, atol=1e-12)


@every_network
def test_who_puts_in_nothing_has_no_delta(make: Callable[[], Network]) -> None:
    federated, _ = passages(make, epochs=3)
    idle = torch.tensor([[i not in own for i in range(PRINCIPALS)] for own in OWNERS.tolist()])
    assert (federated.squared_norms()[idle] == 0).all() and (federated.squared_norms()[~idle] > 0).all()


@every_network
def test_a_round_in_which_nobody_contributes_moves_nothing(make: Callable[[], Network]) -> None:
    federated, _ = passages(make, epochs=3, owner=torch.zeros(2, 0, dtype=torch.int64))
    assert all(not u.any() for u in federated.updates())


@settings(max_examples=25)
@given(
    owner=st.lists(st.integers(-1, PRINCIPALS - 1), min_size=1, max_size=9).filter(lambda own: max(own) >= 0),
    epochs=st.integers(1, 4),
)
def test_products_norms_and_sums_are_those_of_the_deltas(owner: list[int], epochs: int) -> None:
    passage, _ = passages(mlp, epochs, torch.tensor([owner]))
    updates = passage.updates()
    gram = inner(updates, updates)
    torch.testing.assert_close(passage.products(updates), gram, **EXACT)
    torch.testing.assert_close(passage.squared_norms(), gram.diagonal(dim1=1, dim2=2), **EXACT)
    weights = torch.linspace(-1, 1, PRINCIPALS, dtype=DOUBLE)[None]
    expected = tuple(torch.einsum("ri,ri...->r...", weights, u) for u in updates)
    torch.testing.assert_close(passage.weighted_sum(weights), expected, **EXACT)


SMALL = revise(
    load("value-conflict"),
    {"population.count": 6, "precision": "float64", "rounds": 6, "task.validation": 60, "task.test": 60},
)


@pytest.mark.parametrize("credit", ["first_order", "second_order", "shapley"])
def test_an_economy_with_one_local_epoch_is_the_economy_of_traversal(credit: str) -> None:
    """Gate, screening, credit and payments included; actions are forced, as rounding may turn an imitator's head."""
    histories = []
    for changes in ({}, {"learning.method": "federated", "learning.local_epochs": 1}):
        ensemble = Ensemble(revise(SMALL, {"credit.kind": credit, **changes}), [0, 1])
        noted = []
        for _ in range(4):
            actions = np.full((2, 6), Action.DELEGATE)
            actions[:, 0] = Action.DEFECT
            record = ensemble.act(actions)
            noted.append(np.stack([record.lesson.credit, record.payday.payments / 1e6]))
        histories.append(np.array(noted))
    np.testing.assert_allclose(histories[1], histories[0], rtol=1e-8, atol=1e-6)
    assert np.abs(histories[0]).max() > 0.01


def test_a_run_of_fedavg_is_the_same_alone_and_in_an_ensemble() -> None:
    scenario = revise(SMALL, {"learning.method": "federated"})
    together = Ensemble(scenario, [4, 5]).run().principals
    alone = Ensemble(scenario, [5]).run().principals
    np.testing.assert_array_equal(together[together["run"] == 1]["payments"], alone["payments"])


def test_more_local_epochs_move_the_network_further_in_a_round() -> None:
    lengths = [passages(mlp, epochs)[0].squared_norms().sum() for epochs in (1, 5, 25)]
    assert lengths[0] < lengths[1] < lengths[2]
