"""The study ``heterogeneity``: bytes against what is counted, measures by hand, and a small study as a whole."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.economy.credit import CREDITS
from commonweal.economy.round.learn import game_of
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.wire.sizes import Sizes
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import Answer, ask
from commonweal.scenarios.studies.heterogeneity import economies, tables
from commonweal.scenarios.studies.heterogeneity.economies import Design, designs, learning, places, sizes, valued
from commonweal.scenarios.studies.heterogeneity.measures import at_equal_bytes, at_last, rounds_to
from commonweal.scenarios.studies.heterogeneity.played import POOLED, WAYS, Screened, agreement, course
from commonweal.scenarios.studies.heterogeneity.traffic import bytes_per_round

BASE = load("exit-and-voice", {"learning.hidden": [6]})
WINE = places(BASE, ["wine"], ["class"])[0][0]
SMALL = {"tasks": ["wine"], "principals": 4, "members": 6, "rounds": 8, "checks": 1, "workers": 1}


class TestBytes:
    def test_the_example_of_40_principals_on_digits(self) -> None:
        """By hand: 64-32-10 has 2410 parameters, 2080 of them in the first layer; a sample's plan takes 12 bytes."""
        found = bytes_per_round(Sizes(nodes=4, principals=40, samples=320, widths=(64, 32, 10)))
        visit = 4 * (4 * 2410 + 320 * 42 + 4 + 4 * 2080 + 40) + 12 * 320
        assert found["cut, no credit"] == visit
        assert found["cut"] == visit + 4 * (4 * 2080 + 40)  # the first layer of one direction down, a product each up
        assert found["FedAvg, by node"] == 77_120 and found["FedAvg, by principal"] == 424_160

    def test_sizes_are_those_of_the_scenario(self) -> None:
        found = sizes(learning(WINE, 6, 8), WINE, 3)
        assert (found.nodes, found.principals, found.samples, found.widths) == (3, 6, 48, (13, 6, 3))


class TestMeasures:
    def test_the_target_is_reached_in_the_first_round_at_or_above_it(self) -> None:
        accuracy = np.array([[0.1, 0.5, 0.4, 0.6], [0.1, 0.2, 0.2, 0.3]])
        np.testing.assert_array_equal(rounds_to(accuracy, np.array([0.5, 0.5])), [2, np.nan])

    def test_the_end_is_a_tenth_of_the_rounds(self) -> None:
        accuracy = np.arange(40.0)[None]
        assert at_last(accuracy)[0] == np.mean([36, 37, 38, 39])
        assert at_last(accuracy, 20)[0] == np.mean([18, 19])
        assert np.isnan(at_last(accuracy, 0)[0])

    def test_equal_bytes_stop_the_dearer_way_earlier(self) -> None:
        courses = {"thrifty": np.arange(10.0)[None], "dear": np.arange(10.0)[None]}
        found = at_equal_bytes(courses, {"thrifty": 100, "dear": 250})
        assert (found["thrifty"][0], found["dear"][0]) == (9, 3)  # 1000 bytes are 10 rounds, or 4

    @given(st.lists(st.integers(1, 1000), min_size=2, max_size=4), st.integers(1, 30))
    def test_nobody_sends_more_than_the_budget(self, costs: list[int], rounds: int) -> None:
        ways = {str(place): np.arange(1.0, rounds + 1)[None] for place in range(len(costs))}
        per_round = {str(place): cost for place, cost in enumerate(costs)}
        budget = min(costs) * rounds
        for way, found in at_equal_bytes(ways, per_round).items():
            assert np.isnan(found[0]) if per_round[way] > budget else found[0] * per_round[way] <= budget


