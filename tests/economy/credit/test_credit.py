"""Credit rules: one contract all of them keep, and each against the definition it stands for."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import factorial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.economy.credit import CREDITS, Credit, RoundGame
from commonweal.economy.credit import game as game_module
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.credit.terms import CreditTerms
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork
from commonweal.economy.learning.network import Network, Objectives, Owners, Parameters, inner
from commonweal.scenarios.schema.scenario import Credit as CreditFields

FEATURES, HIDDEN, CLASSES, VALUES, VALIDATION = 5, 6, 3, 2, 20
DOUBLE = torch.float64
TWINS, DROPPED, ABSENT = (0, 1), 2, 3  # principals 0 and 1 put in the same; 2 is screened away; 3 puts nothing in


@dataclass(frozen=True)
class Setting:
    """Everything a game of R runs is made of, drawn run by run so that a run can also be played alone."""

    parameters: Parameters
    features: Tensor  # (R, S, d)
    labels: Tensor  # (R, S)
    owner: Tensor  # (R, S)
    tried: Tensor  # (R, V + K·b, d) validation samples, then probe samples
    answers: Tensor  # (R, V + K·b)
    weights: Floats  # (R, N)
    multipliers: Floats  # (R, N, K)
    seeds: Sequence[int]  # R

    def run(self, number: int) -> "Setting":
        part = slice(number, number + 1)
        parameters = tuple(p[part] for p in self.parameters)
        rest = {name: value[part] for name, value in vars(self).items() if name != "parameters"}
        return Setting(parameters, **rest)

    def game(self, rate: float = 0.3, network: Network | None = None, **options: Any) -> RoundGame:
        """The round's game as a round sets it up, under these fields of ``scenario.credit``."""
        chosen: Network = network or MLP((FEATURES, HIDDEN, CLASSES), "tanh", DOUBLE)
        passage = chosen.traverse(
            self.parameters, self.features, self.labels, Owners(self.owner, self.weights.shape[1])
        )
        examined = chosen.examine(self.parameters, self._objectives())
        directions = examined.directions
        products, gram = passage.products(directions).numpy(), inner(directions, directions).numpy()
        return RoundGame(
            network=chosen,
            parameters=self.parameters,
            passage=passage,
            weights=self.weights,
            multipliers=self.multipliers,
            probes=tuple(v[:, 1:] for v in directions),
            curvature=examined.curvature,
            samples=lambda: (self.features, self.labels),
            slope=self.weights * products[..., 0] - (self.multipliers @ gram[:, 1:, :1])[..., 0],
            rate=np.full((len(self.weights), 1), rate),
            features=self.tried[:, :VALIDATION],
            labels=self.answers[:, :VALIDATION],
            terms=stack(CreditTerms, [CreditFields(**options)] * len(self.seeds), "credit"),
            stream=Streams.from_seeds(self.seeds).credit,
        )

    def _objectives(self) -> Objectives:
        sizes = (VALIDATION, 3, 3)
        weights = torch.cat([torch.full((size,), 1 / size, dtype=DOUBLE) for size in sizes])
        bounded = torch.tensor([False] * (VALIDATION + 3) + [True] * 3)
        return Objectives(self.tried, self.answers, weights.expand(len(self.tried), -1), sizes, bounded)


def setting(runs: int = 2, principals: int = 5) -> Setting:
    """Twins, one that was screened away, one that put nothing in, and others; in padded places stands anything."""
    generator = torch.Generator().manual_seed(11)
    network = MLP((FEATURES, HIDDEN, CLASSES), "tanh", DOUBLE)
    owners = [TWINS[0], TWINS[1], DROPPED, *range(4, principals)]
    features = torch.randn(runs, len(owners) * 4 + 2, FEATURES, generator=generator, dtype=DOUBLE)
    labels = torch.randint(CLASSES, features.shape[:2], generator=generator)
    features[:, 4:8], labels[:, 4:8] = features[:, :4], labels[:, :4]  # the twins' samples
    owner = torch.tensor([i for i in owners for _ in range(4)] + [-1, -1]).expand(runs, -1)
    tried = torch.randn(runs, VALIDATION + VALUES * 3, FEATURES, generator=generator, dtype=DOUBLE)
    answers = torch.randint(CLASSES, tried.shape[:2], generator=generator)
    weights = np.linspace(0.5, 1.0, principals)[None].repeat(runs, axis=0)
    multipliers = np.random.default_rng(7).uniform(-0.2, 0.2, size=(runs, principals, VALUES))
    weights[:, TWINS[1]], multipliers[:, TWINS[1]] = weights[:, TWINS[0]], multipliers[:, TWINS[0]]
    for nothing in (DROPPED, ABSENT):
        weights[:, nothing], multipliers[:, nothing] = 0.0, 0.0
    parameters = network.initial(Streams.from_seeds(range(runs)).task)
    return Setting(parameters, features, labels, owner, tried, answers, weights, multipliers, range(runs))


