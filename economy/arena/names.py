"""Names under which principals take part: their own, and spare ones behind the N principals.

Several names of one principal are a Sybil attack (Douceur 2002).
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.population import Population
from commonweal.economy.money.identity import fund_names
from commonweal.economy.round.mechanisms.beliefs import Beliefs
from commonweal.economy.round.set_up import Economy
from commonweal.economy.world.replicas import pick_runs, pick_world, share_streams
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Names:
    """Whose name is whose, in V variants of a run: N principals have their own, and some have spare ones."""

    principals: int  # N
    spares: int
    bearer: Ints  # (V, N + spares) the principal behind a name; itself for principals
    unborne: Bools  # (V, N + spares) names that nobody uses

    def together(self, values: Floats) -> Floats:
        """(R, N) what principals have under all their names.

        Args:
            values: (R, N + spares), the variants one after another, over and over.
        """
        if not self.spares:
            return values
        repeated = (len(values) // len(self.bearer), 1)
        total = np.zeros((len(values), self.principals))
        used = np.where(np.tile(self.unborne, repeated), 0.0, values)
        np.add.at(total, (np.arange(len(values))[:, None], np.tile(self.bearer, repeated)), used)
        return total


def renamed(economy: Economy, runs: Ints, names: Names, unpaid: Bools) -> Economy:
    """Copies of runs with spare names, and what those who bear them know and can pay for.

    Args:
        economy: between two rounds; unchanged.
        runs: (R,) which runs, the variants of ``names`` one after another, over and over.
        names: whose name is whose.
        unpaid: (R, N + spares) names that are given no price of entry by their bearer.
    """
    bearer = np.tile(names.bearer, (len(runs) // len(names.bearer), 1))
    world, state = pick_world(economy.world, runs, names.spares), pick_runs(economy.state, runs, names.spares)
    people = borne(pick_runs(economy.people, runs, names.spares), bearer, world.terms.values.concern)
    if names.spares:
        world, state = bearing(world, state, bearer)
    if names.spares and "identity" in state.mechanisms:
        paid = state.mechanisms["identity"].paid
        state = replace(state, ledger=fund_names(state.ledger, bearer, unpaid, paid, world.terms.identity))
    if names.spares and "beliefs" in state.mechanisms:
        own = knowing(state.mechanisms["beliefs"], bearer)
        state = replace(state, mechanisms={**state.mechanisms, "beliefs": own})
    return Economy(world, state, people, share_streams(economy.streams, runs))


def bearing(world: World, state: State, bearer: Ints) -> tuple[World, State]:
    """World and state in which every name (R, N + spares) has a bearer, and can put in what that holds."""
    world = replace(world, bearer=bearer)
    if not world.terms.population.samples:
        return world, state
    amount = _along(state.membership.amount, bearer)
    return world, replace(state, membership=replace(state.membership, amount=amount))


def borne(population: Population, bearer: Ints, concern: str) -> Population:
    """The population in which every name has the costs, policy, values and last action of its principal.

    A principal minds what it does under its own name alone, so that it counts once; only where complicity goes by the
    harm of one's own update (``concern`` = share) does it mind that of every name.
    """
    own = ["cost", "price", "policy", "conditional_kind", "limits", "anchor", "action"]
    own += ["complicity_concern"] * (concern == "share")
    return replace(population, **{name: _along(getattr(population, name), bearer) for name in own})


def knowing(beliefs: Beliefs, bearer: Ints) -> Beliefs:
    """Beliefs in which every name's agent knows what that of its principal knows."""
    belief = replace(beliefs.belief, chances=_along(beliefs.belief.chances, bearer))
    return replace(beliefs, belief=belief, asked=_along(beliefs.asked, bearer))


def persons_of(people: Population, names: Names) -> Population:
    """The people without spare names: they decide, and draw the same numbers whatever names are used."""
    if not names.spares:
        return people
    own = {part.name: getattr(people, part.name)[:, : names.principals] for part in fields(Population)}
    return Population(**own)


def parts_of(start: Ints, count: Ints, parts: int) -> tuple[Ints, Ints]:
    """Starts and counts (B, parts) of equal parts of holdings (B,). With fewer samples than parts, some are in two."""
    edges = np.arange(parts + 1) * count[:, None] // parts
    begin = np.minimum(edges[:, :-1], count[:, None] - 1)
    return start[:, None] + begin, np.maximum(edges[:, 1:] - begin, 1)


def _along(values: AnyArray, bearer: Ints) -> AnyArray:
    return np.take_along_axis(values, bearer.reshape(*bearer.shape, *[1] * (values.ndim - 2)), axis=1)
