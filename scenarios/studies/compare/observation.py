"""Observation of mechanisms while everybody follows its policy: outcomes, payoffs, and the cost of computing them.

The mechanisms are played in turns, a part each, so that whatever else the computer does slows all of them alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.pieces import Piece, Tick

OUTCOMES = ("welfare", "accuracy", "share_delegate")  # means over the last quarter of rounds
_PARTS = 11  # the first warms caches up, for the first mechanism most of all, and is not timed


@dataclass(frozen=True)
class Observed:
    """The outcomes of M mechanisms in S seeds of N principals."""

    outcomes: dict[str, Floats]  # by name, each (S, M)
    payoffs: Floats  # (S, M, N) money per round
    seconds: Floats  # (parts, M) of the processor for a round of one run


def observation(mechanisms: Sequence[Mechanism], seeds: tuple[int, ...]) -> Piece:
    """All mechanisms, played in turns: one piece, since times are compared.

    Args:
        mechanisms: M of them.
        seeds: S of them.

    Returns:
        A piece that gives what is ``Observed``.
    """
    scenarios = [mechanism.scenario for mechanism in mechanisms]
    return Piece(_observed, (scenarios, list(seeds)), scenarios[0].rounds * len(scenarios) * len(seeds), (Observed,))


def _observed(asked: tuple[list[Scenario], list[int]], tick: Tick) -> Observed:
    scenarios, seeds = asked
    rounds, principals = scenarios[0].rounds, scenarios[0].population.count
    lengths = parts(rounds)
    ensembles = [Ensemble(scenario, seeds) for scenario in scenarios]
    payoffs = np.zeros((len(seeds), len(scenarios), principals))
    seconds = np.empty((len(lengths), len(scenarios)))
    courses: list[list[pd.DataFrame]] = [[] for _ in scenarios]
    for part, length in enumerate(lengths.tolist()):
        for m, ensemble in enumerate(ensembles):
            began = process_time()
            results = ensemble.run(length)
            seconds[part, m] = (process_time() - began) / length / len(seeds)
            payoffs[:, m] += results.principals["payoff"].to_numpy().reshape(len(seeds), principals) / rounds
            courses[m].append(results.rounds)
            tick(length * len(seeds))
    means = np.stack([_late(pd.concat(course), rounds) for course in courses], axis=1)  # (S, M, outcomes)
    timed = seconds[1:] if len(seconds) > 1 else seconds
    return Observed({name: means[..., k] for k, name in enumerate(OUTCOMES)}, payoffs, timed)


def parts(rounds: int) -> Ints:
    """Lengths of the parts of a run, nearly equal."""
    lengths: Ints = np.diff(np.arange(min(_PARTS, rounds) + 1) * rounds // min(_PARTS, rounds))
    return lengths


def _late(rounds: pd.DataFrame, total: int) -> Floats:
    """(S, outcomes) means over the last quarter of rounds."""
    late = rounds[rounds["round"] >= total - -(-total // 4)]
    means: Floats = late.groupby("run")[list(OUTCOMES)].mean().to_numpy(dtype=np.float64)
    return means
