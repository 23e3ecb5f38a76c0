"""The study of pluralism: its measures by hand, what it plays, and what it says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.pluralism import tables as told
from commonweal.scenarios.studies.pluralism.designs import FREE, UNSCREENED, Design, designs, references, with_concern
from commonweal.scenarios.studies.pluralism.measures import by_tenth, leximin_better, loosened, nash_welfare
from commonweal.scenarios.studies.pluralism.options import PluralismOptions
from commonweal.scenarios.studies.pluralism.playing import Asked, Played
from commonweal.scenarios.studies.pluralism.tables import Judged, groups

CAMPS = [{"share": 0.25, "limits": [2.0, 0.95]}, {"share": 0.75, "limits": [2.4, 0.5]}]


def small(**changes: Any) -> Scenario:
    """Exit-and-voice with eight principals on data that are made at once."""
    usual = {
        "population.count": 8, "rounds": 8, "policy.revision": 0.5, "task.kind": "synthetic", "task.classes": 10,
        "task.samples": 900, "task.validation": 100,
    }  # fmt: skip
    return revise(load("exit-and-voice"), {**usual, **changes})


def played(scenario: Scenario, seeds: Sequence[int] = (0, 1), strictest: float = 0.0) -> Played:
    (found,) = Pieces().play("", [Asked(scenario, tuple(seeds), 2, strictest).piece])
    assert isinstance(found, Played)
    return found


class TestMeasures:
    def test_nash_welfare_is_the_geometric_mean_of_what_is_beyond_staying_away(self) -> None:
        """(2 · 4 · 8)^(1/3) = 4."""
        found = nash_welfare(np.array([[3.0, 5.0, 9.0]]), np.ones((1, 3)))
        assert found.value[0] == pytest.approx(4.0) and found.above[0] == 1
        assert found.of_those[0] == pytest.approx(4.0)

    def test_with_somebody_without_a_surplus_it_is_0_and_those_who_have_one_compare(self) -> None:
        """One at its outside option, one below it; the others have 4 and 9 beyond it, √36 = 6."""
        found = nash_welfare(np.array([[1.0, 0.0, 5.0, 10.0]]), np.ones((1, 4)))
        assert (found.value[0], found.above[0]) == (0.0, 0.5)
        assert found.of_those[0] == pytest.approx(6.0)
        nobody = nash_welfare(np.zeros((1, 3)), np.zeros((1, 3)))
        assert (nobody.value[0], nobody.above[0], nobody.of_those[0]) == (0.0, 0.0, 0.0)

    def test_leximin_puts_the_worst_off_first_and_then_the_next(self) -> None:
        """(1, 3, 3) is better than (1, 2, 9), since the second is; both are better than (0, 9, 9)."""
        vectors = np.array([[1.0, 2, 9], [1, 3, 3], [0, 9, 9]])
        better = leximin_better(np.stack([vectors, vectors]))
        assert better.tolist() == [[False, False, True], [True, False, True], [False, False, False]]

    @given(nps.arrays(np.int64, (4, 3), elements=st.integers(0, 3)))
    def test_where_seeds_are_alike_leximin_is_the_order_of_sorted_vectors(self, values: np.ndarray) -> None:
        ordered = np.sort(values, axis=1)
        better = leximin_better(np.stack([ordered, ordered]).astype(float))
        rows = [tuple(row) for row in ordered.tolist()]
        assert better.tolist() == [[one > other for other in rows] for one in rows]

    def test_tenths_are_of_the_worst_off_first(self) -> None:
        np.testing.assert_allclose(by_tenth(np.arange(20.0)[::-1][None])[0], np.arange(10) * 2 + 0.5)
        assert by_tenth(np.array([[3.0, 1.0, 2.0]])).tolist() == [[1.0, 2.0, 3.0]]

    def test_what_seeds_do_not_tell_apart_ties_by_leximin(self) -> None:
        ordered = np.array([[[1.0, 5], [1.1, 5]], [[1.0, 5], [0.9, 5]], [[1.0, 5], [1.0, 5]]])
        assert not leximin_better(ordered).any()

    def test_the_strictest_twentieth_claims_what_the_next_one_wants(self) -> None:
        """Of 20 one: withhold 1 → .9, protect 1 → 2, and nobody else."""
        withhold = np.r_[1.0, 0.9, np.full(18, 0.5)]
        protect = np.r_[np.full(18, 5.0), 2.0, 1.0]
        added = loosened(np.stack([withhold, protect], axis=1)[None], np.array([1.0, -1.0]), 0.05)[0]
        assert added[0, 0] == pytest.approx(-0.1) and added[19, 1] == pytest.approx(1.0)
        assert np.count_nonzero(added) == 2

    @given(nps.arrays(float, (2, 7, 2), elements=st.floats(0, 1)), st.floats(0, 1))
    def test_nobody_claims_to_be_stricter_and_all_but_the_strictest_say_the_truth(
        self, limits: np.ndarray, share: float
    ) -> None:
        senses = np.array([1.0, -1.0])
        added = loosened(limits, senses, share)
        assert (added * senses <= 0).all()
        assert (np.count_nonzero(added, axis=1) <= max(1, round(share * 7))).all()

    def test_the_tyranny_index_is_the_accuracy_that_the_strictest_cost(self) -> None:
        """.8 as it is, .9 without them: .1, in every seed."""
        own = played(small())
        design = Design("d", small())
        as_it_is, without = (replace(own, accuracy=np.full_like(own.accuracy, level)) for level in (0.8, 0.9))
        table = told.tyranny([Judged(design, as_it_is)], {"d": without})
        row = table.iloc[0]
        np.testing.assert_allclose([row["tyranny"], row["tyranny_low"], row["tyranny_high"]], 0.1, atol=1e-12)
        assert row["delegating_more_without"] == 0


class TestPlaying:
    @pytest.mark.parametrize("fields", [{}, {"values.influence": "friedkin_johnsen", "values.experience": 0.05}])
    def test_without_concern_and_screening_it_is_the_plain_run_to_the_last_bit(self, fields: dict[str, Any]) -> None:
        scenario = small(**fields)
        free = references(scenario)[0].scenario
        found = played(free)
        plain = revise(small(**fields), {"values.concern": "none", "screening.mode": "off"})
        rounds = Ensemble(plain, [0, 1]).run().rounds
        for metric, course in (("permitted_accuracy", found.accuracy), ("violated", found.camps["violated"][..., 0]),
                               ("share_delegate", found.camps["delegating"][..., 0]),
                               ("share_abstain", found.camps["away"][..., 0])):  # fmt: skip
            expected = rounds.pivot_table(index="run", columns="round", values=metric).to_numpy()
            np.testing.assert_array_equal(course, expected)

    def test_means_are_over_the_last_rounds_and_by_camp(self) -> None:
        found = played(small(**{"values.camps": CAMPS}))
        assert found.limits.shape == (2, 8, 2, 2) and (found.camp == 0).sum(axis=1).tolist() == [2, 2]
        ensemble = Ensemble(small(**{"values.camps": CAMPS}), [0, 1])
        records = [ensemble.step() for _ in range(8)]
        expected = np.mean([record.payday.utility for record in records[-2:]], axis=0)
        np.testing.assert_allclose(found.people["utility"], expected, atol=1e-12)
        limits = [record.limits[0, found.camp[0] == 1].mean(axis=0) for record in records]
        np.testing.assert_allclose(found.limits[0, :, 1], limits, atol=1e-12)

    def test_under_a_quorum_of_four_fifths_one_strictest_costs_exactly_nothing(self) -> None:
        """Of 8, 7 must agree (.8 · 8 = 6.4): whose limit counts is not the strictest one's."""
        scenario = small(**{"screening.scope": "quorum", "screening.quorum": 0.8})
        as_it_is, without = played(scenario), played(scenario, strictest=0.05)
        np.testing.assert_array_equal(as_it_is.accuracy, without.accuracy)
        np.testing.assert_array_equal(as_it_is.people["utility"], without.people["utility"])
        strict = small(**{"values.camps": CAMPS})
        assert (played(strict).accuracy != played(strict, strictest=0.25).accuracy).any()

    def test_groups_are_everybody_camps_and_actions_at_the_end(self) -> None:
        found = played(small(**{"values.camps": CAMPS}))
        named = {(trait, group): members for trait, group, members in groups(found)}
        assert named["camp", "camp 0"].sum() == 4 and named["everybody", "all"].all()
        assert sum(members.sum() for (trait, _), members in named.items() if trait == "action at the end") == 16


