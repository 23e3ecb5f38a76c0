"""Observation of mechanisms while everybody follows its policy: outcomes, payoffs, and what staying away brings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.economy.round.record import Record
from commonweal.economy.round.worth import Judge, cost_of_staying_away
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.outside import model_outside
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.judging import unit_of
from commonweal.scenarios.studies.pieces import Piece, Tick

OUTCOMES = ("welfare", "accuracy", "share_delegate", "share_abstain", "share_free_ride", "gini")
VIOLATED, WORST = "violated", "worst_level"  # where there are value dimensions
_ALMOST = 1e-9  # of a level, so that nothing is divided by 0


@dataclass(frozen=True)
class Observed:
    """The outcomes of a mechanism in S seeds of N principals."""

    outcomes: dict[str, Floats]  # by name, each (S,): means over the last quarter of rounds; welfare as judged
    payoffs: Floats  # (S, N) money per round; utility where it is judged by
    outside: Floats  # (S, N) the same of who stays away


class _Watched(Ensemble):
    """Runs that remember what staying away would have brought everybody, and cost it in its own values."""

    away: Floats | float = 0.0  # (R, N) money, of all rounds so far
    given: Floats | float = 0.0  # (R, N) money that the model would have been worth outside, of all rounds so far
    judge: Judge = "money"

    def step(self) -> Record:
        """Play one round."""
        state, people = self.state, self.people
        record = super().step()
        self.given = self.given + model_outside(self, state, people, record)
        self.away = self.away + cost_of_staying_away(record, self.judge)
        return record


def observation(scenario: Scenario, seeds: Sequence[int], judge: Judge = "utility") -> Piece:
    """A piece that plays the mechanism of a scenario in some seeds, and gives what is ``Observed``.

    Args:
        scenario: of the mechanism.
        seeds: S of them.
        judge: what payoffs and welfare are counted in.
    """
    return Piece(_observed, (scenario, list(seeds), judge), scenario.rounds * len(seeds), (Observed,))


def _observed(asked: tuple[Scenario, list[int], Judge], tick: Tick) -> Observed:
    scenario, seeds, judge = asked
    ensemble = _Watched(scenario, seeds)
    ensemble.judge = judge
    results = ensemble.run(on_round=lambda: tick(len(seeds)))
    in_utility, shape = unit_of(scenario, judge) == "utility", ensemble.people.shape
    payoffs = results.principals["utility" if in_utility else "payoff"].to_numpy().reshape(shape) / scenario.rounds
    away, given = (np.broadcast_to(total / scenario.rounds, shape) for total in (ensemble.away, ensemble.given))
    outside = scenario.population.outside_option + given - away
    return Observed(late_outcomes(results.rounds, scenario, in_utility), payoffs, np.array(outside))


def late_outcomes(rounds: pd.DataFrame, scenario: Scenario, in_utility: bool) -> dict[str, Floats]:
    """Means over the last quarter of rounds by seed (S,), with the worst level of all value dimensions.

    Args:
        rounds: a row per run and round.
        scenario: that was played.
        in_utility: whether welfare is less what broken limits cost.
    """
    late = rounds[rounds["round"] >= scenario.rounds - -(-scenario.rounds // 4)]
    means = late.groupby("run").mean(numeric_only=True)
    named = {"welfare": "net_welfare"} if in_utility else {}
    found = {name: means[named.get(name, name)].to_numpy(dtype=np.float64) for name in OUTCOMES}
    if scenario.values.dimensions:
        found |= {VIOLATED: means["violated"].to_numpy(dtype=np.float64), WORST: _worst_level(means, scenario)}
    return found


def _worst_level(means: pd.DataFrame, scenario: Scenario) -> Floats:
    """(S,) the largest over dimensions of the true level as a multiple of the mean true limit; above 1 it is broken.

    A withheld purpose is broken from above: of it the limit as a multiple of the level.
    """
    shares = []
    for k, dimension in enumerate(scenario.values.dimensions):
        level, limit = (means[f"{name}_{k}"].to_numpy(dtype=np.float64) for name in ("level", "mean_limit"))
        over, under = (level, limit) if dimension.sense == "protect" else (limit, level)
        shares.append(over / np.maximum(under, _ALMOST))
    worst: Floats = np.max(shares, axis=0)
    return worst
