"""Playing rules: what a rule serves where principals follow their own policies, and what attacks gain from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.pieces import Piece, Tick


@dataclass(frozen=True)
class Served:
    """What a rule brings about in S seeds, means over all rounds."""

    welfare: Floats  # (S,) payoffs and what the treasury keeps, money per round
    accuracy: Floats  # (S,)
    participation: Floats  # (S,) share of principals that delegate
    audits: Floats  # (S,) audits expected in a round
    payoff: Floats  # (S,) of one principal, money per round
    worst_off: Floats  # (S,) of the tenth that has least, money per round


@dataclass(frozen=True)
class Life:
    """Runs of a scenario from beginning to end."""

    scenario: Scenario
    seeds: tuple[int, ...]
    rounds: int

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        return Piece(play_life, self, self.rounds * len(self.seeds), (Served,))


def play_life(life: Life, tick: Tick) -> Served:
    """Play runs and take the means over rounds."""
    ensemble, sums = Ensemble(life.scenario, life.seeds), np.zeros((5, len(life.seeds)))
    each = np.zeros(ensemble.world.shape)
    audit = ensemble.world.terms.stakes.audit[:, 0]
    for _ in range(life.rounds):
        before = ensemble.state.ledger.treasury
        record = ensemble.step()
        payoffs, actions = record.payday.payoffs, record.actions
        kept = (ensemble.state.ledger.treasury - before) / MICRO
        audits = audit * (actions != Action.ABSTAIN).sum(axis=1)
        delegating = (actions == Action.DELEGATE).mean(axis=1)
        sums += [payoffs.sum(axis=1) + kept, ensemble.state.quality, delegating, audits, payoffs.mean(axis=1)]
        each += payoffs
        tick(len(life.seeds))
    least = np.sort(each, axis=1)[:, : -(-each.shape[1] // 10)].mean(axis=1)
    return Served(*np.stack([*sums, least]) / life.rounds)


def of_attacks(gains: Floats, attacks: Sequence[Attack]) -> Floats:
    """(S, A) mean gain over those who tried each attack, of gains (S, A × M) in the order of ``by_members``."""
    found: Floats = gains.reshape(len(gains), len(attacks), -1).mean(axis=2)
    return found
