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
from commonweal.scenarios.studies.reciprocity.options import ALL_C, ALL_D, NORMS
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

    def of(self, member: int) -> Deviation:
        """The deviation of one principal."""
        return Deviation(self.name, (member,), action=self.action, policy=self.policy, slanders=self.slanders)


@dataclass(frozen=True)
class Trials:
    """Mutants to try in S seeds, one at a time."""

    scenario: Scenario
    horizon: int  # rounds
    pairs: tuple[tuple[str, Mutant], ...]  # policy of the resident that each takes the place of, and what it does
    members: int  # residents that each is tried for, K
    tried: tuple[tuple[Deviation, ...], ...]  # of each seed, K for each pair in turn

    @property
    def span(self) -> Span:
        """After the scenario's own rounds."""
        return Span(self.scenario.rounds, self.horizon, "adapt", "money")

    def by_pair(self, gains: Floats) -> Floats:
        """(S, P) mean gains of each pair, from those of each trial (S, P K)."""
        mean: Floats = gains.reshape(len(gains), len(self.pairs), self.members).mean(axis=2)
        return mean


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
            yield Mutant(f"{PREFIX}:{norm}", policy=f"{PREFIX}:{norm}")
    else:
        POLICIES[name]
        if name == LEARNS and name not in scenario.policy.mix:
            raise InputError(f"option mutants: {name!r} must be in policy.mix: who follows it has learned before")
        yield Mutant(name, policy=name)


def trials(scenario: Scenario, tried: Sequence[Mutant], policy: Ints, members: int, horizon: int) -> Trials:
    """Every mutant in the place of residents of every policy but its own, and but of those who do always the same.

    Args:
        scenario: what is played.
        tried: the mutants.
        policy: (S, N) position of everybody's policy.
        members: residents of each policy for whom each is tried; fewer where a seed has not as many.
        horizon: rounds.
    """
    names = tuple(sorted(scenario.policy.mix))
    counts = {name: int((policy == place).sum(axis=1).min()) for place, name in enumerate(names) if name != _STAYS}
    number = min([members, *(count for count in counts.values() if count)], default=0)
    residents = [name for name, count in counts.items() if count]
    pairs = tuple((name, each) for name, each in product(residents, tried) if each.policy != name)
    own = [{name: np.flatnonzero(row == names.index(name))[:number] for name in residents} for row in policy]
    return Trials(scenario, horizon, pairs if number else (), number, tuple(
        tuple(mutant.of(int(member)) for name, mutant in pairs for member in of[name]) for of in own
    ))  # fmt: skip


def invasion(asked: Trials, gains: Floats, played: Played) -> pd.DataFrame:
    """A row per resident and mutant: what the mutant gains over what it would have had, and what residents are paid.

    Args:
        asked: what was tried.
        gains: (S, P K) money per round.
        played: the runs before.
    """
    rows, found = [], mean_interval(asked.by_pair(gains))
    for place, (resident, mutant) in enumerate(asked.pairs):
        gain = Interval(*found.at(place))
        columns: dict[str, Any] = {"resident": resident, "mutant": mutant.name}
        columns |= {name: float(end) for name, end in gain.columns("gain").items()}
        columns |= {"gain_share": float(gain.value) / pay_of(played, resident), "verdict": verdict(gain)}
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
