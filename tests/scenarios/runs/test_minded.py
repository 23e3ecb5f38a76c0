"""Tables and sentences of runs in which broken limits cost their owners something, and of those where not."""

import numpy as np
import pandas as pd
import pytest

from commonweal.economy.round.words import ACTIONS, Words
from commonweal.scenarios.runs.intervals import ANYWHERE, POSITIVE, SHARE, range_of
from commonweal.scenarios.runs.measures import usual_measures
from commonweal.scenarios.runs.outcome import Outcome, sentences
from commonweal.scenarios.runs.summary import summary_cells, summary_table
from commonweal.scenarios.runs.text_table import lines
from commonweal.scenarios.schema.words import words_for, words_in, words_of
from commonweal.scenarios.sweeps.sweep import sweep
from tests.helpers.minded import CAMPS, minding

MODE = "screening.mode"
MINDING = words_for(["model"], ["poison"], [ACTIONS], ["none", "share"])
NOISE = np.array([-0.02, 0.01, 0.0, 0.02, -0.01, 0.01, -0.02, 0.01])


def runs(violated: dict[str, float], path: str = MODE) -> pd.DataFrame:
    """Eight seeds of each way of screening."""
    rows = [
        {path: mode, "seed": seed, "share_delegate": 0.5, "violated": share * (1 + noise), "value_cost": share,
         "welfare": 0.4, "net_welfare": 0.4 - share}
        for mode, share in violated.items() for seed, noise in enumerate(NOISE)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def said(frame: pd.DataFrame, *varied: str, words: Words = MINDING) -> str:
    return sentences(Outcome(frame, varied, words, ("share_delegate",), 0.6))


def test_one_point_says_how_many_are_violated_and_what_that_costs() -> None:
    told = said(runs({"off": 0.8})).removeprefix("In the end .500 delegating. ")
    assert told == (
        "The model breaks limits of .80 [.79, .81] of principals; that costs .800 money a round, and net welfare is"
        " -.400."
    )


def test_camps_are_told_beside_all() -> None:
    frame = runs({"off": 0.5}).assign(violated=0.5, violated_camp_0=1.0, violated_camp_1=0.0)
    assert "limits of .500 of principals (1.000 of camp 0 and .000 of camp 1); that" in said(frame)


@pytest.mark.parametrize(("share", "whose"), [(0.0, "nobody's limits."), (1.0, "the limits of all; that costs")])
def test_nobody_and_all_are_told_in_words(share: float, whose: str) -> None:
    assert f"The model breaks {whose}" in said(runs({"off": 0.0}).assign(violated=share, value_cost=share))


def test_several_points_are_told_apart_by_whom_they_violate() -> None:
    assert said(runs({"off": 0.9, "project": 0.0}), MODE) == (
        "Mode off and mode project alike keep .500 delegating. Mode off ends with .90 [.88, .91] of principals"
        " violated; mode project ends with .000 of principals violated."
    )


def test_of_many_points_the_range_is_told() -> None:
    many = runs({f"{number}": number / 10 for number in range(8)}, "market.price")
    assert "From .000 to .700 [.689, .709] of principals violated over 8 points, the most" in said(many, "market.price")


@pytest.mark.parametrize("concern", ["none", "member"])
def test_a_summary_has_columns_of_values_where_somebody_minds(concern: str) -> None:
    scenario = minding(values__concern=concern, values__camps=CAMPS)
    results = sweep(scenario, {MODE: ["off", "project"]}, seeds=2)
    cells = summary_cells(results)[1]
    told = ("violated", "value cost (money per round)", "net welfare (money per round)", "violated, camp 0")
    assert [name in cells for name in told] == [concern != "none"] * 4
    assert ("of principals violated" in results.summary()) == (concern != "none")
    assert "net_welfare" in results.runs and words_of(scenario).minds == (concern != "none")
    if concern != "none":
        heads = list(cells)
        assert heads.index("welfare (money per round)") + 1 == heads.index("violated")
        np.testing.assert_allclose(
            results.runs["net_welfare"], results.runs["welfare"] - results.runs["value_cost"], atol=1e-12
        )
        assert max(map(len, lines(summary_table(results, 80), 80))) <= 80


def test_who_minds_in_some_runs_of_a_sweep_is_told_in_all() -> None:
    document = minding(values__concern="none").model_dump()
    assert not words_in(document, {}).minds
    assert words_in(document, {"values.concern": ["none", "member"]}).minds
    assert not words_in({}, {}).minds  # results of before there were concerns


def test_measures_of_values_mean_nothing_where_nobody_minds() -> None:
    there = ["share_delegate", "welfare", "violated", "value_cost", "net_welfare", "violated_camp_0", "gini"]
    assert usual_measures(there, Words()) == ["share_delegate", "welfare", "gini"]
    assert usual_measures(there, MINDING) == there
    assert [Words().has(name) for name in there] == [True, True, True, False, False, True, True]


def test_measures_of_values_lie_where_they_can() -> None:
    shares = ("violated", "violated_camp_0", "abstain_camp_1")
    assert all(range_of(name) == SHARE for name in shares)
    assert range_of("violation") == range_of("value_cost") == POSITIVE and range_of("net_welfare") == ANYWHERE
