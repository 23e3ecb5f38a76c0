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


@dataclass(frozen=True)
class View:
    """What one principal sees before it chooses."""

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
    def action(self) -> Action:
        """What it did last."""
        return Action(self.observation.population.action[0, self.index])

    @property
    def payoff(self) -> float:
        """Its remembered payoff, money per round."""
        return float(self.observation.population.payoff[0, self.index])

    @cached_property
    def delegating_share(self) -> float:
        """Share of its neighbours that delegated last."""
        delegated = (self.observation.population.action == Action.DELEGATE).astype(np.float64)
        return float(self.observation.graph.neighbour_mean(delegated)[0, self.index])


class Principal(mesa.Agent):
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
    def action(self) -> Action:
        """What it did last."""
        return Action(self._people.action[0, self.index])

    @property
    def payoff(self) -> float:
        """Its remembered payoff, money per round."""
        return float(self._people.payoff[0, self.index])

    @property
    def cost(self) -> float:
        """Its cost of delegating a sample, money."""
        return float(self._people.cost[0, self.index])

    @property
    def limits(self) -> Floats:
        """(K,) its limits on the probe losses."""
        limits: Floats = self._people.limits[0, self.index]
        return limits

    @property
    def reputation(self) -> float:
        """Moving average of being credited, in [0, 1]."""
        return float(self._people.reputation[0, self.index])

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
