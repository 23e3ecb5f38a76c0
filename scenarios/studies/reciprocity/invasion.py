"""Invasion: one resident at a time does otherwise, in a future of its run that differs in nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.policies.conditional import delegating_and_shirking
from commonweal.agents.policies.norms import PREFIX
from commonweal.agents.reciprocity.norms import NORMS as REGISTERED
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.incentives.playing import Span
from commonweal.scenarios.studies.reciprocity.options import ALL_C, ALL_D, NORMS, ReciprocityOptions
from commonweal.scenarios.studies.reciprocity.playing import Played
from commonweal.scenarios.studies.reciprocity.rules import LEARNS

SLANDERER = "slanderer"  # who calls everybody bad when it judges
_STAYS = "fixed"  # policy of those who do always the same: nobody's resident
VERDICTS = ("invades", "is repelled", "open", "does the same")


@dataclass(frozen=True)
class Mutant:
    """What a mutant does otherwise than its policy says."""

    name: str
    action: Action | None = None
    policy: str | None = None
    slanders: bool = False
    few: bool = False  # whether one of many, so that it is tried for fewer residents

    def of(self, member: int) -> Deviation:
        """The deviation of one principal."""
        return Deviation(self.name, (member,), action=self.action, policy=self.policy, slanders=self.slanders)


@dataclass(frozen=True)
class Pair:
    """A mutant in the place of residents."""

    resident: str  # their policy
    mutant: Mutant
    members: int  # residents for whom it is tried in every seed, one at a time


@dataclass(frozen=True)
class Trials:
    """Mutants to try in S seeds, one at a time."""

    scenario: Scenario
    horizon: int  # rounds
    pairs: tuple[Pair, ...]  # P
    tried: tuple[tuple[Deviation, ...], ...]  # of each seed, those of each pair in turn, D in all

    @property
    def span(self) -> Span:
        """After the scenario's own rounds."""
        return Span(self.scenario.rounds, self.horizon, "adapt", "money")

    def by_pair(self, gains: Floats) -> Floats:
        """(S, P) mean gains of each pair, from those of each trial (S, D)."""
        ends = np.cumsum([pair.members for pair in self.pairs])[:-1]
        return np.stack([part.mean(axis=1) for part in np.split(gains, ends, axis=1)], axis=1)


def mutants(asked: Sequence[str], scenario: Scenario) -> tuple[Mutant, ...]:
    """The mutants of an option.

    Raises:
        InputError: if there is no such mutant.
    """
    codes = np.array([Action[name.upper()] for name in scenario.actions.available])
    delegating, shirking = delegating_and_shirking(codes)
    fixed = {ALL_D: Mutant(ALL_D, Action(shirking)), ALL_C: Mutant(ALL_C, Action(delegating))}
    return tuple(each for name in asked for each in _named(name, fixed, scenario))


def _named(name: str, fixed: Mapping[str, Mutant], scenario: Scenario) -> Iterator[Mutant]:
    if name in fixed:
        yield fixed[name]
    elif name == NORMS:
        for norm in REGISTERED:
            yield Mutant(f"{PREFIX}:{norm}", policy=f"{PREFIX}:{norm}", few=True)
    else:
        POLICIES[name]
        if name == LEARNS and name not in scenario.policy.mix:
            raise InputError(f"option mutants: {name!r} must be in policy.mix: who follows it has learned before")
        yield Mutant(name, policy=name)


def trials(scenario: Scenario, tried: Sequence[Mutant], policy: Ints, options: ReciprocityOptions) -> Trials:
    """Every mutant in the place of residents of every policy but its own, and but of those who do always the same.

    Args:
        scenario: what is played.
        tried: the mutants.
        policy: (S, N) position of everybody's policy.
        options: for how many residents of each policy, fewer where a seed has not as many, and for how many rounds.
    """
    names = tuple(sorted(scenario.policy.mix))
    counts = {name: int((policy == place).sum(axis=1).min()) for place, name in enumerate(names) if name != _STAYS}
    pairs = tuple(
        Pair(name, each, min(options.followers if each.few else options.members, count))
        for (name, count), each in product(counts.items(), tried) if count and each.policy != name
    )  # fmt: skip
    own = [{name: np.flatnonzero(row == names.index(name)) for name in counts} for row in policy]
    return Trials(scenario, options.horizon, pairs, tuple(
        tuple(pair.mutant.of(int(member)) for pair in pairs for member in of[pair.resident][: pair.members])
        for of in own
    ))  # fmt: skip


def invasion(asked: Trials, gains: Floats, played: Played) -> pd.DataFrame:
    """A row per resident and mutant: what the mutant gains over what it would have had, and what residents are paid.

    Args:
        asked: what was tried.
        gains: (S, D) money per round.
        played: the runs before.
    """
    rows, found = [], mean_interval(asked.by_pair(gains))
    for place, pair in enumerate(asked.pairs):
        gain = Interval(*found.at(place))
        columns: dict[str, Any] = {"resident": pair.resident, "mutant": pair.mutant.name}
        columns |= {name: float(end) for name, end in gain.columns("gain").items()}
        columns |= {"gain_share": float(gain.value) / pay_of(played, pair.resident), "verdict": verdict(gain)}
        rows.append(columns)
    return pd.DataFrame(rows)


def verdict(gain: Interval) -> str:
    """What an interval () says of a mutant."""
    if gain.value == 0 and not gain.high > gain.low:
        return VERDICTS[3]
    return VERDICTS[0] if gain.low > 0 else VERDICTS[1] if gain.high < 0 else VERDICTS[2]


def pay_of(played: Played, policy: str) -> float:
    """Money per round of those who follow a policy, at the end."""
    members = played.policy == played.policies.index(policy)
    return float(played.pay[members].mean())