def written_out(game: RoundGame) -> list[Tensor]:
    """Every ũ_i = w_i u_i − Σ_k μ_ik p_k, each entry (R, N, *shape)."""
    weights, multipliers = torch.as_tensor(game.weights), torch.as_tensor(game.multipliers)
    return [
        torch.einsum("rn,rnoi->rnoi", weights, u) - torch.einsum("rnk,rkoi->rnoi", multipliers, p)
        for u, p in zip(game.passage.updates(), game.probes, strict=True)
    ]


def value_of(game: RoundGame, coalition: list[int]) -> Floats:
    """(R,) v(S) by taking the coalition's step and measuring, one run after the other."""
    updates, values = written_out(game), []
    for run in range(game.shape[0]):
        before = [p[run] for p in game.parameters]
        rate = float(game.rate[run, 0])
        after = [p - rate * u[run, coalition].sum(0) for p, u in zip(before, updates, strict=True)]
        values.append(measured(game, before, run) - measured(game, after, run))
    return np.array(values)


def measured(game: RoundGame, own: list[Tensor], run: int) -> float:
    """Validation loss of a tanh perceptron with one hidden layer."""
    hidden = torch.tanh(linear(game.features[run], own[0][:, :-1], own[0][:, -1]))
    return cross_entropy(linear(hidden, own[1][:, :-1], own[1][:, -1]), game.labels[run]).item()


def everybody(game: RoundGame) -> list[int]:
    return list(range(game.shape[1]))


