"""Networks behind one interface: what they examine, how they turn, and that torch modules do as a perceptron does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream, Streams
from commonweal.economy.learning import NETWORKS, LearningTerms, Site
from commonweal.economy.learning.losses import output_deltas
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork, SmallConvolution
from commonweal.economy.learning.network import (
    CPU,
    Examination,
    Network,
    Objectives,
    Owners,
    Parameters,
    combine,
    descend,
    inner,
)
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.testing import check_network
from commonweal.testing.learning import check_any_network
from commonweal.testing.promises import Promises

FEATURES, CLASSES, PRINCIPALS, RUNS = 9, 3, 4, 2
DOUBLE = torch.float64


def sequential(activation: str, hidden: Sequence[int]) -> nn.Sequential:
    widths = (FEATURES, *hidden, CLASSES)
    layers: list[nn.Module] = []
    for d_in, d_out in pairwise(widths):
        layers += [nn.Linear(d_in, d_out), nn.ReLU() if activation == "relu" else nn.Tanh()]
    return nn.Sequential(*layers[:-1]).double()


def mlp(activation: str = "tanh", hidden: Sequence[int] = (5,)) -> Network:
    return MLP((FEATURES, *hidden, CLASSES), activation, DOUBLE)


def module(activation: str = "tanh", hidden: Sequence[int] = (5,)) -> Network:
    return ModuleNetwork(sequential(activation, hidden), FEATURES, DOUBLE)


def convolution() -> Network:
    return ModuleNetwork(SmallConvolution(3, CLASSES, 4).double(), FEATURES, DOUBLE)


EVERY_NETWORK = [pytest.param(make, id=make.__name__) for make in (mlp, module, convolution)]
every_network = pytest.mark.parametrize("make", EVERY_NETWORK)


def first_weights(network: Network, runs: int = RUNS) -> Parameters:
    return network.initial(Streams.from_seeds(range(runs)).task)


def samples(count: int, runs: int = RUNS, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(runs, count, FEATURES, generator=generator, dtype=DOUBLE)
    return features, torch.randint(CLASSES, (runs, count), generator=generator)


def rotations(runs: int = RUNS) -> Tensor:
    drawn = np.random.default_rng(4).normal(size=(runs, FEATURES, FEATURES))
    return torch.as_tensor(expm(0.3 * (drawn - drawn.transpose(0, 2, 1))))


def objectives(probes: int = 2) -> Objectives:
    """Validation of 7 samples, a protected probe with two padded places of 4, and a withheld one of 4."""
    features, labels = samples(15, seed=1)
    weights = torch.tensor([1 / 7] * 7 + [1 / 2] * 2 + [0.0] * 2 + [1 / 4] * 4, dtype=DOUBLE).expand(RUNS, -1)
    bounded = torch.tensor([False] * 11 + [True] * 4)
    end = 7 + 4 * probes
    sizes = (7, 4, 4)[: 1 + probes]
    return Objectives(features[:, :end], labels[:, :end], weights[:, :end], sizes, bounded[:end])


def autograd_objective(network: Network, own: Parameters, studied: Objectives, number: int) -> Tensor:
    """(R,) one objective, from the network's scores and the definition of its loss."""
    start = sum(studied.sizes[:number])
    part = slice(start, start + studied.sizes[number])
    probability = torch.softmax(network.logits(own, studied.features[:, part]), -1)
    right = probability.gather(-1, studied.labels[:, part].unsqueeze(-1)).squeeze(-1)
    losses = 1 - right if studied.bounded[start] else -right.log()
    return (losses * studied.weights[:, part]).sum(1)


