"""Evidence of incentives: gains by principal and deviation, seed by seed, and the runs they are gains over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.incentives.base_runs import DRAWN, BaseRuns, joined, play_base
from commonweal.scenarios.studies.incentives.catalogue import PAIR, tried_by
from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.incentives.playing import GainsAndLosses, Span, play_deviations, rounds_of
from commonweal.scenarios.studies.pieces import Pieces

DECIMALS = 12  # of gains, in money: what is beyond is rounding


@dataclass(frozen=True)
class Trials:
    """Deviations to try: D of one principal each, by those at P places, and perhaps one of pairs."""

    scenario: Scenario
    options: IncentivesOptions
    alone: tuple[Deviation, ...]  # D
    pair: Deviation | None
    places: Ints  # (P,) in the order of principals

    @classmethod
    def of(cls, scenario: Scenario, options: IncentivesOptions, deviations: Sequence[Deviation]) -> "Trials":
        """By all principals, or by some spread evenly over their order."""
        principals = scenario.population.count
        count = min(options.principals or principals, principals)
        places = ((np.arange(count) + 0.5) * principals / count).astype(np.int64)
        pair = next((deviation for deviation in deviations if deviation.name == PAIR), None)
        return cls(scenario, options, tuple(d for d in deviations if d.name != PAIR), pair, places)

    @property
    def pairs(self) -> Ints:
        """(Q, 2) places of pairs of neighbours in the order, who are of like type."""
        first = np.unique(self.places - self.places % 2)
        first = first[first + 1 < self.scenario.population.count] if self.pair else first[:0]
        return np.stack([first, first + 1], axis=1)

    @property
    def modes(self) -> tuple[Others, ...]:
        """What the others do."""
        return ("adapt", "freeze") if self.options.others == "both" else (self.options.others,)

    def of_seed(self, order: Ints) -> list[Deviation]:
        """P D deviations and then Q of pairs, of the principals (N,) in the seed's order."""
        alone = [tried_by(deviation, int(order[place])) for place in self.places for deviation in self.alone]
        return alone + [tried_by(self.pair, *map(int, order[two])) for two in self.pairs if self.pair]


@dataclass(frozen=True)
class Gains:
    """Gains from deviations in one mode of the others; P places, D deviations, Q pairs."""

    alone: Floats  # (S, P, D) money per round, or utility
    losses: Floats  # (S, P, D) the same, of all others together
    pairs: Floats  # (S, Q) the same, for each member
    pairs_losses: Floats  # (S, Q) the same, of all others together


@dataclass(frozen=True)
class Evidence:
    """The evidence of S seeds."""

    trials: Trials
    base: BaseRuns
    gains: dict[Others, Gains]

    @property
    def seeds(self) -> int:
        """S."""
        return len(self.base.seeds)

    @cached_property
    def payoffs(self) -> Floats:
        """(S, P) payoff per round without a deviation, by place: money, or utility where that is judged."""
        return self.base.placed(self.base.payoffs)[:, self.trials.places]

    @cached_property
    def types(self) -> dict[tuple[str, str], Bools]:
        """(S, P) who is of a type, by trait and type; only types that most seeds have among those who try."""
        return {key: those for key, those in self.members.items() if those.any(axis=1).mean() > 0.5}

    @cached_property
    def members(self) -> dict[tuple[str, str], Bools]:
        """(S, P) the same of every type, however few seeds have it."""
        found: dict[tuple[str, str], Bools] = {}
        for trait, types in self.base.types.items():
            placed = self.base.placed(types)[:, self.trials.places]
            found |= {(trait, str(kind)): placed == kind for kind in dict.fromkeys(placed.ravel())}
        return found

    @property
    def cost_types(self) -> list[Bools]:
        """(S, P) who is of each type of cost, where costs are drawn from types."""
        drawn = bool(self.trials.scenario.population.cost_types)
        return [those for (trait, _), those in self.types.items() if drawn and trait == DRAWN]

    @property
    def sizes(self) -> Floats:
        """(G,) principals who try in each of the groups that incentives are judged by, in the mean over seeds."""
        alike = [those.sum(axis=1).mean() for those in self.cost_types]
        return np.array(alike or [1.0] * len(self.trials.places))

    @cached_property
    def outside(self) -> Floats:
        """(S, P) the same of who stays away, by place."""
        return self.base.placed(self.base.outside)[:, self.trials.places]

    def first(self, seeds: int) -> "Evidence":
        """Only the first seeds."""
        gains = {mode: Gains(*(part[:seeds] for part in vars(g).values())) for mode, g in self.gains.items()}
        return Evidence(self.trials, self.base.first(seeds), gains)


def mean_of(values: Floats, members: Bools) -> Floats:
    """Mean over all members of a type in all seeds, with what each seed moves it by.

    Seeds have more or fewer members: the mean is a ratio of two sums, and its spread that of the ratio's linear part.
    Where all have as many it is each seed's own mean.

    Args:
        values: (S, P, …).
        members: (S, P) who is of the type, at least one.

    Returns:
        (S, …) numbers whose mean over seeds is the mean over members.
    """
    weights = members.reshape(*members.shape, *[1] * (values.ndim - 2))
    total, count = (values * weights).sum(axis=1), weights.sum(axis=1)
    mean = total.sum(axis=0) / count.sum(axis=0)
    by_seed: Floats = mean + (total - mean * count) / count.mean(axis=0)
    return by_seed


def play_trials(trials: Trials, seeds: Sequence[int], pieces: Pieces, what: str = "deviations") -> Evidence:
    """Play the runs of some seeds, without deviations and with each.

    Args:
        trials: what to try.
        seeds: in which.
        pieces: plays and keeps it.
        what: it is, for progress.
    """
    options = trials.options
    base = play_base(trials.scenario, seeds, options.start, options.horizon, pieces, options.judge)
    tried = [trials.of_seed(order) for order in base.order]
    gains = {
        mode: shaped(trials, play_deviations(
            trials.scenario, seeds, tried, Span(options.start, options.horizon, mode, options.judge),
            workers=options.workers, pieces=pieces, what=f"{what} in {len(seeds)} seeds"))
        for mode in trials.modes
    }  # fmt: skip
    return Evidence(trials, base, gains)


def trial_rounds(trials: Trials, seeds: Sequence[int]) -> int:
    """Rounds of single runs that it takes to play the runs of some seeds."""
    options, anybody = trials.options, np.arange(trials.scenario.population.count)
    spans = [Span(options.start, options.horizon, mode) for mode in trials.modes]
    deviating = sum(rounds_of([trials.of_seed(anybody)], span) for span in spans)
    return len(seeds) * (options.start + options.horizon + deviating)


def shaped(trials: Trials, outcome: GainsAndLosses) -> Gains:
    """Gains by place and deviation, from those of the deviations (S, ...) of ``Trials.of_seed``."""
    shape = (len(outcome.gains), len(trials.places), len(trials.alone))
    alone = shape[1] * shape[2]
    gains, losses = (np.round(values, DECIMALS) for values in (outcome.gains, outcome.losses))
    return Gains(gains[:, :alone].reshape(shape), losses[:, :alone].reshape(shape), gains[:, alone:], losses[:, alone:])


def added(before: Evidence, more: Evidence) -> Evidence:
    """The evidence of all seeds."""
    gains = {
        mode: Gains(*(np.concatenate([old, new]) for old, new in zip(
            vars(before.gains[mode]).values(), vars(more.gains[mode]).values(), strict=True)))
        for mode in before.gains
    }  # fmt: skip
    return replace(before, base=joined(before.base, more.base), gains=gains)
