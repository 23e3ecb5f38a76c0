"""Credit in the market ``curve``: coalitions are worth what a closed form says, under any names, copies included."""

from collections.abc import Sequence
from math import exp, log
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.economy.credit import CREDITS
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.rewards.forms import (
    CLOSED_FORMS,
    AccuracyTerms,
    Contributions,
    coalition_values,
    credit_of,
    path_prices,
)
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.terms import Terms
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

# Each has one sample; what is paid of a revenue of v(N) is what credit says.
GAME = revise(Scenario(), {
    "market.kind": "curve", "market.price": 0.5, "market.baseline": 0.0, "market.model_value": 0.0,
    "population.count": 2, "population.samples": [1, 1], "population.cost_low": 0.0, "population.cost_high": 0.0,
    "population.start_free_ride": 0.0, "population.start_defect": 0.0, "population.start_delegate": 1.0,
    "actions.available": ["abstain", "delegate"], "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0,
    "settlement.kind": "worth", "settlement.horizon": 1, "rewards.accuracy.kind": "somebody_has_it",
})  # fmt: skip
SPLIT = [Deviation(f"split {k}", (0,), identities=k) for k in (2, 3)]
COPY = [Deviation(f"copy {k}", (0,), identities=k, copies=True) for k in (2, 3, 4)]


def game(rule: str, form: str, **changes: Any) -> Scenario:
    fields = {name.replace("__", "."): value for name, value in changes.items()}
    return revise(GAME, {"credit.kind": rule, "rewards.accuracy.kind": form, **fields})


def credit(scenario: Scenario) -> Floats:
    return Ensemble(scenario, [0]).step().produce.credit[0]


def gains(scenario: Scenario, deviations: Sequence[Deviation]) -> Floats:
    return play_futures(Ensemble(scenario, [0]).snapshot, deviations, 1).gains[0]


class TestReplication:
    """Agarwal, Dahleh and Sarkar 2019 (arXiv 1805.08125): two owners of the same, one of them in k copies."""

    def test_copies_pay_under_shapley_and_not_under_banzhaf(self) -> None:
        shapley, banzhaf = (gains(game(rule, "somebody_has_it"), COPY) for rule in ("shapley", "banzhaf"))
        np.testing.assert_allclose(shapley, [2 / 3 - 0.5, 0.25, 0.3], atol=1e-6)
        np.testing.assert_allclose(banzhaf, [0.0, 0.375 - 0.5, 0.25 - 0.5], atol=1e-6)

    @pytest.mark.parametrize(
        ("alike", "paid"), [(1.0, (0.25, 0.166667, 0.09375, 0.05)), (0.0, (0.5, 1 / 3, 0.1875, 0.1))]
    )
    def test_the_penalty_takes_away_what_copies_gain(self, alike: float, paid: Sequence[float]) -> None:
        scenario = game(
            "shapley", "somebody_has_it", rewards__accuracy__options={"alike": alike},
            credit__replication__penalty=log(2),
        )  # fmt: skip
        np.testing.assert_allclose(credit(scenario), paid[0])
        np.testing.assert_allclose(gains(scenario, COPY), np.array(paid[1:]) - paid[0], atol=1e-6)

    def test_a_copy_teaches_as_well_as_what_it_is_of_and_nothing_beside_it(self) -> None:
        terms = stack(AccuracyTerms, [revise(GAME, {"rewards.accuracy.kind": "logarithm"}).rewards.accuracy])
        put = Contributions(
            real=np.array([[3.0, 0.0]]), copied=np.array([[0.0, 3.0]]), member=np.ones((1, 2), dtype=bool),
            held=np.array([[3.0, 5.0]]), terms=terms, source=np.array([[0, 0]]),
        )  # fmt: skip
        coalitions = np.array([[False, False], [True, False], [False, True], [True, True]])
        np.testing.assert_allclose(coalition_values(put, coalitions), [[0, log(4), log(4), log(4)]])

    def test_colluders_who_copy_are_credited_for_what_they_copy_alone(self) -> None:
        scenario = game("shapley", "logarithm", population__samples=[3, 7])
        record = play_futures(Ensemble(scenario, [0]).snapshot, [Deviation("c", (0, 1), copies=True)], 1)
        np.testing.assert_allclose(record.payoffs[0, 1, 0], [log(4) / 2] * 2, atol=1e-6)


