"""The traversal pass against plain automatic differentiation: lossless, and exact for every principal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy, linear

from commonweal.agents.streams import Streams
from commonweal.economy.learning import traversal
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Directions, Owners, Parameters, descend
from commonweal.economy.learning.traversal import PathPassage, places_by_owner

FEATURES, CLASSES, PRINCIPALS = 6, 4, 5
EXACT = 1e-9  # relative, double precision
VISIT = 3  # samples of a principal that stand together


@dataclass(frozen=True)
class Lesson:
    """A virtual batch and the network that traverses it."""

    network: MLP
    parameters: Parameters
    features: Tensor  # (R, S, d)
    labels: Tensor  # (R, S)
    owners: Owners

    def passage(self) -> PathPassage:
        return self.network.traverse(self.parameters, self.features, self.labels, self.owners)

    def autograd_updates(self) -> list[Tensor]:
        """Every u_i by one backward pass per run and principal, each entry (R, N, *shape)."""
        rows = [self._own_gradients(run) for run in range(len(self.features))]
        return [torch.stack([torch.stack(own) for own in zip(*runs, strict=True)]) for runs in self._by_layer(rows)]

    def pooled_gradient(self, run: int) -> list[Tensor]:
        """Gradient of the mean loss of one run's real samples, as a centralised trainer has it."""
        real = self.owners.owner[run] >= 0
        own = [p[run].clone().requires_grad_() for p in self.parameters]
        loss = cross_entropy(scores(self.network, own, self.features[run, real]), self.labels[run, real])
        return list(torch.autograd.grad(loss, own))

    def _own_gradients(self, run: int) -> list[list[Tensor]]:
        """[N][L] gradient of every principal's part of the mean loss."""
        count = int((self.owners.owner[run] >= 0).sum())
        gradients = []
        for principal in range(self.owners.principals):
            mine = self.owners.owner[run] == principal
            own = [p[run].clone().requires_grad_() for p in self.parameters]
            outputs = scores(self.network, own, self.features[run, mine])
            loss = cross_entropy(outputs, self.labels[run, mine], reduction="sum") / max(count, 1)
            gradients.append(list(torch.autograd.grad(loss, own)))
        return gradients

    def _by_layer(self, rows: list[list[list[Tensor]]]) -> list[list[list[Tensor]]]:
        """From [R][N][L] to, per layer, [N][R]."""
        principals, layers = range(self.owners.principals), range(len(self.parameters))
        return [[[run[i][layer] for run in rows] for i in principals] for layer in layers]


def scores(network: MLP, own: Sequence[Tensor], features: Tensor) -> Tensor:
    """The perceptron of one run written with torch.nn.functional."""
    activate = torch.relu if network.activation == "relu" else torch.tanh
    hidden = features
    for weight in own[:-1]:
        hidden = activate(linear(hidden, weight[:, :-1], weight[:, -1]))
    return linear(hidden, own[-1][:, :-1], own[-1][:, -1])


def batch_of(sizes: Sequence[Sequence[int]], seed: int, shuffled: bool = True) -> Tensor:
    """(R, S) owners with the given numbers of samples per run and principal, shuffled, padded to the longest."""
    rng = np.random.default_rng(seed)
    rows = [np.repeat(np.arange(len(own)), own) for own in sizes]
    longest = max(len(row) for row in rows)
    padded = np.full((len(rows), longest), -1, dtype=np.int64)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = rng.permutation(row) if shuffled else row
        if shuffled:  # padding may stand anywhere
            place[:] = rng.permutation(place)
    return torch.as_tensor(padded)