class TestPlaces:
    def test_validation_and_test_take_a_quarter_each_at_most(self) -> None:
        assert (WINE.scenario.task.validation, WINE.scenario.task.test) == (44, 44)
        assert (WINE.features, WINE.classes) == (13, 3)

    def test_data_that_are_not_installed_are_left_out_of_all_but_refused_by_name(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def missing(scenario):
            if scenario.task.kind != "wine":
                raise InputError(f"task.kind = {scenario.task.kind!r} reads a file of a package")
            return real(scenario)

        real = economies._data
        monkeypatch.setattr(economies, "_data", missing)
        found, left_out = places(BASE, ["all"], ["equal", "class"])
        assert [(place.task, place.partition) for place in found] == [("wine", "equal"), ("wine", "class")]
        assert len(left_out) == 5 and left_out[0].startswith("digits is left out: task.kind = 'digits' reads")
        with pytest.raises(InputError, match="task.kind = 'adult' reads a file"):
            places(BASE, ["adult"], ["equal"])

    def test_the_first_class_is_protected_and_the_last_withheld(self) -> None:
        protect, withhold = valued(WINE, 4, 5).values.dimensions
        assert (protect.sense, protect.label, withhold.sense, withhold.label) == ("protect", 0, "withhold", 2)
        assert protect.limit == pytest.approx(0.87 * np.log(3)) and withhold.limit == pytest.approx(1 - 0.7 / 3)

    def test_nothing_is_screened_once_and_every_other_mode_in_every_scope(self) -> None:
        found = list(designs(["off", "project"], ["own", "all"]))
        assert found == [Design("off", ""), Design("project", "own"), Design("project", "all")]


class TestTraining:
    def test_one_local_epoch_is_a_step_of_traversal_learning(self) -> None:
        """FedSGD is the step on pooled data (McMahan et al. 2017, section 2)."""
        scenario = revise(learning(WINE, 6, 8), {"precision": "float64"})
        pooled, single, several = (
            course(scenario, way, [0, 1]).play(course(scenario, way, [0, 1]).asked, lambda rounds: None)
            for way in (POOLED, "FedAvg, 1 epoch", "FedAvg, 5 epochs")
        )
        assert pooled.shape == (2, 8)
        np.testing.assert_allclose(single, pooled, atol=1e-12)
        assert np.abs(several - pooled).max() > 0.01

    def test_more_samples_are_four_times_the_batch(self) -> None:
        scenario = learning(WINE, 6, 8)
        assert scenario.learning.batch == 48
        assert course(scenario, "FedAvg, 5 epochs, 4 × samples", [0]).asked[0].learning.batch == 192


class TestAgreement:
    def test_exact_credit_agrees_with_itself_and_other_credit_not_quite(self) -> None:
        scenario = revise(valued(WINE, 6, 4), {"credit.kind": "shapley", "screening.gate": False})
        scenario = revise(scenario, {"population.start_delegate": 1.0, "population.start_free_ride": 0.0,
                                     "population.start_defect": 0.0, "screening.scope": "aggregate"})  # fmt: skip
        ensemble = Ensemble(scenario, [0, 1])
        record = ensemble.step()
        np.testing.assert_allclose(agreement(record, ensemble), 1)
        exact = CREDITS["shapley"](game_of(record.taught, ensemble.world, ensemble.streams.credit)).values
        np.testing.assert_array_equal(exact, record.taught.credit)

    def test_fewer_than_three_have_no_ranks(self) -> None:
        scenario = revise(valued(WINE, 3, 4), {"population.start_delegate": 0.0, "population.start_free_ride": 0.0,
                                               "population.start_defect": 1.0})  # fmt: skip
        ensemble = Ensemble(revise(scenario, {"actions.defect": "leak"}), [0])
        assert np.isnan(agreement(ensemble.step(), ensemble)[0])


def test_means_over_places_are_taken_seed_by_seed() -> None:
    """By hand: seeds (.2 + .4) / 2 and (.4 + .8) / 2, and what is not known in one place is that of the other."""
    def screened(accuracy: list[float], agreed: list[float]) -> Screened:
        names = ("accuracy", "violated", "delegating", "welfare", "screened", "taking_part")
        return Screened({name: np.array(accuracy) for name in names}, np.zeros(2), np.array(agreed))

    design = Design("project", "all")
    rows = [(WINE, design, screened([0.2, 0.4], [np.nan, 0.5])), (WINE, design, screened([0.4, 0.8], [0.9, 0.7]))]
    row = tables.by_design(rows).iloc[0]
    assert row["accuracy"] == pytest.approx(0.45) and row["agreement"] == pytest.approx((0.9 + 0.6) / 2)
    assert row["places"] == 2 and row["accuracy_low"] < 0.3 < 0.6 < row["accuracy_high"]


def test_ratios_pair_seeds_in_which_both_reach_the_target() -> None:
    """Seed 0: rounds 1 and 4; seed 1: 2 and 2; seed 2: FedAvg never reaches it."""
    pooled = np.array([[1.0, 1.0, 1.0, 1.0], [0.1, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    other = np.array([[0.1, 0.1, 0.1, 1.0], [0.1, 1.0, 1.0, 1.0], [0.1, 0.1, 0.1, 0.1]])
    per_round = {"cut, no credit": 100, "cut": 200, "FedAvg, by node": 300, "FedAvg, by principal": 600}
    table = tables.sent([(WINE, {POOLED: pooled, "FedAvg, 5 epochs": other})], [per_round])
    rows = table[table["way"] == "FedAvg, 5 epochs"].set_index("credited")
    assert rows.loc["yes", "ratio"] == pytest.approx(np.sqrt(4 * 1) * 3)
    assert rows.loc["no", "reached"] == pytest.approx(2 / 3)
    assert rows.loc["no", "megabytes_to_target"] == pytest.approx((4 + 2) / 2 * 300 / 1e6)


@pytest.fixture(scope="module")
def answer() -> Answer:
    return ask("heterogeneity", BASE, 2, **SMALL, partitions=["equal", "class"], scopes=["all"])


class TestWhole:
    def test_every_place_way_and_design_is_there(self, answer: Answer) -> None:
        assert len(answer.tables["bytes"]) == 2 * 2 * len(WAYS)
        assert len(answer.tables["cooperatives"]) == 2 * 4 and len(answer.tables["designs"]) == 4
        assert len(answer.tables["courses"]) == 2 * len(WAYS) * 8

    def test_pooled_is_the_measure_of_itself(self, answer: Answer) -> None:
        table = answer.tables["learning"].set_index("way")
        assert (table.loc[POOLED, "less_than_pooled"] == 0).all() and (table.loc[POOLED, "reached"] == 1).all()
        ratios = answer.tables["bytes"].query("way == @POOLED")["ratio"]
        assert ratios.to_numpy() == pytest.approx(1)

    def test_one_epoch_costs_what_its_bytes_do(self, answer: Answer) -> None:
        """The same course, so bytes to the target are in the ratio of bytes a round."""
        table = answer.tables["bytes"].set_index(["credited", "partition", "way"]).sort_index()
        for credited, partition in (("no", "equal"), ("yes", "class")):
            one, other = (table.loc[(credited, partition, way)] for way in ("FedAvg, 1 epoch", POOLED))
            assert one["ratio"] == pytest.approx(one["kilobytes_a_round"] / other["kilobytes_a_round"])

    def test_what_is_told_has_figures(self, answer: Answer) -> None:
        assert answer.headline.startswith("To reach 95 % of pooled accuracy with credit for everybody, FedAvg")
        assert "The fewest are violated under " in answer.headline
        assert [isinstance(figure, Figure) for figure in draw(answer).values()] == [True]

    def test_screening_alone_draws_nothing(self) -> None:
        found = ask("heterogeneity", BASE, 2, **SMALL, partitions=["equal"], parts=["screening"], modes=["off"])
        assert set(found.tables) == {"designs", "cooperatives"} and draw(found) == {}


@pytest.mark.slow
def test_the_command_keeps_its_answer_and_goes_on_to_the_same(tmp_path: Path) -> None:
    options = [f"-o{name}={value}" for name, value in
               {"tasks": '["wine"]', "partitions": '["class"]', "rounds": 6, "members": 6, "principals": 4,
                "checks": 1, "workers": 1, "scopes": '["all"]'}.items()]  # fmt: skip
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        assert main(["study", "heterogeneity", "exit-and-voice", "--seeds", "2", *options, "--out", str(folder)]) == 0
    for name in ("bytes", "learning", "modes", "designs", "cooperatives"):
        pd.testing.assert_frame_equal(*(pd.read_parquet(folder / f"{name}.parquet") for folder in (first, second)))
    assert (first / "bytes.png").is_file()


@pytest.mark.parametrize(
    ("changes", "seeds", "options", "complaint"),
    [
        ({}, 1, {}, "seeds: heterogeneity needs at least 2"),
        ({}, 2, {"principals": 17}, "option principals = 17: must be"),
        ({}, 2, {"partitions": []}, None),
        ({}, 2, {"parts": []}, "at least one of each is needed"),
        ({}, 2, {"tasks": ["iris"]}, "iris"),
        ({}, 2, {"modes": ["sell"]}, "option modes = "),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(changes, seeds, options, complaint) -> None:
    if complaint is None:  # no partition: the scenario's own
        found = ask("heterogeneity", BASE, seeds, **SMALL | options, parts=["screening"], modes=["off"])
        assert list(found.tables["cooperatives"]["partition"]) == ["dirichlet"]
        return
    with pytest.raises(InputError, match=complaint) as refused:
        ask("heterogeneity", revise(BASE, changes), seeds, **{**SMALL, **options})
    assert "\n" not in str(refused.value)


def test_a_market_without_a_model_is_refused() -> None:
    with pytest.raises(InputError, match="market.kind = 'public_goods': heterogeneity compares training of a 'model'"):
        ask("heterogeneity", load("public-goods"), 2)
