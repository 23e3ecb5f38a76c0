"""Copying: all of one's samples once more under a further name, tried where it is asked for."""

from typing import Any

import pytest

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.best_deviation.space import described, deviation_of, plain, space_of
from commonweal.scenarios.studies.incentives import IncentivesOptions
from commonweal.scenarios.studies.incentives.catalogue import chosen

PARTIES, REVENUE = 5, 1000.0


def by_samples(**changes: Any) -> Scenario:
    """A prize divided by samples put in, whatever they are; nothing costs anything."""
    return revise(load("catastrophe"), {
        "rounds": 4, "market.price": REVENUE / PARTIES, "market.model_value": 0.0, "market.baseline": 0.0,
        "population.count": PARTIES, "population.cost_types": [], "population.cost_low": 0.0,
        "population.cost_high": 0.0, "policy.mix": {"fixed": 1.0}, "menu.offer": "fixed", "settlement.kind": "data",
        "learning.samples": 100_000, "rewards.accuracy.scale": 1e-6, **changes,
    })  # fmt: skip


def test_incentives_finds_what_a_second_name_with_the_same_samples_takes() -> None:
    answer = ask("incentives", by_samples(), 2, deviations=("copies", "sybil"), horizon=2, workers=1, others="freeze")
    gains = answer.tables["by_deviation"].set_index("deviation")["gain"]
    assert gains["copies"] == pytest.approx(REVENUE * (2 / (PARTIES + 1) - 1 / PARTIES), rel=0.02)  # near perfect model
    assert gains["sybil"] == pytest.approx(0.0, abs=1e-3)  # the same samples, divided


def test_best_deviation_comes_to_copying_by_itself() -> None:
    answer = ask("best-deviation", by_samples(), 2, copies=True, horizon=2, budget=30, held_out=2, workers=1)
    assert "all its samples under each of 4 names" in answer.tables["best"].iloc[0].to_string()


def test_it_is_tried_only_where_it_is_asked_for() -> None:
    scenario = by_samples()
    assert "copies" not in {each.name for each in chosen(scenario, IncentivesOptions())}
    assert "copies" not in space_of(scenario, 10)
    (named,) = chosen(scenario, IncentivesOptions(deviations=("copies",), identities=3))
    assert named.copies and named.identities == 3


def test_a_candidate_says_how_many_names_have_all_its_samples() -> None:
    space = space_of(by_samples(), 10, copies=True)
    usual = deviation_of(plain(space), 1)
    twice = plain(space) | {"copies": 2}
    assert usual.identities == 1 and not usual.copies
    assert deviation_of(twice, 1).copies and deviation_of(twice, 1).identities == 2
    assert described(twice) == "all its samples under each of 2 names"


def test_where_there_are_no_data_there_is_nothing_to_copy() -> None:
    with pytest.raises(InputError, match="copies makes no sense"):
        chosen(load("public-goods"), IncentivesOptions(deviations=("copies",)))