def lesson(
    owner: Tensor, depth: int = 1, activation: str = "tanh", visit: int = 0, principals: int = PRINCIPALS
) -> Lesson:
    """A lesson with random weights and data; what stands in padded places is as large as anything else."""
    network = MLP((FEATURES, *[7, 5, 6][:depth], CLASSES), activation, torch.float64)
    runs, samples = owner.shape
    generator = torch.Generator().manual_seed(17)
    parameters = tuple(
        p + 0.1 * torch.randn(p.shape, generator=generator, dtype=torch.float64)  # biases are not 0
        for p in network.initial(Streams.from_seeds(range(runs)).task)
    )
    features = torch.randn(runs, samples, FEATURES, generator=generator, dtype=torch.float64)
    labels = torch.randint(CLASSES, (runs, samples), generator=generator)
    return Lesson(network, parameters, features, labels, Owners(owner, principals, visit))


UNEVEN = [[4, 0, 1, 7, 3], [0, 0, 2, 0, 0], [1, 1, 1, 1, 1]]  # three runs: an empty node, one visitor, one sample each
SCATTERED = batch_of(UNEVEN, seed=1)
TOGETHER = batch_of([[VISIT * (i % 2) for i in range(1, 6)], [VISIT, 0, 0, 0, 0]], seed=0, shuffled=False)
LESSONS = [
    pytest.param(lesson(owner, depth, activation, visit), id=f"{name}-{activation}-{depth}hidden-{len(owner)}runs")
    for name, owner, visit in (
        ("scattered", SCATTERED, 0),
        ("scattered", SCATTERED[:1], 0),
        ("together", TOGETHER, VISIT),
        ("together", TOGETHER[:1], VISIT),
        ("together-but-not-said", TOGETHER, 0),
    )
    for activation in ("relu", "tanh")
    for depth in range(4)
]
every_lesson = pytest.mark.parametrize("given_lesson", LESSONS)