class TestSplitting:
    """Qi 2026 (arXiv 2403.04753): v = ln(1 + N), one sample each, one of the two under k names."""

    @pytest.mark.parametrize(
        ("rule", "worth"),
        [
            ("shapley", (0.549306, 0.562133, 0.566554)),
            ("leave_one_out", (0.405465, 0.364643, 0.353349)),
            ("banzhaf", (0.549306, 0.549306, 0.545733)),
            ("aumann_shapley", (0.549306, 0.549306, 0.549306)),
        ],
    )
    def test_splitting_pays_under_shapley_alone(self, rule: str, worth: Sequence[float]) -> None:
        scenario = game(rule, "logarithm")
        np.testing.assert_allclose(credit(scenario), worth[0], atol=5e-7)
        np.testing.assert_allclose(gains(scenario, SPLIT), np.array(worth[1:]) - worth[0], atol=2e-6)

    def test_it_hangs_on_falling_returns(self) -> None:
        np.testing.assert_allclose(credit(game("leave_one_out", "square")), 3)
        assert (gains(game("leave_one_out", "square"), SPLIT) > 0.1).all()
        np.testing.assert_allclose(gains(game("shapley", "square"), SPLIT), 0, atol=1e-6)


class TestModelRewards:
    """Sim, Zhang, Chan and Low 2020 (arXiv 2010.12797): one weight, samples (1, 2, 4)."""

    def scenario(self, rho: float) -> Scenario:
        return game(
            "shapley", "linear_gaussian", population__count=3, population__samples=[1, 2, 4], market__price=0.0,
            market__model_value=1.0, settlement__kind="equal", rewards__kind="rho_shapley", rewards__rho=rho,
            rewards__alone=True,
        )  # fmt: skip

    def test_values_and_rewards(self) -> None:
        record = Ensemble(self.scenario(1.0), [0]).step()
        np.testing.assert_allclose(record.produce.credit[0], [0.176947, 0.316851, 0.545923], atol=5e-7)
        np.testing.assert_allclose(record.payday.rewards[0], [0.336998, 0.603448, 1.039721], atol=5e-7)

    def test_staying_away_pays_from_the_bound_of_rationality_on(self) -> None:
        alone = [Deviation("alone", (0,), action=Action.ABSTAIN)]
        assert gains(self.scenario(0.975), alone)[0] < 0 < gains(self.scenario(0.976), alone)[0]


def drawn(form: str, rows: int = 4, names: int = 4, seed: int = 0) -> Contributions:
    """Random contributions under a form with its usual options."""
    random = np.random.default_rng(seed)
    count, shape = {"population.count": names, "population.samples": [1.0] * names}, (rows, names)
    said = revise(GAME, {**count, "rewards.accuracy.kind": form}).rewards.accuracy
    held = random.integers(1, 9, shape).astype(float)
    member = random.random(shape) < 0.8
    return Contributions(held * member, np.zeros(shape), member, held, stack(AccuracyTerms, [said] * rows))


def played(put: Contributions, rule: str) -> Any:
    terms = Terms.of([revise(GAME, {"credit.kind": rule})] * len(put.real)).credit
    quality = put.accuracies().quality
    return credit_of(put, quality, terms, Streams.from_seeds(list(range(len(put.real)))).credit)


@pytest.mark.parametrize("form", sorted(set(CLOSED_FORMS) - {"fitted"}))
@pytest.mark.parametrize("rule", [name for name in CREDITS if CREDITS.facts(name).by_values])
def test_every_rule_of_values_plays_every_form(rule: str, form: str) -> None:
    put = drawn(form)
    found = played(put, rule)
    assert np.isfinite(found.values).all()
    assert (found.values[put.real == 0] == 0).all()
    if CREDITS.facts(rule).stands_for == "shapley":
        empty, whole = coalition_values(put, np.array([[False] * 4, [True] * 4])).T
        np.testing.assert_allclose(found.values.sum(axis=1), whole - empty, atol=1e-9)


def test_credit_of_paths_is_the_limit_of_many_small_names() -> None:
    put = drawn("fine_federated_mean")
    total = drawn("linear_gaussian")
    np.testing.assert_allclose(path_prices(total), played(total, "first_order").values, atol=1e-7)
    smooth = path_prices(drawn("leak"))
    whole = drawn("leak").accuracies().quality
    np.testing.assert_allclose(smooth.sum(axis=1), whole, atol=1e-6)
    assert np.isfinite(path_prices(put)).all()


