"""Where labels are numbers every rule works on squared errors, or is refused in one line."""

from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.credit import CREDITS
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.rewards.rules import REWARDS
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.results import Results
from commonweal.economy.tasks import PARTITIONS, Dataset, checked, draw_holdings, load_examples
from commonweal.economy.tasks.partition import groups_of
from commonweal.economy.tasks.supply import wrong_label
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.words import words_of
from commonweal.testing import check_task

BASE = revise(Scenario(), {
    "task.kind": "diabetes", "task.validation": 100, "task.test": 100, "population.count": 5, "learning.rate": 0.1,
    "learning.hidden": [6], "learning.samples": 10, "market.baseline": 0.0, "policy.mix": {"fixed": 1.0},
    "policy.mutation": 0.0, "population.start_delegate": 1.0, "population.start_free_ride": 0.0,
    "population.start_defect": 0.0, "population.start_abstain": 0.0, "precision": "float64",
})  # fmt: skip
SOME_OF_EACH = {"population.start_delegate": 0.4, "population.start_free_ride": 0.3, "population.start_defect": 0.3}
PROTECT = {"sense": "protect", "feature": 2, "limit": 0.3}


def numbers(changes: dict[str, Any] | None = None) -> Scenario:
    return revise(BASE, changes or {})


def played(changes: dict[str, Any] | None = None, rounds: int = 3) -> Results:
    return Ensemble(numbers(changes), [0, 1]).run(rounds)


def sound(results: Results) -> None:
    """Everything is finite, and no money is made or lost."""
    metrics = results.rounds.select_dtypes("number").drop(columns="permitted_accuracy", errors="ignore")
    broken = [name for name in metrics if not np.isfinite(metrics[name]).all()]
    assert not broken
    assert np.isfinite(results.principals[["credit", "payments", "payoff"]]).all(axis=None)
    assert results.balances is None or results.balances.groupby("run")["balance"].sum().eq(0).all()


