"""The study of reciprocity: its verdicts by hand, what it plays, what it says, and what learners reach."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies import draw
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.reciprocity import tables as told
from commonweal.scenarios.studies.reciprocity.contest import GRADIENT, Contest, rivalry
from commonweal.scenarios.studies.reciprocity.invasion import VERDICTS, Mutant, mutants, trials, verdict
from commonweal.scenarios.studies.reciprocity.options import ReciprocityOptions
from commonweal.scenarios.studies.reciprocity.playing import Asked, Played, joined
from commonweal.scenarios.studies.reciprocity.rules import Span
from commonweal.scenarios.studies.reciprocity.study import planned

QUICK: dict[str, Any] = {"horizon": 6, "members": 1, "ahead": 8, "schedules": 1, "met": 1, "workers": 1,
                         "rivals": 2}  # fmt: skip


def small(**changes: Any) -> Scenario:
    """The donation game of eight, of whom half learn."""
    return revise(load("slander"), {"population.count": 8, "rounds": 12, **changes})


def played(scenario: Scenario, seeds: Sequence[int] = (0, 1), last: int = 4, ahead: int = 20) -> Played:
    return joined(Pieces().play("", Asked(scenario, tuple(seeds), last, Span(ahead, 8)).pieces))


def interval(value: float, low: float, high: float) -> Interval:
    return Interval(*(np.asarray(end) for end in (value, low, high)))


@pytest.fixture(scope="module")
def answer() -> Answer:
    return ask("reciprocity", small(), 3, judges=[1, 3], shares=[0.0, 1.0], **QUICK)


class TestVerdicts:
    @pytest.mark.parametrize(
        ("ends", "expected"),
        [((0.2, 0.1, 0.3), "invades"), ((-0.2, -0.3, -0.1), "is repelled"), ((0.1, -0.1, 0.3), "open"),
         ((0.0, 0.0, 0.0), "does the same")],
    )  # fmt: skip
    def test_of_a_mutant(self, ends: tuple[float, float, float], expected: str) -> None:
        assert verdict(interval(*ends)) == expected

    @pytest.mark.parametrize(
        ("ends", "low", "high", "expected"),
        [((2.0, 1.5, 2.5), 1.1, np.inf, "stable"), ((2.0, 1.0, 2.5), 1.1, np.inf, "open"),
         ((1.0, 0.9, 1.1), 1.1, np.inf, "not stable"), ((2.0, 1.5, 2.5), 0.0, 1.4, "not stable"),
         ((2.0, 1.5, 2.5), np.nan, np.nan, "not stable"), ((3.0, np.nan, np.nan), 1.1, np.inf, "stable")],
    )  # fmt: skip
    def test_of_a_norm(self, ends: tuple[float, float, float], low: float, high: float, expected: str) -> None:
        assert told.stands(interval(*ends), low, high) == expected

    @given(st.floats(0, 5), st.floats(0, 5), st.floats(0, 2))
    def test_a_wider_interval_never_says_more(self, ratio: float, low: float, reach: float) -> None:
        wide, narrow = (told.stands(interval(ratio, ratio - r, ratio + r), low, np.inf) for r in (2 * reach, reach))
        assert wide in ("open", narrow)


class TestPlaying:
    def test_everybody_is_counted_in_the_cell_in_which_it_meets(self) -> None:
        scenario = small()
        found = played(scenario)
        assert (found.acts.sum(axis=(2, 3, 4)) == scenario.rounds).all()  # all take part, so all meet in all rounds

    def test_seeds_play_alone_as_they_play_together(self) -> None:
        together, alone = played(small(), range(5)), played(small(), (4,))
        np.testing.assert_array_equal(together.giving[4], alone.giving[0])
        np.testing.assert_array_equal(together.courses["good"][4], alone.courses["good"][0])
        np.testing.assert_allclose(together.scored.stake[4], alone.scored.stake[0], rtol=1e-12)

    def test_who_follows_stern_judging_is_honest_but_for_errors(self) -> None:
        found = played(revise(load("leading-eight"), {"rounds": 100, "policy.mix": {"norm:L6": 1.0}}), last=100)
        wrong = 1 - float(np.nanmean(found.honest))
        assert wrong == pytest.approx(0.02 + 0.02 * 0.0575, abs=0.005)  # assignment, and perception where it refuses

    def test_shares_that_give_are_fixed(self, answer: Answer) -> None:
        table = answer.tables["welfare"].set_index("share")
        assert table.loc[0.0, "welfare"] == 0.0
        assert table.loc[1.0, "welfare"] == pytest.approx(0.98 * 2.0, abs=0.1)  # a gift in fifty fails; b − c = 2
        assert list(table["highest"]) == [False, True]


@pytest.fixture(scope="module")
def found() -> dict[int, Played]:
    """By number of judges."""
    mix = {"norm:L6": 0.9, "reciprocity": 0.1}
    base = revise(load("slander"), {"policy.mix": mix, "rounds": 5, "reciprocity.learner.signals": "norm"})
    return {judges: played(revise(base, {"reciprocity.judges": judges}), ahead=60) for judges in (1, 3)}


class TestScores:
    """The donation game of 24 at b/c = 3, all of whom follow stern judging but two, who learn."""

    def test_the_best_rule_is_the_norms(self, found: dict[int, Played]) -> None:
        each = found[1]
        np.testing.assert_array_equal(each.scored.best[each.learns], [[[0, 1], [0, 1]]] * int(each.learns.sum()))

    def test_it_pays_what_residents_have(self, found: dict[int, Played]) -> None:
        """1.88389 exactly (Glynatsi, Hilbe and Murase 2025), here from names of a few rounds and beside a learner."""
        each = found[1]
        assert each.scored.payoff[each.learns] == pytest.approx(1.88389, abs=0.1)
        assert (each.scored.own[each.learns] < each.scored.payoff[each.learns]).all()
        assert (each.scored.stake[each.learns] > 0).all()

    def test_slander_pays_one_judge_a_little_and_a_juror_hardly(self, found: dict[int, Played]) -> None:
        """Whom it judges it meets next with probability 1 / 23, and then need not give: .98 × .961 / 23 = .041 less.

        Of that it loses about .06 × .041: it refuses more, and who refuses is named bad in .02 of cases.
        """
        gain = {judges: float(np.nanmean(each.scored.slander[~each.learns])) for judges, each in found.items()}
        assert gain[1] == pytest.approx(0.041 * 0.94, abs=0.006)
        assert 0 < gain[3] < gain[1] / 3

    def test_slander_costs_a_juror_where_dissent_costs_a_good_name(self) -> None:
        base = revise(load("slander"), {"policy.mix": {"norm:L6": 1.0}, "rounds": 3, "reciprocity.judges": 3})
        found = played(revise(base, {"reciprocity.dissent": 0.5}))
        assert float(np.nanmean(found.scored.slander)) < -0.05


class TestInvasion:
    def test_everybody_is_tried_in_the_place_of_every_other_policy(self) -> None:
        scenario = small(**{"policy.mix": {"norm:L6": 0.5, "reciprocity": 0.25, "fixed": 0.25}})
        policy = Ensemble(scenario, (0, 1)).people.policy
        options = ReciprocityOptions(members=2, followers=2)
        asked = trials(scenario, mutants(("AllD", "norms"), scenario), policy, options)
        assert len(asked.pairs) == 11 - 1 + 11  # ten norms and AllD; stern judging is no mutant of its own
        names = tuple(sorted(scenario.policy.mix))
        for row, tried in enumerate(asked.tried):
            for place, deviation in enumerate(tried):
                resident = asked.pairs[place // 2].resident
                assert names[policy[row, deviation.members[0]]] == resident

    def test_gains_are_means_over_the_members_of_a_pair(self) -> None:
        scenario = small()
        policy, options = Ensemble(scenario, (0,)).people.policy, ReciprocityOptions(members=2)
        tried = (Mutant("one", policy="norm:L1"), Mutant("other", policy="norm:L2", few=True))
        asked = trials(scenario, tried, policy, options)
        gains = np.array([[1.0, 3.0, 10.0, 5.0, 9.0, 20.0]])  # of two followers of the norm and one, then of learners
        np.testing.assert_allclose(asked.by_pair(gains), [[2.0, 10.0, 7.0, 20.0]])

    @pytest.mark.slow
    def test_lone_mutants_among_stern_judges_have_what_is_exact(self) -> None:
        """AllD .22046 and AllC 1.74058 where residents have 1.88389, at .02 × 3 and b/c = 3 (Glynatsi et al. 2025)."""
        base = revise(load("leading-eight"), {"policy.mix": {"norm:L6": 1.0}, "rounds": 20})
        asked = {"mutants": ["AllD", "AllC"], "judges": [], "rivals": 0, "members": 4, "horizon": 300, "workers": 1}
        found = ask("reciprocity", base, 8, **asked)
        table = found.tables["invasion"].set_index("mutant")
        for name, exact in {"AllD": 0.22046 - 1.88389, "AllC": 1.74058 - 1.88389}.items():
            assert table.loc[name, "gain_low"] - 0.03 < exact < table.loc[name, "gain_high"] + 0.03  # N is 40
            assert table.loc[name, "verdict"] == "is repelled"


class TestStudy:
    def test_it_has_all_tables(self, answer: Answer) -> None:
        assert list(answer.tables) == [
            "adherence", "cooperation", "norms", "invasion", "slander", "signals", "rivals", "welfare", "pay",
            "learners", "course",
        ]  # fmt: skip

    def test_shares_have_intervals_in_0_to_1(self, answer: Answer) -> None:
        shares = {"adherence": ("giving", "adherence", "hit", "scored"), "signals": ("calls_good",)}
        for table, names in (shares | dict.fromkeys(("cooperation", "course"), ("cooperation", "good"))).items():
            for name in names:
                for end in ("", "_low", "_high"):
                    assert answer.tables[table][f"{name}{end}"].dropna().between(0, 1).all()

    def test_the_donation_game_has_the_ratio_that_it_is_given(self, answer: Answer) -> None:
        assert answer.tables["cooperation"]["benefit_per_cost"].iloc[0] == pytest.approx(3.0)
        stands = answer.tables["norms"].set_index("norm")["stands"]
        assert stands["L6"] == "stable" and stands["image-scoring"] == "not stable"

    def test_a_mutant_is_judged_by_its_interval(self, answer: Answer) -> None:
        table = answer.tables["invasion"]
        assert ((table["gain_low"] > 0) == (table["verdict"] == VERDICTS[0])).all()
        assert ((table["gain_high"] < 0) == (table["verdict"] == VERDICTS[1])).all()
        assert set(table["resident"]) == {"norm:L6", "reciprocity"}

    def test_the_headline_counts_what_the_tables_say(self, answer: Answer) -> None:
        surely = answer.tables["invasion"].query("resident == 'norm:L6'")["verdict"].eq("invades").sum()
        assert f"Of 11 mutants in place of norm:L6, {surely} surely gain" in answer.headline
        assert "Money per head is highest where a share of 1 gives" in answer.headline

    def test_it_can_be_drawn(self, answer: Answer) -> None:
        assert set(draw(answer)) == {"reciprocity", "signals"}

    def test_where_nobody_learns_there_are_norms_and_mutants(self) -> None:
        base = revise(load("leading-eight"), {"population.count": 8, "rounds": 8, "policy.mix": {"norm:L6": 1.0}})
        found = ask("reciprocity", base, 2, mutants=["AllD"], judges=[1], **QUICK)
        assert list(found.tables) == ["cooperation", "norms", "invasion", "slander", "rivals", "pay", "course"]
        assert set(draw(found)) == {"reciprocity"}

    def test_of_private_names_it_asks_who_invades(self) -> None:
        """AllD invades stern judging where names are private (Hilbe et al. 2018)."""
        base = revise(load("leading-eight"), {"rounds": 30, "reciprocity.images": "private"})
        found = ask("reciprocity", base, 4, mutants=["AllD"], members=2, horizon=20, workers=1)
        assert list(found.tables) == ["cooperation", "invasion", "pay", "course"]
        assert found.tables["invasion"]["verdict"].iloc[0] == "invades"
        assert set(draw(found)) == {"reciprocity"}

    def test_what_was_played_is_kept_and_goes_on_to_the_same_numbers(self, tmp_path: Path) -> None:
        asked = QUICK | {"mutants": ["AllD"], "judges": [1], "rivals": 0}
        first, second = (ask("reciprocity", small(), 2, folder=tmp_path / "kept", **asked) for _ in range(2))
        assert first.headline == second.headline
        for name, table in first.tables.items():
            pd.testing.assert_frame_equal(table, second.tables[name], check_exact=True)
        assert len(list((tmp_path / "kept").glob("*.npz"))) == 2 + 2 * 2  # two scenarios, and two mutants in each seed

    def test_numbers_of_judges_that_a_small_population_does_not_allow_are_left_out_and_named(self) -> None:
        plan, left_out = planned(small(**{"population.count": 5}), ReciprocityOptions())
        assert list(plan.honest) == [1, 3] and "reciprocity.judges = 5" in left_out[0]

    @pytest.mark.parametrize(
        ("scenario", "options", "complaint"),
        [
            (load("commons"), {}, "reciprocity.kind = 'none'"),
            (small(), {"mutants": ["AllE"]}, "AllE"),
            (small(), {"judges": [2]}, "an odd number"),
            (small(**{"policy.mix": {"norm:L6": 1.0}}), {"mutants": ["reciprocity"]}, "must be in policy.mix"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_one_line(
        self, scenario: Scenario, options: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(InputError) as refused:
            ask("reciprocity", scenario, 2, **options)
        assert complaint in str(refused.value) and "\n" not in str(refused.value)

    def test_one_seed_has_no_intervals(self) -> None:
        with pytest.raises(InputError, match="seeds: reciprocity needs at least 2"):
            ask("reciprocity", small(), 1)


class TestContest:
    def test_followers_errors_and_ratio_are_the_scenarios(self) -> None:
        scenario = revise(load("reciprocity"), {"reciprocity.judges": 3})
        asked = Contest(scenario, {"fixed": 3, "norm:L6": 6, "reciprocity": 1}, 4.0, (0, 1), 2, GRADIENT)
        world = asked.world
        assert (world.principals, world.judges, float(world.benefit[0])) == (10, 3, 4.0)
        stern = [[0.0, 0.98], [0.0, 0.98]]  # a gift in fifty fails
        np.testing.assert_allclose(world.rules.act[0], [stern] + 3 * [[[0, 0], [0, 0]]] + 6 * [stern])
        np.testing.assert_allclose(world.rules.assess[0], np.broadcast_to(world.rules.assess[0, 0], (10, 2, 2, 2)))

    def test_more_updates_come_nearer_to_the_best_rule(self) -> None:
        scenario, followers = load("reciprocity"), {"norm:L6": 9, "reciprocity": 1}
        asked = [Contest(scenario, followers, 4.0, (0, 1, 2), updates, GRADIENT) for updates in (1, 40)]
        table = rivalry(asked, Pieces().play("", [each.piece for each in asked]))
        assert table["adherence"].iloc[0] < 0.8 and table["adherence"].iloc[1] > 0.95


@pytest.mark.slow
class TestTargets:
    """What learners reach in the live cooperative, from one half on, in 200 rounds and 8 seeds."""

    @pytest.mark.parametrize("shirkers", [0.0, 0.25])
    def test_learners_among_stern_judges_adhere_to_their_best_rule(self, shirkers: float) -> None:
        mix = {"norm:L6": 0.75 - shirkers, "reciprocity": 0.25} | ({"fixed": shirkers} if shirkers else {})
        base = revise(load("reciprocity"), {"policy.mix": mix})
        found = ask("reciprocity", base, 8, mutants=[], judges=[], rivals=0, workers=1)
        table = found.tables["adherence"].set_index("cell")
        assert table.loc[told.ALL, "adherence_low"] > 0.9
        assert table.loc[told.ALL, "hit"] > 0.97
        assert list(table["best"].dropna().round()) == [0, 1, 0, 1]  # give to the good

    def test_all_learn_to_give_if_they_believe_in_a_norm(self) -> None:
        changes = {"policy.mix": {"reciprocity": 1.0}, "reciprocity.learner.belief": "norm",
                   "reciprocity.learner.weight": 10.0}  # fmt: skip
        base = revise(load("reciprocity"), changes)
        found = ask("reciprocity", base, 8, mutants=[], judges=[], rivals=0, workers=1)
        assert found.tables["cooperation"]["cooperation_low"].iloc[0] > 0.87
