"""Closed forms: numbers of the papers, and how the market ``curve`` plays them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.agents.terms import stack
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.rewards.forms import Accuracies, AccuracyTerms, Pool, accuracies, alone
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

EVERYBODY = {"population.start_free_ride": 0.0, "population.start_defect": 0.0, "population.start_delegate": 1.0}
GAME = revise(Scenario(), EVERYBODY | {
    "market.kind": "curve", "market.price": 0.0, "market.model_value": 1.0, "population.count": 3,
    "population.samples": [5, 5, 25], "population.cost_low": 0.0, "population.cost_high": 0.0,
    "actions.available": ["abstain", "delegate"], "policy.mix": {"best_response": 1.0}, "policy.revision": 0.3,
    "policy.mutation": 0.0, "rewards.kind": "own_accuracy", "rewards.accuracy.kind": "federated_mean",
})  # fmt: skip


def pooled(kind: str, samples: Sequence[float], members: Sequence[int] | None = None, **options: Any) -> Pool:
    """One row in which members put all their samples in; all are members if not given."""
    held = np.array([samples], dtype=float)
    member = np.isin(np.arange(len(samples)), range(len(samples)) if members is None else members)[None]
    said = revise(GAME, {"population.count": len(samples), "population.samples": list(samples),
                         "rewards.accuracy.kind": kind, "rewards.accuracy.options": options})  # fmt: skip
    return Pool(np.where(member, held, 0.0), member, held, stack(AccuracyTerms, [said.rewards.accuracy]))


def errors(kind: str, samples: Sequence[float], members: Sequence[int] | None = None) -> list[float]:
    each = accuracies(pooled(kind, samples, members)).each
    assert each is not None
    return list(1 - each[0])


class TestFederatedMeans:
    """Donahue and Kleinberg 2021 (arXiv 2010.00753), their tables by their repository, noise 10 and spread 1."""

    @pytest.mark.parametrize(
        ("samples", "members", "error"),
        [
            ((5, 5, 5), (), (2, 2, 2)),
            ((5, 5, 5), (0, 1), (1.5, 1.5, 2)),
            ((5, 5, 5), None, (1.333333, 1.333333, 1.333333)),
            ((5, 5, 25), (0, 2), (1.722222, 2, 0.388889)),
            ((5, 5, 25), None, (1.551020, 1.551020, 0.408163)),
            ((25, 25, 25), (0, 1), (0.7, 0.7, 0.4)),
            ((25, 25, 25), None, (0.8, 0.8, 0.8)),
            ((10, 20, 30), None, (1.222222, 0.888889, 0.555556)),
        ],
    )
    def test_errors_of_uniform_federation(
        self, samples: Sequence[float], members: Sequence[int] | None, error: Sequence[float]
    ) -> None:
        np.testing.assert_allclose(errors("federated_mean", samples, members), error, atol=5e-7)

    def test_errors_of_finer_federations(self) -> None:
        large = (30, 30, 30, 300)
        np.testing.assert_allclose(errors("coarse_federated_mean", large)[2:], (0.279642, 0.0325815), atol=5e-7)
        np.testing.assert_allclose(errors("coarse_federated_mean", large, (0, 1, 2))[0], 0.277778, atol=5e-7)
        np.testing.assert_allclose(errors("fine_federated_mean", large)[2:], (0.269424, 0.0325815), atol=5e-7)
        np.testing.assert_allclose(
            errors("coarse_federated_mean", (10, 20, 30)), (0.632353, 0.394737, 0.283333), atol=5e-7
        )
        np.testing.assert_allclose(
            errors("fine_federated_mean", (10, 20, 30)), (0.630435, 0.391304, 0.282609), atol=5e-7
        )

    @pytest.mark.parametrize(("samples", "members"), [((5, 5, 25), (0, 1)), ((5, 5, 5), (0, 1, 2))])
    def test_best_responses_find_who_federates_with_whom(
        self, samples: Sequence[float], members: Sequence[int]
    ) -> None:
        ensemble = Ensemble(revise(GAME, {"population.samples": list(samples)}), range(16))
        ensemble.run(60)
        assert (ensemble.people.action == np.isin(range(3), members)).all()

    def test_who_stays_away_has_what_it_has_by_itself_without_an_outside_option(self) -> None:
        record = Ensemble(revise(GAME, {"population.samples": [5, 5, 5]}), [0]).step()
        np.testing.assert_allclose(record.payday.payoffs, 1 - 4 / 3)
        np.testing.assert_allclose(alone(pooled("federated_mean", (5, 5, 25))), [[-1, -1, 0.6]])


def test_who_leaves_has_the_better_of_its_copy_and_its_own_estimate() -> None:
    scenario = revise(GAME, {"policy.mix": {"fixed": 1.0}, "population.samples": [5, 5, 25]})
    leaving = [Deviation("leave", (who,), leaves=1) for who in (0, 2)]
    futures = play_futures(Ensemble(scenario, [0]).snapshot, leaving, 2)
    payoffs = [futures.payoffs[0, 1 + row, 1, who] for row, who in ((0, 0), (1, 2))]
    np.testing.assert_allclose(payoffs, [1 - 1.551020, 1 - 0.4], atol=5e-7)


def test_further_names_change_nothing_where_it_counts_who_holds_what() -> None:
    scenario = revise(GAME, {"policy.mix": {"fixed": 1.0}})
    names = [Deviation(f"names of {who}", (who,), identities=3) for who in (0, 2)]
    futures = play_futures(Ensemble(scenario, [0]).snapshot, names, 2)
    np.testing.assert_allclose(futures.gains, 0, atol=1e-12)
    np.testing.assert_allclose(futures.losses, 0, atol=1e-12)


def test_junk_is_paid_by_samples_and_teaches_nothing() -> None:
    changes: dict[str, Any] = {
        "actions.available": ["delegate", "free_ride"], "actions.free_ride": "junk", "policy.mix": {"fixed": 1.0},
        "population.start_delegate": 2 / 3, "population.start_free_ride": 1 / 3, "settlement.kind": "data",
        "market.price": 1.0, "market.baseline": 0.0, "rewards.kind": "shared", "population.samples": [6, 6, 6],
        "rewards.accuracy.kind": "power_law", "rewards.accuracy.exponent": 1.0,
    }  # fmt: skip
    record = Ensemble(revise(GAME, changes), [0]).step()
    np.testing.assert_allclose(record.produce.quality, 1 - 1 / 12)
    assert np.ptp(record.payday.payments) <= 1  # micro-unit
    assert (record.produce.credit[record.actions == 2] == 0).all()


def test_menus_and_training_alone_go_by_a_power_law_up_to_what_is_held() -> None:
    curve = {"rewards.accuracy.kind": "power_law", "rewards.accuracy.drop": 1.0}
    ensemble = Ensemble(revise(load("big-and-small"), curve), [0])
    ensemble.run(2)
    menu = ensemble.state.mechanisms["menu"]
    assert (menu.amounts > 0).any() and ((menu.ratios >= 0) & (menu.ratios <= 1 + 1e-9)).all()
    changes = {"rewards.alone": True, "rewards.kind": "shared", "market.model_value": 1000.0,
               "population.cost_types": [1.0], "population.samples": [30, 10, 200],
               "rewards.accuracy.kind": "power_law", "rewards.accuracy.drop": 10.0,
               "rewards.accuracy.exponent": 1.0}  # fmt: skip
    ensemble = Ensemble(revise(GAME, changes), [0])
    ensemble.step()
    best = 100.0  # √(drop · value / cost)
    worth = [1000 * (1 - 10 / 30) - 30, 0, 1000 * (1 - 10 / best) - best]
    np.testing.assert_allclose(ensemble.state.mechanisms["menu"].alone[0], worth, rtol=1e-6)


def test_a_power_law_gives_the_equilibria_of_pooled_means() -> None:
    """Chen, Zhu and Kandasamy 2023: all together put in σ/√c, the price of anarchy is (m + 1) / (2 √m)."""
    changes: dict[str, Any] = {
        "actions.available": ["delegate"], "policy.mix": {"fixed": 1.0}, "menu.offer": "amounts",
        "rewards.kind": "shared",
        "market.model_value": 1000.0, "population.cost_types": [1.0], "population.samples": [], "population.count": 5,
        "rewards.accuracy.kind": "power_law", "rewards.accuracy.drop": 10.0, "rewards.accuracy.exponent": 1.0,
    }  # fmt: skip
    rounds = Ensemble(revise(GAME, changes), [0, 1]).run(60).rounds.groupby("run").last()
    np.testing.assert_allclose(rounds["samples"], 100.0, rtol=1e-4)
    penalty = 5 * 1000.0 - rounds["welfare"]
    np.testing.assert_allclose(penalty / (2 * np.sqrt(10.0 * 1000.0 * 5)), 1.341641, rtol=1e-4)


def test_nobody_puts_in_more_than_it_holds() -> None:
    """Zhang 2022, by derivation: c .01, .02, .04, .16 and caps of 4 give (4, 3.071068, 0, 0)."""
    changes: dict[str, Any] = {
        "actions.available": ["delegate"], "policy.mix": {"fixed": 1.0}, "menu.offer": "amounts",
        "rewards.kind": "shared",
        "population.cost_types": [0.01, 0.02, 0.04, 0.16], "population.count": 4, "population.samples": [4, 4, 4, 4],
        "rewards.accuracy.kind": "power_law", "rewards.accuracy.exponent": 1.0, "rounds": 200,
    }  # fmt: skip
    ensemble = Ensemble(revise(GAME, changes), range(20))
    ensemble.run(80)
    put, cost = ensemble.state.membership.amount, ensemble.people.cost
    each_once = (np.sort(cost, axis=1) == [0.01, 0.02, 0.04, 0.16]).all(axis=1)
    assert each_once.any()
    ordered = np.take_along_axis(put, cost.argsort(axis=1), axis=1)[each_once]
    np.testing.assert_allclose(ordered, [[4, 3.071068, 0, 0]] * each_once.sum(), atol=2e-3)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"population.samples": [5, 5]}, "samples has 2 entries for count = 3 principals"),
        ({"rewards.accuracy.kind": "guess"}, "rewards.accuracy.kind = 'guess': must be one of"),
        ({"rewards.accuracy.options": {"nose": 1}}, "rewards.accuracy.options.nose must be left out"),
        ({"rewards.accuracy.options": {"noise": [1, 2]}}, "options.noise must be a number, or lists of 3 each"),
        ({"rewards.alone": True}, "rewards.alone must be false"),
        ({"menu.offer": "amounts", "population.samples": []}, "population.samples must be given"),
        ({"market.kind": "model", "population.samples": []}, "must be one of bound, fitted, power_law"),
        ({"market.kind": "model", "rewards.accuracy.kind": "bound"}, "population.samples must be empty"),
    ],
)
def test_what_does_not_fit_a_form_is_told_in_one_line(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        revise(GAME, changes)
    assert told in str(caught.value)


def test_the_answer_of_a_form_is_accuracies_in_its_range() -> None:
    pool = pooled("logarithm", (5, 5, 25))
    np.testing.assert_allclose(accuracies(pool).quality, np.log(36))
    assert isinstance(accuracies(pool), Accuracies)