class TestDesigns:
    def test_every_mode_meets_every_scope_once_and_what_does_not_matter_is_not_told_apart(self) -> None:
        options = PluralismOptions(modes=("off", "project", "scale"), scopes=("all", "own"))
        found, left_out = designs(small(), options)
        assert [each.name for each in found] == ["project, all", "project, own", "scale, all", "scale, own"]
        assert not left_out

    def test_further_fields_make_designs(self) -> None:
        options = PluralismOptions(modes=("project",), scopes=("all",), vary={"settlement.horizon": (1, 5)})
        found, _ = designs(small(), options)
        assert [each.name for each in found] == ["horizon 1", "horizon 5"]
        assert [each.scenario.settlement.horizon for each in found] == [1, 5]

    def test_grains_and_credit_rules_are_crossed_with_modes(self) -> None:
        options = PluralismOptions(modes=("project",), scopes=("all",), grains=("principal", "sample"),
                                   credits=("first_order", "lagrangian"))  # fmt: skip
        names = [each.name for each in designs(small(), options)[0]]
        assert names == ["principal, first_order", "principal, lagrangian", "sample, first_order", "sample, lagrangian"]

    def test_votes_are_told_apart_only_where_there_is_a_vote(self) -> None:
        options = PluralismOptions(modes=("project",), scopes=("all", "own"), votes=("strictest", "median"))
        names = [each.name for each in designs(small(), options)[0]]
        assert names == ["all, strictest", "all, median", "own"]

    def test_references_screen_nothing_and_in_one_of_them_values_count_nothing(self) -> None:
        free, unscreened = (each.scenario for each in references(small()))
        assert (free.values.concern, unscreened.values.concern) == ("none", "member")
        assert {free.screening.mode, unscreened.screening.mode} == {"off"}

    def test_where_nobody_minds_all_get_a_concern_and_may_leave(self) -> None:
        quiet = revise(load("value-conflict"), {})
        found = with_concern(quiet, None)
        assert (found.values.concern, found.values.complicity_low) == ("member", 0.05)
        assert found.values.complicity_high == 0.05
        assert "abstain" in found.actions.available
        assert with_concern(small(), None) == small()
        assert with_concern(small(), 0.2).values.complicity_high == 0.2


