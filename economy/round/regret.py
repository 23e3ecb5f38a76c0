"""Regret: what each action, or another number of samples, would have paid, everybody else's action given.

Myopic best responses compare the actions; with ``menu.offer = amounts`` principals choose by the numbers of samples.
What the action taken is said to have brought is what payday paid, with chances at their expected value. Where a network
learns, the others are first order: what a principal would have put in earns first-order credit, and revenue stays at
its realised value, which one of N principals changes by O(1/N).
"""

from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.agents.terms import pick
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import revenue
from commonweal.economy.rewards.accuracy import Accuracy
from commonweal.economy.rewards.forms import Accuracies
from commonweal.economy.round.pools import contributions_of
from commonweal.economy.round.record import Moment, Payday, Produce
from commonweal.economy.round.standing import Supposed, owed_to, shares_of, suppose, usual_amounts
from commonweal.economy.world.claims import felt
from commonweal.economy.world.world import State, World

MOST_CELLS = 200_000_000  # of the largest array


def foregone_payoffs(
    moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
) -> Floats | None:
    """Counterfactual utility of every action: its payoff, less what it would cost in values.

    Args:
        moment: with the actions of the round.
        produce: what they came to.
        payday: who got what.
        world: what does not change.
        streams: junk that was not put in is drawn from the batch stream.

    Returns:
        (R, N, 4) money, nan for actions that are not available; None where no policy in the mix asks for it.
    """
    if not any(POLICIES.facts(name).compares for name in world.terms.policy.names):
        return None
    foregone = world.market.foregone(moment, produce, payday, world, streams)
    payoffs: Floats = foregone.payoffs
    for each in reversed(world.mechanisms):
        expected = each.expect(moment.state.mechanisms[each.name], moment, foregone, world)
        payoffs = payoffs if expected is None else payoffs + expected
    return payoffs if moment.value_costs is None else payoffs - moment.value_costs


def prospects(
    put: Floats, real: Floats, state: State, people: Population, world: World, accuracy: Accuracy | None
) -> Floats:
    """Payoff of each principal's alternatives, if everybody else does what it did last.

    Exact in a market without a task. Where a network learns, accuracy is what the learning curve promises for the term,
    and credit grows with the samples put in.

    Args:
        put: (R, N, G) samples that it would put in, in each of G alternatives.
        real: (R, N, G) how many of them would be its own data: only these cost anything, and only these teach.
        state: before the round.
        people: with their last actions, or those of the round.
        world: what does not change.
        accuracy: of R runs, by samples (R, M) put in per round; None: what the closed form says of who puts in what.

    Returns:
        (R, N, G) money.

    Raises:
        InputError: if there are too many to settle each.
    """
    demand_room(put, "menu.offer")
    usual = usual_amounts(state.membership.amount, people.action, world)
    row = runs_of_each(put)
    member = each_alone(people.action != Action.ABSTAIN, np.ones(put.shape, dtype=bool))
    found = supposed_accuracies(usual.delegated, real, member, state, world, accuracy)
    quality = found.quality
    amounts, real_amounts = each_alone(usual.total, put), each_alone(usual.delegated, real)
    credit = world.market.usual_credit(real_amounts, amounts, quality, row, state, people, world)
    earned = revenue(quality, state.rival[row], world.customers, pick(world.terms.market, row))
    supposed = Supposed(amounts, member, credit, row, found.each, found.worth)
    paid, given = dues(supposed, earned, quality, state, people, world)
    result: Floats = paid + worth_of(given, world) - people.cost[:, :, None] * real
    return result


def each_alone(everybody: AnyArray, own: AnyArray) -> AnyArray:
    """(R·N·G, N) what everybody (R, N) does, with an alternative (R, N, G) of one principal in its place."""
    principals = everybody.shape[1]
    alone = np.eye(principals, dtype=bool)[None, :, None]  # (1, N, 1, N)
    return np.where(alone, own[..., None], everybody[:, None, None]).reshape(-1, principals)


