"""What principals see before they choose, as features with names, and the record of all decisions of a play."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.policies import POLICIES, Observation, action_law
from commonweal.agents.policies.seeing import seen_by_all
from commonweal.agents.population import Population
from commonweal.economy.round.observe import observe
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.results import rounds_to_play
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Decisions:
    """What R runs of N principals saw before each of T rounds, how likely it made each action, and what came of it."""

    names: tuple[str, ...]  # (F,) of the features
    features: Floats  # (R, T, N, F) what each saw; actions and kinds by their codes
    law: Floats  # (R, T, N, 4) probability of each action, before mechanisms
    chose: Bools  # (R, T, N) who chose by its policy, not by what it started with
    actions: Ints  # (R, T, N) what each did
    utility: Floats  # (R, T, N) what the round brought each, money; payoffs where nobody minds
    policies: tuple[str, ...]  # in the mix
    policy: Ints  # (R, N) position of each one's policy among them
    available: Ints  # (A,) codes of the actions that policies may propose
    first: int  # rounds played before the first of the T

    @property
    def rounds(self) -> range:
        """The rounds that were noted, by the rounds played before each."""
        return range(self.first, self.first + self.law.shape[1])


def features_of(observation: Observation, policies: tuple[str, ...]) -> dict[str, Floats]:
    """What principals see, by name, each (R, N).

    Beside what concerns everybody there are utility and value costs where principals mind, and what the policies in the
    mix read of their own: learned values, foregone payoffs, kinds.

    Args:
        observation: before the choice.
        policies: in the mix.
    """
    seen, people = seen_by_all(observation), observation.population
    if "conditional" in policies:
        seen["kind"] = people.conditional_kind.astype(np.float64)
    if people.minds:
        seen["own utility"] = people.utility
        seen |= _by_action("value cost of", people.value_costs, observation.available)
    if "learning" in policies:
        seen |= _by_action("learned value of", people.action_values, observation.available)
    if any(POLICIES.facts(name).compares for name in policies):
        seen |= _by_action("foregone payoff of", np.nan_to_num(people.foregone), observation.available)
    return seen


def _by_action(what: str, values: Floats, available: Ints) -> dict[str, Floats]:
    """(R, N) of each available action from values (R, N, 4)."""
    return {f"{what} {Action(code).name.lower()}": values[..., code] for code in available}


class DecisionLog:
    """Notes decisions while runs are played: ``see`` before a round, ``note`` after it.

    Args:
        world: of the runs.
        most: rounds kept, the latest; all if not given.
    """

    def __init__(self, world: World, most: int | None = None) -> None:
        self._world, self._most = world, most
        self._names: tuple[str, ...] = ()
        self._first = 0
        self._policy: Ints = np.zeros(world.shape, dtype=np.int64)
        self._seen: deque[tuple[Floats, Floats, Bools]] = deque()
        self._done: deque[tuple[Ints, Floats]] = deque()

    def see(self, state: State, people: Population) -> None:
        """Note what everybody sees before the next round, and how likely that makes each action."""
        self.look(observe(state, people, self._world), people.policy)

    def look(self, observation: Observation, policy: Ints, law: Floats | None = None) -> None:
        """The same of what everybody sees, (R, N) by which policy each goes, and the law, where it is known already."""
        terms = self._world.terms.policy
        if not self._seen:
            self._first, self._policy = observation.round, policy
        seen = features_of(observation, terms.names)
        self._names = tuple(seen)
        starting = np.array([POLICIES.facts(name).starts for name in terms.names])
        chose = starting[policy] | (observation.round > 0)
        law = action_law(observation, terms) if law is None else law
        self._seen.append((np.stack(list(seen.values()), axis=2), law, chose))

    def note(self, record: Record) -> None:
        """Note what came of it."""
        self.tell(record.actions, record.payday.utility)

    def tell(self, actions: Ints, utility: Floats) -> None:
        """The same of (R, N) actions and (R, N) what the round brought each, money."""
        self._done.append((actions, utility))
        while self._most is not None and len(self._done) > self._most:
            self._seen.popleft()
            self._done.popleft()
            self._first += 1

    def decisions(self) -> Decisions:
        """All that was seen and done in the rounds kept, at least one."""
        whole = list(self._seen)[: len(self._done)]
        features, law, chose = (np.stack(each, axis=1) for each in zip(*whole, strict=True))
        actions, utility = (np.stack(each, axis=1) for each in zip(*self._done, strict=True))
        terms = self._world.terms
        names, available = terms.policy.names, terms.available
        return Decisions(
            self._names, features, law, chose, actions, utility, names, self._policy, available, self._first
        )


def watched(ensemble: Ensemble, rounds: int | None = None, on_round: Callable[[], None] | None = None) -> Decisions:
    """Play on, and note every decision.

    Args:
        ensemble: of R runs; moves on.
        rounds: T, at least 1; as many as the scenario says if not given.
        on_round: called after every round.
    """
    log = DecisionLog(ensemble.world)
    for _ in range(rounds_to_play(rounds, ensemble.world.terms.rounds)):
        log.see(ensemble.state, ensemble.people)
        log.note(ensemble.step())
        if on_round is not None:
            on_round()
    return log.decisions()