class TestExamination:
    @every_network
    @pytest.mark.parametrize("number", range(3))
    def test_levels_and_gradients_are_those_of_automatic_differentiation(
        self, make: Callable[[], Network], number: int
    ) -> None:
        network, studied = make(), objectives()
        parameters = first_weights(network)
        examined = network.examine(parameters, studied)
        watched = tuple(p.clone().requires_grad_() for p in parameters)
        expected = autograd_objective(network, watched, studied, number)
        gradients = torch.autograd.grad(expected.sum(), watched[: len(examined.directions)])
        torch.testing.assert_close(examined.levels[:, number], expected.detach(), rtol=1e-12, atol=0)
        for direction, gradient in zip(examined.directions, gradients, strict=True):
            torch.testing.assert_close(direction[:, number], gradient, rtol=1e-9, atol=1e-14)

    @every_network
    def test_without_probes_there_is_the_validation_loss_alone(self, make: Callable[[], Network]) -> None:
        network = make()
        parameters = first_weights(network)
        alone = network.examine(parameters, objectives(probes=0))
        among = network.examine(parameters, objectives())
        torch.testing.assert_close(alone.levels, among.levels[:, :1], rtol=1e-12, atol=0)
        for one, several in zip(alone.directions, among.directions, strict=True):
            torch.testing.assert_close(one, several[:, :1], rtol=1e-9, atol=1e-14)

    @pytest.mark.parametrize(
        "make", [*EVERY_NETWORK, *(partial(mlp, "relu", h) for h in ((), (5, 4))), partial(mlp, "tanh", (5, 4))]
    )
    def test_the_curvature_bends_the_gradient_of_the_validation_loss(self, make: Callable[[], Network]) -> None:
        network, studied = make(), objectives()
        parameters = first_weights(network)
        examined = network.examine(parameters, studied)
        trained = len(examined.directions)
        direction = tuple(p.cos() for p in parameters[:trained])
        watched = tuple(p.clone().requires_grad_() for p in parameters)
        loss = autograd_objective(network, watched, studied, 0).sum()
        gradient = torch.autograd.grad(loss, watched[:trained], create_graph=True)
        slope = sum((g * v).sum() for g, v in zip(gradient, direction, strict=True))
        expected = torch.autograd.grad(torch.as_tensor(slope), watched[:trained])
        for ours, theirs in zip(examined.curvature(direction), expected, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-13)

    @every_network
    def test_levels_are_read_off_the_scores(self, make: Callable[[], Network]) -> None:
        network, studied = make(), objectives()
        parameters = first_weights(network)
        expected = network.examine(parameters, studied).levels
        levels = studied.levels(network.logits(parameters, studied.features))
        torch.testing.assert_close(levels, expected, rtol=1e-12, atol=0)
        tail = studied.tail()
        of_probes = tail.levels(network.logits(parameters, tail.features))
        torch.testing.assert_close(of_probes, expected[:, 1:], rtol=1e-12, atol=0)

    @pytest.mark.parametrize("bounded", [False, True])
    def test_deltas_are_the_gradient_of_the_loss_in_the_scores(self, bounded: bool) -> None:
        scores = 3 * torch.randn(2, 6, CLASSES, generator=torch.Generator().manual_seed(2), dtype=DOUBLE)
        _, labels = samples(6)
        weights = torch.rand(2, 6, generator=torch.Generator().manual_seed(3), dtype=DOUBLE)
        watched = scores.clone().requires_grad_()
        right = torch.softmax(watched, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
        expected = weights * (1 - right if bounded else -right.log())
        losses, deltas = output_deltas(scores, labels, weights, torch.full((6,), bounded))
        torch.testing.assert_close(losses, expected.detach(), rtol=1e-12, atol=0)
        torch.testing.assert_close(deltas, torch.autograd.grad(expected.sum(), watched)[0], rtol=1e-9, atol=1e-15)

    def test_a_withheld_purpose_costs_at_most_1_however_wrong_the_answer(self) -> None:
        scores = torch.tensor([[[1000.0, 0.0, 0.0]]])
        losses, deltas = output_deltas(scores, torch.tensor([[1]]), torch.ones(1, 1), torch.tensor([True]))
        assert losses.item() == 1.0
        assert torch.isfinite(deltas).all()


class TestTurning:
    @every_network
    def test_turning_the_network_is_turning_every_sample(self, make: Callable[[], Network]) -> None:
        network, rotation = make(), rotations()
        parameters = first_weights(network)
        features, _ = samples(11)
        turned = network.logits(network.turn(parameters, rotation), features)
        torch.testing.assert_close(turned, network.logits(parameters, features @ rotation), rtol=1e-9, atol=1e-12)

    @every_network
    def test_turning_every_round_is_turning_the_samples_ever_further(self, make: Callable[[], Network]) -> None:
        network, rotation = make(), rotations()
        parameters = first_weights(network)
        features, _ = samples(11)
        for turns in range(1, 4):
            parameters = network.turn(parameters, rotation)
            expected = network.logits(first_weights(network), features @ torch.linalg.matrix_power(rotation, turns))
            torch.testing.assert_close(network.logits(parameters, features), expected, rtol=1e-9, atol=1e-12)

    @every_network
    def test_learning_in_the_turned_frame_is_learning_from_turned_samples(self, make: Callable[[], Network]) -> None:
        network, rotation = make(), rotations()
        features, labels = samples(12)
        owners = Owners(torch.arange(12).expand(RUNS, -1) % PRINCIPALS, PRINCIPALS)
        everybody = torch.ones(RUNS, PRINCIPALS, dtype=DOUBLE)
        turning = outside = first_weights(network)
        for turns in range(1, 4):
            turning = network.turn(turning, rotation)
            seen = features @ torch.linalg.matrix_power(rotation, turns)
            turning = descend(turning, network.traverse(turning, features, labels, owners).weighted_sum(everybody))
            outside = descend(outside, network.traverse(outside, seen, labels, owners).weighted_sum(everybody))
        expected = network.logits(outside, features @ torch.linalg.matrix_power(rotation, 3))
        torch.testing.assert_close(network.logits(turning, features), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (nn.BatchNorm1d(FEATURES), "(BatchNorm1d) takes averages over a batch"),
        (nn.BatchNorm1d(FEATURES, track_running_stats=False), "(BatchNorm1d) takes averages over a batch"),
        (nn.InstanceNorm1d(FEATURES, track_running_stats=True), "(InstanceNorm1d) takes averages over a batch"),
        (nn.Dropout(0.5), "(Dropout) draws at random"),
        (nn.AlphaDropout(0.1), "(AlphaDropout) draws at random"),
        (nn.RReLU(), "(RReLU) draws at random"),
        (nn.TransformerEncoderLayer(4, 2, dropout=0.1), "draws at random"),
    ],
)
def test_layers_that_depend_on_chance_or_on_other_samples_are_refused(layer: nn.Module, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        ModuleNetwork(nn.Sequential(layer, nn.Linear(FEATURES, CLASSES)), FEATURES)
    assert reason in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("layer", [nn.LayerNorm(FEATURES), nn.GroupNorm(1, FEATURES), nn.Dropout(0.0), nn.ReLU()])
def test_other_layers_are_not(layer: nn.Module) -> None:
    ModuleNetwork(nn.Sequential(layer, nn.Linear(FEATURES, CLASSES)), FEATURES)


class TestModules:
    """An nn.Sequential with a perceptron's weights does what the perceptron does, to 1e-6."""

    @pytest.fixture(params=[("relu", (5, 4)), ("tanh", (5,)), ("tanh", ())], ids=["relu2", "tanh1", "linear"])
    def twins(self, request: pytest.FixtureRequest) -> tuple[Network, Parameters, Network, Parameters]:
        activation, hidden = request.param
        perceptron, wrapped = mlp(activation, hidden), module(activation, hidden)
        weights = tuple(p + 0.1 for p in first_weights(perceptron))
        split = [part for p in weights for part in (p[..., :-1], p[..., -1])]
        turn = torch.eye(FEATURES, dtype=DOUBLE).expand(RUNS, -1, -1)
        return perceptron, weights, wrapped, (*split, turn)

    @pytest.mark.parametrize("visit", [0, 3])
    def test_passages_agree(self, twins: tuple[Network, Parameters, Network, Parameters], visit: int) -> None:
        perceptron, weights, wrapped, own = twins
        features, labels = samples(12)
        owner = torch.tensor([[3] * 3 + [0] * 3 + [1] * 3 + [-1] * 3, [2] * 3 + [1] * 3 + [-1] * 6])
        if not visit:
            owner = owner[:, torch.randperm(12, generator=torch.Generator().manual_seed(6))]
        owners = Owners(owner, PRINCIPALS, visit)
        one, other = (
            perceptron.traverse(weights, features, labels, owners),
            wrapped.traverse(own, features, labels, owners),
        )
        examined, examined_too = perceptron.examine(weights, objectives()), wrapped.examine(own, objectives())
        directions, wrapped_directions = examined.directions, examined_too.directions
        assert_close(examined_too.levels, examined.levels)
        assert_close(other.loss, one.loss)
        assert_close(other.squared_norms(), one.squared_norms())
        assert_close(other.products(wrapped_directions), one.products(directions))
        gram, wrapped_gram = inner(directions, directions), inner(wrapped_directions, wrapped_directions)
        assert_close(wrapped_gram, gram)
        chosen = torch.rand(RUNS, PRINCIPALS, generator=torch.Generator().manual_seed(8), dtype=DOUBLE)
        for joined, parts in zip(one.weighted_sum(chosen), _pairs(other.weighted_sum(chosen)), strict=True):
            assert_close(parts, joined)
        for joined, parts in zip(one.updates(), _pairs(other.updates()), strict=True):
            assert_close(parts, joined)
        mixed = combine(directions, chosen[:, :3])
        for joined, parts in zip(mixed, _pairs(combine(wrapped_directions, chosen[:, :3])), strict=True):
            assert_close(parts, joined)

    @every_network
    def test_a_round_without_samples_has_no_gradient(self, make: Callable[[], Network]) -> None:
        network = make()
        features, labels = samples(0)
        owners = Owners(torch.zeros(RUNS, 0, dtype=torch.int64), PRINCIPALS)
        passage = network.traverse(first_weights(network), features, labels, owners)
        assert passage.loss.tolist() == [0.0] * RUNS
        assert not passage.products(passage.updates()).any()
        assert not passage.squared_norms().any()
        assert not any(s.any() for s in passage.weighted_sum(torch.ones(RUNS, PRINCIPALS, dtype=DOUBLE)))

    def test_the_rotation_a_module_carries_is_never_trained(self) -> None:
        network = convolution()
        parameters = first_weights(network)
        features, labels = samples(8)
        owners = Owners(torch.zeros(RUNS, 8, dtype=torch.int64), PRINCIPALS)
        passage = network.traverse(parameters, features, labels, owners)
        after = descend(parameters, passage.weighted_sum(torch.ones(RUNS, PRINCIPALS, dtype=DOUBLE)))
        assert torch.equal(after[-1], parameters[-1])
        assert not torch.equal(after[0], parameters[0])

    def test_every_sample_of_a_convolution_has_its_own_autograd_gradient(self) -> None:
        network = convolution()
        parameters = first_weights(network)
        features, labels = samples(6)
        owners = Owners(torch.arange(6).expand(RUNS, -1) % PRINCIPALS, PRINCIPALS)
        updates = network.traverse(parameters, features, labels, owners).updates()
        for principal in range(PRINCIPALS):
            watched = tuple(p.clone().requires_grad_() for p in parameters)
            mine = owners.owner[0] == principal
            outputs = network.logits(watched, features[:, mine]).flatten(0, 1)
            loss = cross_entropy(outputs, labels[:, mine].flatten(), reduction="sum") / 6
            expected = torch.autograd.grad(loss, watched[:-1])
            for update, gradient in zip(updates, expected, strict=True):
                torch.testing.assert_close(update[:, principal], gradient, rtol=1e-9, atol=1e-14)


def assert_close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-12)


