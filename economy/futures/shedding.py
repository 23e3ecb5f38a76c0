"""Shedding: a principal whose name has become bad goes on under a fresh one, which is good.

What a name is worth must then be less than a new one costs (Friedman and Resnick 2001, "The social cost of cheap
pseudonyms").
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.population import Population
from commonweal.agents.reciprocity.norms import BAD
from commonweal.economy.arena.names import Names
from commonweal.economy.futures.deviations import Deviation, spares_of
from commonweal.economy.money.ledger import Reason, Transfer, post, to_micro
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Shedding:
    """Which name everybody uses, in R runs of N + spare names; who sheds none uses its own."""

    acting: Ints  # (R, N + spares) name under which each takes part now
    following: Ints  # (R, N + spares) name that a principal goes on under once it sheds one; itself where none is left
    sheds: Bools  # (R, N + spares) names of those who shed

    @classmethod
    def of(cls, deviations: Sequence[Deviation], names: Names, bases: int) -> "Shedding | None":
        """Everybody under its own name; None where no deviation sheds any.

        Args:
            deviations: D of them.
            names: whose name is whose.
            bases: runs that each is tried in.
        """
        if not any(deviation.sheds for deviation in deviations):
            return None
        acting = np.tile(np.arange(names.bearer.shape[1]), (len(names.bearer), 1))
        following, sheds = acting.copy(), np.zeros(acting.shape, dtype=np.bool_)
        for k, deviation in enumerate(deviations, start=1):
            for member in deviation.members if deviation.sheds else ():
                spare = spares_of(deviation, names.principals)
                own = [member, *(name for name in spare if names.bearer[k, name] == member)]
                following[k, own[:-1]], sheds[k, own] = own[1:], True
        repeated = (bases, 1)
        return cls(np.tile(acting, repeated), np.tile(following, repeated), np.tile(sheds, repeated))

    def idle(self, bearer: Ints) -> Bools:
        """(R, N + spares) names of shedders that they do not use now; ``bearer`` says whose they are."""
        used: Bools = np.take_along_axis(self.acting, bearer, axis=1) == np.arange(bearer.shape[1])
        return self.sheds & ~used

    def conduct(self, usual: Conduct, bearer: Ints) -> Conduct:
        """How everybody behaves under the names of now: the person is behind the name in use."""
        person = np.where(self.sheds, ~self.idle(bearer), usual.person)
        return replace(usual, person=person, acts_as=self.acting)

    def persons(self, people: Population, principals: int) -> Population:
        """The N persons, as they are under the names of now."""
        now = self.acting[:, :principals]
        return Population(**{part.name: _taken(getattr(people, part.name), now) for part in fields(Population)})


def shed(
    shedding: Shedding, state: State, people: Population, world: World
) -> tuple[Shedding, State, Population]:
    """Who has a bad name, a fresh one left and the price of it, goes on under that with all its money.

    Args:
        shedding: names of now.
        state: of the cooperative, between two rounds.
        people: between two rounds.
        world: whose ``identity.cost`` a fresh name costs.
    """
    image, old = state.mechanisms["reciprocity"].image, shedding.acting
    new = np.take_along_axis(shedding.following, old, axis=1)
    purse = np.take_along_axis(state.ledger.principals, old, axis=1)
    affords = purse >= to_micro(world.terms.identity.cost)
    moves = (np.take_along_axis(image, old, axis=1) == BAD) & (new != old) & affords
    moves &= np.arange(old.shape[1]) < world.customers  # persons do, names do not
    if not moves.any():
        return shedding, state, people
    run, person = np.nonzero(moves)
    source, target = (run, old[run, person]), (run, new[run, person])
    changed = {part.name: _moved(getattr(people, part.name), source, target) for part in fields(Population)}
    carried = Transfer(Reason.IDENTITY, old, new, np.where(moves, purse, 0))
    state = replace(state, ledger=post(state.ledger, [carried]))
    acting = np.where(moves, new, old)
    return replace(shedding, acting=acting), state, Population(**changed)


def unshed(actions: Ints, shedding: Shedding, bearer: Ints) -> Ints:
    """(R, N + spares) actions in which names that are not in use stay away."""
    return np.where(shedding.idle(bearer), np.int64(Action.ABSTAIN), actions)


def _taken(values: AnyArray, places: Ints) -> AnyArray:
    """(R, M, …) values at places (R, M)."""
    return values[np.arange(len(places))[:, None], places]


def _moved(values: AnyArray, source: tuple[Ints, Ints], target: tuple[Ints, Ints]) -> AnyArray:
    """Values (R, N, …) in which places have what stands in others."""
    moved = values.copy()
    moved[target] = values[source]
    return moved
