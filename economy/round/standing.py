"""Standing of principals in a world and a state: what settlement and model rewards look at, real or supposed."""

import numpy as np

from commonweal.agents.actions import ABSTAIN
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.money.membership import NEVER, Membership
from commonweal.economy.money.settlement import Lines, Standing
from commonweal.economy.world.world import State, World

ROUNDING = 1e-9  # of credit
SMALLEST_VALUE = 1e-12  # money per unit of accuracy that a cost is divided by


def standing_of(
    state: State,
    world: World,
    credit: Floats,
    member: Bools,
    put: Ints | Floats,
    membership: Membership,
    runs: Ints | slice = slice(None),
) -> Standing:
    """Where everybody stands, or would stand if it had done otherwise.

    Args:
        state: before the round, of R runs.
        world: what does not move.
        credit: (R', N) cumulated credit.
        member: (R', N) who takes part.
        put: (R', N) samples put in this round.
        membership: of R' runs, this round included.
        runs: (R',) the runs of these R' standings; all of them, once each, if not given.
    """
    population, tariff = state.population, state.tariff
    claims = world.holdings.count[runs] if world.terms.learns else put
    # Without a task every round starts anew.
    contributed = membership.contributed if world.terms.learns else put.astype(np.float64)
    if (least := world.terms.membership.content[runs]).any():
        there = has_content(credit, put, least)
        put, contributed = (np.where(there, samples, 0) for samples in (put, contributed))
    return Standing(
        credit=credit,
        claims=np.where(member, claims, 0),
        member=member,
        reputation=population.reputation[runs],
        put=put,
        cost=claimed_cost(state, world)[runs],
        joined=claimed_joining(membership.joined, world, runs),
        contributed=contributed,
        round=state.round,
        menu=Lines(tariff.amounts[runs], tariff.ratios[runs]),
    )


def taking_part(state: State, world: World) -> Bools:
    """(R, N) who takes part: neither who abstains nor whom no line of a menu is worth its cost."""
    takes_part: Bools = state.population.action != ABSTAIN
    if world.terms.rewards.offer == "menu":
        takes_part = takes_part & (state.membership.line != NEVER)
    return takes_part


def claimed_cost(state: State, world: World) -> Floats:
    """(R, N) what a sample costs, as its principal says, in units of accuracy."""
    cost = state.population.cost / np.maximum(world.terms.market.model_value, SMALLEST_VALUE)
    return cost if world.conduct is None else cost * (1 + world.conduct.dearer)


def has_content(credit: Floats, put: Ints | Floats, least: Floats) -> Bools:
    """(R, N) whose samples count: those with so much credit each.

    Args:
        credit: (R, N) cumulated credit.
        put: (R, N) samples put in this round.
        least: (R, 1) credit per sample, in units of the average over all of this round's; all count where 0.
    """
    average = np.maximum(credit, 0.0).sum(axis=1, keepdims=True) / np.maximum(put.sum(axis=1, keepdims=True), 1)
    enough = (credit > 0) & (credit >= least * average * put * (1 - ROUNDING))
    counts: Bools = enough | (least == 0)
    return counts


def claimed_joining(joined: Ints, world: World, runs: Ints | slice) -> Ints:
    """(R', N) rounds of joining, of those seen (R', N): the same, unless principals' word counts and some lie."""
    if world.conduct is None or world.terms.membership.joining == "seen":
        return joined
    return np.where(joined == NEVER, NEVER, np.maximum(joined - world.conduct.earlier[runs], 0))
