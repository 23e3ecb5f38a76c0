"""The study ``fairness``: its measures where one can compute them by hand, its truths, and its comparison."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.figure import Figure
from scipy import stats

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.futures.retraining import retrain
from commonweal.economy.round.set_up import set_up
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies import Answer, ask
from commonweal.scenarios.studies.fairness.economies import PARTITIONS, TASKS, economies, everybody_delegates
from commonweal.scenarios.studies.fairness.measures import distance, envy, jain, pearson, spearman

ROWS = arrays(np.float64, (1, 6), elements=st.floats(-100, 100).map(lambda x: round(x, 3)))
PAID = arrays(np.float64, (1, 6), elements=st.floats(0, 100).map(lambda x: round(x, 3)))


class TestMeasures:
    @given(ROWS, ROWS)
    def test_correlations_are_those_of_scipy(self, left: np.ndarray, right: np.ndarray) -> None:
        assume(np.ptp(left) > 0.01 and np.ptp(right) > 0.01)
        assert pearson(left, right)[0] == pytest.approx(stats.pearsonr(left[0], right[0]).statistic, abs=1e-9)
        assert spearman(left, right)[0] == pytest.approx(stats.spearmanr(left[0], right[0]).statistic, abs=1e-9)

    def test_a_correlation_with_what_is_the_same_for_all_is_undefined(self) -> None:
        same, varied = np.full((1, 4), 0.1), np.array([[1.0, 2.0, 3.0, 4.0]])
        assert np.isnan([pearson(same, varied)[0], spearman(varied, same)[0]]).all()

    def test_distance_is_the_money_that_would_have_to_change_hands(self) -> None:
        paid, worth = np.array([[50.0, 30.0, 20.0]]), np.array([[2.0, 3.0, 5.0]])
        assert distance(paid, worth)[0] == pytest.approx(0.3)  # 30 of 100, from the first to the third

    def test_distance_is_1_where_those_are_paid_who_do_harm(self) -> None:
        assert distance(np.array([[1.0, 0.0]]), np.array([[-1.0, 0.0]]))[0] == pytest.approx(1.0)

    @given(ROWS, ROWS, st.floats(0.01, 100))
    def test_distance_is_symmetric_within_0_and_1_and_blind_to_scale(self, left, right, scale) -> None:
        assume(np.abs(left).sum() > 0.01 and np.abs(right).sum() > 0.01)
        apart = distance(left, right)[0]
        assert 0 <= apart <= 1 + 1e-12
        assert apart == pytest.approx(distance(right, left)[0]) == pytest.approx(distance(scale * left, right)[0])

    def test_jain_is_the_share_of_principals_that_are_paid_where_those_are_paid_alike(self) -> None:
        """Jain, Chiu and Hawe (1984), section 2: favouring k of n users equally gives k / n."""
        assert jain(np.array([[5.0, 5.0, 0.0, 0.0, 0.0]]))[0] == pytest.approx(2 / 5)

    @given(PAID)
    def test_jain_lies_between_1_over_n_and_1(self, payments: np.ndarray) -> None:
        assume(payments.sum() > 0)
        assert 1 / 6 - 1e-12 <= jain(payments)[0] <= 1 + 1e-12

    def test_envy_counts_who_is_paid_more_for_no_more(self) -> None:
        # The second gave as much as the first and got 2 less; the third gave more and got 3 less.
        payments, contributions = np.array([[5.0, 3.0, 2.0, 10.0]]), np.array([[1.0, 1.0, 2.0, 4.0]])
        assert envy(payments, contributions)[0] == pytest.approx((0 + 2 + 3 + 0) / 4 / 5)

    @given(PAID, st.floats(0.1, 3))
    def test_nobody_envies_where_payments_rise_with_contributions(self, contributions, power) -> None:
        assume(contributions.sum() > 0.01)
        assert envy(contributions**power, contributions)[0] == 0


SMALL = everybody_delegates(
    load("commons", {"task.kind": "wine", "task.validation": 44, "task.test": 44, "learning.hidden": [6]}), 4, 6
)

STARTS = {"population.start_delegate": 0.0, "population.start_defect": 0.8}
SELFISH = STARTS | {"actions.available": ["free_ride", "defect"]}


def test_every_data_set_has_room_for_every_partition() -> None:
    every = list(economies(everybody_delegates(load("commons"), 8, 2), TASKS, PARTITIONS, 0.5, 0.25))
    assert len(every) == 32
    for economy in every:
        counts = set_up([economy.scenario], [0]).world.holdings.count
        assert counts.shape == (1, 8) and counts.sum() >= 8 * 10


def by_run(frame, column: str, runs: int = 2) -> np.ndarray:
    return frame[column].to_numpy().reshape(runs, -1)


class TestRetraining:
    @pytest.mark.parametrize("changes", [{}, {"learning.method": "federated"}, {"learning.sampling": "pool"}], ids=str)
    def test_the_coalition_of_all_reaches_what_the_economy_reaches(self, changes: dict) -> None:
        scenario = revise(SMALL, {"learning.batch": 20, **changes})
        economy = set_up([scenario] * 2, [0, 1])
        retrained = retrain(economy, all_coalitions(4), 6)
        rounds = Ensemble(scenario, [0, 1]).run().rounds
        np.testing.assert_array_equal(retrained.accuracy[:, -1], by_run(rounds, "accuracy")[:, -1])

    def test_a_coalition_learns_the_same_whoever_else_is_retrained(self) -> None:
        economy = set_up([SMALL] * 2, [0, 1])
        every = retrain(economy, all_coalitions(4), 6)
        single = retrain(economy, np.eye(4, dtype=bool), 6)
        np.testing.assert_allclose(single.loss, every.loss[:, [1, 2, 4, 8]], rtol=1e-5)

    def test_who_holds_wrong_labels_is_worth_less_by_retraining(self) -> None:
        wrong = {"task.label_noise": 1.0, "task.noisy_share": 0.25}
        spoiled = revise(SMALL, {**wrong, "task.partition": "equal", "rounds": 12})
        economy = set_up([spoiled] * 4, range(4))
        worth = shapley_value(-retrain(economy, all_coalitions(4), 12).loss)
        quality = by_run(Ensemble(spoiled, range(4)).run().principals, "data_quality", 4)
        assert (worth.argmin(axis=1) == quality.argmin(axis=1)).all()


def asked(scenario: Scenario = SMALL, seeds: int = 2, **options) -> Answer:
    small = {"principals": 4, "rounds": 6, "epochs": 3, "label_noise": 0.0}
    return ask("fairness", scenario, seeds, **{**small, **options})


@pytest.fixture(scope="module")
def answer() -> Answer:
    return asked(partitions=["power"], label_noise=0.5)


class TestComparison:
    def test_with_one_local_epoch_both_ways_are_the_same(self) -> None:
        """FedAvg with E = 1 and full batches is a step of pooled training (McMahan et al. 2017, section 2: FedSGD)."""
        table = asked(revise(SMALL, {"precision": "float64"}), epochs=1).tables["overall"]
        assert table["difference"].abs().max() < 1e-6

    def test_with_more_local_epochs_they_are_not(self, answer: Answer) -> None:
        assert answer.tables["overall"]["difference"].abs().max() > 1e-3

    def test_differences_are_of_the_same_seeds(self, answer: Answer) -> None:
        """By hand: two seeds (t = 12.7062 with 1 degree of freedom), half the difference on Fisher's scale."""
        table = answer.tables["economies"].query("labels == 'noisy' and of == 'credit' and measure == 'pearson'")
        row = table[table["against"] == "per_round"].iloc[0]
        runs = answer.tables["principals"].query("labels == 'noisy'").groupby(["method", "seed"])
        agreement = runs[["credit", "per_round"]].apply(lambda run: run["credit"].corr(run["per_round"]))
        first, second = (agreement["traversal"] - agreement["federated"]).to_numpy()
        assert row["difference"] == pytest.approx((first + second) / 2)
        middle, reach = (first + second) / 4, 12.7062 * abs(first - second) / 4
        high = 2 * np.tanh(np.arctanh(middle) + reach / (1 - middle**2))
        assert row["difference_high"] == pytest.approx(high, rel=1e-4)

    def test_economies_are_averaged_seed_by_seed(self, answer: Answer) -> None:
        keys = ["of", "against", "measure"]
        apart = answer.tables["economies"].query("of == 'payments' and measure == 'jain'")
        overall = answer.tables["overall"].set_index(keys).loc[("payments", "", "jain")]
        assert len(apart) == 2 and overall["traversal"] == pytest.approx(apart["traversal"].mean())

    def test_values_of_retraining_share_out_what_all_gain_over_the_first_network(self, answer: Answer) -> None:
        one = answer.tables["principals"].query("labels == 'clean' and seed == 0")
        economy = set_up([revise(SMALL, {"task.partition": "power"})], [0])
        ends = retrain(economy, np.array([[False] * 4, [True] * 4]), 6).accuracy[0]
        total = one[one["method"] == "traversal"]["retraining"].sum()
        assert total == pytest.approx(ends[1] - ends[0])

    def test_pooled_truth_is_the_same_for_both_and_retraining_by_traversal(self, answer: Answer) -> None:
        traversal, federated = (answer.tables["principals"].query("method == @m") for m in ("traversal", "federated"))
        np.testing.assert_array_equal(traversal["pooled"], federated["pooled"])
        np.testing.assert_array_equal(traversal["pooled"], traversal["retraining"])
        assert not np.array_equal(federated["pooled"], federated["retraining"])

    def test_credit_by_shapley_values_agrees_with_the_rounds_games(self) -> None:
        table = asked(revise(SMALL, {"credit.kind": "shapley"}), truth="per_round").tables["overall"]
        rows = table.query("of == 'credit' and against == 'per_round'").set_index("measure")
        assert rows.loc[["pearson", "spearman"], ["traversal", "federated"]].to_numpy() == pytest.approx(1)
        assert rows.loc["distance", ["traversal", "federated"]].to_numpy(float) == pytest.approx(0)

    def test_where_steps_match_traversal_learning_plays_a_round_for_every_local_epoch(self) -> None:
        paid = [
            asked(match=match, truth="per_round").tables["principals"].groupby("method")["payments"].sum()
            for match in ("rounds", "steps")
        ]
        assert paid[1]["federated"] == paid[0]["federated"] and paid[1]["traversal"] > 2 * paid[0]["traversal"]

    def test_more_principals_than_can_be_enumerated_are_estimated_and_said_so(self) -> None:
        found_ = asked(principals=17, rounds=1, budget=40, truth="per_round")
        assert found_.tables["principals"]["per_round"].abs().max() > 0
        assert any("estimated from 40 coalitions" in note for note in found_.notes)

    def test_figures_and_report_are_drawn(self, answer: Answer) -> None:
        assert set(draw(answer)) == {"agreement", "paid_and_worth", "economies"}
        assert all(isinstance(figure, Figure) for figure in draw(answer).values())
        assert answer.headline.startswith("Payments correlate with the Shapley values of retraining at ")


