"""Cost of computing mechanisms, in time of the processor.

They are played in turns, a few rounds each, so that whatever else the computer does slows all of them alike.
"""

from collections.abc import Sequence
from time import process_time

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Tick

_TURNS = 11  # the first warms caches up, for the first mechanism most of all, and is not timed
_ROUNDS = 2  # of a turn
_RUNS = 8  # at once, at most


def timing(scenarios: Sequence[Scenario], seeds: Sequence[int]) -> Piece:
    """A piece that gives seconds of the processor for a round of one run, (turns, M).

    Args:
        scenarios: of M mechanisms.
        seeds: the first few of which are played.
    """
    runs = list(seeds[:_RUNS])
    return Piece(_timed, (list(scenarios), runs), _TURNS * _ROUNDS * len(runs) * len(scenarios))


def _timed(asked: tuple[list[Scenario], list[int]], tick: Tick) -> Floats:
    scenarios, seeds = asked
    ensembles = [Ensemble(scenario, seeds) for scenario in scenarios]
    seconds = np.empty((_TURNS, len(scenarios)))
    for turn in range(_TURNS):
        for m, ensemble in enumerate(ensembles):
            began = process_time()
            ensemble.run(_ROUNDS)
            seconds[turn, m] = (process_time() - began) / _ROUNDS / len(seeds)
            tick(_ROUNDS * len(seeds))
    return seconds[1:]
