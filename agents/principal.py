"""A principal as a Mesa agent: a view of its place in the population's arrays, and the place to override its choice."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

import mesa
import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.policies import Observation
from commonweal.agents.population import Population


class Society(Protocol):
    """What a principal asks of the Mesa model it lives in."""

    @property
    def people(self) -> Population:
        """The principals' state, of one run."""

    @property
    def wealth(self) -> Floats:
        """(N,) balance and escrow of every principal, money."""


class Own:
    """What a principal knows of itself: its column of the population's arrays, of one run."""

    index: int  # which principal

    @property
    def _people(self) -> Population:
        raise NotImplementedError

    @property
    def action(self) -> Action:
        """What it did last."""
        return Action(self._people.action[0, self.index])

    @property
    def payoff(self) -> float:
        """Its remembered payoff, money per round."""
        return float(self._people.payoff[0, self.index])

    @property
    def utility(self) -> float:
        """Its remembered utility, money per round: payoff less value cost; the payoff where nobody minds."""
        return float(self._people.utility[0, self.index])

    @property
    def value_costs(self) -> Floats:
        """(4,) what each action costs it in its own values, by code, money per round, as remembered; 0 if none."""
        people = self._people
        return np.array(people.value_costs[0, self.index]) if people.minds else np.zeros(len(Action))

    @property
    def value_cost(self) -> float:
        """The same of its last action."""
        return float(self.value_costs[self.action])

    @property
    def cost(self) -> float:
        """Its cost of delegating a sample, money."""
        return float(self._people.cost[0, self.index])

    @property
    def limits(self) -> Floats:
        """(K,) its true limits on the probe losses."""
        limits: Floats = self._people.limits[0, self.index]
        return limits

    @property
    def outcome_concern(self) -> Floats:
        """(K,) what a unit of violation costs it whatever it does, money per round."""
        concern: Floats = self._people.outcome_concern[0, self.index]
        return concern

    @property
    def complicity_concern(self) -> Floats:
        """(K,) what a unit of violation costs it if it takes part, money per round."""
        concern: Floats = self._people.complicity_concern[0, self.index]
        return concern

    @property
    def camp(self) -> int:
        """Its camp, from 0; 0 where there are none."""
        return int(self._people.camp[0, self.index])

    @property
    def reputation(self) -> float:
        """Moving average of being credited, in [0, 1]."""
        return float(self._people.reputation[0, self.index])


@dataclass(frozen=True)
class View(Own):
    """What one principal sees before it chooses: what it knows of itself, and what everybody sees."""

    observation: Observation
    index: int  # which principal
    proposal: Action  # what its policy would do

    @property
    def round(self) -> int:
        """Rounds played so far."""
        return self.observation.round

    @property
    def quality(self) -> float:
        """Accuracy of the shared model after the last round."""
        return float(self.observation.quality[0])

    @property
    def available(self) -> tuple[Action, ...]:
        """Actions it may take."""
        return tuple(Action(code) for code in self.observation.available)

    @property
    def _people(self) -> Population:
        return self.observation.population

    @cached_property
    def delegating_share(self) -> float:
        """Share of its neighbours that delegated last."""
        delegated = (self.observation.population.action == Action.DELEGATE).astype(np.float64)
        return float(self.observation.graph.neighbour_mean(delegated)[0, self.index])


class Principal(Own, mesa.Agent):
    """One data owner. Subclass it and override ``choose`` to decide by a rule of your own.

    Args:
        model: the cooperative.
        index: which principal, from 0.
    """

    def __init__(self, model: mesa.Model, index: int) -> None:
        super().__init__(model)
        self.index = index

    def choose(self, view: View) -> Action:
        """The action of the coming round; by default what the principal's policy proposes."""
        return view.proposal

    @property
    def wealth(self) -> float:
        """Its balance and escrow, money."""
        return float(self._society.wealth[self.index])

    @property
    def _society(self) -> Society:
        return cast(Society, self.model)

    @property
    def _people(self) -> Population:
        return self._society.people