def assert_same(actual: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
    """Equal to 1e-9 of the whole expected vector's norm."""
    difference = sum(float((a - e).square().sum()) for a, e in zip(actual, expected, strict=True)) ** 0.5
    norm = sum(float(e.square().sum()) for e in expected) ** 0.5
    assert difference <= EXACT * norm, f"relative difference {difference / norm:.2e}"


def random_directions(parameters: Parameters, count: int) -> Directions:
    generator = torch.Generator().manual_seed(5)
    return tuple(torch.randn(len(p), count, *p.shape[1:], generator=generator, dtype=torch.float64) for p in parameters)


class TestLossless:
    @every_lesson
    def test_the_pass_gives_the_gradient_of_pooled_data(self, given_lesson: Lesson) -> None:
        everybody = torch.ones(len(given_lesson.features), PRINCIPALS, dtype=torch.float64)
        step = given_lesson.passage().weighted_sum(everybody)
        for run in range(len(given_lesson.features)):
            assert_same([s[run] for s in step], given_lesson.pooled_gradient(run))

    @every_lesson
    def test_updates_of_all_principals_sum_to_the_gradient_of_pooled_data(self, given_lesson: Lesson) -> None:
        updates = given_lesson.passage().updates()
        for run in range(len(given_lesson.features)):
            assert_same([u[run].sum(0) for u in updates], given_lesson.pooled_gradient(run))

    def test_the_loss_is_the_mean_over_real_samples(self) -> None:
        studied = lesson(SCATTERED, depth=2)
        real = SCATTERED >= 0
        for run in range(3):
            outputs = scores(studied.network, [p[run] for p in studied.parameters], studied.features[run, real[run]])
            expected = cross_entropy(outputs, studied.labels[run, real[run]])
            torch.testing.assert_close(studied.passage().loss[run], expected, rtol=EXACT, atol=0)

    @pytest.mark.parametrize("activation", ["relu", "tanh"])
    def test_training_by_traversal_is_training_on_pooled_data(self, activation: str) -> None:
        # 30 steps on batches of 1 to 11 samples; the centralised trainer is torch.optim.SGD
        sizes = np.random.default_rng(3).integers(0, 4, size=(30, 1, PRINCIPALS))
        sizes[:, 0, 0] += sizes.sum(axis=(1, 2)) == 0
        start = lesson(SCATTERED[:1], depth=2, activation=activation)
        central = [p[0].clone().requires_grad_() for p in start.parameters]
        optimiser = torch.optim.SGD(central, lr=0.3)
        traversed = start.parameters
        for number, own in enumerate(sizes.tolist()):
            drawn = lesson(batch_of(own, seed=number), depth=2, activation=activation)
            passage = start.network.traverse(traversed, drawn.features, drawn.labels, drawn.owners)
            step = passage.weighted_sum(torch.ones(1, PRINCIPALS, dtype=torch.float64))
            traversed = descend(traversed, tuple(0.3 * s for s in step))
            optimiser.zero_grad()
            real = drawn.owners.owner[0] >= 0
            cross_entropy(scores(start.network, central, drawn.features[0, real]), drawn.labels[0, real]).backward()
            optimiser.step()
        assert_same([t[0] for t in traversed], [c.detach() for c in central])
        moved = sum(float((t - s).abs().max()) for t, s in zip(traversed, start.parameters, strict=True))
        assert moved > 0.1  # it did learn something

    @given(st.permutations(range(15)))
    @settings(max_examples=25)
    def test_the_order_in_which_samples_arrive_does_not_matter(self, order: list[int]) -> None:
        studied = lesson(SCATTERED[:1], depth=1)
        turned = Lesson(
            studied.network,
            studied.parameters,
            studied.features[:, order],
            studied.labels[:, order],
            Owners(SCATTERED[:1, order], PRINCIPALS),
        )
        assert_same(turned.passage().updates(), studied.passage().updates())
        torch.testing.assert_close(turned.passage().squared_norms(), studied.passage().squared_norms())


class TestEveryPrincipal:
    @every_lesson
    def test_updates_are_the_gradients_of_own_samples(self, given_lesson: Lesson) -> None:
        assert_same(given_lesson.passage().updates(), given_lesson.autograd_updates())

    @every_lesson
    def test_products_with_directions_need_no_updates(self, given_lesson: Lesson) -> None:
        directions = random_directions(given_lesson.parameters, count=4)
        pairs = zip(given_lesson.autograd_updates(), directions, strict=True)
        expected = sum(torch.einsum("rnoi,rdoi->rnd", u, v) for u, v in pairs)
        assert_same([given_lesson.passage().products(directions)], [torch.as_tensor(expected)])

    @every_lesson
    def test_squared_norms_need_no_updates(self, given_lesson: Lesson) -> None:
        expected = sum(u.square().sum((2, 3)) for u in given_lesson.autograd_updates())
        assert_same([given_lesson.passage().squared_norms()], [torch.as_tensor(expected)])

    @every_lesson
    def test_a_weighted_sum_weighs_every_update(self, given_lesson: Lesson) -> None:
        weights = torch.linspace(-1, 2, given_lesson.features.shape[0] * PRINCIPALS, dtype=torch.float64)
        weights = weights.view(-1, PRINCIPALS)
        expected = [torch.einsum("rn,rnoi->roi", weights, u) for u in given_lesson.autograd_updates()]
        assert_same(given_lesson.passage().weighted_sum(weights), expected)

    def test_who_puts_nothing_in_has_no_update(self) -> None:
        passage = lesson(SCATTERED, depth=1).passage()
        absent = torch.tensor(UNEVEN) == 0
        assert absent.any()
        assert all(not u[absent].any() for u in passage.updates())
        assert not passage.squared_norms()[absent].any()
        assert not passage.products(passage.updates())[absent].any()

    @pytest.mark.parametrize("cache", [1, 600, 2000])  # one sample or visit at a time, some, a run or two
    @every_lesson
    def test_products_do_not_depend_on_how_they_are_cut_into_blocks(
        self, given_lesson: Lesson, cache: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directions = random_directions(given_lesson.parameters, count=4)
        whole = given_lesson.passage().products(directions)
        monkeypatch.setattr(traversal, "CACHE_BYTES", cache)
        assert_same([given_lesson.passage().products(directions)], [whole])

    @given(st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), min_size=1, max_size=3), st.integers(0, 99))
    @settings(max_examples=40)
    def test_any_sizes_of_any_nodes_are_attributed_exactly(self, sizes: list[list[int]], seed: int) -> None:
        studied = lesson(batch_of(sizes, seed), depth=1, principals=3)
        expected = studied.autograd_updates()
        passage = studied.passage()
        norms = torch.as_tensor(sum(u.square().sum((2, 3)) for u in expected))
        assert_same(passage.updates(), expected)
        assert_same([passage.squared_norms()], [norms])
        assert_same([torch.diagonal(passage.products(passage.updates()), dim1=1, dim2=2)], [norms])

    @pytest.mark.parametrize("visit", [0, VISIT])
    def test_a_round_without_samples_has_no_gradient(self, visit: int) -> None:
        passage = lesson(torch.zeros(2, 0, dtype=torch.int64), visit=visit).passage()
        assert not passage.loss.any()
        assert not any(u.any() for u in passage.updates())
        assert passage.products(passage.updates()).shape == (2, PRINCIPALS, PRINCIPALS)
        assert passage.squared_norms().tolist() == [[0.0] * PRINCIPALS] * 2
        assert not any(s.any() for s in passage.weighted_sum(torch.ones(2, PRINCIPALS, dtype=torch.float64)))


