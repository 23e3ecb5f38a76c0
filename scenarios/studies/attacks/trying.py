"""Trying attacks: what each brings to each group of principals, seed by seed, against the run without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.schema.relevance import learns
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.options import CertifyOptions
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.incentives.base_runs import DRAWN, play_base
from commonweal.scenarios.studies.incentives.catalogue import tried_by
from commonweal.scenarios.studies.incentives.certificate import compared
from commonweal.scenarios.studies.incentives.evidence import DECIMALS, Evidence, Gains, Trials, mean_of, play_trials
from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations, play_everybody
from commonweal.scenarios.studies.pieces import Pieces

_PLACE = "place "


@dataclass(frozen=True)
class Trying:
    """Against what attacks are tried, and how."""

    scenario: Scenario
    options: CertifyOptions
    judge: Judge  # what gains are counted in
    pieces: Pieces  # plays and keeps them


@dataclass(frozen=True)
class Tried:
    """What D attacks bring to G groups of principals in S seeds."""

    attacks: tuple[Attack, ...]  # D
    groups: tuple[str, ...]  # G: a place in the order of principals, or a type where costs are drawn from types
    gains: Floats  # (S, G, D) per round, as judged
    evidence: Evidence  # and the runs they are gains over

    def of(self, attack: Attack, group: str) -> Floats:
        """(S,) gains of a group from an attack; of a type too that fewer seeds have than would make it a group.

        Raises:
            InputError: if nobody of that type tries in any of the seeds.
        """
        column = [each.identity for each in self.attacks].index(attack.identity)
        if group in self.groups:
            gains: Floats = self.gains[:, self.groups.index(group), column]
            return gains
        those = self.evidence.members.get((DRAWN, group))
        if those is None or not those.any():
            raise InputError(f"nobody of type {group!r} tries in these {len(self.gains)} seeds: ask for more seeds")
        (alone,) = (gains.alone[..., column] for gains in self.evidence.gains.values())
        return mean_of(alone, those)


def try_attacks(trying: Trying, attacks: Sequence[Attack], seeds: Sequence[int], what: str) -> Tried:
    """Play attacks by all groups in some seeds.

    Args:
        trying: against what.
        attacks: D of them.
        seeds: S of them.
        what: they are, for progress.

    Raises:
        InputError: if an attack makes no sense in the scenario, or a run diverges.
    """
    trials = _trials(trying, attacks)
    if learns(trying.scenario):
        evidence = play_trials(trials, seeds, trying.pieces, what)
    else:
        evidence = _together(trying, trials, seeds, what)
    gains = compared(evidence, evidence.gains[trying.options.others])
    return Tried(tuple(attacks), groups_of(evidence), gains, evidence)


def _together(trying: Trying, trials: Trials, seeds: Sequence[int], what: str) -> Evidence:
    """The same evidence, many seeds played as one ensemble; what attacks cost others is not counted."""
    options = trying.options
    base = play_base(trying.scenario, seeds, options.start, options.horizon, trying.pieces, trying.judge)
    span = Span(options.start, options.horizon, options.others, trying.judge)
    gains = play_everybody(
        trying.scenario, seeds, trials.alone, span, workers=options.workers, pieces=trying.pieces, what=what
    )
    placed = np.take_along_axis(gains, base.order[:, trials.places, None], axis=1).round(DECIMALS)
    none = np.zeros((len(seeds), 0))
    return Evidence(trials, base, {options.others: Gains(placed, np.full_like(placed, np.nan), none, none)})


def try_pairs(
    trying: Trying, pairs: Sequence[tuple[Attack, str]], seeds: Sequence[int], what: str
) -> tuple[Floats, Evidence]:
    """Play only some pairs of an attack and the group that makes it.

    Args:
        trying: against what.
        pairs: F of them.
        seeds: S of them.
        what: they are, for progress.

    Returns:
        (S, F) gains, and the runs that they are gains over.
    """
    options = trying.options
    attacks = list({attack.identity: attack for attack, _ in pairs}.values())
    if trying.scenario.population.cost_types or not learns(trying.scenario):
        tried = try_attacks(trying, attacks, seeds, what)
        return np.stack([tried.of(*pair) for pair in pairs], axis=1), tried.evidence
    base = play_base(trying.scenario, seeds, options.start, options.horizon, trying.pieces, trying.judge)
    places = [int(group.removeprefix(_PLACE)) for _, group in pairs]
    by_seed = [
        [tried_by(attack.deviation, int(order[place])) for (attack, _), place in zip(pairs, places, strict=True)]
        for order in base.order
    ]
    span = Span(options.start, options.horizon, options.others, trying.judge)
    outcome = play_deviations(
        trying.scenario, seeds, by_seed, span, workers=options.workers, pieces=trying.pieces, what=what
    )
    gains: Floats = np.round(outcome.gains, DECIMALS)
    return gains, Evidence(_trials(trying, attacks), base, {})


def _trials(trying: Trying, attacks: Sequence[Attack]) -> Trials:
    """The attacks by all principals that try them."""
    told = trying.options
    options = IncentivesOptions(
        horizon=told.horizon, start=told.start, principals=told.principals, others=told.others, judge=trying.judge,
        confidence=told.confidence, workers=told.workers,
    )  # fmt: skip
    trials = Trials.of(trying.scenario, options, ())
    return replace(trials, alone=tuple(attack.deviation for attack in attacks))


def groups_of(evidence: Evidence) -> tuple[str, ...]:
    """The groups that incentives are judged by: types of cost, or places."""
    if evidence.cost_types:
        return tuple(kind for trait, kind in evidence.types if trait == DRAWN)
    return tuple(f"{_PLACE}{place}" for place in evidence.trials.places.tolist())
