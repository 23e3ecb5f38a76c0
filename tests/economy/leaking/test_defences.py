"""Defences of the study: who overhears changes nothing; what changes, economy and attacker see alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from commonweal import Ensemble, load
from commonweal.economy.leaking.attackers import Knowledge, recovered
from commonweal.economy.leaking.defences import Defence, OverheardMLP, returned_by_head
from commonweal.economy.leaking.inversion import Prior, label_means
from commonweal.economy.leaking.measures import nmse
from commonweal.economy.leaking.sight import first_deltas, seen
from commonweal.economy.learning.guards import Guard, Secrets, guarded, keys_of
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


def test_who_overhears_changes_nothing_to_the_last_bit_and_knows_what_was_asked() -> None:
    courses = []
    for overheard in (False, True):
        ensemble = Ensemble(load("commons", {"population.count": 6, "rounds": 6}), [0, 1])
        if overheard:
            assert isinstance(ensemble.world.network, MLP)
            ensemble.world = replace(ensemble.world, network=OverheardMLP.of(ensemble.world.network))
        courses.append(ensemble.run().rounds)
    assert courses[0].equals(courses[1])
    told = OverheardMLP.of(NETWORK).traverse(PARAMETERS, *batch())
    direction = tuple(torch.ones(1, 1, *p.shape[1:], dtype=torch.float64) for p in PARAMETERS)
    torch.testing.assert_close(told.products(direction), clean().products(direction))
    assert told.asked == [direction]


def test_a_defence_names_the_fields_of_the_scenario_that_it_is() -> None:
    changes = {"learning.wire": "cut", **Defence(Guard(cut_noise=0.5, clip=2.0)).changes}
    assert load("commons", changes).learning.privacy.model_dump() == {
        "cut_noise": 0.5, "nopeek": 0.0, "clip": 2.0, "update_noise": 0.0, "rounding": 0.0, "smallest": 0,
    }  # fmt: skip


def test_what_leaves_is_what_an_attacker_sees() -> None:
    features, labels, owners = batch()
    secrets = Secrets(keys_of(np.array([7]), 5), 0)
    passage = guarded(NETWORK, PARAMETERS, (features, labels), owners, Guard(cut_noise=1.0), secrets)
    assert isinstance(passage, PathPassage)
    sight = seen("cut", passage, 0, np.arange(16))
    np.testing.assert_array_equal(sight.activity, passage.inputs[1][0].numpy())


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
