"""Values of parameters and blocks: against exact games, and what they are used for."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
import pytest
import torch
from papers.model_shapley import (
    Blocks,
    along_path,
    block_values,
    built_by,
    layer_blocks,
    ranking,
    second_order,
    sparsified,
    spread,
    unit_blocks,
)
from scipy.stats import pearsonr, spearmanr
from torch import Tensor, nn

from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Streams
from commonweal.economy.credit import CREDITS
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork
from commonweal.economy.learning.network import Examination, Objectives, Owners, Parameters, descend
from commonweal.economy.tasks.datasets import TASKS
from commonweal.testing.credit import setting

DOUBLE = torch.float64


@dataclass(frozen=True)
class Quadratic:
    """A network of one parameter vector with loss c + g·(θ − θ₀) + ½ (θ − θ₀)ᵀ H (θ − θ₀)."""

    slope: Tensor  # (P,) g at θ₀
    hessian: Tensor  # (P, P)
    at: Tensor  # (P,) θ₀

    def examine(self, parameters: Parameters, objectives: Objectives) -> Examination:
        moved = parameters[0] - self.at
        bent = moved @ self.hessian
        loss = moved @ self.slope + (moved * bent).sum(1) / 2
        return Examination(
            loss.unsqueeze(1), ((self.slope + bent).unsqueeze(1),), lambda direction: (direction[0] @ self.hessian,)
        )


@pytest.fixture
def quadratic() -> Quadratic:
    generator = torch.Generator().manual_seed(3)
    root = torch.randn(6, 6, generator=generator, dtype=DOUBLE)
    slope, at = torch.randn(2, 6, generator=generator, dtype=DOUBLE)
    return Quadratic(slope, root + root.T, at)


def everything() -> Objectives:
    """An objective for networks that do not look at it."""
    one = torch.ones(1, 1, dtype=DOUBLE)
    return Objectives(one.unsqueeze(2), one.long(), one, (1,), torch.zeros(1, dtype=torch.bool))


def enumerated(quadratic: Quadratic, blocks: list[list[int]]) -> Floats:
    """Exact Shapley value of the game in which the parameters of absent blocks are 0."""

    def gain(present: tuple[int, ...]) -> float:
        kept = quadratic.at.clone()
        kept[[p for b, block in enumerate(blocks) if b not in present for p in block]] = 0
        return -float(quadratic.examine((kept.unsqueeze(0),), everything()).levels)

    players = len(blocks)
    value = np.zeros(players)
    for player in range(players):
        others = [p for p in range(players) if p != player]
        for size in range(players):
            for some in combinations(others, size):
                value[player] += (gain((*some, player)) - gain(some)) / (players * comb(players - 1, size))
    return value


@dataclass(frozen=True)
class Trained:
    """A perceptron that has learnt the digits, and the validation loss that it is judged by."""

    network: MLP
    parameters: Parameters
    objectives: Objectives
    test: tuple[Tensor, Tensor]

    def accuracy(self, parameters: Parameters) -> float:
        features, labels = self.test
        return float((self.network.logits(parameters, features).argmax(-1) == labels).double().mean())

    def without_units(self) -> Floats:
        """(2^H,) validation loss with each set of hidden units present, numbered as ``all_coalitions``."""
        first, last = self.parameters
        present = torch.as_tensor(all_coalitions(first.shape[1]), dtype=DOUBLE)
        gate = torch.cat([present, torch.ones(len(present), 1, dtype=DOUBLE)], dim=1)  # the bias stays
        losses = []
        for some in gate.split(64):
            count = len(some)
            logits = self.network.logits(
                (first.expand(count, -1, -1), last * some.unsqueeze(1)), self.objectives.features.expand(count, -1, -1)
            )
            labels = self.objectives.labels.expand(count, -1).flatten()
            losses.append(nn.functional.cross_entropy(logits.flatten(0, 1), labels, reduction="none").view(count, -1))
        return torch.cat(losses).mean(1).numpy()


@cache
def trained(hidden: int, activation: str, seed: int) -> Trained:
    terms, generator = None, np.random.default_rng(seed)
    data = TASKS["digits"](terms, generator)  # type: ignore[arg-type]
    order = torch.as_tensor(generator.permutation(len(data.labels)))
    features, labels = torch.tensor(data.features)[order][None], torch.tensor(data.labels)[order][None]
    network = MLP((64, hidden, 10), activation, DOUBLE)
    parameters = network.initial(Streams.from_seeds([seed]).task)
    learnt, everybody = slice(0, 800), torch.ones(1, 1, dtype=DOUBLE)
    owners = Owners(torch.zeros(1, 800, dtype=torch.int64), 1)
    for _ in range(200):
        passage = network.traverse(parameters, features[:, learnt], labels[:, learnt], owners)
        parameters = descend(parameters, tuple(0.5 * s for s in passage.weighted_sum(everybody)))
    objectives = Objectives(
        features[:, 800:1200],
        labels[:, 800:1200],
        torch.full((1, 400), 1 / 400, dtype=DOUBLE),
        (400,),
        torch.zeros(400, dtype=torch.bool),
    )
    return Trained(network, parameters, objectives, (features[:, 1200:], labels[:, 1200:]))


class TestValues:
    @pytest.mark.parametrize("blocks", [[[0], [1], [2], [3], [4], [5]], [[0, 3], [1, 2, 5], [4]]])
    def test_of_a_quadratic_game_they_are_its_exact_shapley_values(
        self, quadratic: Quadratic, blocks: list[list[int]]
    ) -> None:
        member = torch.zeros(6, dtype=torch.int64)
        for number, block in enumerate(blocks):
            member[block] = number
        partition = Blocks((member,), len(blocks))
        at = (quadratic.at.unsqueeze(0),)
        expected = enumerated(quadratic, blocks)
        values = second_order(quadratic.examine(at, everything()), at)
        np.testing.assert_allclose(block_values(values, partition)[0], expected, rtol=0, atol=1e-14)
        on_the_way = along_path(quadratic, at, everything(), nodes=1)  # type: ignore[arg-type]
        np.testing.assert_allclose(block_values(on_the_way, partition)[0], expected, rtol=0, atol=1e-14)

    def test_parameters_in_no_block_stay(self, quadratic: Quadratic) -> None:
        partition = Blocks((torch.tensor([0, 1, -1, 2, 3, -1]),), 4)
        at = (quadratic.at.unsqueeze(0),)
        expected = enumerated(quadratic, [[0], [1], [3], [4]])
        values = second_order(quadratic.examine(at, everything()), at, partition)
        np.testing.assert_allclose(block_values(values, partition)[0], expected, rtol=0, atol=1e-14)
        on_the_way = along_path(quadratic, at, everything(), partition, nodes=1)  # type: ignore[arg-type]
        np.testing.assert_allclose(block_values(on_the_way, partition)[0], expected, rtol=0, atol=1e-14)

    def test_the_path_shares_out_the_whole_loss_without_the_players(self) -> None:
        studied = trained(10, "tanh", seed=0)
        units = unit_blocks(studied.parameters)
        values = along_path(studied.network, studied.parameters, studied.objectives, units, nodes=12)
        losses = studied.without_units()
        assert block_values(values, units).sum() == pytest.approx(losses[0] - losses[-1], rel=1e-4)

    def test_each_step_towards_the_path_comes_closer_to_the_exact_ablation_game(self) -> None:
        # Reference: ten hidden units, Pearson / Spearman −.07/.27, .60/.81 and .84/.86; here means of three networks
        correlations = np.array([self._correlations(seed) for seed in range(3)]).mean(axis=0)
        first, second, path = correlations
        assert (first < second).all()
        assert (second < path).all()
        assert path[0] > 0.95

    def _correlations(self, seed: int) -> list[tuple[float, float]]:
        studied = trained(10, "tanh", seed)
        losses = studied.without_units()
        exact = shapley_value((losses[0] - losses)[None])[0]
        units = unit_blocks(studied.parameters)
        examined = studied.network.examine(studied.parameters, studied.objectives)
        straight = Examination(examined.levels, examined.directions, lambda v: tuple(torch.zeros_like(x) for x in v))
        estimates = (
            second_order(straight, studied.parameters, units),
            second_order(examined, studied.parameters, units),
            along_path(studied.network, studied.parameters, studied.objectives, units),
        )
        told = (block_values(estimate, units)[0] for estimate in estimates)
        return [(float(pearsonr(v, exact)[0]), float(spearmanr(v, exact)[0])) for v in told]

    def test_any_module_is_valued_as_the_perceptron_it_equals(self) -> None:
        studied = trained(10, "tanh", seed=0)
        module = nn.Sequential(nn.Linear(64, 10), nn.Tanh(), nn.Linear(10, 10)).double()
        split = [part for p in studied.parameters for part in (p[..., :-1], p[..., -1])]
        parameters = (*split, torch.eye(64, dtype=DOUBLE).unsqueeze(0))
        network = ModuleNetwork(module, 64, DOUBLE)
        mine = second_order(network.examine(parameters, studied.objectives), parameters)
        on_the_way = along_path(network, parameters, studied.objectives)
        pairs = (
            (mine, second_order(studied.network.examine(studied.parameters, studied.objectives), studied.parameters)),
            (on_the_way, along_path(studied.network, studied.parameters, studied.objectives)),
        )
        for values, expected in pairs:
            for number, value in enumerate(expected):
                joined = torch.cat([values[2 * number], values[2 * number + 1].unsqueeze(2)], dim=2)
                torch.testing.assert_close(joined, value, rtol=1e-9, atol=1e-13)


class TestBlocks:
    def test_every_weight_belongs_to_the_unit_it_leads_into_and_the_last_to_those_they_leave(self) -> None:
        parameters = tuple(torch.zeros(1, o, i + 1) for i, o in ((3, 2), (2, 4), (4, 2)))
        units = unit_blocks(parameters)
        assert units.count == 6
        assert units.member[0].tolist() == [[0] * 4, [1] * 4]
        assert units.member[1].tolist() == [[2] * 3, [3] * 3, [4] * 3, [5] * 3]
        assert units.member[2].tolist() == [[2, 3, 4, 5, -1]] * 2

    def test_what_each_principal_built_is_its_first_order_credit_told_apart_by_blocks(self) -> None:
        game = setting().game()
        gradient = torch.autograd.functional.jacobian(lambda *own: game.loss(own).sum(), game.parameters)
        built = built_by(game, gradient, layer_blocks(game.parameters))
        assert built.shape == (2, 5, 2)
        np.testing.assert_allclose(built.sum(2), CREDITS["first_order"](game).values, rtol=1e-9, atol=1e-15)

    def test_nobody_s_update_is_needed_to_tell_what_it_did_to_hidden_units(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        game = setting().game()
        units = unit_blocks(game.parameters)
        direction = tuple(p.sin() for p in game.parameters)
        updates = game.updates.split([p[0].numel() for p in game.parameters], dim=2)
        expected = np.zeros((*game.shape, units.count))
        for update, along, member in zip(updates, direction, units.member, strict=True):
            products = update * along.flatten(1).unsqueeze(1)
            for unit in range(units.count):
                expected[..., unit] += products[..., member.flatten() == unit].sum(2).numpy()
        monkeypatch.setattr("papers.model_shapley.HELD", 1)  # one block at a time
        monkeypatch.setattr(type(game), "updates", None)
        np.testing.assert_allclose(built_by(game, direction, units), game.rate[..., None] * expected, atol=1e-14)


class TestSparsified:
    @pytest.mark.parametrize("scope", ["layer", "global"])
    @pytest.mark.parametrize("share", [0.0, 0.25, 0.6, 1.0])
    def test_the_most_valuable_share_is_kept_rounded_up(self, scope: str, share: float) -> None:
        generator = torch.Generator().manual_seed(5)
        parameters = tuple(torch.rand(2, *shape, generator=generator, dtype=DOUBLE) + 1 for shape in ((3, 5), (2, 4)))
        values = tuple(torch.randn(p.shape, generator=generator, dtype=DOUBLE) for p in parameters)
        kept = sparsified(parameters, ranking(values, scope), np.array([share, 1.0]))  # type: ignore[arg-type]
        for one, whole in zip(kept, parameters, strict=True):
            assert torch.equal(one[1], whole[1])
        left, worth = ([t[0].flatten() for t in tensors] for tensors in (kept, values))
        groups = list(zip(left, worth, strict=True)) if scope == "layer" else [(torch.cat(left), torch.cat(worth))]
        for entries, value in groups:
            assert int((entries != 0).sum()) == int(np.ceil(share * len(entries)))
            if 0 < share < 1:
                assert value[entries != 0].min() > value[entries == 0].max()

    def test_what_a_network_carries_beyond_its_trained_parameters_stays(self) -> None:
        parameters = (torch.ones(1, 2, 3), torch.eye(2).unsqueeze(0))
        kept = sparsified(parameters, ranking((torch.rand(1, 2, 3),)), np.zeros(1))
        assert not kept[0].any()
        assert torch.equal(kept[1], parameters[1])

    def test_values_of_blocks_drop_whole_blocks(self) -> None:
        parameters = tuple(torch.ones(1, o, i + 1) for i, o in ((3, 4), (4, 2)))
        units = unit_blocks(parameters)
        values = spread(np.array([[0.1, 0.4, -0.2, 0.3]]), units)
        half = sparsified(parameters, ranking(values, "global"), np.array([14 / 26]))  # two units and the last biases
        assert half[0][0].sum(1).tolist() == [0, 4, 0, 4]
        assert half[1][0].tolist() == [[0, 1, 0, 1, 1]] * 2