class TestRules:
    @pytest.mark.parametrize("kind", list(CREDITS))
    def test_every_credit_rule_works_or_is_refused_in_one_line(self, kind: str) -> None:
        changes = {"credit.kind": kind, **SOME_OF_EACH}
        if CREDITS.facts(kind).needs_classes:
            with pytest.raises(InputError, match=r"credit\.kind must be another where task\.kind = 'diabetes'"):
                played(changes)
            return
        results = played(changes)
        sound(results)
        assert (results.principals["credit"] != 0).any()

    @pytest.mark.parametrize("kind", list(SETTLEMENTS))
    def test_every_settlement_works(self, kind: str) -> None:
        results = played({"settlement.kind": kind, **SOME_OF_EACH}, rounds=12)
        sound(results)
        assert (results.rounds.groupby("run")["revenue"].last() > 0).all()

    @pytest.mark.parametrize("kind", [name for name in REWARDS if name not in ("menu", "shaping")])
    def test_models_are_given_for_what_they_explain(self, kind: str) -> None:
        results = played({"rewards.kind": kind, "rewards.realise": "noise", "market.model_value": 0.01}, rounds=10)
        sound(results)
        own, shared = (results.rounds.groupby("run")[name].last() for name in ("own_accuracy", "accuracy"))
        assert ((own > 0) & (own <= shared + 1e-9)).all()

    @pytest.mark.parametrize("free_ride", ["junk", "disguised", "replay"])
    @pytest.mark.parametrize("defect", ["poison", "leak"])
    def test_free_riding_and_defecting_have_their_forms(self, free_ride: str, defect: str) -> None:
        sound(played({**SOME_OF_EACH, "actions.free_ride": free_ride, "actions.defect": defect}))

    @pytest.mark.parametrize("mode", ["reject", "scale", "project"])
    @pytest.mark.parametrize("grain", ["principal", "sample"])
    def test_updates_are_screened_by_groups_of_a_feature(self, mode: str, grain: str) -> None:
        rules = {"values.dimensions": [PROTECT], "screening.mode": mode, "screening.grain": grain}
        sound(played(rules))

    @pytest.mark.parametrize("method", ["traversal", "federated"])
    def test_a_withheld_group_stays_hard_to_predict(self, method: str) -> None:
        withheld = {"values.dimensions": [{"sense": "withhold", "feature": 2, "limit": 0.35}]}
        screened = {**withheld, "learning.method": method, "screening.mode": "project"}
        free, held = (played(each, 30).rounds for each in (withheld, screened))
        last = [each.groupby("run")["level_0"].last() for each in (free, held)]
        assert (last[0] < 0.32).all()
        np.testing.assert_allclose(last[1], 0.35, atol=0.01)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"task.metric": "auc"}, "task.metric = 'auc' is for classes, and the labels of task diabetes are numbers"),
            ({"values.dimensions": [{"sense": "protect", "label": 1}]}, "label = 1: task diabetes has numbers"),
            ({"screening.grain": "class"}, "screening.grain must be principal or sample where task.kind = 'diabetes'"),
            ({"actions.selection": "classes"}, "actions.selection must be none where task.kind = 'diabetes'"),
            ({"task.kind": "wine", "task.validation": 50, "task.test": 50, "task.metric": "r2"},
             "task.metric = 'r2' is for numbers, and the labels of task wine are classes"),
            ({"learning.rate": 5.0, "rounds": 30}, "diverged: "),
        ],
    )  # fmt: skip
    @pytest.mark.filterwarnings("error")  # nothing is said beside the line
    def test_what_means_nothing_is_refused_in_one_line(self, changes: dict[str, Any], told: str) -> None:
        with pytest.raises(InputError) as error:
            played(changes, rounds=changes.get("rounds", 1))
        assert told in str(error.value)
        assert "\n" not in str(error.value)

    def test_classes_are_still_withheld_by_a_label(self) -> None:
        with pytest.raises(InputError, match=r"values\.dimensions\[0\]\.label must be given for what is withheld"):
            revise(Scenario(), {"values.dimensions": [{"sense": "withhold", "feature": 1, "limit": 0.5}]})

    @pytest.mark.parametrize(
        ("labels", "classes", "told"),
        [
            ([1.0, 1.0, 1.0], 1, "all labels are the same number"),
            ([1.0, np.nan, 2.0], 1, "1 of 3 labels are nan or infinite"),
            ([1.0, 2.5, 3.0], 2, "classes = 2 must be 1"),
        ],
    )
    def test_numbers_that_cannot_be_learned_are_refused(self, labels: list[float], classes: int, told: str) -> None:
        with pytest.raises(InputError, match=told):
            checked(Dataset("mine", np.eye(3), np.array(labels), classes, target="number"))


class TestTheory:
    """A network without hidden layers has a quadratic loss: what holds to second order holds exactly."""

    def test_second_order_credit_is_the_shapley_value_and_shares_out_what_was_learned(self) -> None:
        rules = ("shapley", "second_order", "aumann_shapley")
        linear = {"learning.hidden": [], "screening.gate": False, **SOME_OF_EACH}
        found = []
        for rule in rules:
            ensemble = Ensemble(numbers({**linear, "credit.kind": rule}), [0, 1])
            learned = [ensemble.step().produce for _ in range(5)]
            found.append(np.array([each.credit for each in learned]))
            losses = np.array([each.loss for each in learned])
            np.testing.assert_allclose(found[-1].sum(axis=2)[:-1], -np.diff(losses, axis=0), rtol=1e-8, atol=1e-12)
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], rtol=1e-8, atol=1e-12)

    def test_honest_training_explains_as_much_as_least_squares(self) -> None:
        """Least squares explain about half of the variance of this task (Efron et al. 2004)."""
        everything = {"learning.hidden": [], "learning.sampling": "pool", "learning.batch": 242}
        ensemble = Ensemble(numbers(everything), [0, 1])
        results, world = ensemble.run(150), ensemble.world
        quality = results.rounds.groupby("run")["accuracy"].last().to_numpy()
        np.testing.assert_allclose(quality, least_squares(world), atol=0.02)
        assert (quality > 0.3).all()


