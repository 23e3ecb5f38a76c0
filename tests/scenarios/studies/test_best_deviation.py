"""The study of the best deviation: it finds what is known to be best, and judges it on seeds it never saw."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.best_deviation import search
from commonweal.scenarios.studies.best_deviation.search import SEARCHES, Record
from commonweal.scenarios.studies.best_deviation.space import described, deviation_of, plain, space_of
from commonweal.scenarios.studies.best_deviation.study import best_of

GAME = revise(load("public-goods"), {"population.count": 10, "market.groups": "all", "policy.mix": {"fixed": 1.0}})
SMALL = revise(load("commons"), {"population.count": 8, "task.validation": 60})
SPACE = {"does": ("as before", "a", "b", "c"), "share": (1.0, 0.5), "joins": (0, 1, 2), "leaves": (None, 3)}


def asked(scenario=GAME, seeds=2, **options):
    return ask("best-deviation", scenario, seeds, **{"workers": 1, "horizon": 4, "held_out": 2} | options)


def judge(candidates):
    """A known landscape: the best does c with half its samples from round 2 on, and gains 3."""
    values = {"c": 2.0, "b": 1.0, 0.5: 0.5, 2: 0.5, 3: -1.0}
    return np.array([[sum(values.get(value, 0.0) for value in c.values()) for c in candidates]] * 2)


class TestSearch:
    def test_coordinate_search_finds_the_best_of_a_separable_landscape(self):
        record = Record(judge, 100)
        SEARCHES["coordinate"](SPACE, record, 0)
        best = max(record.evaluations, key=lambda evaluation: evaluation.gain)
        assert best.candidate == {"does": "c", "share": 0.5, "joins": 2, "leaves": None} and best.gain == 3.0

    def test_a_share_that_pays_is_refined(self):
        """A parabola with its top between the shares that are tried at first; 1 is as before, and stays so."""
        for top, found in ((0.4142, 0.4142), (0.1, 0.1), (1.0, 1.0)):
            record = Record(lambda some, top=top: np.array([[-((c["share"] - top) ** 2) for c in some]]), 60)
            SEARCHES["coordinate"]({"share": (1.0, 0.75, 0.5, 0.25)}, record, 0)
            best = max(record.evaluations, key=lambda evaluation: evaluation.gain)
            assert abs(best.candidate["share"] - found) <= 1 / 512

    def test_of_shares_that_read_alike_one_is_judged(self):
        record = Record(lambda some: np.array([[c["share"] for c in some]]), 60)
        record.evaluate([plain(SPACE) | {"share": share} for share in (0.412, 0.41, 0.5)])
        assert [each.candidate["share"] for each in best_of(record.evaluations)] == [0.5, 0.412]

    def test_optuna_finds_it_too(self):
        pytest.importorskip("optuna")
        record = Record(judge, 48)
        SEARCHES["optuna"](SPACE, record, 0)
        assert max(evaluation.gain for evaluation in record.evaluations) == 3.0

    @pytest.mark.parametrize("budget", [2, 5, 9])
    def test_nothing_is_tried_twice_and_no_more_than_the_budget(self, budget):
        played = []
        record = Record(lambda candidates: played.extend(map(str, candidates)) or judge(candidates), budget)
        SEARCHES["coordinate"](SPACE, record, 0)
        assert len(played) == len(set(played)) == len(record.evaluations) == budget

    def test_without_optuna_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(search, "find_spec", lambda name: None)
        with pytest.raises(InputError, match=r"needs the extra 'search': pip install 'commonweal\[search\]'"):
            asked(search="optuna")


class TestSpace:
    def test_only_what_makes_a_difference_is_searched(self):
        assert set(space_of(GAME, 20)) == {"does", "share", "joins", "leaves"}
        assert space_of(GAME, 20)["does"] == ("as before", "delegate", "free_ride", "abstain")
        assert set(space_of(SMALL, 20)) == {"does", "share", "joins", "leaves", "identities"}
        assert "looser" in space_of(load("value-conflict"), 20)

    def test_a_candidate_is_a_deviation_of_whoever_tries_it(self):
        candidate = plain(space_of(SMALL, 20)) | {"does": "stale", "identities": 4, "leaves": 10}
        deviation = deviation_of(candidate, 5)
        assert (deviation.members, deviation.action, deviation.form) == ((5,), Action.DELEGATE, "stale")
        assert (deviation.identities, deviation.leaves, deviation.joins) == (4, 10, 0)
        assert deviation.name == described(candidate) == "stale, leaves after 10 rounds, under 4 names"


class TestStudy:
    def test_in_a_linear_public_goods_game_the_best_is_to_give_nothing(self):
        """It gains 1 − r/N of each unit, with r = 1.6 and N = 10."""
        answer = asked(of="action=delegate")
        best = answer.tables["best"].iloc[0]
        assert best["deviation"] == "free_ride" and "surely gains" in answer.headline
        np.testing.assert_allclose(best[["gain", "gain_low", "gain_high"]].astype(float), 1 - 0.16, atol=1e-9)

    def test_one_of_two_who_pool_readings_puts_in_root_two_less_one_of_its_part(self):
        """Which gains .121320 σ√(cV); to put in nothing gains nothing, but for rounding (Chen et al. 2023)."""
        fields = {
            "rounds": 1, "population.count": 2, "menu.offer": "fixed", "population.samples": [50**0.5] * 2,
        }  # fmt: skip
        best = asked(revise(load("mean-estimation"), fields), horizon=1, members=1).tables["best"].iloc[0]
        assert best["deviation"] == "41% of its samples" and abs(best["gain"] - 0.121320) < 2e-6

    def test_who_gives_nothing_already_finds_nothing_better(self):
        answer = asked(of="action=free_ride")
        assert answer.tables["best"]["deviation"].iloc[0] == "no deviation"
        assert answer.tables["best"]["gain"].iloc[0] == 0.0

    def test_the_worst_placed_are_those_who_earn_least(self):
        assert "principals with action = delegate" in asked(budget=3).headline

    def test_the_trace_shows_every_trial_and_the_best_so_far(self):
        trace = asked(SMALL, budget=12, members=1, of="anybody").tables["trace"]
        assert list(trace["tried"]) == list(range(1, 13)) and trace["deviation"].iloc[0] == "no deviation"
        assert (trace["best"] == trace["gain"].cummax()).all() and trace["gain"].iloc[0] == 0.0

    def test_the_best_is_judged_on_seeds_the_search_never_saw(self):
        answer = asked(SMALL, seeds=2, budget=8, members=2, held_out=3)
        best, trace = answer.tables["best"], answer.tables["trace"]
        assert best["gain_in_search"].iloc[0] == trace["gain"].max()
        assert (best["gain"] != best["gain_in_search"]).any()
        assert any("seeds 2 to 4, which the search never saw" in note for note in answer.notes)

    def test_it_can_be_drawn(self):
        assert set(draw(asked(budget=5))) == {"trace", "best"}

    @pytest.mark.parametrize("of", ["cost=huge", "action=defect", "wurst"])
    def test_a_type_that_nobody_is_of_is_refused_in_one_line(self, of):
        with pytest.raises(InputError) as refusal:
            asked(of=of)
        assert "must be worst, anybody, or one of action=delegate, action=free_ride" in str(refusal.value)
        assert "\n" not in str(refusal.value)