@pytest.mark.parametrize(
    ("changes", "options", "complaint"),
    [
        ({"settlement.kind": "equal"}, {}, "settlement.kind = 'equal' pays everybody the same"),
        (SELFISH, {}, "actions.available has no 'delegate'"),
        ({}, {"principals": 9}, "option principals = 9: truth = 'retraining'"),
        ({}, {"principals": 2}, "option principals = 2: must be"),
        ({}, {"truth": "guess"}, "option truth = "),
        ({}, {"tasks": ["iris"]}, "iris"),
        ({}, {"partitions": ["random"]}, "option partitions = "),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(changes: dict, options: dict, complaint: str) -> None:
    scenario = revise(load("commons"), changes)
    with pytest.raises(InputError, match=complaint) as refused:
        asked(scenario, **options)
    assert "\n" not in str(refused.value)


def test_a_market_without_a_model_is_refused() -> None:
    with pytest.raises(InputError, match="market.kind = 'public_goods': fairness compares ways of training"):
        asked(load("public-goods"))


def test_one_seed_gives_no_interval_and_is_refused() -> None:
    with pytest.raises(InputError, match="seeds: fairness needs at least 2"):
        asked(seeds=1)


def test_the_command_exits_with_status_2_where_the_study_makes_no_sense(capsys) -> None:
    assert main(["study", "fairness", "commons", "--set", "settlement.kind=equal"]) == 2
    assert "settlement.kind = 'equal'" in capsys.readouterr().err
