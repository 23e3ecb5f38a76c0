"""Playing a rule: what each principal does and has over the last rounds, and what becomes of all together."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import round_metrics
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Tick


@dataclass(frozen=True)
class Asked:
    """A rule to play in S seeds."""

    scenario: Scenario  # with the rule
    seeds: tuple[int, ...]  # S
    last: int  # rounds at the end that means are over

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        return Piece(_play, self, self.scenario.rounds * len(self.seeds), (Played,))


@dataclass(frozen=True)
class Played:
    """What became of it in S seeds: means over the last rounds, of each of N principals and of all."""

    delegating: Floats  # (S, N) share of rounds
    payoff: Floats  # (S, N) money a round
    samples: Ints  # (S, N) held
    quality: Floats  # (S,) what customers pay for
    welfare: Floats  # (S,) payoffs of all and what the treasury keeps, money a round

    def staying(self, least: float) -> Floats:
        """(S,) how many delegate in at least so large a share of rounds."""
        number: Floats = (self.delegating >= least).sum(axis=1).astype(np.float64)
        return number


def _play(asked: Asked, tick: Tick) -> Played:
    ensemble, rounds = Ensemble(asked.scenario, asked.seeds), asked.scenario.rounds
    delegating, payoff = (np.zeros(ensemble.people.shape) for _ in range(2))
    quality, welfare = (np.zeros(len(asked.seeds)) for _ in range(2))
    for number in range(rounds):
        before = ensemble.state
        record = ensemble.step()
        if number >= rounds - asked.last:
            delegating += record.actions == Action.DELEGATE
            payoff += record.payday.payoffs
            quality += record.payday.quality
            welfare += round_metrics(record, before, ensemble.state, ensemble.people, ensemble.world)["welfare"]
        tick(len(asked.seeds))
    samples, last = ensemble.world.holdings.count, asked.last
    return Played(delegating / last, payoff / last, samples, quality / last, welfare / last)
