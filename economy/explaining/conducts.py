"""Conduct in windows: principals who put in junk or stale data, take several names or slander in some rounds of a run.

What they say and put in is that of a deviation (``futures.deviations``) while it is on. Where somebody takes further
names, every run has them as spare names from the start, which nobody uses before and after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.graphs import Graph
from commonweal.agents.population import Population
from commonweal.economy.arena.names import bearing, borne, knowing
from commonweal.economy.futures.deviations import Deviation, Staging, demand_members
from commonweal.economy.money.identity import fund_names
from commonweal.economy.round.set_up import Economy
from commonweal.economy.world.replicas import pick_runs, pick_world
from commonweal.economy.world.world import World

_LASTING = ("joins", "earlier", "leaves", "sheds", "policy", "from_round", "until", "tactic")


class Conducting(Protocol):
    """An intervention as far as it matters here."""

    @property
    def deviation(self) -> Deviation | None:
        """How its members carry out what they do."""


def demand_passing(name: str, deviation: Deviation) -> None:
    """Raise InputError where a deviation says what cannot be so in a window of rounds."""
    plain = Deviation(deviation.name, deviation.members)
    if wrong := [each for each in _LASTING if getattr(deviation, each) != getattr(plain, each)]:
        raise InputError(
            f"intervention {name}: a deviation in some rounds has no {wrong[0]}; from_round, until and policy are the "
            "intervention's, and who stays away acts so"
        )


@dataclass(frozen=True)
class Cast:
    """Who carries out what otherwise under P interventions, and under which names."""

    deviations: tuple[Deviation | None, ...]  # (P,)
    spares: tuple[range, ...]  # (P,) places of the further names that each takes
    bearer: Ints  # (N + spares,) the principal behind each name
    principals: int  # N
    graph: Graph  # who knows whom, of the B runs that are played on

    @classmethod
    def of(cls, interventions: Sequence[Conducting], world: World) -> "Cast":
        """The cast of some interventions.

        Args:
            interventions: P of them.
            world: of B runs.

        Raises:
            InputError: if a deviation names a principal that does not exist, makes no sense here, or takes further
                names for a principal for whom another one does.
        """
        count = world.graph.principals
        deviations = tuple(each.deviation for each in interventions)
        demand_members([each for each in deviations if each is not None], world)
        spares, bearer = [], list(range(count))
        for each in deviations:
            spares.append(range(len(bearer), len(bearer) + (0 if each is None else each.spares)))
            if each is not None and spares[-1]:
                if set(each.members) & set(bearer[count:]):
                    raise InputError(f"deviation {each.name}: another one takes further names for one of its members")
                bearer += [member for member in each.members for _ in range(each.identities - 1)]
        return cls(deviations, tuple(spares), np.array(bearer), count, world.graph)

    @property
    def shown(self) -> Ints | None:
        """Who is behind each name; None where everybody has one."""
        return self.bearer if len(self.bearer) > self.principals else None

    def ready(self, economy: Economy) -> Economy:
        """The B runs with spare names, which nobody uses; the same where there are none."""
        if self.shown is None:
            return economy
        every, spares = np.arange(len(economy.state.quality)), len(self.bearer) - self.principals
        bearer = np.tile(self.bearer, (len(every), 1))
        world, state = pick_world(economy.world, every, spares), pick_runs(economy.state, every, spares)
        world, state = bearing(world, state, bearer)
        people = borne(pick_runs(economy.people, every, spares), bearer, world.terms.values.concern)
        if "beliefs" in state.mechanisms:
            known = knowing(state.mechanisms["beliefs"], bearer)
            state = replace(state, mechanisms={**state.mechanisms, "beliefs": known})
        return Economy(world, state, people, economy.streams)

    def funded(self, economy: Economy, begins: Bools) -> Economy:
        """The runs in which who takes further names now (R, P) has given them their price of entry."""
        own, state = self._in_use(begins), economy.state
        if self.shown is None or "identity" not in state.mechanisms or not own[:, self.principals :].any():
            return economy
        bearer, paid = np.broadcast_to(self.bearer, own.shape), state.mechanisms["identity"].paid
        ledger = fund_names(state.ledger, bearer, ~own, paid, economy.world.terms.identity)
        return Economy(economy.world, replace(state, ledger=ledger), economy.people, economy.streams)

    def persons(self, people: Population) -> Population:
        """The people without spare names, who decide."""
        if self.shown is None:
            return people
        own = {part.name: getattr(people, part.name)[:, : self.principals] for part in fields(Population)}
        return Population(**own)

    def acquainted(self, world: World) -> World:
        """A world of n B runs in which persons know each other, under whatever names."""
        if self.shown is None:
            return world
        runs = np.tile(np.arange(self.graph.runs), world.shape[0] // self.graph.runs)
        return replace(world, graph=self.graph.pick(runs))

    def by_name(self, actions: Ints, on: Bools) -> Ints:
        """(R, N + spares) actions under every name, of actions (R, N) in runs that do some interventions (R, P)."""
        if self.shown is None:
            return actions
        return np.where(self._in_use(on), actions[:, self.bearer], np.int64(Action.ABSTAIN))

    def carried(self, world: World, people: Population, on: Bools) -> World:
        """The world in which members of what is on (R, P) carry out what they do as it says."""
        if all(each is None for each in self.deviations):
            return world
        staging = Staging.of(world, people)
        staging.conduct.person[:, self.principals :] = False
        for done, each, spares in zip(on.T, self.deviations, self.spares, strict=True):
            if each is not None and done.any():
                staging.write(each, np.flatnonzero(done), self._names(each, spares), self.bearer)
        return staging.staged

    def _names(self, deviation: Deviation, spares: range) -> list[int]:
        """Members of a deviation, then their further names; where it takes such, these."""
        if spares:
            return [*deviation.members, *spares]
        further = range(self.principals, len(self.bearer))
        return [*deviation.members, *(name for name in further if self.bearer[name] in deviation.members)]

    def _in_use(self, on: Bools) -> Bools:
        """(R, N + spares) names that are used."""
        used = np.zeros((len(on), len(self.bearer)), dtype=bool)
        used[:, : self.principals] = True
        for done, spares in zip(on.T, self.spares, strict=True):
            used[:, list(spares)] = done[:, None]
        return used
