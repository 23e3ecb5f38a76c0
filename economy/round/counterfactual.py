"""What each action would have paid this round, the others' actions given: what a myopic best response compares.

First order in one principal's weight: its credit is the first-order credit of the samples it would have put in, and
revenue is held at its realised value, which one of N principals moves by O(1/N).
"""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.streams import Streams
from commonweal.agents.terms import pick
from commonweal.economy.learning.network import to_numpy
from commonweal.economy.money.clawback import at_risk
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.settlement import SETTLEMENTS, due_shares
from commonweal.economy.rewards.rules import rewards
from commonweal.economy.round.learn import Lesson, asked_amounts, sent_back, traverse
from commonweal.economy.round.pay import Payday
from commonweal.economy.round.prospects import foregone_on_curve
from commonweal.economy.round.public_goods import foregone
from commonweal.economy.round.standing import standing_of
from commonweal.economy.tasks import put_in
from commonweal.economy.world.world import State, World

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
    if not any(POLICIES.facts(name).compares for name in terms.policy.names):
        return None
    if terms.public_goods.played:
        payoffs = foregone(state, world, streams)
    elif not terms.learns:
        payoffs = foregone_on_curve(state, world)
    else:
        payoffs = _foregone_in_training(state, lesson, payday, world, streams)
    entering = terms.contract.identity_cost * ~state.entered
    payoffs[..., Action.ABSTAIN + 1 :] -= entering[:, :, None]
    return payoffs


def _foregone_in_training(state: State, lesson: Lesson, payday: Payday, world: World, streams: Streams) -> Floats:
    """(R, N, 4) as above, where a network learns."""
    terms = world.terms
    if terms.graph.count > MOST_PRINCIPALS:
        raise InputError(
            f"policy.mix: best_response and wait_and_see settle every deviation of every principal: population.count = "
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
    if action == Action.ABSTAIN:
        return np.maximum(terms.outside.outside_option, state.tariff.alone)
    share, given = _deviator_dues(instead, samples, state, lesson, payday, world)
    paid = (1 - terms.settlement.reserve) * payday.revenue[:, None] / MICRO * share
    gain = terms.outside.defect_gain if action == Action.DEFECT else 0.0
    cost = state.population.cost * samples if action == Action.DELEGATE else 0.0
    cheats = action in (Action.FREE_RIDE, Action.DEFECT)
    harmful = instead + payday.held < 0
    paid = paid - harmful * at_risk(state.history, paid, terms.contract)
    risk = terms.contract.audit * np.where(harmful, 1.0, terms.contract.reveal if cheats else 0.0)
    return paid + gain + terms.market.model_value * given - cost - risk * terms.contract.slash * terms.contract.stake


def _credit_of(
    action: Action, state: State, lesson: Lesson, world: World, streams: Streams
) -> tuple[Floats, Ints]:
    """First-order credit (R, N) of what each would have put in under ``action``, and how many samples."""
    everyone = np.full(state.population.shape, int(action))
    amounts = asked_amounts(state, world)
    batch, _, put = put_in(
        everyone, world.holdings, state.supply, world.terms.supply, streams.batch, amounts=amounts
    )
    if not put.total.any():
        return np.zeros(everyone.shape), put.total
    passage = sent_back(traverse(batch, state.parameters, world), put, state, streams.batch)
    validation = tuple(v[:, :1] for v in lesson.exam.directions)
    slopes = to_numpy(passage.products(validation))[..., 0]
    # The mean over everybody's samples becomes a mean over the round's actual ones.
    actual = np.maximum(lesson.put.total.sum(axis=1, keepdims=True), put.total)
    scale = put.total.sum(axis=1, keepdims=True) / np.maximum(actual, 1)
    return world.terms.learning.rate * slopes * scale, put.total


def _deviator_dues(
    credit: Floats, put: Ints, state: State, lesson: Lesson, payday: Payday, world: World
) -> tuple[Floats, Floats]:
    """(R, N) each one's share of payments, and the model it is given, if it alone had taken part otherwise.

    N settlements per run, computed as runs.
    """
    terms, total = world.terms.settlement, lesson.put.total
    runs, principals = credit.shape
    alone = np.eye(principals, dtype=bool)[None]
    row, as_runs = np.repeat(np.arange(runs), principals), (runs * principals, principals)
    member = (alone | (state.population.action != Action.ABSTAIN)[:, None]).reshape(as_runs)
    supposed = np.where(alone, credit[:, None], payday.cumulated[:, None]).reshape(as_runs)
    amounts = np.where(alone, put[:, None], total[:, None]).reshape(as_runs)
    membership = state.membership.pick(row).after(amounts, state.round)
    standing = standing_of(state, world, supposed, member, amounts, membership, row)
    repeated = pick(terms, row)
    due = due_shares(SETTLEMENTS[terms.kind](standing, repeated), member, repeated)
    given = rewards(standing, payday.quality[row], pick(world.terms.rewards, row))
    share, model = (np.diagonal(each.reshape(-1, principals, principals), axis1=1, axis2=2) for each in (due, given))
    return share, model