class CreditContract:
    """What every credit rule keeps. A rule's test class inherits this, names the rule, and says what it claims.

    Any test file may hold such a class (``from test_credit import CreditContract``).
    """

    rule: str
    options: ClassVar[dict[str, Any]] = {}  # fields of scenario.credit the rule is tested under
    evaluations: int = 0  # coalitions evaluated for the setting's three contributors
    errors: float = 0.0  # standard errors within which drawn credit keeps symmetries; 0: exactly
    linear: bool = True  # whether credit under two validation sets at once is the mean of those under each
    copying: tuple[float, float] = (1.8, 2.2)  # what an update and its copy earn together, of what it earns alone

    def total(self, game: RoundGame) -> Floats | None:
        """(R,) what the credits of a round sum to; None where the rule claims nothing."""
        raise NotImplementedError

    def game(self, studied: Setting | None = None, **changes: Any) -> RoundGame:
        return (studied or setting()).game(**{**self.options, **changes})

    def credit(self, game: RoundGame) -> Credit:
        return CREDITS[self.rule](game)

    def assert_alike(self, one: Floats, other: Floats, error: Floats | None) -> None:
        allowed = 0.0 if error is None else self.errors * error
        assert (np.abs(one - other) <= 1e-9 * np.abs(one) + 1e-15 + allowed).all()

    def test_the_credits_of_a_round_sum_to_what_the_rule_claims(self) -> None:
        game = self.game()
        claimed = self.total(game)
        if claimed is None:
            pytest.skip(f"{self.rule} claims no efficiency")
        np.testing.assert_allclose(self.credit(game).values.sum(axis=1), claimed, rtol=1e-9)

    def test_principals_that_put_in_the_same_are_credited_the_same(self) -> None:
        credit = self.credit(self.game())
        one, other = (credit.values[:, twin] for twin in TWINS)
        error = None if credit.standard_error is None else np.hypot(*(credit.standard_error[:, twin] for twin in TWINS))
        self.assert_alike(one, other, error)
        assert (np.abs(one) > 1e-6).all()

    def test_who_puts_nothing_in_is_credited_nothing(self) -> None:
        assert np.abs(self.credit(self.game()).values[:, ABSENT]).max() < 1e-15

    def test_an_update_that_was_screened_away_is_credited_nothing(self) -> None:
        game = self.game()
        assert (game.passage.squared_norms()[:, DROPPED] > 1e-4).all()
        assert np.abs(self.credit(game).values[:, DROPPED]).max() < 1e-15

    def test_credit_is_linear_in_the_validation_samples_where_the_rule_claims_it(self) -> None:
        if not self.linear:
            pytest.skip(f"{self.rule} claims no linearity")
        studied, half = setting(), VALIDATION // 2
        first, second = [*range(half)] * 2, [*range(half, VALIDATION)] * 2
        probes = [*range(VALIDATION, studied.tried.shape[1])]
        halves = [
            replace(studied, tried=studied.tried[:, part + probes], answers=studied.answers[:, part + probes])
            for part in (first, second)
        ]
        # Multipliers of screening are given, not found again: only the validation loss changes
        credits = [self.credit(self.game(each)).values for each in halves]
        assert np.abs(credits[0] - credits[1]).max() > 1e-4
        np.testing.assert_allclose(self.credit(self.game()).values, np.mean(credits, axis=0), rtol=1e-9, atol=1e-15)

    def test_an_update_and_its_copy_earn_what_the_rule_says(self) -> None:
        studied, kept = setting(), np.arange(5) != TWINS[1]
        single = replace(
            studied, weights=studied.weights * kept, multipliers=studied.multipliers * kept[:, None]
        )
        alone = self.credit(self.game(single)).values[:, TWINS[0]]
        together = self.credit(self.game(studied)).values[:, TWINS].sum(axis=1)
        lowest, highest = self.copying
        assert (lowest <= together / alone).all() and (together / alone <= highest).all()

    def test_for_a_small_step_credit_is_the_slope_along_the_screened_update(self) -> None:
        game = self.game(rate=1e-5)
        gradient = torch.autograd.functional.jacobian(lambda *own: game.loss(own).sum(), game.parameters)
        pairs = zip(written_out(game), gradient, strict=True)
        slopes = torch.as_tensor(sum(torch.einsum("rnoi,roi->rn", u, g) for u, g in pairs)).numpy()
        np.testing.assert_allclose(self.credit(game).values, 1e-5 * slopes, rtol=1e-3, atol=1e-12)

    def test_the_same_game_gives_the_same_credit(self) -> None:
        np.testing.assert_array_equal(self.credit(self.game()).values, self.credit(self.game()).values)

    def test_a_run_is_credited_alone_as_in_an_ensemble(self) -> None:
        together = self.credit(self.game(setting(runs=3))).values
        for run in range(3):
            alone = self.credit(self.game(setting(runs=3).run(run))).values
            np.testing.assert_allclose(alone[0], together[run], rtol=1e-9, atol=1e-15)
        assert np.abs(together[0] - together[1]).max() > 1e-4  # the runs do differ

    def test_the_order_of_principals_does_not_matter(self) -> None:
        studied, order = setting(), [4, 2, 0, 3, 1]
        place = torch.tensor([*np.argsort(order), -1])
        turned = replace(
            studied,
            owner=place[studied.owner],
            weights=studied.weights[:, order],
            multipliers=studied.multipliers[:, order],
        )
        expected, found = self.credit(self.game(studied)), self.credit(self.game(turned))
        errors = [credit.standard_error for credit in (expected, found)]
        error = None if errors[0] is None or errors[1] is None else np.hypot(errors[0][:, order], errors[1])
        self.assert_alike(expected.values[:, order], found.values, error)

    def test_it_says_how_it_came_about(self, monkeypatch: pytest.MonkeyPatch) -> None:
        evaluated = np.zeros(2, dtype=int)
        values = RoundGame.run_values

        def counted(game: RoundGame, run: int, coalitions: NDArray[np.bool_]) -> Floats:
            evaluated[run] += len(coalitions)
            return values(game, run, coalitions)

        monkeypatch.setattr(RoundGame, "run_values", counted)
        credit = self.credit(self.game())
        assert credit.rule == self.rule
        assert credit.values.shape == (2, 5)
        assert evaluated.max() == credit.evaluations == self.evaluations
        assert credit.budget is None or credit.evaluations <= credit.budget
        assert credit.estimated == (credit.standard_error is not None)

    def test_any_module_is_credited_as_the_perceptron_it_equals(self) -> None:
        studied = setting()
        module = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, CLASSES)).double()
        split = [part for p in studied.parameters for part in (p[..., :-1], p[..., -1])]
        turn = torch.eye(FEATURES, dtype=DOUBLE).expand(2, -1, -1)
        twin = replace(studied, parameters=(*split, turn))
        credited = self.credit(self.game(twin, network=ModuleNetwork(module, FEATURES, DOUBLE))).values
        np.testing.assert_allclose(credited, self.credit(self.game(studied)).values, rtol=1e-6, atol=1e-12)

    def test_a_round_without_samples_credits_nobody(self) -> None:
        studied = setting()
        empty = replace(
            studied,
            features=studied.features[:, :0],
            labels=studied.labels[:, :0],
            owner=studied.owner[:, :0],
            weights=np.zeros_like(studied.weights),
            multipliers=np.zeros_like(studied.multipliers),
        )
        assert np.abs(self.credit(self.game(empty)).values).max() < 1e-15


