"""Population: every principal's state as arrays, run axis first. A Mesa agent is a view of one column."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal
from commonweal.agents.terms import PerRun


class ConditionalKind(IntEnum):
    """How a principal answers to others' cooperation (Fischbacher, Gächter and Fehr 2001)."""

    COOPERATOR = 0
    FREE_RIDER = 1
    HUMP_SHAPED = 2
    RANDOM = 3


@dataclass(frozen=True)
class Population:
    """R runs of N principals with K value dimensions and 4 actions. Arrays are replaced, never written to."""

    cost: Floats = per_principal()  # (R, N) cost of delegating one sample, money
    policy: Ints = per_principal()  # (R, N) position of the principal's policy in PolicyTerms.names
    conditional_kind: Ints = per_principal()  # (R, N) a ConditionalKind
    limits: Floats = per_principal()  # (R, N, K) limit on each probe's level that it really wants: the true one
    anchor: Floats = per_principal()  # (R, N, K) the limits it started with
    action: Ints = per_principal(spare="first")  # (R, N) last action
    payoff: Floats = per_principal()  # (R, N) remembered payoff, money per round
    action_values: Floats = per_principal()  # (R, N, 4) learned utility of each action, money per round
    foregone: Floats = per_principal(spare=np.nan)  # (R, N, 4) utility each action would have brought; nan: unknown
    reputation: Floats = per_principal()  # (R, N) moving average of being credited, in [0, 1]
    price: Floats = per_principal()  # (R, N) what giving up the whole of a limit is worth to it, money per round
    camp: Ints = per_principal(spare="first")  # (R, N) which camp of ``values.camps`` it is in; 0 where there are none
    outcome_concern: Floats = per_principal()  # (R, N, K) money per unit of violation and round, whatever it does
    complicity_concern: Floats = per_principal()  # (R, N, K) money per unit of violation and round, if it takes part
    utility: Floats = per_principal()  # (R, N) remembered utility, money per round; the payoff where nobody minds
    value_costs: Floats = per_principal()  # (R, N, 4) remembered value cost of each action; (R, N, 0): nobody minds

    @property
    def minds(self) -> bool:
        """Whether violated limits cost their owners anything."""
        return bool(self.value_costs.shape[2])

    @property
    def shape(self) -> tuple[int, int]:
        """(R, N)."""
        runs, principals = self.cost.shape
        return runs, principals


@dataclass(frozen=True)
class PopulationTerms:
    """``scenario.population``: who the principals are, whom they know and how they start."""

    count: int  # principals
    graph: str  # complete, cliques, ring, lattice, watts_strogatz, barabasi_albert or file
    degree: int  # neighbours (cliques, ring, Watts-Strogatz) or edges of a newcomer (Barabasi-Albert)
    rewiring: PerRun  # (R, 1) Watts-Strogatz rewiring probability
    edges: Path | None  # edge-list file
    start_abstain: PerRun  # (R, 1) share
    start_delegate: PerRun  # (R, 1) share
    start_free_ride: PerRun  # (R, 1) share
    start_defect: PerRun  # (R, 1) share
    cost_low: PerRun  # (R, 1) money per sample
    cost_high: PerRun  # (R, 1) money per sample
    cost_types: tuple[float, ...]  # money per sample of each type; empty: between lowest and highest
    type_shares: tuple[float, ...]  # probability of each type; empty: all alike
    outside_option: PerRun  # (R, 1) money per round of abstaining
    endowment: PerRun  # (R, 1) money a principal starts with
    table: Path | None = None  # file with a row per principal
    samples: tuple[float, ...] = ()  # (N,) that each holds where none are drawn; empty: as many as are put in