def test_a_run_is_credited_alone_as_in_an_ensemble() -> None:
    put = drawn("leak", rows=5)
    for rule in ("shapley", "aumann_shapley", "leave_one_out"):
        whole = played(put, rule).values
        alone = [played(put.pick(np.array([row])), rule).values[0] for row in range(5)]
        np.testing.assert_array_equal(whole, alone)


def test_best_responders_are_paid_by_the_values_of_coalitions() -> None:
    """Under leave-one-out nobody is paid for what others have too, so that it pays nobody to bear a cost."""
    changes = {"policy__mix": {"best_response": 1.0}, "population__cost_low": 0.1, "population__cost_high": 0.1,
               "policy__revision": 0.5, "rounds": 30}  # fmt: skip
    stays = {
        rule: Ensemble(game(rule, "somebody_has_it", **changes), range(4)).run(30).rounds.groupby("run").last()
        for rule in ("shapley", "leave_one_out")
    }
    assert (stays["shapley"]["share_delegate"] == 1.0).all()
    assert (stays["leave_one_out"]["share_delegate"] == 0.5).all()


def test_where_the_budget_is_small_values_are_estimated_and_alternatives_move_no_stream() -> None:
    changes = {"population__count": 10, "population__samples": [1.0] * 10, "credit__budget": 60, "rounds": 4}
    some = game("banzhaf", "logarithm", **changes)
    compares = revise(some, {"policy.mix": {"best_response": 1.0}, "policy.revision": 0.0})
    first, second = (Ensemble(each, [0]).run(3).principals["credit"] for each in (some, compares))
    np.testing.assert_array_equal(first, second)
    assert Ensemble(some, [0]).step().produce.appraisal.estimated


def test_pay_as_credited_is_the_same_in_every_round_of_a_horizon() -> None:
    rounds = Ensemble(game("banzhaf", "logarithm", settlement__horizon=20, population__samples=[1, 3]), [0]).run(5)
    paid = rounds.rounds["paid"].to_numpy()
    np.testing.assert_allclose(paid, paid[0], rtol=1e-6)
    assert (rounds.rounds["treasury"] >= 0).all()


def test_the_price_of_privacy_falls_with_correlation() -> None:
    """Acemoglu et al. 2022, derived: price / v is .5, .408333 and .221959 at correlations 0, .5 and .9."""
    alone = [Deviation("alone", (0,), action=Action.ABSTAIN)]
    for correlation, leak, price in ((0.0, 0.5, 0.5), (0.5, 0.533333, 0.408333), (0.9, 0.626959, 0.221959)):
        options = {"correlation": correlation, "privacy": [0.5, 0.5]}
        scenario = game(
            "aumann_shapley", "leak", rewards__accuracy__options=options, rewards__kind="own_accuracy",
            market__price=0.0, market__model_value=1.0, settlement__kind="equal",
        )  # fmt: skip
        each = Ensemble(scenario, [0]).step().produce.each
        assert each is not None
        np.testing.assert_allclose((1 - each) / 0.5, leak, atol=5e-7)
        np.testing.assert_allclose(gains(scenario, alone) / 0.5, price, atol=5e-7)


def test_the_hub_of_a_star_rides_free() -> None:
    """Blum et al. 2021: a hub, k leaves, links of 1/√k: √k samples are enough, and k are put in, none by the hub."""
    k = 4
    covers = np.eye(k + 1)
    covers[0, 1:] = covers[1:, 0] = 1 / np.sqrt(k)
    scenario = game(
        "aumann_shapley", "coverage", population__count=k + 1, population__samples=[2.0] * (k + 1),
        rewards__accuracy__options={"covers": covers.tolist()}, rewards__kind="own_accuracy", market__price=0.0,
        market__model_value=1.0, settlement__kind="equal", population__cost_types=[0.1], menu__offer="amounts",
        actions__available=["delegate"], policy__revision=0.3,
    )  # fmt: skip
    ensemble = Ensemble(scenario, range(3))
    ensemble.run(60)
    np.testing.assert_allclose(ensemble.state.membership.amount, [[0.0, *[1.0] * k]] * 3, atol=1e-3)


def test_the_half_life_of_a_penalty_is_a_factor_of_exp_minus_lambda() -> None:
    scenario = game("shapley", "somebody_has_it", credit__replication__penalty=1.5)
    np.testing.assert_allclose(credit(scenario), 0.5 * exp(-1.5))