def least_squares(world: World) -> list[float]:
    """R² on the test set of what the normal equations make of all training samples, by run."""
    found, rows = [], world.features.rows.numpy()
    for held, test in zip(world.holdings.held, world.holdings.test, strict=True):
        inside, outside = (np.column_stack([rows[ids], np.ones(len(ids))]) for ids in (held, test))
        weights = np.linalg.lstsq(inside, world.truth[0, held], rcond=None)[0]
        target = world.truth[0, test]
        found.append(1 - ((outside @ weights - target) ** 2).sum() / ((target - target.mean()) ** 2).sum())
    return found


class TestWires:
    @pytest.mark.parametrize("wire", ["paths", "cut", "cut-gradients", "secure", "two-servers"])
    def test_what_goes_over_a_wire_teaches_the_same(self, wire: str) -> None:
        here = played(SOME_OF_EACH).rounds
        there = played({**SOME_OF_EACH, "learning.wire": wire, "learning.nodes": 2}).rounds
        loose = {"atol": 1e-6} if wire in ("secure", "two-servers") else {"rtol": 1e-9}
        for column in ("validation_loss", "accuracy", "credit_concentration"):
            np.testing.assert_allclose(there[column], here[column], **loose)

    def test_so_do_the_changes_of_federated_learning(self) -> None:
        federated = {**SOME_OF_EACH, "learning.method": "federated", "actions.free_ride": "junk"}
        here, there = (played({**federated, "learning.wire": wire}).rounds for wire in ("off", "deltas"))
        np.testing.assert_allclose(there["validation_loss"], here["validation_loss"], rtol=1e-9)


class TestData:
    def test_the_task_keeps_what_every_task_promises(self) -> None:
        check_task("diabetes")

    def test_numbers_are_learned_in_standard_deviations_from_their_mean(self) -> None:
        truth = Ensemble(BASE, [0]).world.truth
        assert truth.mean() == pytest.approx(0, abs=1e-12)
        assert truth.std() == pytest.approx(1)

    def test_a_wrong_label_is_the_number_mirrored_and_the_next_class(self) -> None:
        np.testing.assert_array_equal(wrong_label(np.array([1.5, -0.2]), 1), [-1.5, 0.2])
        np.testing.assert_array_equal(wrong_label(np.array([0, 2]), 3), [1, 0])

    def test_noisy_principals_hold_numbers_drawn_anew(self) -> None:
        noisy = numbers({"task.label_noise": 0.5, "task.noisy_share": 1.0})
        world = Ensemble(noisy, [0]).world
        held = world.holdings.held[0]
        wrong = world.holdings.labels[0, held] != world.truth[0, held]
        assert 0.4 < wrong.mean() < 0.6

    @pytest.mark.parametrize("kind", ["dirichlet", "class"])
    def test_numbers_are_spread_by_tenths_of_the_target(self, kind: str) -> None:
        terms = Ensemble(numbers({"task.partition": kind, "task.concentration": 0.05}), [0]).world.terms.task
        streams = Streams.from_seeds([0])
        examples = load_examples(terms, streams.task)
        holdings = draw_holdings(examples, 5, terms, [], streams)
        owner = np.repeat(np.arange(5), holdings.count[0])
        target = holdings.labels[0, holdings.held[0]]
        means = np.bincount(owner, target) / holdings.count[0]
        assert np.std(means) > 0.3  # of equal parts: about .15

    def test_tenths_are_of_equal_size_and_the_same_number_is_never_in_two(self) -> None:
        drawn = np.random.default_rng(0).normal(size=1000)
        assert (np.bincount(groups_of(drawn)) == 100).all()
        often = np.array([0.0] * 90 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
        assert len(np.unique(groups_of(often)[:90])) == 1

    def test_every_partition_spreads_numbers(self) -> None:
        for kind in PARTITIONS:
            if kind != "owner":
                assert (Ensemble(numbers({"task.partition": kind}), [0]).world.holdings.count >= 1).all()


def test_words_go_by_the_metric() -> None:
    assert words_of(BASE).quality == "R²"
    assert words_of(BASE).reaches("45 %") == "R² is 45 %"
    assert words_of(revise(Scenario(), {"task.metric": "auc"})).column == "test area under the ROC curve"
    assert words_of(Scenario()).reaches("45 %") == "the model gets 45 % of test samples right"
    public = revise(Scenario(), {"market.kind": "curve", "task.metric": "auc"})
    assert words_of(public).quality != "area under the ROC curve"
