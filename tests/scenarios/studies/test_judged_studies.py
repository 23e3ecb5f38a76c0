"""Studies judge choices in utility, or in money if that is asked, and say which."""

from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import STUDIES, ask
from commonweal.scenarios.studies.compare.observation import observation
from commonweal.scenarios.studies.evolution.meta_game import play_meta_game
from commonweal.scenarios.studies.free_riding.schelling import diagrams, schelling
from commonweal.scenarios.studies.judging import told, unit_of
from commonweal.scenarios.studies.options import described
from commonweal.scenarios.studies.pieces import Pieces

MINDING = revise(
    load("value-conflict"),
    {
        "population.count": 6, "rounds": 6, "actions.available": ["abstain", "delegate", "free_ride", "defect"],
        "values.concern": "member", "values.influence": "none", "values.outcome_low": 0.01,
        "values.outcome_high": 0.01, "screening.mode": "off", "task.kind": "synthetic", "task.classes": 10,
        "task.samples": 900, "task.validation": 100,
    },
)  # fmt: skip
UNITS: Any = pytest.mark.parametrize(("judge", "earned"), [("utility", "utility"), ("money", "payoffs")])


def test_every_study_of_deviations_lets_its_user_choose() -> None:
    for name in ("incentives", "best-deviation", "evolution", "compare", "free-riding"):
        (option,) = [line for line in described(STUDIES[name]) if line[0].startswith("judge")]
        assert option[0] == "judge = 'utility'" and "values.concern" in option[2]
    with pytest.raises(InputError, match="option judge = 'joy': must be one of utility, money"):
        ask("incentives", MINDING, 2, judge="joy")


def test_utility_is_said_only_where_somebody_minds() -> None:
    nobody = revise(MINDING, {"values.concern": "none"})
    assert (unit_of(MINDING, "utility"), unit_of(MINDING, "money"), unit_of(nobody, "utility")) == (
        "utility", "money", "money")  # fmt: skip
    assert not told(nobody, "utility") and "utility" in told(MINDING, "utility")[0]


@UNITS
def test_a_strategy_of_the_meta_game_earns_what_is_judged(judge: Any, earned: str) -> None:
    meta = play_meta_game(MINDING, ("delegate", "free_ride"), np.array([[0, 5], [5, 0]]), (0, 1), 2, judge=judge)
    ensemble = Ensemble(revise(MINDING, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0}), [1])
    paid = [getattr(ensemble.step().payday, earned)[0].mean() for _ in range(6)]
    assert meta.payoffs[1, 1, 0] == pytest.approx(np.mean(paid[-2:]), abs=1e-12)  # all delegate


def test_schellings_diagram_is_of_utility() -> None:
    utility, money = (
        schelling(diagrams(MINDING, (0, 1), 1, 1, 4, judge), Pieces())  # type: ignore[arg-type]
        for judge in ("utility", "money")
    )
    assert (utility["payoff_delegate"] < money["payoff_delegate"]).all()


@UNITS
def test_mechanisms_are_observed_in_what_is_judged(judge: Any, earned: str) -> None:
    (observed,) = Pieces().play("", [observation(MINDING, (0, 1), judge)])
    ensemble = Ensemble(MINDING, [0, 1])
    records = [ensemble.step() for _ in range(6)]
    expected = np.mean([getattr(record.payday, earned) for record in records], axis=0)
    np.testing.assert_allclose(observed.payoffs, expected, atol=1e-12)
    broken = np.mean([record.notes["concern"].violation.sum(axis=2) for record in records], axis=0)
    away = -0.01 * broken if judge == "utility" else np.zeros(broken.shape)
    np.testing.assert_allclose(observed.outside, away, atol=1e-12)


@pytest.mark.slow
def test_the_best_deviation_is_the_best_in_utility() -> None:
    """Staying away brings no money where outside there is none; in utility it sheds complicity."""
    options = {"budget": 5, "horizon": 4, "members": 1, "held_out": 2, "workers": 1, "others": "freeze"}
    utility, money = (ask("best-deviation", MINDING, 2, judge=judge, **options) for judge in ("utility", "money"))
    assert (utility.provenance["unit"], money.provenance["unit"]) == ("utility", "money")
    assert "abstain" in utility.tables["best"]["deviation"].iloc[0] and "utility a round" in utility.headline
    assert utility.tables["best"]["gain"].iloc[0] > money.tables["best"]["gain"].iloc[0]
