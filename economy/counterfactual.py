"""What each action would have paid this round, the others' actions given: what a myopic best response compares.

First order in one principal's weight: its credit is the first-order credit of the samples it would have put in, and
revenue is held at its realised value, which one of N principals moves by O(1/N).
"""

import numpy as np

from agents.actions import Action
from agents.errors import InputError
from agents.population import Floats, Ints
from agents.streams import Streams
from agents.terms import pick
from economy.learning.network import to_numpy
from economy.ledger import MICRO
from economy.lesson import Lesson, traverse
from economy.payday import Payday
from economy.public_goods import foregone
from economy.settlement import SETTLEMENTS, Standing
from economy.tasks import put_in
from economy.world import State, World

MOST_PRINCIPALS = 2000  # a deviation of each is a settlement of all: N² shares


def foregone_payoffs(
    state: State, lesson: Lesson, payday: Payday, world: World, streams: Streams
) -> Floats | None:
    """Counterfactual payoff of every action.

    Args:
        state: before the round, with the actions of the round.
        lesson: what the network learned.
        payday: who got what.
        world: what does not move.
        streams: junk that was not put in is drawn from the batch stream.

    Returns:
        (R, N, 4) money, nan for actions that are not available; None where no policy in the mix asks for it.
    """
    terms = world.terms
    if "best_response" not in terms.policy.names:
        return None
    if terms.public_goods.played:
        return foregone(state, world, streams)
    if terms.graph.count > MOST_PRINCIPALS:
        raise InputError(
            f"policy.mix: best_response settles every deviation of every principal: population.count = "
            f"{terms.graph.count} must be at most {MOST_PRINCIPALS}"
        )
    payoffs = np.full((*state.population.shape, len(Action)), np.nan)
    for action in terms.available:
        payoffs[..., action] = _payoff_of(Action(action), state, lesson, payday, world, streams)
    return payoffs


def _payoff_of(
    action: Action, state: State, lesson: Lesson, payday: Payday, world: World, streams: Streams
) -> Floats:
    """(R, N) payoff of a principal that alone had taken ``action``."""
    terms = world.terms
    credit, samples = _credit_of(action, state, lesson, world, streams)
    instead = payday.cumulated - lesson.credit + credit
    share = _deviator_shares(action, instead, state, payday, world)
    paid = (1 - terms.settlement.reserve) * payday.revenue[:, None] / MICRO * share
    if action == Action.ABSTAIN:
        return np.broadcast_to(terms.outside.outside_option, share.shape)
    gain = terms.outside.defect_gain if action == Action.DEFECT else 0.0
    cost = state.population.cost * samples if action == Action.DELEGATE else 0.0
    cheats = action in (Action.FREE_RIDE, Action.DEFECT)
    risk = terms.contract.audit * np.where(instead < 0, 1.0, terms.contract.reveal if cheats else 0.0)
    use = terms.market.model_value * payday.quality[:, None]
    return paid + gain + use - cost - risk * terms.contract.slash * terms.contract.stake


def _credit_of(
    action: Action, state: State, lesson: Lesson, world: World, streams: Streams
) -> tuple[Floats, Ints]:
    """First-order credit (R, N) of what each would have put in under ``action``, and how many samples."""
    everyone = np.full(state.population.shape, int(action))
    batch, _, put = put_in(everyone, world.holdings, state.supply, world.terms.supply, streams.batch)
    if not put.total.any():
        return np.zeros(everyone.shape), put.total
    passage = traverse(batch, state.parameters, world)
    validation = tuple(v[:, :1] for v in lesson.exam.directions)
    slopes = to_numpy(passage.products(validation))[..., 0]
    # The mean over everybody's samples becomes a mean over the round's actual ones.
    actual = np.maximum(lesson.put.total.sum(axis=1, keepdims=True), put.total)
    scale = put.total.sum(axis=1, keepdims=True) / np.maximum(actual, 1)
    return world.terms.learning.rate * slopes * scale, put.total


def _deviator_shares(action: Action, credit: Floats, state: State, payday: Payday, world: World) -> Floats:
    """(R, N) each one's share of payments if it alone had deviated: N settlements per run, computed as runs."""
    terms = world.terms.settlement
    runs, principals = credit.shape
    alone = np.eye(principals, dtype=bool)[None]
    member = np.where(alone, action != Action.ABSTAIN, (state.population.action != Action.ABSTAIN)[:, None])

    as_runs = (runs * principals, principals)
    standing = Standing(
        credit=np.where(alone, credit[:, None], payday.cumulated[:, None]).reshape(as_runs),
        claims=np.where(member, world.holdings.count[:, None], 0).reshape(as_runs),
        member=member.reshape(as_runs),
        reputation=np.repeat(state.population.reputation, principals, axis=0),
    )
    repeated = pick(terms, np.repeat(np.arange(runs), principals))
    shares = SETTLEMENTS[terms.kind](standing, repeated).reshape(runs, principals, principals)
    own = np.diagonal(shares, axis1=1, axis2=2)
    members = np.maximum(member.sum(axis=2), 1)
    due: Floats = (1 - terms.floor) * own + terms.floor * np.diagonal(member, axis1=1, axis2=2) / members
    return due

