"""Standings: what settlement and model rewards look at, in a real round or in a supposed one."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.population import Population
from commonweal.agents.terms import pick
from commonweal.economy.money.membership import Membership
from commonweal.economy.money.settlement import SETTLEMENTS, Lines, Standing, due_shares
from commonweal.economy.rewards.rules import rewards
from commonweal.economy.tasks import Form, PutIn
from commonweal.economy.tasks.supply import carried_out
from commonweal.economy.world.claims import claimed_cost, claimed_joining
from commonweal.economy.world.world import State, World

ROUNDING = 1e-9  # of credit


@dataclass(frozen=True)
class Supposed:
    """What N principals put in, or would put in, in R' runs: each one of the R runs of a state, in any order."""

    put: Ints | Floats  # (R', N) samples
    member: Bools  # (R', N) who takes part
    credit: Floats  # (R', N) cumulated credit
    runs: Ints | None = None  # (R',) the runs of the state that these are; None: all of them, once each
    each: Floats | None = None  # (R', N) accuracy that each has in the end by a closed form; None: the model's
    worth: Floats | None = None  # (R',) of the model by a closed form, in the unit of credit; None: not known


def usual_amounts(amount: Floats, actions: Ints, world: World) -> PutIn:
    """What everybody puts in under actions (R, N) where samples are only counted; what is not its own is worth nothing.

    Args:
        amount: (R, N) samples that each puts in if it puts in anything.
        actions: (R, N).
        world: what does not move.
    """
    form, put = carried_out(actions, amount, world.terms.actions, world.conduct)
    return PutIn(put, put * (form == Form.OWN), form)


def held_samples(world: World) -> Floats:
    """(R, N), (N,) or () samples that each can put in at most, where none are drawn; no limit where nobody says."""
    held = np.array(world.terms.population.samples or np.inf)
    return held if world.bearer is None or not held.ndim else held[world.bearer]


def standing_of(supposed: Supposed, membership: Membership, state: State, people: Population, world: World) -> Standing:
    """The standing of everybody, real or supposed.

    Args:
        supposed: what everybody puts in.
        membership: (R', N) with that included.
        state: before the round, of R runs.
        people: of the R runs.
        world: what does not move.
    """
    runs = slice(None) if supposed.runs is None else supposed.runs
    put, credit, member = supposed.put, supposed.credit, supposed.member
    # Without data all samples are claimed as they are put in, and every round starts anew.
    learns = world.market.learns
    claims = world.holdings.count[runs] if learns else put
    contributed = membership.contributed if learns else put.astype(np.float64)
    if (least := world.terms.rewards.content[runs]).any():
        there = has_content(credit, put, least)
        put, contributed = (np.where(there, samples, 0) for samples in (put, contributed))
    menu = state.mechanisms.get("menu")
    nothing = np.zeros((len(credit), 0))
    return Standing(
        credit=credit,
        claims=np.where(member, claims, 0),
        member=member,
        reputation=people.reputation[runs],
        put=put,
        cost=claimed_cost(people, world)[runs],
        joined=claimed_joining(membership.joined, world, runs),
        contributed=contributed,
        round=state.round,
        menu=Lines(nothing, nothing) if menu is None else Lines(menu.amounts[runs], menu.ratios[runs]),
        each=supposed.each,
        worth=supposed.worth,
    )


def suppose(supposed: Supposed, state: State, people: Population, world: World) -> Standing:
    """The standing of everybody after a round in which this is put in."""
    before = state.membership if supposed.runs is None else state.membership.pick(supposed.runs)
    return standing_of(supposed, before.after(supposed.put, state.round), state, people, world)


def shares_of(standing: Standing, world: World, runs: Ints | None = None) -> Floats:
    """(R', N) each one's share of all payments by the settlement rule, in the runs (R',)."""
    terms = world.terms.settlement if runs is None else pick(world.terms.settlement, runs)
    return due_shares(SETTLEMENTS[terms.kind](standing, terms), standing.member, terms)


def owed_to(standing: Standing, quality: Floats, world: World, runs: Ints | None = None) -> Floats:
    """(R', N) accuracy of the model that each is owed by the model reward rule, at a quality (R',)."""
    terms = world.terms.rewards if runs is None else pick(world.terms.rewards, runs)
    return rewards(standing, quality, terms)


def has_content(credit: Floats, put: Ints | Floats, least: Floats) -> Bools:
    """(R, N) whether samples count: they need so much credit each.

    Args:
        credit: (R, N) cumulated credit.
        put: (R, N) samples put in this round.
        least: (R, 1) credit per sample, in units of the average over all of this round's; all count where 0.
    """
    average = np.maximum(credit, 0.0).sum(axis=1, keepdims=True) / np.maximum(put.sum(axis=1, keepdims=True), 1)
    enough = (credit > 0) & (credit >= least * average * put * (1 - ROUNDING))
    counts: Bools = enough | (least == 0)
    return counts