def runs_of_each(own: AnyArray) -> Ints:
    """(R·N·G,) the run of each alternative of ``own`` (R, N, G)."""
    runs, principals, grid = own.shape
    return np.repeat(np.arange(runs), principals * grid)


def quality_of_each(delegated: Ints | Floats, real: Floats, accuracy: Accuracy) -> Floats:
    """(R·N·G,) accuracy by a curve, of what everybody delegates (R, N) with one's alternatives (R, N, G) in place."""
    others = delegated.sum(axis=1, keepdims=True) - delegated
    quality: Floats = accuracy((others[:, :, None] + real).reshape(len(real), -1)).ravel()
    return quality


def supposed_accuracies(
    delegated: Ints | Floats, real: Floats, member: Bools, state: State, world: World, accuracy: Accuracy | None
) -> Accuracies:
    """What accuracies follow, of what everybody delegates with one's alternatives in place.

    Args:
        delegated: (R, N) real samples that everybody puts in.
        real: (R, N, G) those of one's alternatives.
        member: (R·N·G, N) who takes part.
        state: before the round.
        world: what does not change.
        accuracy: by samples put in per round; None: by the closed form.
    """
    if accuracy is not None:
        return Accuracies(quality_of_each(delegated, real, accuracy))
    return contributions_of(each_alone(delegated, real), member, state, world, runs_of_each(real)).accuracies()


def dues(
    supposed: Supposed, earned: Ints, quality: Floats, state: State, people: Population, world: World
) -> tuple[Floats, Floats]:
    """What each principal would have in each of its own alternatives: payment, money, and accuracy of the model owed.

    N G settlements per run, computed as runs.

    Args:
        supposed: R·N·G runs, ordered as ``each_alone`` orders them.
        earned: (R·N·G,) micro-units of revenue.
        quality: (R·N·G,) accuracy of the shared model.
        state: before the round.
        people: of the R runs.
        world: what does not change.

    Returns:
        (R, N, G) and (R, N, G).
    """
    row, principals = supposed.runs, supposed.put.shape[1]
    assert row is not None
    shape = (len(state.quality), principals, -1)
    standing = suppose(supposed, state, people, world)
    grid = len(row) // (len(state.quality) * principals)
    own = np.tile(np.repeat(np.arange(principals), grid), len(state.quality))
    picked: Any = np.arange(len(row)), own
    given = owed_to(standing, quality, world, row)[picked].reshape(shape)
    if not earned.any():
        return np.zeros(given.shape), given
    paid = (1 - world.terms.settlement.reserve[row, 0]) * (earned / MICRO) * shares_of(standing, world, row)[picked]
    return paid.reshape(shape), given


def worth_of(given: Floats, world: World) -> Floats:
    """(R, N, G) money that copies of accuracy (R, N, G) are worth to who is given them."""
    return felt(np.ones(world.shape), world)[..., None] * world.terms.market.model_value[:, :, None] * given


def private_gains(moment: Moment, world: World) -> Floats:
    """(R, N, 4) money that each action brings without a transfer: a defector's gain, and what staying away is worth."""
    gain = np.zeros((*moment.actions.shape, len(Action)))
    gain[..., Action.DEFECT] = world.terms.actions.defect_gain
    away = np.broadcast_to(moment.outside, moment.actions.shape)[..., None]
    return felt(np.ones(world.shape), world)[..., None] * (gain + ~taking_part(moment) * away)


def taking_part(moment: Moment) -> Bools:
    """(R, N, 4) whether each would count as taking part, by action."""
    part = np.ones((*moment.actions.shape, len(Action)), dtype=bool)
    part[..., Action.ABSTAIN] = False
    return part if moment.excluded is None else part & ~moment.excluded[..., None]


def demand_room(own: AnyArray, field: str) -> None:
    """Raise InputError where alternatives (R, N, G) are too many to settle each."""
    principals = own.shape[1]
    if own.size * principals > MOST_CELLS:
        raise InputError(
            f"population.count = {principals}: too many principals to settle every alternative of each ({field})"
        )
