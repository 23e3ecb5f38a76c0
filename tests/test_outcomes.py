"""The outcomes that docs/results claims, over its 8 seeds, and quickly over two.

Bounds were fixed before the runs, as acceptance targets.

Within a comparison only the rule differs: the same scenario file, with settlement.kind or screening.mode and scope set.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
import pytest
from shared.protection import MODES, SEEDS, Protection, protection

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.tables import summarise
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

TOLERANCE = 0.03  # of the wrong side of a limit: the step is first order, and the safeguard lets 2 % of a limit pass


@cache
def commons_under(kind: str, seeds: Sequence[int] = SEEDS) -> pd.DataFrame:
    """Means over the last quarter of rounds, a row a seed."""
    results = Ensemble(revise(load("commons"), {"settlement.kind": kind}), seeds).run()
    return summarise(results.rounds.assign(seed=results.rounds["run"]))


@cache
def screened_by(mode: str, scope: str) -> Protection:
    return protection({"screening.mode": mode, "screening.scope": scope})


@cache
def unscreened() -> Protection:
    return protection({"screening.mode": "off"})


def differences(one: Scenario, other: Scenario) -> set[str]:
    left, right = (pd.json_normalize(each.model_dump(mode="json")).iloc[0] for each in (one, other))
    return {str(path) for path in left.index if left[path] != right[path]}


def test_scenarios_of_a_comparison_differ_in_the_rule_alone() -> None:
    commons = load("commons")
    assert differences(commons, revise(commons, {"settlement.kind": "equal"})) == {"settlement.kind"}
    assert not differences(commons, revise(commons, {"settlement.kind": "credit"}))


@pytest.mark.slow
def test_two_seeds_tell_as_much() -> None:
    equal, credit = commons_under("equal", range(2)), commons_under("credit", range(2))
    assert (equal["share_delegate"] < 0.15).all() and (equal["accuracy"] < 0.35).all()
    assert (credit["share_delegate"] > 0.5).all() and (credit["accuracy"] > 0.8).all()
    kept, broken = (protection({"screening.mode": mode}, range(2)) for mode in ("project", "off"))
    assert kept.breach.max() <= TOLERANCE < broken.breach[:, 1].min()
    assert broken.withheld.mean() > 0.9


@pytest.mark.slow
def test_the_commons_collapses_when_everybody_is_paid_the_same() -> None:
    runs = commons_under("equal")
    assert runs["share_delegate"].mean() < 0.15
    assert runs["accuracy"].mean() < 0.35


@pytest.mark.slow
def test_the_commons_is_kept_when_pay_follows_credit() -> None:
    runs = commons_under("credit")
    assert runs["share_delegate"].mean() > 0.5
    assert runs["accuracy"].mean() > 0.8


@pytest.mark.slow
def test_every_seed_cooperates_more_under_credit_than_under_equal_shares() -> None:
    equal, credit = commons_under("equal"), commons_under("credit")
    assert (credit["share_delegate"] > equal["share_delegate"]).all()
    assert (credit["accuracy"] > equal["accuracy"]).all()


@pytest.mark.slow
def test_without_screening_the_model_serves_the_withheld_purpose() -> None:
    assert unscreened().withheld.mean() > 0.9
    assert unscreened().breach[:, 1].min() > TOLERANCE


@pytest.mark.slow
def test_projection_on_everybodys_limits_keeps_them_in_every_seed() -> None:
    assert screened_by("project", "all").breach.max() <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["all", "aggregate"])
@pytest.mark.parametrize("mode", MODES)
def test_no_probe_passes_the_tightest_limit_by_more_than_the_tolerance(mode: str, scope: str) -> None:
    assert screened_by(mode, scope).breach.max() <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["all", "aggregate"])
@pytest.mark.parametrize("mode", ["scale", "project"])
def test_screening_costs_the_other_classes_little(mode: str, scope: str) -> None:
    assert unscreened().others.mean() - screened_by(mode, scope).others.mean() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["all", "aggregate"])
def test_screening_denies_the_withheld_purpose_in_every_mode(scope: str) -> None:
    served = [screened_by(mode, scope).withheld.mean() for mode in MODES]
    assert max(served) < 0.4
    assert min(served) < 0.1


@pytest.mark.slow
def test_rejecting_whatever_does_any_harm_in_a_round_stops_learning() -> None:
    frozen = protection({"screening.mode": "reject", "screening.budget": "step", "screening.step_tolerance": 0.0})
    assert np.mean(frozen.others) < 0.5 < unscreened().others.mean()