def _pairs(parts: Sequence[Tensor]) -> list[Tensor]:
    """Weights and biases of linear layers joined as a perceptron has them."""
    return [torch.cat([w, b.unsqueeze(-1)], dim=-1) for w, b in zip(parts[::2], parts[1::2], strict=True)]


class TestFirstWeights:
    @pytest.mark.parametrize(("activation", "gain"), [("relu", 6.0), ("tanh", 3.0)])
    def test_a_perceptrons_weights_fill_their_range_and_its_biases_are_0(self, activation: str, gain: float) -> None:
        for layer, d_in in zip(first_weights(MLP((50, 40, 30), activation, DOUBLE)), (50, 40), strict=True):
            bound = (gain / d_in) ** 0.5
            assert not layer[..., -1].any()
            assert 0.98 * bound < layer[..., :-1].abs().max() <= bound

    @every_network
    def test_a_run_draws_the_same_weights_alone_and_in_an_ensemble(self, make: Callable[[], Network]) -> None:
        network = make()
        alone = network.initial(Streams.from_seeds([1]).task)
        together = network.initial(Streams.from_seeds([0, 1, 2]).task)
        assert all(torch.equal(a[0], t[1]) for a, t in zip(alone, together, strict=True))
        assert not torch.equal(together[0][0], together[0][1])