class TestFirstOrder(CreditContract):
    rule = "first_order"

    def total(self, game: RoundGame) -> Floats:
        """η⟨∇L, Σ_i ũ_i⟩: what the linearised game is worth to all."""
        return _along(game, _gradient(game))

    def test_it_is_the_learning_rate_times_the_autograd_slope(self) -> None:
        game = setting().game(rate=0.7)
        gradient = _gradient(game)
        for principal in everybody(game):
            only = [u[:, principal] for u in written_out(game)]
            expected = 0.7 * sum((o * g).sum((1, 2)) for o, g in zip(only, gradient, strict=True))
            np.testing.assert_allclose(self.credit(game).values[:, principal], expected, rtol=1e-9, atol=1e-15)


class TestSecondOrder(CreditContract):
    rule = "second_order"

    def total(self, game: RoundGame) -> Floats:
        """η⟨∇L, U⟩ − (η²/2) UᵀHU, by differentiating L(θ − t U) twice at t = 0."""
        step = [u.sum(1) for u in written_out(game)]

        def along(t: Tensor) -> Tensor:
            return game.loss(tuple(p - t[:, None, None] * s for p, s in zip(game.parameters, step, strict=True))).sum()

        start = torch.zeros(game.shape[0], dtype=DOUBLE)
        slope = torch.autograd.functional.jacobian(along, start)
        curvature = torch.autograd.functional.hessian(along, start).diagonal()
        rate = torch.as_tensor(game.rate[:, 0])
        total: Floats = (-rate * slope - rate**2 / 2 * curvature).numpy()
        return total

    def test_each_is_charged_its_half_of_the_curvature_it_shares_with_all(self) -> None:
        # −(η²/2) ũ_iᵀ H U with the Hessian written out
        game = setting(runs=1).game(rate=0.5)
        shapes = [p.shape[1:] for p in game.parameters]

        def loss(flat: Tensor) -> Tensor:
            parts = flat.split([shape.numel() for shape in shapes])
            return game.loss(tuple(x.view(1, *shape) for x, shape in zip(parts, shapes, strict=True))).sum()

        at = torch.cat([p.flatten() for p in game.parameters])
        hessian = torch.autograd.functional.hessian(loss, at)
        gradient = torch.autograd.functional.jacobian(loss, at)
        updates = torch.cat([u[0].flatten(1) for u in written_out(game)], dim=1)
        expected = 0.5 * updates @ gradient - 0.125 * updates @ hessian @ updates.sum(0)
        np.testing.assert_allclose(self.credit(game).values[0], expected, rtol=1e-9, atol=1e-15)

    @pytest.mark.parametrize(("rule", "least", "most"), [("second_order", 2.8, 4.0), ("first_order", 1.8, 2.3)])
    def test_its_sum_misses_the_value_of_all_by_the_third_power_of_the_step(
        self, rule: str, least: float, most: float
    ) -> None:
        rates = 2.0 ** -np.arange(1, 7)
        games = [setting(runs=1).game(rate=rate) for rate in rates]
        missed = [abs(CREDITS[rule](game).values.sum() - value_of(game, everybody(game))[0]) for game in games]
        slope = np.polyfit(np.log(rates), np.log(missed), 1)[0]
        assert least <= slope <= most


