"""Attacks: what they bring attackers and cost the others, what anybody could gain alone, and what honesty pays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.incentives.base_runs import BaseRuns, base_piece
from commonweal.scenarios.studies.incentives.catalogue import (
    PAIR,
    catalogue,
    chosen,
    objections,
    together_lying,
    tried_by,
)
from commonweal.scenarios.studies.incentives.certificate import compared
from commonweal.scenarios.studies.incentives.evidence import Evidence, Gains, Trials, shaped
from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.incentives.playing import GainsAndLosses, Span, Tried, play_tried
from commonweal.scenarios.studies.pieces import Piece, Pieces

HONEST = "delegate"  # the deviation of who always delegates what it has
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
    """How one mechanism withstands attacks, in S seeds; money per round, or utility."""

    deviations: tuple[str, ...]  # D, of a single principal
    singles: Floats  # (S, G, D) gains of those who are compared: places in the order of principals, or types
    honest: Floats  # (S,) payoff of who always delegates all it has, mean over those who try it; nan if nobody can
    attacks: tuple[str, ...]  # A, of some together
    gains: Floats  # (S, A) for each attacker
    losses: Floats  # (S, A) for each principal that does not attack

    @property
    def exploits(self) -> Floats:
        """(S, G D) gains of which the largest mean counts."""
        return self.singles.reshape(len(self.singles), -1)


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

    def base(self, seeds: Sequence[int]) -> Piece:
        """The runs in which nobody deviates."""
        return base_piece(self.mechanism.scenario, seeds, 0, self.threat.horizon, self.threat.judge)

    def tried(self, seeds: Sequence[int], orders: Sequence[Ints]) -> Tried:
        """All that is tried in some seeds, by principals in the order (N,) of each: alone, then together."""
        deviations = [[*self.trials.of_seed(order), *self.group(order)] for order in orders]
        return Tried(self.mechanism.scenario, seeds, deviations, self.span)

    def rounds(self, seeds: Sequence[int]) -> int:
        """Rounds of single runs that it takes."""
        anybody = np.arange(self.mechanism.scenario.population.count)
        return self.base(seeds).rounds + len(seeds) * self.tried(seeds[:1], [anybody]).rounds


def assail(assaults: Sequence[Assault], seeds: tuple[int, ...], pieces: Pieces) -> list[Robustness]:
    """Try every deviation of single principals, and every attack by some of them together, against each mechanism."""
    workers = assaults[0].threat.workers
    bases = pieces.play("runs without deviations", [each.base(seeds) for each in assaults], workers)
    tried = [each.tried(seeds, base.order) for each, base in zip(assaults, bases, strict=True)]
    outcomes = play_tried(tried, workers=workers, pieces=pieces, what="deviations and attacks")
    return [_robustness(*each) for each in zip(assaults, bases, outcomes, strict=True)]


def _robustness(assault: Assault, base: BaseRuns, outcome: GainsAndLosses) -> Robustness:
    together = len(assault.attacks)
    alone = outcome.gains.shape[1] - together
    trials = assault.trials
    gains = shaped(trials, GainsAndLosses(outcome.gains[:, :alone], outcome.losses[:, :alone]))
    evidence = Evidence(trials, base, {assault.threat.others: gains})
    names, singles = [each.name for each in trials.alone], compared(evidence, gains)
    others = assault.mechanism.scenario.population.count
    honest = others - np.array([len(attack.members) for attack in assault.group(np.arange(others))])
    return Robustness(
        tuple(names), singles, _honest(evidence, gains, names), tuple(attack.name for attack in assault.attacks),
        outcome.gains[:, alone:], outcome.losses[:, alone:] / honest,
    )  # fmt: skip


def _honest(evidence: Evidence, gains: Gains, names: Sequence[str]) -> Floats:
    """(S,) what is earned by who does nothing but delegate: what it earns without, and the gain from doing so."""
    if HONEST not in names:
        return np.full(evidence.seeds, np.nan)
    found: Floats = (evidence.payoffs + gains.alone[..., names.index(HONEST)]).mean(axis=1)
    return found


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