def _alike(network: MLP, stream: Stream) -> Parameters:
    """Every run begins with the weights of the one with seed 1."""
    return tuple(p.expand(len(stream), *p.shape[1:]) for p in MLP.initial(network, Streams.from_seeds([1]).task))


def _straight(examined: Examination) -> Examination:
    return replace(examined, curvature=lambda direction: tuple(torch.zeros_like(v) for v in direction))


class TestRegistry:
    TERMS = LearningTerms("mlp", (8,), "relu", np.array([[0.5]]))

    @pytest.mark.parametrize("name", list(NETWORKS))
    @pytest.mark.parametrize("hidden", [[8], []])
    def test_every_registered_network_keeps_its_promises(self, name: str, hidden: list[int]) -> None:
        check_network(name, {"learning.hidden": hidden})

    @pytest.mark.parametrize(("activation", "hidden"), [("relu", (5, 4)), ("tanh", (5,)), ("tanh", ())])
    def test_modules_keep_them_too(self, activation: str, hidden: Sequence[int]) -> None:
        check_any_network(module(activation, hidden), Promises("a module"), FEATURES)

    @pytest.mark.parametrize(
        ("spoil", "promise"),
        [
            ({"initial": lambda self, stream: _alike(self, stream)}, "each run draws weights of its own"),
            ({"logits": lambda self, p, x: MLP.logits(self, p, x)[..., :2]}, "scores are (R, S, C), not (2, 5, 2)"),
            ({"logits": lambda self, p, x: MLP.logits(self, p, x) * len(x)}, "a run is scored alone as in an ensemble"),
            ({"traverse": lambda self, p, x, y, o: MLP.traverse(self, p, x, y.flip(1), o)}, "an update is the grad"),
            ({"examine": lambda self, p, o: MLP.examine(self, p, replace(o, weights=2 * o.weights))}, "levels of obj"),
            ({"examine": lambda self, p, o: _straight(MLP.examine(self, p, o))}, "the curvature bends the gradient"),
            ({"turn": lambda self, p, rotation: p}, "turning the network is turning every sample (1 turns)"),
        ],
    )
    def test_a_network_that_breaks_a_promise_is_told_which(
        self, spoil: dict[str, Callable[..., object]], promise: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = type("Broken", (MLP,), spoil)
        make = lambda terms, site: broken((site.features, 8, site.classes), "tanh", site.dtype)  # noqa: E731
        monkeypatch.setitem(NETWORKS._plugs, "broken", make)
        with pytest.raises(AssertionError) as told:
            check_network("broken")
        assert str(told.value).startswith(f"network 'broken' breaks a promise: {promise}")

    def test_a_convolution_refuses_features_that_are_no_square_image(self) -> None:
        with pytest.raises(InputError, match="13 features are not a square"):
            NETWORKS["conv"](self.TERMS, Site(13, CLASSES, DOUBLE, CPU))


def test_a_small_convolution_learns_digits_over_rounds() -> None:
    scenario = Scenario.model_validate(
        {
            "task": {"kind": "digits", "validation": 50, "test": 300, "partition": "equal"},
            "population": {"count": 6},
            "learning": {"network": "conv", "hidden": [6], "samples": 16, "rate": 0.5},
        }
    )
    economy = Ensemble(scenario, seeds=[0, 1])
    everybody = np.full((2, 6), int(Action.DELEGATE))
    for _ in range(40):
        economy.act(everybody)
    assert (economy.state.quality > 0.6).all()  # chance is 0.1