class TestAumannShapley(CreditContract):
    rule = "aumann_shapley"

    def total(self, game: RoundGame) -> Floats:
        """v(N)."""
        return value_of(game, everybody(game))

    def test_a_long_step_is_shared_out_in_full_and_more_like_shapley_than_by_second_order(self) -> None:
        game = setting(principals=8).game(rate=2.0)
        exact = CREDITS["shapley"](game).values
        np.testing.assert_allclose(self.credit(game).values.sum(axis=1), exact.sum(axis=1), rtol=1e-5)
        missed = {
            rule: np.sqrt(np.mean((CREDITS[rule](game).values - exact) ** 2) / np.mean(exact**2))
            for rule in ("aumann_shapley", "second_order", "first_order")
        }
        assert missed["aumann_shapley"] < 0.01
        assert 4 * missed["aumann_shapley"] < missed["second_order"] < missed["first_order"] / 10


class TestLeaveOneOut(CreditContract):
    rule = "leave_one_out"
    evaluations = 6  # all, and all but each of five

    def total(self, game: RoundGame) -> None:
        """Leave-one-out shares nothing out."""

    def test_it_is_what_the_step_would_have_lacked(self) -> None:
        game = setting().game()
        whole = value_of(game, everybody(game))
        for principal in everybody(game):
            without = value_of(game, [i for i in everybody(game) if i != principal])
            np.testing.assert_allclose(self.credit(game).values[:, principal], whole - without, rtol=1e-9, atol=1e-14)


class TestNeighbours(CreditContract):
    rule = "neighbours"
    copying = (1.2, 1.6)  # a copy stands in the way of the original where the nearest vote

    def total(self, game: RoundGame) -> Floats:
        """The share of validation samples that the five nearest of the samples left vote right for."""
        features, labels = game.samples()
        weights = torch.as_tensor(game.weights).gather(1, game.passage.owners.owner.clamp(min=0))
        left = (game.passage.owners.owner >= 0) & (weights > 0)
        distances = torch.cdist(game.features, features).masked_fill(~left.unsqueeze(1), torch.inf)
        nearest = distances.argsort(dim=2)[..., :5]
        votes = labels.unsqueeze(1).expand(distances.shape).gather(2, nearest) == game.labels.unsqueeze(2)
        right: Floats = votes.double().mean((1, 2)).numpy()
        return right

    def test_for_a_small_step_credit_is_the_slope_along_the_screened_update(self) -> None:
        """Not so here: what data is worth does not depend on the step that it makes."""
        small, large = (self.credit(setting().game(rate=rate)).values for rate in (1e-5, 0.3))
        np.testing.assert_array_equal(small, large)


class TestShapley(CreditContract):
    rule = "shapley"
    evaluations = 8  # the coalitions of three contributors

    def total(self, game: RoundGame) -> Floats:
        """v(N)."""
        return value_of(game, everybody(game))

    def test_it_averages_marginal_contributions_over_all_orders_of_arrival(self) -> None:
        game = setting().game()
        values = {tuple(s): value_of(game, list(s)) for s in _subsets(5)}
        expected = np.zeros(game.shape)
        for order in permutations(range(5)):
            for place, principal in enumerate(order):
                before, after = tuple(sorted(order[:place])), tuple(sorted(order[: place + 1]))
                expected[:, principal] += (values[after] - values[before]) / factorial(5)
        np.testing.assert_allclose(self.credit(game).values, expected, rtol=1e-9, atol=1e-14)

    def test_more_than_16_principals_are_too_many_to_enumerate(self) -> None:
        with pytest.raises(InputError, match=r"population\.count = 17 must be at most 16"):
            self.credit(setting(runs=1, principals=17).game())


