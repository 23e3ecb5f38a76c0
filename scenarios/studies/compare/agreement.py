"""Agreement: whether payments follow the value of contributions, round by round from the start of a run.

Every round counts, since payments cumulate the credit of all of them, and a sample of rounds would hide most of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.round.play import play_round
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.economy.world.replicas import pick_streams
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.fairness.measures import pearson
from commonweal.scenarios.studies.pieces import Piece, Tick

_COALITIONS = 3  # whose evaluation takes as long as a usual round of a run, about, measured on ``commons``
ESTIMATOR = {"shapley": "estimated_shapley", "first_order": "first_order"}  # credit rules; exact within the budget


@dataclass(frozen=True)
class Worth:
    """How the true value of contributions is found."""

    truth: Literal["shapley", "first_order"]
    rounds: int  # from the first on
    budget: int  # coalitions evaluated in a round


def agreements(mechanisms: Sequence[Mechanism], seeds: tuple[int, ...], worth: Worth) -> list[Piece]:
    """What tells how payments follow true values, a piece for each mechanism.

    Each gives Pearson's correlation (S,) of payments with true values, over principals. It is 0 where all are paid the
    same, up to rounding, though not all are worth the same; nan where they are.

    Args:
        mechanisms: to look at.
        seeds: S of them.
        worth: how true values are found.
    """
    rounds = worth.rounds * len(seeds)
    return [
        Piece(_agreement, (each.scenario, list(seeds), worth), rounds * _weight(each.scenario, worth))
        for each in mechanisms
    ]


def _weight(scenario: Scenario, worth: Worth) -> int:
    """Usual rounds that one takes in which true values are found, for progress."""
    coalitions = min(worth.budget, 2 ** min(scenario.population.count, 24)) if worth.truth == "shapley" else 0
    return 2 + coalitions // _COALITIONS


def _agreement(asked: tuple[Scenario, list[int], Worth], tick: Tick) -> Floats:
    scenario, seeds, worth = asked
    ensemble = Ensemble(scenario, seeds)
    paid, values = np.zeros((2, *ensemble.people.shape))
    for _ in range(worth.rounds):
        values += true_credit(ensemble, worth)
        paid += ensemble.step().payday.payments
        tick(len(seeds) * _weight(scenario, worth))
    alike = (np.ptp(paid, axis=1) <= worth.rounds) & np.isfinite(pearson(values, values))
    return np.where(alike, 0.0, pearson(paid, values))


def true_credit(ensemble: Ensemble, worth: Worth) -> Floats:
    """(S, N) value of the contributions to the coming round: a copy is played with another credit rule."""
    world, state, people = ensemble.world, ensemble.state, ensemble.people
    credit = replace(world.terms.credit, kind=ESTIMATOR[worth.truth], budget=worth.budget, estimator="adjusted")
    aside = replace(world, terms=replace(world.terms, credit=credit))
    streams = pick_streams(ensemble.streams, np.arange(len(state.quality)))
    _, _, record = play_round(state, people, next_actions(state, people, world, streams), aside, streams)
    return record.produce.credit