class TestEverySample:
    """The same pass attributes the gradient to every sample."""

    @staticmethod
    def gradients(studied: Lesson) -> list[Tensor]:
        """Every u_s by one backward pass per run and sample, each entry (R, S, *shape)."""
        owner = studied.owners.owner
        each = torch.where(owner >= 0, torch.arange(owner.shape[1]), -1)
        return replace(studied, owners=Owners(each, owner.shape[1])).autograd_updates()

    @pytest.mark.parametrize("cache", [traversal.CACHE_BYTES, 600])
    @every_lesson
    def test_products_are_those_of_every_samples_own_gradient(
        self, given_lesson: Lesson, cache: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(traversal, "CACHE_BYTES", cache)
        directions = random_directions(given_lesson.parameters, count=4)
        pairs = zip(self.gradients(given_lesson), directions, strict=True)
        expected = sum(torch.einsum("rsoi,rdoi->rsd", u, v) for u, v in pairs)
        found = given_lesson.passage().sample_products(directions)
        assert_same([found], [torch.as_tensor(expected)])
        assert not found[given_lesson.owners.owner < 0].any()
        assert_same([given_lesson.owners.total(found)], [given_lesson.passage().products(directions)])

    @every_lesson
    def test_reweighted_updates_are_weighted_sums_of_samples(self, given_lesson: Lesson) -> None:
        owner = given_lesson.owners.owner
        weights = torch.linspace(-1, 2, owner.numel(), dtype=torch.float64).view(owner.shape)
        member = (owner.unsqueeze(2) == torch.arange(PRINCIPALS)).double() * weights.unsqueeze(2)  # (R, S, N)
        expected = [torch.einsum("rsn,rsoi->rnoi", member, u) for u in self.gradients(given_lesson)]
        passage = given_lesson.passage().reweighted(weights)
        assert_same(passage.updates(), expected)
        assert_same([passage.squared_norms()], [torch.as_tensor(sum(u.square().sum((2, 3)) for u in expected))])
        directions = random_directions(given_lesson.parameters, count=2)
        along = sum(torch.einsum("rnoi,rdoi->rnd", u, v) for u, v in zip(expected, directions, strict=True))
        assert_same([passage.products(directions)], [torch.as_tensor(along)])
        assert_same(passage.weighted_sum(torch.ones(len(owner), PRINCIPALS, dtype=torch.float64)),
                    [u.sum(1) for u in expected])  # fmt: skip

    @every_lesson
    def test_weights_of_one_change_nothing(self, given_lesson: Lesson) -> None:
        passage = given_lesson.passage()
        same = passage.reweighted(torch.ones(given_lesson.owners.owner.shape, dtype=torch.float64))
        for one, other in zip(passage.updates(), same.updates(), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)


class TestSeats:
    @given(st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=1, max_size=4), st.integers(0, 99))
    def test_every_sample_has_one_seat_in_its_owners_row(self, sizes: list[list[int]], seed: int) -> None:
        owner = batch_of(sizes, seed)
        for row, seats in zip(owner, places_by_owner(owner), strict=True):
            seated = seats[seats >= 0]
            assert sorted(seated.tolist()) == torch.flatten((row >= 0).nonzero()).tolist()
            assert all(len(set(row[places[places >= 0]].tolist())) <= 1 for places in seats)