@pytest.fixture(scope="module")
def answer() -> Answer:
    scenario = small(**{"values.camps": CAMPS, "values.influence": "friedkin_johnsen"})
    return ask("pluralism", scenario, 2, modes=["project"], scopes=["all", "own"], workers=1,
               influences=["none", "hegselmann_krause"])  # fmt: skip


class TestStudy:
    def test_it_answers_in_a_sentence_and_tables_with_intervals(self, answer: Answer) -> None:
        assert list(answer.tables) == ["frontier", "served", "welfare", "differences", "tyranny", "influence_or_exit",
                                       "camps", "camps_spread", "erosion", "limits", "course"]  # fmt: skip
        assert list(answer.tables["frontier"]["design"]) == [FREE, UNSCREENED, "all", "own"]
        for name, table in answer.tables.items():
            for column in [each.removesuffix("_low") for each in table if each.endswith("_low")]:
                low, value, high = (table[f"{column}{end}"].to_numpy(dtype=float) for end in ("_low", "", "_high"))
                known = ~np.isnan(low)
                assert (low[known] <= value[known] + 1e-9).all() and (value[known] <= high[known] + 1e-9).all(), name
        assert "nothing is screened" in answer.headline and answer.provenance["unit"] == "utility"

    def test_shares_and_their_intervals_lie_between_0_and_1(self, answer: Answer) -> None:
        frontier = answer.tables["frontier"]
        for name in ("delegating", "accuracy", "violated", "away"):
            for end in ("", "_low", "_high"):
                assert frontier[f"{name}{end}"].between(0, 1).all()

    def test_differences_pair_seeds(self, answer: Answer) -> None:
        frontier, change = (answer.tables[name].set_index("design") for name in ("frontier", "differences"))
        against = change[change["reference"] == FREE]
        expected = frontier.loc["own", "delegating"] - frontier.loc[FREE, "delegating"]
        assert against.loc["own", "delegating"] == pytest.approx(expected)
        assert against["utility"].isna().all() and FREE not in change.index

    def test_at_a_rate_of_0_nothing_erodes_by_gain(self) -> None:
        asked = {"modes": ["project"], "scopes": ["all"], "strictest": 0, "workers": 1}
        table = ask("pluralism", small(), 2, **asked).tables["erosion"]
        still, moved = (table[table["experience"] == rate] for rate in (0.0, 0.05))
        assert (still["loosened"] == 0).all() and (moved["loosened"] != 0).all()
        np.testing.assert_array_equal(still["violated"], still["violated_by_first"])

    def test_camps_that_nobody_influences_stay_as_far_apart_as_they_were(self, answer: Answer) -> None:
        table = answer.tables["influence_or_exit"].set_index(["influence", "homophily"])
        assert (table.loc["none", "closer"].abs() < 1e-12).all()
        assert set(table["wins"]) <= set(told.VERDICTS)

    def test_it_can_be_drawn(self, answer: Answer) -> None:
        assert set(draw(answer)) == {"frontier", "course", "camps"}

    def test_what_was_played_is_kept_and_goes_on_to_the_same_numbers(self, tmp_path: Path) -> None:
        asked = {"modes": ["project"], "scopes": ["all"], "strictest": 0, "experience": [], "workers": 1}
        first, second = (ask("pluralism", small(), 2, folder=tmp_path / "kept", **asked) for _ in range(2))
        assert first.headline == second.headline
        assert first.tables["frontier"].equals(second.tables["frontier"])
        assert len(list((tmp_path / "kept").glob("*.npz"))) == 3  # both references and a design

    @pytest.mark.parametrize(
        ("scenario", "options", "complaint"),
        [
            (load("commons"), {}, "values.dimensions is empty: pluralism asks about values"),
            (small(), {"scopes": ["some"]}, "screening.scope = 'some': must be one of own, all, quorum, aggregate"),
            (small(), {"modes": ["off"]}, "no design is left to compare"),
            (small(), {"vary": {"screening.colour": ["red"]}}, "screening.colour"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_one_line(
        self, scenario: Scenario, options: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(InputError) as refused:
            ask("pluralism", scenario, 2, **options)
        assert complaint in str(refused.value) and "\n" not in str(refused.value)

    def test_one_seed_has_no_intervals(self) -> None:
        with pytest.raises(InputError, match="seeds: pluralism needs at least 2"):
            ask("pluralism", small(), 1)
