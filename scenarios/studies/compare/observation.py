"""Observation of mechanisms while everybody follows its policy: outcomes, payoffs, and the cost of computing them.

The mechanisms are played in turns, a part each, so that whatever else the computer does slows all of them alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.futures.judging import Judge, cost_of_staying_away
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.judging import unit_of
from commonweal.scenarios.studies.pieces import Piece, Tick

OUTCOMES = ("welfare", "accuracy", "share_delegate")  # means over the last quarter of rounds; as judged
_PARTS = 11  # the first warms caches up, for the first mechanism most of all, and is not timed


@dataclass(frozen=True)
class Observed:
    """The outcomes of M mechanisms in S seeds of N principals."""

    outcomes: dict[str, Floats]  # by name, each (S, M)
    payoffs: Floats  # (S, M, N) money per round; utility where it is judged by
    outside: Floats  # (S, M, N) the same of who stays away
    seconds: Floats  # (parts, M) of the processor for a round of one run


class _Watched(Ensemble):
    """Runs that remember what staying away would have cost everybody in its own values."""

    away: Floats | float = 0.0  # (R, N) money, of all rounds so far
    judge: Judge = "money"

    def step(self) -> Record:
        """Play one round."""
        record = super().step()
        self.away = self.away + cost_of_staying_away(record, self.judge)
        return record


def observation(mechanisms: Sequence[Mechanism], seeds: tuple[int, ...], judge: Judge = "utility") -> Piece:
    """All mechanisms, played in turns: one piece, since times are compared.

    Args:
        mechanisms: M of them.
        seeds: S of them.
        judge: what payoffs and welfare are counted in.

    Returns:
        A piece that gives what is ``Observed``.
    """
    scenarios = [mechanism.scenario for mechanism in mechanisms]
    rounds = scenarios[0].rounds * len(scenarios) * len(seeds)
    return Piece(_observed, (scenarios, list(seeds), judge), rounds, (Observed,))


def _observed(asked: tuple[list[Scenario], list[int], Judge], tick: Tick) -> Observed:
    scenarios, seeds, judge = asked
    rounds, principals = scenarios[0].rounds, scenarios[0].population.count
    lengths = parts(rounds)
    ensembles = [_watched(scenario, seeds, judge) for scenario in scenarios]
    in_utility = unit_of(scenarios[0], judge) == "utility"
    earned = "utility" if in_utility else "payoff"
    payoffs = np.zeros((len(seeds), len(scenarios), principals))
    seconds = np.empty((len(lengths), len(scenarios)))
    courses: list[list[pd.DataFrame]] = [[] for _ in scenarios]
    for part, length in enumerate(lengths.tolist()):
        for m, ensemble in enumerate(ensembles):
            began = process_time()
            results = ensemble.run(length)
            seconds[part, m] = (process_time() - began) / length / len(seeds)
            payoffs[:, m] += results.principals[earned].to_numpy().reshape(len(seeds), principals) / rounds
            courses[m].append(results.rounds)
            tick(length * len(seeds))
    welfare = "net_welfare" if in_utility else "welfare"
    means = np.stack([_late(pd.concat(course), rounds, welfare) for course in courses], axis=1)  # (S, M, outcomes)
    away = [np.broadcast_to(ensemble.away / rounds, ensemble.people.shape) for ensemble in ensembles]
    outside = scenarios[0].population.outside_option - np.stack(away, axis=1)
    timed = seconds[1:] if len(seconds) > 1 else seconds
    return Observed({name: means[..., k] for k, name in enumerate(OUTCOMES)}, payoffs, outside, timed)


def _watched(scenario: Scenario, seeds: Sequence[int], judge: Judge) -> _Watched:
    ensemble = _Watched(scenario, seeds)
    ensemble.judge = judge
    return ensemble


def parts(rounds: int) -> Ints:
    """Lengths of the parts of a run, nearly equal."""
    lengths: Ints = np.diff(np.arange(min(_PARTS, rounds) + 1) * rounds // min(_PARTS, rounds))
    return lengths


def _late(rounds: pd.DataFrame, total: int, welfare: str) -> Floats:
    """(S, outcomes) means over the last quarter of rounds, with welfare by what it is called there."""
    late = rounds[rounds["round"] >= total - -(-total // 4)]
    means: Floats = late.groupby("run")[[welfare, *OUTCOMES[1:]]].mean().to_numpy(dtype=np.float64)
    return means