class TestFedSV(CreditContract):
    rule = "fedsv"
    evaluations = 8

    def total(self, game: RoundGame) -> Floats:
        """v(N)."""
        return value_of(game, everybody(game))

    def test_where_all_coalitions_can_be_looked_at_it_is_the_shapley_value_of_the_round(self) -> None:
        game = setting().game()
        np.testing.assert_allclose(self.credit(game).values, CREDITS["shapley"](game).values, rtol=1e-12, atol=1e-15)


class TestGtgShapley(CreditContract):
    rule = "gtg_shapley"
    options: ClassVar[dict[str, Any]] = {"budget": 82, "gtg_shapley": {"between": 0.0, "within": 0.0, "converged": 0.0}}
    evaluations = 82  # ∅, all, and two for each of forty orders
    errors = 5.0

    def total(self, game: RoundGame) -> Floats:
        """v(N), since nothing is cut off."""
        return value_of(game, everybody(game))

    def test_a_round_that_changed_nothing_to_speak_of_credits_nobody(self) -> None:
        credit = self.credit(setting().game(gtg_shapley={"between": 10.0}))
        assert credit.evaluations == 2 and not credit.values.any()

    def test_what_is_cut_off_from_orders_is_at_most_the_share_allowed(self) -> None:
        game = setting().game(gtg_shapley={"between": 0.0, "within": 0.4})
        credit, worth = self.credit(game), value_of(game, everybody(game))
        assert credit.residual is not None and (np.abs(credit.residual) <= 0.4 * np.abs(worth)).all()
        np.testing.assert_allclose(credit.values.sum(axis=1) + credit.residual, worth, rtol=1e-9)
        assert (np.abs(credit.residual) > 1e-3 * np.abs(worth)).any()  # something was


class TestEstimatedShapley(CreditContract):
    rule = "estimated_shapley"
    evaluations = 8

    def total(self, game: RoundGame) -> Floats:
        """v(N)."""
        return value_of(game, everybody(game))


class TestBanzhaf(CreditContract):
    rule = "banzhaf"
    evaluations = 8

    def total(self, game: RoundGame) -> None:
        """Banzhaf values share nothing out."""


class TestWeightedBanzhaf(CreditContract):
    rule = "weighted_banzhaf"
    evaluations = 8

    def total(self, game: RoundGame) -> None:
        """Banzhaf values share nothing out."""


class TestBetaShapley(CreditContract):
    rule = "beta_shapley"
    evaluations = 8

    def total(self, game: RoundGame) -> None:
        """Only Beta(1, 1) is Shapley's, which shares out v(N)."""

    def test_at_one_and_one_it_is_the_shapley_value(self) -> None:
        game = setting().game(beta_shapley={"alpha": 1.0, "beta": 1.0})
        np.testing.assert_allclose(self.credit(game).values, CREDITS["shapley"](game).values, rtol=1e-12, atol=1e-15)


def _gradient(game: RoundGame) -> tuple[Tensor, ...]:
    watched = tuple(p.clone().requires_grad_() for p in game.parameters)
    return torch.autograd.grad(game.loss(watched).sum(), watched)


def _along(game: RoundGame, gradient: tuple[Tensor, ...]) -> Floats:
    """(R,) η⟨∇L, Σ_i ũ_i⟩."""
    total = sum((u.sum(1) * g).sum((1, 2)) for u, g in zip(written_out(game), gradient, strict=True))
    along: Floats = game.rate[:, 0] * torch.as_tensor(total).numpy()
    return along


def _subsets(players: int) -> list[list[int]]:
    return [[i for i in range(players) if number >> i & 1] for number in range(2**players)]


