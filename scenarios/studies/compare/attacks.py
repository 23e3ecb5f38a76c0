"""Attacks: what they bring attackers, what they cost the others, and the most that anybody could gain (IC gap)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.judging import Judge
from commonweal.economy.futures.play import Others
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.incentives.catalogue import (
    PAIR,
    catalogue,
    chosen,
    objections,
    together_lying,
    tried_by,
)
from commonweal.scenarios.studies.incentives.certificate import ic_gap
from commonweal.scenarios.studies.incentives.evidence import Trials, play_trials, trial_rounds
from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations, rounds_of
from commonweal.scenarios.studies.intervals import cross_fitted
from commonweal.scenarios.studies.pieces import Pieces

IDLE, RING, LIARS = "idle", "ring", "lying pair"
ATTACKS = (
    "junk", "stale", IDLE, "poison", "sybil", PAIR, "less", "late", "slander", RING, "shed", "exaggerate", LIARS,
)  # fmt: skip


@dataclass(frozen=True)
class Threat:
    """Which attacks to try, and how."""

    horizon: int  # rounds
    principals: int  # who try every single deviation in turn
    attackers: float  # share of principals that attack together
    others: Others
    workers: int | None
    judge: Judge = "utility"  # what gains and losses are counted in

    def options(self) -> IncentivesOptions:
        """The same for the study of incentives."""
        return IncentivesOptions(
            horizon=self.horizon, principals=self.principals, others=self.others, workers=self.workers,
            judge=self.judge,
        )


@dataclass(frozen=True)
class Robustness:
    """How one mechanism withstands attacks, in S seeds."""

    gap: Interval  # () IC gap, money per round or utility
    gaps: Floats  # (S,) the same seed by seed, cross-fitted
    attacks: tuple[str, ...]  # A
    gains: Floats  # (S, A) the same, for each attacker
    losses: Floats  # (S, A) the same, for each principal that does not attack


@dataclass(frozen=True)
class Assault:
    """What is tried against one mechanism: every deviation of single principals, and attacks by some together."""

    mechanism: Mechanism
    threat: Threat
    trials: Trials
    attacks: tuple[Deviation, ...]

    @classmethod
    def of(cls, mechanism: Mechanism, threat: Threat) -> "Assault":
        """All that makes sense in the mechanism's scenario.

        Raises:
            InputError: if nothing can be tried in it.
        """
        scenario, options = mechanism.scenario, threat.options()
        trials = Trials.of(scenario, options, chosen(scenario, options))
        return cls(mechanism, threat, trials, attacks(scenario, options))

    @property
    def span(self) -> Span:
        """When attacks are tried."""
        return Span(0, self.threat.horizon, self.threat.others, self.threat.judge)

    def group(self, order: Ints) -> tuple[Deviation, ...]:
        """The attacks of one seed, by those who are spread over its order (N,)."""
        return group_attacks(self.attacks, order, self.threat.attackers)

    def rounds(self, seeds: tuple[int, ...]) -> int:
        """Rounds of single runs that it takes."""
        anybody = np.arange(self.mechanism.scenario.population.count)
        return trial_rounds(self.trials, seeds) + len(seeds) * rounds_of([self.group(anybody)], self.span)


def assail(assault: Assault, seeds: tuple[int, ...], pieces: Pieces) -> Robustness:
    """Try every deviation of single principals, and every attack by some of them together."""
    mechanism, threat = assault.mechanism, assault.threat
    evidence = play_trials(assault.trials, seeds, pieces, f"{mechanism.name}: deviations")
    gains = evidence.gains[threat.others]
    singles = gains.alone.reshape(len(seeds), -1)
    by_seed = [assault.group(order) for order in evidence.base.order]
    outcome = play_deviations(
        mechanism.scenario, seeds, by_seed, assault.span,
        workers=threat.workers, pieces=pieces, what=f"{mechanism.name}: attacks",
    )  # fmt: skip
    honest = mechanism.scenario.population.count - np.array([len(attack.members) for attack in by_seed[0]])
    names = tuple(attack.name for attack in assault.attacks)
    return Robustness(ic_gap(evidence, gains), cross_fitted(singles), names, outcome.gains, outcome.losses / honest)


def attacks(scenario: Scenario, options: IncentivesOptions) -> tuple[Deviation, ...]:
    """The attacks that make sense in a scenario, of principal 0, or of 0 and 1."""
    idle = Deviation(IDLE, (0,), Action.DELEGATE, share=0.0)
    ring = Deviation(RING, (0,), Action.FREE_RIDE, praises=True)
    known = catalogue(options) | {IDLE: idle, RING: ring, LIARS: together_lying(LIARS)}
    against, alike = objections(scenario, options), ((RING, "shed"), (IDLE, "less"), (LIARS, "exaggerate"))
    against |= {name: against[like] for name, like in alike if like in against}
    return tuple(known[name] for name in ATTACKS if name not in against)


def group_attacks(tried: Sequence[Deviation], order: Ints, share: float) -> tuple[Deviation, ...]:
    """The same attacks by several principals together, spread evenly over their order (N,); a pair stays one."""
    count = min(max(1, round(share * len(order))), len(order) - 1)
    places = ((np.arange(count) + 0.5) * len(order) / count).astype(np.int64)
    group = tuple(order[places].tolist())
    pair = tuple(order[:2].tolist())
    return tuple(tried_by(attack, *(pair if len(attack.members) == 2 else group)) for attack in tried)
