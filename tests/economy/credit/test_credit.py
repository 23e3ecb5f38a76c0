"""Credit rules: the promises all of them keep, what each claims, and each against the definition it stands for."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit import CREDITS, Credit, RoundGame, probabilistic
from commonweal.economy.credit import game as game_module
from commonweal.economy.credit.exact import all_coalitions, exact_value, seated, shapley_value
from commonweal.economy.credit.path import radau
from commonweal.economy.credit.probabilistic import ProbabilisticValue
from commonweal.economy.learning.network import Parameters
from commonweal.economy.round.learn import _usual, charged
from commonweal.testing import CreditClaims, check_credit_rule
from commonweal.testing.credit import ABSENT, DOUBLE, DROPPED, TWINS, setting, written_out


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


def credited(rule: str, game: RoundGame) -> Floats:
    """(R, N) credit by a rule."""
    return CREDITS[rule](game).values


def _gradient(game: RoundGame) -> tuple[Tensor, ...]:
    watched = tuple(p.clone().requires_grad_() for p in game.parameters)
    return torch.autograd.grad(game.loss(watched).sum(), watched)


def _along(game: RoundGame, gradient: tuple[Tensor, ...]) -> Floats:
    """(R,) η⟨∇L, Σ_i ũ_i⟩."""
    total = sum((u.sum(1) * g).sum((1, 2)) for u, g in zip(written_out(game), gradient, strict=True))
    along: Floats = game.rate[:, 0] * torch.as_tensor(total).numpy()
    return along


def _worth(game: RoundGame) -> Floats:
    """v(N)."""
    return value_of(game, everybody(game))


def _second_order(game: RoundGame) -> Floats:
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


def _votes(game: RoundGame) -> Floats:
    """The share of validation samples that their five nearest vote right for."""
    features, labels = game.samples()
    left = game.passage.owners.owner >= 0
    distances = torch.cdist(game.features, features).masked_fill(~left.unsqueeze(1), torch.inf)
    nearest = distances.argsort(dim=2)[..., :5]
    votes = labels.unsqueeze(1).expand(distances.shape).gather(2, nearest) == game.labels.unsqueeze(2)
    right: Floats = votes.double().mean((1, 2)).numpy()
    return right


def _claims(total: Callable[[RoundGame], Floats] | None, evaluations: int, **other: Any) -> CreditClaims:
    """Most rules are linear, credit copies like originals, and exact."""
    usual: dict[str, Any] = {"errors": 0.0, "linear": True, "copying": (1.8, 2.2), "slope": True}
    return CreditClaims(total, evaluations, **(usual | other))


CLAIMS = {
    "first_order": _claims(lambda game: _along(game, _gradient(game)), 0),  # the linearised game's worth to all
    "second_order": _claims(_second_order, 0),
    "aumann_shapley": _claims(None, 0),  # shares out v(N) but for its residual
    "lagrangian": _claims(None, 0, slope=False),  # the slope is that along the update before it is corrected
    "leave_one_out": _claims(None, 6),  # all, and all but each of five; shares nothing out
    "neighbours": _claims(None, 0, copying=(1.2, 1.6), slope=False),  # where the nearest vote a copy is in the way
    "cosine": _claims(None, 0, linear=False, copying=(2.0, 4.0), slope=False),  # a copy turns the step towards both
    "shapley": _claims(_worth, 8),  # the coalitions of three contributors
    "fedsv": _claims(_worth, 8),
    "gtg_shapley": _claims(_worth, 8),
    "estimated_shapley": _claims(_worth, 8),
    "banzhaf": _claims(None, 8),  # Banzhaf values share nothing out
    "weighted_banzhaf": _claims(None, 8),
    "beta_shapley": _claims(None, 8),  # only Beta(1, 1) is Shapley's, which shares out v(N)
}
OURS = [name for name, rule in CREDITS.items() if rule.__module__.startswith("commonweal.")]


@pytest.mark.parametrize("name", OURS)
def test_every_rule_keeps_its_promises_and_what_it_claims(name: str) -> None:
    check_credit_rule(name, CLAIMS[name])


VALUES: dict[str, Callable[[int], ProbabilisticValue]] = {
    "shapley": probabilistic.shapley,
    "banzhaf": probabilistic.banzhaf,
    "weighted_banzhaf": lambda players: probabilistic.weighted_banzhaf(players, 0.75),
    "beta_shapley": lambda players: probabilistic.beta(players, 4.0, 1.0),
}


def _said_to_be_exact() -> set[str]:
    """The rules that the page of names says are exact within ``credit.budget``."""
    text = (Path(__file__).parents[3] / "docs" / "what-there-is.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "exact within `credit.budget`" in line)
    return set(re.findall(r"`(\w+)`", row.split("|")[2]))


def test_exactly_the_rules_that_estimate_are_said_to_be_exact_within_the_budget() -> None:
    game = setting(principals=9).game(budget=100)  # seven put something in: 128 coalitions
    found = {name: CREDITS[name](game) for name in OURS}
    estimated = {name for name, credit in found.items() if credit.estimated and credit.budget is not None}
    assert estimated == _said_to_be_exact()


@pytest.mark.parametrize("principals", [5, 8])
@pytest.mark.parametrize("estimator", ["adjusted", "permutation", "stratified", "msr"])
@pytest.mark.parametrize("name", sorted(_said_to_be_exact()))
def test_every_estimate_is_exact_where_the_budget_allows_every_coalition(
    name: str, estimator: str, principals: int
) -> None:
    contributors = principals - 2
    game = setting(principals=principals).game(budget=2**contributors, estimator=estimator)
    credit, value = CREDITS[name](game), VALUES.get(name, probabilistic.shapley)(contributors)
    for run, players in enumerate(game.contributors()):
        worth = game.run_values(run, seated(all_coalitions(contributors), players, principals))
        expected = np.zeros(principals)
        expected[players] = exact_value(worth[None], value)[0]
        np.testing.assert_allclose(credit.values[run], expected, rtol=1e-12, atol=1e-15)
    assert not credit.estimated and credit.standard_error is None
    assert credit.evaluations == 2**contributors


@pytest.mark.parametrize("name", OURS)
def test_no_rule_needs_options_to_keep_its_promises(name: str) -> None:
    check_credit_rule(name)


def _changed(spoil: Callable[[Credit, RoundGame], Credit], of: str = "first_order") -> Callable[[RoundGame], Credit]:
    """A credit rule that spoils what another says."""

    def rule(game: RoundGame) -> Credit:
        return replace(spoil(CREDITS[of](game), game), rule="broken")

    return rule


def _spoiled(change: Callable[[Floats, RoundGame], Any], of: str = "first_order") -> Callable[[RoundGame], Credit]:
    return _changed(lambda credit, game: replace(credit, values=np.asarray(change(credit.values, game))), of)


BROKEN: dict[str, tuple[Callable[[RoundGame], Credit], str]] = {
    "shape": (_spoiled(lambda values, game: values[0]), "it credits (R, N) principals"),
    "nan": (_spoiled(lambda values, game: np.full_like(values, np.nan)), "credit is finite"),
    "clock": (_spoiled(lambda values, game: values * np.random.default_rng().random()), "the same game gives the same"),
    "place": (_spoiled(lambda values, game: values * np.arange(1, 6)), "who puts in the same is credited the same"),
    "zero": (_spoiled(lambda values, game: values * 0), "who changes the loss is credited something"),
    "order": (_spoiled(lambda values, game: values + (np.arange(5) > 1)), "the order of principals does not matter"),
    "gift": (_spoiled(lambda values, game: values + 1), "who puts nothing in is credited nothing"),
    "uncut": (
        _spoiled(lambda values, game: np.where(values, np.where(game.passage.squared_norms() > 0, 1, 0), 0)),
        "an update cut to a part earns less",
    ),
    "screened": (
        _spoiled(lambda values, game: values + game.passage.squared_norms().numpy() * (game.weights == 0)),
        "an update that was screened away is credited nothing",
    ),
    "ensemble": (_spoiled(lambda values, game: values / len(values)), "a run is credited alone as in an ensemble"),
    "mixed": (_spoiled(lambda values, game: values[:1].repeat(len(values), 0)), "alone as in an ensemble (run 1 of 3)"),
    "networks": (
        _spoiled(lambda values, game: values * len(game.parameters)), "networks that are equal are credited the same"
    ),
    "miscounting": (_changed(lambda credit, game: replace(credit, evaluations=7), "shapley"), "it says 7 evaluations"),
    "spendthrift": (_changed(lambda credit, game: replace(credit, budget=5), "shapley"), "it keeps its budget of 5"),
    "unsure": (_changed(lambda credit, game: replace(credit, estimated=True)), "an estimate has standard errors"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "promise"), BROKEN.values(), ids=list(BROKEN))
def test_a_rule_that_breaks_a_promise_is_told_which(
    rule: Callable[[RoundGame], Credit], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CREDITS._plugs, "broken", rule)
    with pytest.raises(AssertionError) as told:
        check_credit_rule("broken")
    assert str(told.value).startswith("credit rule 'broken' breaks a promise: ")
    assert promise in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("claims", "promise"),
    [
        (CreditClaims(total=lambda game: np.ones(2)), "the credits of a round sum to what it claims"),
        (CreditClaims(evaluations=3), "it claims 3 evaluations, and made 8"),
        (CreditClaims(copying=(0.9, 1.0)), "an update and its copy earn together from 0.9 to 1 of"),
    ],
)
def test_a_rule_that_claims_too_much_is_told_so(claims: CreditClaims, promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_credit_rule("shapley", claims)


@pytest.mark.parametrize(
    ("rule", "claims", "promise"),
    [
        (lambda values, game: values * np.abs(values), CreditClaims(linear=True), "credit is linear in the validation"),
        (lambda values, game: 2 * values, CreditClaims(slope=True), "for a small step credit is the slope"),
    ],
)
def test_claims_of_linearity_and_of_slopes_are_held(
    rule: Callable[[Floats, RoundGame], Floats], claims: CreditClaims, promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CREDITS._plugs, "broken", _spoiled(rule))
    with pytest.raises(AssertionError, match=promise):
        check_credit_rule("broken", claims)


@pytest.mark.parametrize("runs", [1, 2])
def test_the_setting_has_twins_one_screened_away_and_one_absent(runs: int) -> None:
    game = setting(runs).game()
    norms = game.passage.squared_norms()
    assert (norms[:, DROPPED] > 1e-4).all() and not norms[:, ABSENT].any()
    updates = game.updates
    torch.testing.assert_close(updates[:, TWINS[0]], updates[:, TWINS[1]])


class TestFirstOrder:
    def test_it_is_the_learning_rate_times_the_autograd_slope(self) -> None:
        game = setting().game(rate=0.7)
        gradient = _gradient(game)
        for principal in everybody(game):
            only = [u[:, principal] for u in written_out(game)]
            expected = 0.7 * sum((o * g).sum((1, 2)) for o, g in zip(only, gradient, strict=True))
            np.testing.assert_allclose(credited("first_order", game)[:, principal], expected, rtol=1e-9, atol=1e-15)


class TestSecondOrder:
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
        np.testing.assert_allclose(credited("second_order", game)[0], expected, rtol=1e-9, atol=1e-15)

    @pytest.mark.parametrize(("rule", "least", "most"), [("second_order", 2.8, 4.0), ("first_order", 1.8, 2.3)])
    def test_its_sum_misses_the_value_of_all_by_the_third_power_of_the_step(
        self, rule: str, least: float, most: float
    ) -> None:
        rates = 2.0 ** -np.arange(1, 7)
        games = [setting(runs=1).game(rate=rate) for rate in rates]
        missed = [abs(credited(rule, game).sum() - value_of(game, everybody(game))[0]) for game in games]
        slope = np.polyfit(np.log(rates), np.log(missed), 1)[0]
        assert least <= slope <= most


class TestAumannShapley:
    def test_a_long_step_is_more_like_shapley_than_by_second_order(self) -> None:
        game = setting(principals=8).game(rate=2.0)
        exact = credited("shapley", game)
        missed = {
            rule: np.sqrt(np.mean((credited(rule, game) - exact) ** 2) / np.mean(exact**2))
            for rule in ("aumann_shapley", "second_order", "first_order")
        }
        assert missed["aumann_shapley"] < 0.01
        assert 4 * missed["aumann_shapley"] < missed["second_order"] < missed["first_order"] / 10

    @pytest.mark.parametrize("gradients", [0, 1, 2, 5])
    def test_its_residual_is_what_its_credits_miss_of_the_worth_of_all(self, gradients: int) -> None:
        game = setting().game(rate=2.0, aumann_shapley={"gradients": gradients})
        credit, worth = CREDITS["aumann_shapley"](game), value_of(game, everybody(game))
        assert credit.estimated and credit.residual is not None
        np.testing.assert_allclose(credit.values.sum(axis=1) + credit.residual, worth, rtol=1e-9)
        assert (np.abs(credit.residual) > 0).all()

    def test_more_gradients_leave_a_smaller_residual(self) -> None:
        missed = []
        for gradients in (0, 1, 2, 4):
            credit = CREDITS["aumann_shapley"](setting().game(rate=2.0, aumann_shapley={"gradients": gradients}))
            assert credit.residual is not None
            missed.append(np.abs(credit.residual).max())
        assert all(fewer > 5 * more for fewer, more in itertools.pairwise(missed))
        assert missed[-1] < 1e-5

    def test_without_further_gradients_it_is_first_order(self) -> None:
        game = setting().game(aumann_shapley={"gradients": 0})
        np.testing.assert_allclose(credited("aumann_shapley", game), credited("first_order", game), rtol=1e-12)

    @pytest.mark.parametrize("gradients", range(7))
    def test_its_quadrature_is_exact_for_polynomials_of_twice_as_high_a_degree(self, gradients: int) -> None:
        nodes, weights = radau(gradients)
        assert nodes[0] == 0 and len(nodes) == len(weights) == gradients + 1
        for degree in range(2 * gradients + 1):
            assert weights @ nodes**degree == pytest.approx(1 / (degree + 1), rel=1e-12)
        assert weights @ nodes ** (2 * gradients + 1) != pytest.approx(1 / (2 * gradients + 2), rel=1e-9)


LINEAR = ("first_order", "second_order", "aumann_shapley")
MARGINAL = (*LINEAR, "lagrangian", "cosine")  # they say themselves what one more small update would earn
ALL_THERE = np.ones((2, 5))


class TestMarginal:
    """What one more small update would be credited."""

    @pytest.mark.parametrize("name", [*LINEAR, "lagrangian"])
    def test_where_all_is_left_linear_rules_say_what_everybody_earns(self, name: str) -> None:
        studied = setting()
        game = replace(studied, weights=0 * studied.weights + 1, multipliers=0 * studied.multipliers).game()
        credit = CREDITS[name](game)
        assert credit.marginal is not None
        np.testing.assert_allclose(credit.marginal(game.passage, ALL_THERE), credit.values, rtol=1e-9, atol=1e-15)
        half = credit.marginal(game.passage, ALL_THERE / 2)
        np.testing.assert_allclose(half, credit.values / 2, rtol=1e-9, atol=1e-15)

    def test_a_cosine_does_not_depend_on_how_much_is_put_in(self) -> None:
        studied = setting()
        game = replace(studied, weights=0 * studied.weights + 1, multipliers=0 * studied.multipliers).game()
        credit = CREDITS["cosine"](game)
        assert credit.marginal is not None
        for factor in (1.0, 0.25):
            found = credit.marginal(game.passage, factor * ALL_THERE)
            np.testing.assert_allclose(found, credit.values, rtol=1e-9, atol=1e-15)

    @pytest.mark.parametrize("name", ["shapley", "banzhaf", "neighbours", "leave_one_out"])
    def test_for_other_rules_it_is_first_order_in_the_unit_of_the_rule(self, name: str) -> None:
        game = setting().game()
        first, own = credited("first_order", game), CREDITS[name](game)
        per_nat = (own.values * first).sum(axis=1) / (first**2).sum(axis=1)
        passage = CREDITS["first_order"](game).marginal
        assert passage is not None and own.marginal is None
        expected = per_nat[:, None] * passage(game.passage, ALL_THERE)
        np.testing.assert_allclose(_usual(own, game)(game.passage, ALL_THERE), expected, rtol=1e-9, atol=1e-15)


class TestGated:
    """A gated update is charged in the unit of its rule."""

    HARMFUL = 4

    def games(self, name: str, **options: Any) -> tuple[RoundGame, RoundGame, Credit]:
        """The round without principal 4, the one that it joins as it is, and what is credited of the first."""
        studied, who = setting(), np.arange(5) == self.HARMFUL
        away = replace(studied, weights=studied.weights * ~who, multipliers=studied.multipliers * ~who[:, None])
        there = replace(away, weights=np.where(who, 1.0, away.weights))
        game, joined = away.game(**options), there.game(**options)
        return game, joined, charged(CREDITS[name](game), game, CREDITS[name], np.broadcast_to(who, (2, 5)))

    @pytest.mark.parametrize("name", [name for name in OURS if name not in MARGINAL])
    def test_it_is_charged_what_the_rule_says_of_the_round_that_it_joins(self, name: str) -> None:
        game, joined, credit = self.games(name)
        would = CREDITS[name](joined)
        spread = [each.standard_error for each in (credit, would) if each.standard_error is not None]
        error = 5 * np.linalg.norm([each[:, self.HARMFUL] for each in spread], axis=0) if spread else 0.0
        missed = np.abs(credit.values[:, self.HARMFUL] - np.minimum(would.values[:, self.HARMFUL], 0))
        assert (missed <= 1e-6 * np.abs(would.values[:, self.HARMFUL]) + error).all()
        others = np.arange(5) != self.HARMFUL
        np.testing.assert_array_equal(credit.values[:, others], credited(name, game)[:, others])
        assert credit.evaluations == CREDITS[name](game).evaluations + would.evaluations

    @pytest.mark.parametrize("name", MARGINAL)
    def test_others_charge_what_one_more_small_update_would_earn(self, name: str) -> None:
        game, _, credit = self.games(name)
        marginal = CREDITS[name](game).marginal
        assert marginal is not None
        would = marginal(game.passage, ALL_THERE)[:, self.HARMFUL]
        np.testing.assert_array_equal(credit.values[:, self.HARMFUL], np.minimum(would, 0))

    @pytest.mark.parametrize("name", ["shapley", "banzhaf", "aumann_shapley"])
    def test_some_of_these_games_have_harm_to_charge(self, name: str) -> None:
        assert (self.games(name)[2].values[:, self.HARMFUL] < 0).any()

    def test_runs_without_gated_updates_are_not_looked_at_again(self) -> None:
        game = setting().game()
        joined = game.joined_by(np.array([[False] * 3 + [True, False], [False] * 5]))
        assert [len(players) for players in joined.contributors()] == [4, 0]


class TestLeaveOneOut:
    def test_it_is_what_the_step_would_have_lacked(self) -> None:
        game = setting().game()
        whole = value_of(game, everybody(game))
        for principal in everybody(game):
            lacked = whole - value_of(game, [i for i in everybody(game) if i != principal])
            np.testing.assert_allclose(credited("leave_one_out", game)[:, principal], lacked, rtol=1e-9, atol=1e-14)


class TestNeighbours:
    def test_where_all_is_left_credits_sum_to_what_the_nearest_vote_right_for(self) -> None:
        studied = setting()
        there = (np.arange(5) != ABSENT)[None].repeat(2, axis=0)
        whole = replace(studied, weights=1.0 * there, multipliers=0 * studied.multipliers).game()
        np.testing.assert_allclose(credited("neighbours", whole).sum(axis=1), _votes(whole), rtol=1e-9)

    def test_the_part_that_screening_left_is_measured_along_the_update(self) -> None:
        game = setting().game()
        both = game.passage.updates(), written_out(game)
        raw, left = (torch.cat([part.flatten(2) for part in parts], 2) for parts in both)
        kept = ((raw * left).sum(2) / (raw**2).sum(2)).nan_to_num().clamp(0, 1).numpy()
        np.testing.assert_allclose(game.kept, kept, rtol=1e-9, atol=1e-12)
        assert (game.kept > 0.2).any() and (game.kept < 0.9).any()

    def test_what_data_is_worth_does_not_depend_on_the_step_that_it_makes(self) -> None:
        small, large = (credited("neighbours", setting().game(rate=rate)) for rate in (1e-5, 0.3))
        np.testing.assert_array_equal(small, large)


class TestShapley:
    def test_it_averages_marginal_contributions_over_all_orders_of_arrival(self) -> None:
        game = setting().game()
        values = {tuple(s): value_of(game, list(s)) for s in _subsets(5)}
        expected = np.zeros(game.shape)
        for order in permutations(range(5)):
            for place, principal in enumerate(order):
                before, after = tuple(sorted(order[:place])), tuple(sorted(order[: place + 1]))
                expected[:, principal] += (values[after] - values[before]) / factorial(5)
        np.testing.assert_allclose(credited("shapley", game), expected, rtol=1e-9, atol=1e-14)

    def test_more_than_16_principals_are_too_many_to_enumerate(self) -> None:
        with pytest.raises(InputError, match=r"population\.count = 17 must be at most 16"):
            CREDITS["shapley"](setting(runs=1, principals=17).game())


class TestFedSV:
    def test_where_all_coalitions_can_be_looked_at_it_is_the_shapley_value_of_the_round(self) -> None:
        game = setting().game()
        np.testing.assert_allclose(credited("fedsv", game), credited("shapley", game), rtol=1e-12, atol=1e-15)


class TestGtgShapley:
    def test_beyond_the_budget_it_walks_orders_that_miss_nothing_where_nothing_is_cut_off(self) -> None:
        uncut = {"between": 0.0, "within": 0.0, "converged": 0.0}
        game = setting(principals=9).game(budget=100, gtg_shapley=uncut)
        credit, exact = CREDITS["gtg_shapley"](game), CREDITS["shapley"](game)
        assert credit.evaluations == 98  # ∅, all, and six for each of sixteen orders
        np.testing.assert_allclose(credit.values.sum(axis=1), value_of(game, everybody(game)), rtol=1e-9)
        assert credit.standard_error is not None
        assert (np.abs(credit.values - exact.values) <= 5 * credit.standard_error + 1e-15).all()

    def test_a_round_that_changed_nothing_to_speak_of_credits_nobody(self) -> None:
        credit = CREDITS["gtg_shapley"](setting().game(budget=7, gtg_shapley={"between": 10.0}))
        assert credit.evaluations == 2 and not credit.values.any()

    def test_what_is_cut_off_from_orders_is_at_most_the_share_allowed(self) -> None:
        game = setting(principals=9).game(budget=100, gtg_shapley={"between": 0.0, "within": 0.4})
        credit, worth = CREDITS["gtg_shapley"](game), value_of(game, everybody(game))
        assert credit.residual is not None and (np.abs(credit.residual) <= 0.4 * np.abs(worth)).all()
        np.testing.assert_allclose(credit.values.sum(axis=1) + credit.residual, worth, rtol=1e-9)
        assert (np.abs(credit.residual) > 1e-3 * np.abs(worth)).any()  # something was


class TestBetaShapley:
    def test_at_one_and_one_it_is_the_shapley_value(self) -> None:
        game = setting().game(beta_shapley={"alpha": 1.0, "beta": 1.0})
        np.testing.assert_allclose(credited("beta_shapley", game), credited("shapley", game), rtol=1e-12, atol=1e-15)


def _subsets(players: int) -> list[list[int]]:
    return [[i for i in range(players) if number >> i & 1] for number in range(2**players)]


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
    def test_it_is_efficient_and_linear(self, one: Floats, other: Floats) -> None:
        one[:, 0] = other[:, 0] = 0
        np.testing.assert_allclose(shapley_value(one).sum(axis=1), one[:, -1], atol=1e-9)
        joined = shapley_value(2 * one - 3 * other)
        np.testing.assert_allclose(joined, 2 * shapley_value(one) - 3 * shapley_value(other), atol=1e-9)

    @given(games, st.integers(0, 3))
    def test_who_adds_nothing_to_any_coalition_gets_nothing(self, game: Floats, player: int) -> None:
        numbers = np.arange(16)
        game = game[:, numbers & ~(1 << player)]
        np.testing.assert_allclose(shapley_value(game)[:, player], 0, atol=1e-9)