class TestPrivacyCaveat:
    @pytest.mark.parametrize("activation", ["relu", "tanh"])
    def test_the_sample_of_a_node_with_one_sample_can_be_read_off_its_update(self, activation: str) -> None:
        # ∇W_1[i] = δ_1 x_iᵀ and its bias column is δ_1, so that every row of ∇W_1[i] is a multiple of x_i
        studied = lesson(SCATTERED[2:], depth=2, activation=activation)
        first = studied.passage().updates()[0][0]  # (N, d_out, d + 1)
        for principal in range(PRINCIPALS):
            strongest = first[principal, :, -1].abs().argmax()
            read = first[principal, strongest, :-1] / first[principal, strongest, -1]
            original = studied.features[0, SCATTERED[2] == principal][0]
            assert cosine_similarity(read, original, dim=0) > 0.999
            torch.testing.assert_close(read, original, rtol=1e-6, atol=1e-9)

    def test_the_samples_of_a_node_with_many_cannot_be_read_off_row_by_row(self) -> None:
        studied = lesson(batch_of([[12, 0, 0, 0, 0]], seed=2), depth=2)
        first = studied.passage().updates()[0][0, 0]
        strongest = first[:, -1].abs().argmax()
        read = first[strongest, :-1] / first[strongest, -1]
        assert cosine_similarity(read[None], studied.features[0]).max() < 0.999

    @pytest.mark.parametrize("activation", ["relu", "tanh"])
    @pytest.mark.parametrize(("samples", "units"), [(1, 32), (16, 32), (32, 128)])
    def test_a_slice_of_fewer_samples_than_hidden_units_is_had_from_deltas_and_gradient(
        self, samples: int, units: int, activation: str
    ) -> None:
        assert squared_error_of_reconstruction(samples, units, activation) <= 1e-18

    @pytest.mark.parametrize("activation", ["relu", "tanh"])
    def test_a_slice_of_more_samples_than_hidden_units_is_not(self, activation: str) -> None:
        assert squared_error_of_reconstruction(40, 32, activation) > 64


def squared_error_of_reconstruction(samples: int, units: int, activation: str) -> float:
    """Squared error of all features of a slice of standard normal samples, by X = pinv(δ_1ᵀ) ∇W_1.

    ∇W_1 = δ_1ᵀ X with δ_1 of (samples, units), which the orchestrator computes itself: one solution where its rows are
    independent, and no more samples than units.
    """
    network = MLP((64, units, 10), activation, torch.float64)
    parameters = network.initial(Streams.from_seeds([3]).task)
    generator = torch.Generator().manual_seed(5)
    features = torch.randn(1, samples, 64, generator=generator, dtype=torch.float64)
    labels = torch.randint(10, (1, samples), generator=generator)
    passage = network.traverse(parameters, features, labels, Owners(torch.zeros(1, samples, dtype=torch.long), 1))
    gradient = passage.updates()[0][0, 0, :, :-1]  # (units, 64) of the node's slice, without the bias
    read = torch.linalg.pinv(passage.deltas[0][0].T) @ gradient
    return float((read - features[0]).square().sum())
