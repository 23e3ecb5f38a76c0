"""What was learned: ``learned:FILE`` chooses whole moves by the tactic in a file (``economy.learners.files``).

The policy proposes the action of the move; the mechanism ``learned`` remembers for it and carries out the rest of the
move: what is put in, how much of it, and what is claimed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal
from commonweal.agents.policies.base import POLICIES, Law, Observation, Policy, PolicyTerms, certainly
from commonweal.agents.streams import Stream

PREFIX = NAME = "learned"  # of the names of these policies; of the mechanism
MINDS = "commonweal.economy.learners.minds"  # reads files, and stands above policies


@dataclass(frozen=True)
class Recalled:
    """What N principals of R runs remember of a run, each for itself."""

    last: Ints = per_principal(spare=-1)  # (R, N, D) codes of the last move; −1 before the first
    means: Floats = per_principal()  # (R, N, H, F) moving means of what was seen


@dataclass(frozen=True)
class Known:
    """What principals know beside what policies observe."""

    rounds: int  # of a run
    paid: Floats  # (R, N) what the last round was worth to each, money
    balance: Floats  # (R, N) money that each holds


@dataclass(frozen=True)
class Chosen:
    """The moves of a round, each (R, N)."""

    action: Ints  # codes of ``Action``; −1: what it did last
    form: Ints  # of what is put in; −1: as the action says
    share: Floats  # of its samples that it puts in
    looser: Floats  # share of its limits by which it claims to be looser; negative: stricter
    dearer: Floats  # share by which it claims that samples and looser limits cost it more
    exaggerates: Floats  # share by which it claims that its update does more than it does

    def taken(self, last: Ints) -> Ints:
        """(R, N) actions, given the last ones."""
        return np.where(self.action < 0, last, self.action)


class Mind(Protocol):
    """A tactic that principals of any scenario can follow; two of the same file are alike."""

    def begin(self, runs: int, principals: int) -> Recalled:
        """Nothing is remembered."""
        ...

    def demand(self, world: Any) -> None:
        """Raise InputError where it needs to see or to do what there is not in a world."""
        ...

    def choose(self, observation: Observation, known: Known, recalled: Recalled) -> tuple[Chosen, Recalled]:
        """The moves of a round, and what is remembered from then on."""
        ...


@dataclass(frozen=True)
class Shown:
    """What the mechanism shows: what minds know and remember, by the names of their policies."""

    known: Known
    recalled: Mapping[str, Recalled]


class Files:
    """Stands for all files: any name after the colon is one, and none is listed."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())


def mind_in(file: str) -> Mind:
    """The mind in a file, as the file is now.

    Raises:
        InputError: if there is none.
    """
    return cast(Mind, import_module(MINDS).mind_in(Path(file)))


def follower(file: str) -> Policy:
    """The policy that goes by a file, which is read now: a bad one is refused where a scenario names it."""
    mind_in(file)

    def follow(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
        return _actions(file, observation)

    return follow


def law_of_file(file: str) -> Law:
    """The law of the policy that goes by a file: what it does, for sure."""

    def law(observation: Observation, terms: PolicyTerms) -> Floats:
        return certainly(_actions(file, observation))

    return law


def _actions(file: str, observation: Observation) -> Ints:
    """(R, N) what everybody would do by a file; the last actions where the mechanism shows nothing."""
    shown: Shown | None = observation.shown.get(NAME)
    last = observation.population.action
    if shown is None or (recalled := shown.recalled.get(f"{PREFIX}:{file}")) is None:
        return last
    chosen, _ = mind_in(file).choose(observation, shown.known, recalled)
    return chosen.taken(last)


_OF_EACH: dict[str, Any] = {"law": law_of_file, "file": lambda file: file, "mind": lambda file: (lambda: mind_in(file))}
POLICIES.derive(PREFIX, Files(), follower, of_each=_OF_EACH, remembers=False, starts=True)
