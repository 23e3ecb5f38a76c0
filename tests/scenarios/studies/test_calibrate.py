"""Calibration finds what was planted, predicts without looking ahead, and says what people did as it was published."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies.calibrate import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.calibrate.fitting import Fit, constant, fit_series, linear_trend, no_change
from commonweal.scenarios.studies.calibrate.parameters import PARAMETERS, admissible, bounds, placed
from commonweal.scenarios.studies.calibrate.series import GAMES, read_series
from commonweal.scenarios.studies.calibrate.simulation import Simulator

SMALL = load("public-goods", {"population.count": 80})
QUICK: dict[str, Any] = {"generations": 3, "fit": ["slope", "revision"]}


class TestSeries:
    def test_the_library_has_the_published_figures(self) -> None:
        # Fischbacher and Gächter (2010): from 7.89 to 2.24 of 20 tokens; .236 and then .557 give nothing.
        series = read_series("fischbacher-gaechter-2010")
        np.testing.assert_allclose(20 * series.contribution[[0, 4, -1]], [7.89, 4.80, 2.24])
        np.testing.assert_allclose(series.zero_share[[0, -1]], [0.236, 0.557])
        # Herrmann, Thöni and Gächter (2008): with punishment from 10.64 to 12.87, without down to 4.46.
        np.testing.assert_allclose(20 * read_series("herrmann-2008-punishment").contribution[[0, -1]], [10.64, 12.87])
        np.testing.assert_allclose(20 * read_series("herrmann-2008").contribution[[0, -1]], [10.65, 4.46])

    @pytest.mark.parametrize("name", list(GAMES))
    def test_every_series_says_where_it_comes_from_and_its_game_can_be_played(self, name: str) -> None:
        series = read_series(name)
        assert "20 tokens" in series.source and len(series.contribution) == 10
        assert revise(SMALL, series.game).market.group_size == 4

    def test_a_csv_file_counts_in_shares_or_in_tokens(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.csv"
        file.write_text("# from my laboratory\nperiod,contribution\n1,0.5\n2,0.4\n3,0.25\n")
        series = read_series(str(file))
        np.testing.assert_array_equal(series.contribution, [0.5, 0.4, 0.25])
        assert (series.name, series.source, series.game) == ("mine", "from my laboratory", {})
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
        np.testing.assert_array_equal(read_series(str(file), endowment=10.0).contribution, [0.05, 0.04, 0.025])

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("period,tokens\n1,2\n", "has no column 'contribution'"),
            ("period,contribution\n1,0.5\n3,0.4\n4,0.4\n", "period must count 1, 2, 3"),
            ("period,contribution\n1,0.5\n2,1.0000001\n3,0.4\n", "contribution 1.0000001: must be between"),
            ("period,contribution\n1,0.5\n2,7\n3,0.4\n", "contribution 7: must be between 0 and the endowment 1"),
            ("period,contribution\n1,many\n2,0.5\n3,0.4\n", "cannot be read as CSV"),
            ("period,contribution,zero_share\n1,0.5,n/a%\n2,0.5,0.1\n3,0.4,0.2\n", "cannot be read as CSV"),
            ("period,contribution,zero_share\n1,0.5,\n2,0.5,-30\n3,0.4,\n", "zero_share -30: must be a share"),
            ("period,contribution,zero_share\n1,0.5,10\n2,0.5,\n3,0.4,\n", "zero_share 10: must be a share between 0"),
            ("", "cannot be read as CSV"),
        ],
    )
    def test_what_is_wrong_in_a_file_is_said_in_one_line(self, tmp_path: Path, text: str, complaint: str) -> None:
        file = tmp_path / "mine.csv"
        file.write_text(text)
        with pytest.raises(InputError) as refusal:
            read_series(str(file))
        assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


class TestSimulator:
    def test_candidates_play_as_the_scenario_with_their_values_does(self) -> None:
        names = ("cooperators", "slope", "learners", "rate", "loss_aversion", "mutation")
        values = np.array([[0.3, 0.7, 0.25, 0.4, 2.0, 0.1], [0.6, 1.2, 0.5, 0.1, 1.0, 0.0]])
        series = Simulator.of(SMALL, names, (4, 7), 2).series(values)
        for candidate, course in zip(values, series, strict=True):
            fields = {PARAMETERS[name].field: value for name, value in zip(names, candidate, strict=True)}
            learners = float(fields.pop("policy.mix.learning"))
            scenario = revise(SMALL, {**fields, "policy.mix": {"conditional": 1 - learners, "learning": learners}})
            ensemble = Ensemble(scenario, (4, 7))
            played = [(ensemble.step().actions == Action.DELEGATE).mean() for _ in range(SMALL.rounds)]
            np.testing.assert_allclose(course, played, rtol=1e-12)

    def test_any_number_of_candidates_gives_each_the_same_series(self) -> None:
        values = np.array([[0.2], [0.5], [0.8], [1.1], [1.4]])
        one, three = (Simulator.of(SMALL, ("slope",), (0,), at_a_time) for at_a_time in (1, 3))
        np.testing.assert_array_equal(one.series(values), three.series(values))

    def test_more_reciprocal_cooperators_contribute_more(self) -> None:
        series = Simulator.of(SMALL, ("slope",), (0, 1), 3).series(np.array([[0.2], [1.0], [2.0]]))
        assert (np.diff(series[:, 3:].mean(axis=1)) > 0.02).all()


@given(shares=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_every_candidate_is_a_valid_scenario(shares: list[float]) -> None:
    names = ("cooperators", "free_riders", "hump_shaped", "learners", "imitators")
    limits = bounds(names)
    values = limits[:, 0] + np.array(shares) * (limits[:, 1] - limits[:, 0])
    scenario = placed(SMALL, names, admissible(values[None], names, SMALL)[0])
    again = revise(SMALL, {"policy": scenario.policy.model_dump(mode="json")})  # validates
    assert again.policy == scenario.policy


def test_shares_that_are_not_fitted_leave_room_only_for_the_rest() -> None:
    names = ("cooperators", "free_riders")
    fitted = admissible(np.array([[0.9, 0.9], [0.1, 0.2]]), names, SMALL)
    assert fitted[0].sum() == pytest.approx(1 - SMALL.policy.conditional.hump_shaped)
    np.testing.assert_array_equal(fitted[1], [0.1, 0.2])


class TestFit:
    NAMES = ("slope", "revision")
    TRUTH = np.array([[0.7, 0.6]])

    @classmethod
    def found_in(cls, seeds: Sequence[int], generations: int = 4) -> Fit:
        """What is found, with seeds 0 to 3, in a series that the economy itself made."""
        starts = {"population.start_delegate": 0.8, "population.start_free_ride": 0.2}
        game = revise(SMALL, {"population.count": 400, **starts})
        target = Simulator.of(game, cls.NAMES, seeds, 1).series(cls.TRUTH)[0]
        search, others = Simulator.of(game, cls.NAMES, range(4), 40), Simulator.of(game, cls.NAMES, range(50, 90), 1)
        return fit_series(search, others, target, generations, 0)

    @pytest.fixture(scope="class")
    @classmethod
    def recovered(cls) -> Fit:
        """What is found in the series of another 400 people."""
        return cls.found_in([1000])

    @pytest.mark.slow
    def test_planted_parameters_are_found_again_in_a_series_played_with_the_same_luck(self) -> None:
        np.testing.assert_allclose(self.found_in(range(4), 10).best, self.TRUTH[0], atol=0.02)

    @pytest.mark.slow
    def test_their_intervals_hold_them_and_are_not_all_that_is_allowed(self, recovered: Fit) -> None:
        interval, limits = recovered.interval(), bounds(self.NAMES)
        assert ((interval[:, 0] <= self.TRUTH[0]) & (self.TRUTH[0] <= interval[:, 1])).all()
        assert (np.diff(interval, axis=1) < 0.5 * np.diff(limits, axis=1)).all()

    def test_an_interval_widens_with_confidence_and_holds_the_estimate(self, recovered: Fit) -> None:
        narrow, wide = recovered.interval(0.5), recovered.interval(0.99)
        assert (np.diff(narrow, axis=1) <= np.diff(wide, axis=1)).all()
        assert ((narrow[:, 0] <= recovered.best) & (recovered.best <= narrow[:, 1])).all()

    def test_no_candidate_tried_fits_better_than_the_best(self, recovered: Fit) -> None:
        errors = ((recovered.courses - recovered.target) ** 2).sum(axis=1)
        np.testing.assert_array_equal(recovered.values[errors.argmin()], recovered.best)

    def test_baselines_are_what_their_names_say(self) -> None:
        target = np.array([0.5, 0.4, 0.3])
        np.testing.assert_allclose(constant(target, 4), 0.4)
        np.testing.assert_allclose(no_change(target, 5), [0.5, 0.4, 0.3, 0.3, 0.3])
        np.testing.assert_allclose(linear_trend(target, 8), [0.5, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0], atol=1e-12)


class TestStudy:
    @pytest.fixture(scope="class")
    @classmethod
    def answer(cls) -> Answer:
        return ask("calibrate", SMALL, seeds=1, data=["fischbacher-gaechter-2010", "herrmann-2008"], **QUICK)

    @pytest.mark.slow
    def test_every_series_is_fitted_predicted_and_compared_with_baselines(self, answer: Answer) -> None:
        fit, periods = answer.tables["fit"], answer.tables["periods"]
        assert list(fit["series"]) == ["fischbacher-gaechter-2010", "herrmann-2008"]
        for row, (_, rows) in zip(fit.itertuples(), periods.groupby("series", sort=False), strict=True):
            later = rows[rows["ahead"]]
            assert list(later["period"]) == [7, 8, 9, 10]
            assert row.rmse_ahead == pytest.approx(np.sqrt(((later["predicted"] - later["observed"]) ** 2).mean()))
            assert row.rmse_ahead_no_change == pytest.approx(
                np.sqrt(((rows["observed"].iloc[5] - later["observed"]) ** 2).mean())
            )
            assert ((rows["fitted_low"] <= rows["fitted"]) & (rows["fitted"] <= rows["fitted_high"])).all()
            assert rows["fitted"].iloc[0] == pytest.approx(rows["observed"].iloc[0], abs=0.5 / 80)  # given, not fitted

    def test_what_is_fitted_to_one_series_is_tried_on_the_other(self, answer: Answer) -> None:
        pairs = answer.tables["transfer"][["fitted_to", "predicts"]].to_numpy().tolist()
        assert sorted(map(tuple, pairs)) == [
            ("fischbacher-gaechter-2010", "herrmann-2008"), ("herrmann-2008", "fischbacher-gaechter-2010")]  # fmt: skip

    def test_estimates_lie_in_their_intervals_and_can_be_set_in_a_scenario(self, answer: Answer) -> None:
        table = answer.tables["parameters"]
        assert (table["estimate_low"] <= table["estimate"]).all()
        assert (table["estimate"] <= table["estimate_high"]).all()
        for settings_ in answer.provenance["fitted"].values():
            assert set(settings_) == {"policy.conditional.slope", "policy.revision"}
            revise(SMALL, settings_)

    @pytest.mark.slow
    def test_predictions_do_not_look_ahead(self, tmp_path: Path) -> None:
        """Whatever comes later, what is predicted from the first four periods is the same."""
        predicted = []
        for name, later in (("low", "0.1\n6,0.05"), ("high", "0.9\n6,0.95")):
            (tmp_path / f"{name}.csv").write_text(f"period,contribution\n1,0.6\n2,0.5\n3,0.45\n4,0.4\n5,{later}\n")
            answer = ask("calibrate", SMALL, seeds=1, data=[str(tmp_path / f"{name}.csv")], train=4, **QUICK)
            predicted.append(answer.tables["periods"]["predicted"].to_numpy())
            assert "transfer" not in answer.tables
        np.testing.assert_array_equal(predicted[0], predicted[1])

    def test_its_figures_show_every_series(self, answer: Answer) -> None:
        figures = draw(answer)
        assert set(figures) == {"series", "error"}
        assert all(len(figure.axes) == 2 for figure in figures.values())

    @pytest.mark.parametrize(
        ("scenario", "options", "complaint"),
        [
            ("commons", {}, "market.kind = 'model'; must be public_goods"),
            ("public-goods", {"fit": ["charm"]}, "unknown parameter 'charm'"),
            ("public-goods", {"fit": ["slope", "slope"]}, "each once"),
            ("public-goods", {"train": 10}, "option train = 10: must be from 5 on"),
            ("public-goods", {"train": 4}, "option train = 4: must be from 5 on"),
            ("public-goods", {"data": ["nowhere.csv"]}, "must be one of fischbacher-gaechter-2010"),
            ("public-goods", {"data": ["herrmann-2008", "herrmann-2008"]}, "names must differ"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_one_line(
        self, scenario: str, options: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(InputError) as refusal:
            ask("calibrate", scenario, seeds=1, **options)
        assert complaint in str(refusal.value) and "\n" not in str(refusal.value)