def test_every_rule_of_the_library_keeps_the_contract() -> None:
    ours = {name for name, rule in CREDITS.items() if rule.__module__.startswith("commonweal.economy.")}
    files = Path(__file__).parent.glob("test_*.py")
    assert {rule for file in files for rule in _rules_under_contract(file)} == ours


def _rules_under_contract(file: Path) -> Iterator[str]:
    """What the classes of a test file that inherit the contract set ``rule`` to."""
    classes = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    for each in classes:
        if any(isinstance(base, ast.Name) and base.id == "CreditContract" for base in each.bases):
            for line in each.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "rule":
                    yield ast.literal_eval(line.value)


class TestGame:
    def test_values_of_coalitions_are_what_their_steps_gain(self) -> None:
        game = setting().game()
        expected = np.stack([value_of(game, subset) for subset in _subsets(5)], axis=1)
        np.testing.assert_allclose(game.values(all_coalitions(5)), expected, rtol=1e-9, atol=1e-14)
        assert not game.values(np.zeros((1, 5), bool)).any()  # v(∅) = 0

    def test_values_do_not_depend_on_how_many_networks_are_evaluated_at_a_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        game = setting().game()
        at_once = game.values(all_coalitions(5))
        monkeypatch.setattr(game_module, "CHUNK", 1)
        np.testing.assert_allclose(game.values(all_coalitions(5)), at_once, rtol=1e-9, atol=1e-15)

    def test_updates_products_and_the_step_are_those_of_the_screened_updates(self) -> None:
        game = setting().game()
        updates = written_out(game)
        flat = torch.cat([u.flatten(2) for u in updates], dim=2)
        torch.testing.assert_close(game.updates, flat, rtol=1e-9, atol=1e-15)
        direction: Parameters = tuple(p.sin() for p in game.parameters)
        products = [torch.einsum("rnoi,roi->rn", u, v) for u, v in zip(updates, direction, strict=True)]
        np.testing.assert_allclose(game.along(direction), torch.stack(products).sum(0), rtol=1e-9, atol=1e-15)
        for step, update in zip(game.step(), updates, strict=True):
            torch.testing.assert_close(step, update.sum(1), rtol=1e-9, atol=1e-15)


class TestShapleyValue:
    def test_the_unit_game_has_its_published_value(self) -> None:
        # v(∅, 0, 1, 2, 01, 02, 12, 012) = 0, 40, 60, 80, 70, 75, 85, 90, here by bit number: 01 is 3, 2 is 4
        values = np.array([[0.0, 40, 60, 70, 80, 75, 85, 90]])
        np.testing.assert_allclose(shapley_value(values), [[95 / 6, 185 / 6, 260 / 6]], rtol=1e-14)

    def test_a_single_player_gets_everything(self) -> None:
        assert shapley_value(np.array([[0.0, 7.0]])).tolist() == [[7.0]]

    def test_a_game_of_sixteen_is_computed_exactly(self) -> None:
        # v(S) = (Σ_{i∈S} a_i)²: φ_i = a_i Σ_j a_j
        weights = np.arange(1.0, 17.0)
        values = (all_coalitions(16) @ weights) ** 2
        np.testing.assert_allclose(shapley_value(values[None])[0], weights * weights.sum(), rtol=1e-10)

    games = hnp.arrays(float, (2, 16), elements=st.floats(-100, 100).map(lambda x: round(x, 3)))

    @given(games, games)
    @settings(max_examples=60)
    def test_it_is_efficient_and_linear(self, one: Floats, other: Floats) -> None:
        one[:, 0] = other[:, 0] = 0
        np.testing.assert_allclose(shapley_value(one).sum(axis=1), one[:, -1], atol=1e-9)
        joined = shapley_value(2 * one - 3 * other)
        np.testing.assert_allclose(joined, 2 * shapley_value(one) - 3 * shapley_value(other), atol=1e-9)

    @given(games, st.integers(0, 3))
    @settings(max_examples=60)
    def test_who_adds_nothing_to_any_coalition_gets_nothing(self, game: Floats, player: int) -> None:
        numbers = np.arange(16)
        game = game[:, numbers & ~(1 << player)]
        np.testing.assert_allclose(shapley_value(game)[:, player], 0, atol=1e-9)
