"""Attacks: what they bring attackers, what they cost the others, and the most that anybody could gain (IC gap)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.runs.progress import Progress
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.incentives.catalogue import PAIR, catalogue, chosen, objections, tried_by
from commonweal.scenarios.studies.incentives.certificate import ic_gap
from commonweal.scenarios.studies.incentives.evidence import Trials, play_trials
from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.incentives.playing import play_deviations
from commonweal.scenarios.studies.intervals import cross_fitted

IDLE = "idle"
ATTACKS = ("junk", "stale", IDLE, "poison", "sybil", PAIR, "less", "late")


@dataclass(frozen=True)
class Threat:
    """Which attacks to try, and how."""

    horizon: int  # rounds
    principals: int  # who try every single deviation in turn
    attackers: float  # share of principals that attack together
    others: Others
    workers: int | None

    def options(self) -> IncentivesOptions:
        """The same for the study of incentives."""
        return IncentivesOptions(
            horizon=self.horizon, principals=self.principals, others=self.others, workers=self.workers
        )


@dataclass(frozen=True)
class Robustness:
    """How one mechanism withstands attacks, in S seeds."""

    gap: Interval  # () IC gap, money per round
    gaps: Floats  # (S,) the same seed by seed, cross-fitted
    attacks: tuple[str, ...]  # A
    gains: Floats  # (S, A) money per round and attacker
    losses: Floats  # (S, A) money per round and principal that does not attack


def assail(mechanism: Mechanism, seeds: tuple[int, ...], threat: Threat, tell: Progress) -> Robustness:
    """Try every deviation of single principals, and every attack by some of them together.

    Raises:
        InputError: if nothing can be tried in the scenario.
    """
    scenario, options = mechanism.scenario, threat.options()
    trials = Trials.of(scenario, options, chosen(scenario, options))
    evidence = play_trials(trials, seeds, lambda what, *steps: tell(f"{mechanism.name}: {what}", *steps))
    gains = evidence.gains[threat.others]
    singles = gains.alone.reshape(len(seeds), -1)
    tried = attacks(scenario, options)
    by_seed = [group_attacks(tried, order, threat.attackers) for order in evidence.base.order]
    done = _counter(f"{mechanism.name}: attacks", len(seeds) * len(tried), tell)
    outcome = play_deviations(
        scenario, seeds, by_seed, threat.others, threat.horizon, workers=threat.workers, tell=done
    )
    honest = scenario.population.count - np.array([len(attack.members) for attack in by_seed[0]])
    names = tuple(attack.name for attack in tried)
    return Robustness(ic_gap(evidence, gains), cross_fitted(singles), names, outcome.gains, outcome.losses / honest)


def attacks(scenario: Scenario, options: IncentivesOptions) -> tuple[Deviation, ...]:
    """The attacks that make sense in a scenario, of principal 0, or of 0 and 1."""
    known = catalogue(options) | {IDLE: Deviation(IDLE, (0,), Action.DELEGATE, share=0.0)}
    against = objections(scenario, options)
    return tuple(known[name] for name in ATTACKS if name not in against)


def group_attacks(tried: Sequence[Deviation], order: Ints, share: float) -> tuple[Deviation, ...]:
    """The same attacks by several principals together, spread evenly over their order (N,); a pair stays one."""
    count = min(max(1, round(share * len(order))), len(order) - 1)
    places = ((np.arange(count) + 0.5) * len(order) / count).astype(np.int64)
    group = tuple(order[places].tolist())
    pair = tuple(order[:2].tolist())
    return tuple(tried_by(attack, *(pair if attack.name == PAIR else group)) for attack in tried)


def _counter(what: str, total: int, tell: Progress) -> Callable[[int], None]:
    done = 0

    def count(deviations: int) -> None:
        nonlocal done
        done += deviations
        tell(what, done, total)

    return count
