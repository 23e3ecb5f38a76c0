"""One round of the economy as one pure function: state in, state and record out.

Actions → samples → passage → screening → step → credit → revenue → payments → payoffs → memory and values.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from agents.actions import Action
from agents.policies import remember
from agents.population import Floats, Ints, Population
from agents.streams import Streams
from agents.values import move_limits
from economy.contracts.negotiation.data_deals import DataDeals, strike_deals
from economy.counterfactual import foregone_payoffs
from economy.lesson import Lesson, accuracy, learn
from economy.market import rival_after
from economy.payday import Payday, settle
from economy.public_goods import contribute
from economy.tasks import Supply
from economy.world import State, World


@dataclass(frozen=True)
class Record:
    """Everything that happened in a round."""

    round: int  # rounds played before
    actions: Ints  # (R, N)
    lesson: Lesson
    payday: Payday
    deals: DataDeals | None = None  # struck before the round; None without talks


@torch.inference_mode()  # gradients are pulled back by hand or by torch.func, which works in this mode
def play_round(state: State, actions: Ints, world: World, streams: Streams) -> tuple[State, Record]:
    """Play one round.

    Args:
        state: the economy before the round.
        actions: (R, N) what every principal does.
        world: what does not move.
        streams: the runs' random streams.

    Returns:
        The economy after the round and the record of what happened.
    """
    state, actions, deals = strike_deals(state, actions, world)
    state = _drifted(replace(state, population=replace(state.population, action=actions)), world)
    lesson, supply, quality = _lesson(state, world, streams)
    if deals is not None:  # data are delivered
        state = replace(state, ledger=deals.settled(state.ledger))
    payday, history, ledger = settle(state, lesson, quality, world, streams)
    if deals is not None:
        payday = replace(payday, transfers=(*deals.transfers, *payday.transfers), payoffs=payday.payoffs + deals.net)
    counterfactual = foregone_payoffs(state, lesson, payday, world, streams)
    population = adapt(state, lesson, payday, counterfactual, world)
    leaking = (actions == Action.DEFECT).mean(axis=1) * (world.terms.supply.actions.defect == "leak")
    after = State(
        round=state.round + 1,
        parameters=lesson.parameters,
        population=population,
        supply=supply,
        history=history,
        ledger=ledger,
        rival=rival_after(state.rival, quality, leaking, world.terms.market),
        quality=quality,
        offers=lesson.offers,
    )
    return after, Record(state.round, actions, lesson, payday, deals)


def adapt(
    state: State, lesson: Lesson, payday: Payday, foregone: Floats | None, world: World
) -> Population:
    """Principals remember what they got, and their values move."""
    population = state.population
    first = state.round == 0
    gain = np.zeros_like(payday.payoffs) if first else payday.payoffs - population.payoff
    harm = np.maximum(-(lesson.levels - lesson.exam.levels) * world.senses, 0.0)
    limits = move_limits(population.limits, population.anchor, world.graph, harm, gain, world.terms.values)
    remembered = remember(population, payday.payoffs, lesson.credit, foregone, world.terms.policy, first=first)
    return replace(remembered, limits=limits)


def _lesson(state: State, world: World, streams: Streams) -> tuple[Lesson, Supply, Floats]:
    """What is learned of what principals put in, and how good (R,) the result is."""
    if world.terms.public_goods.played:
        lesson, share = contribute(state, world)
        return lesson, state.supply, share
    lesson, supply = learn(state, world, streams)
    return lesson, supply, accuracy(lesson.parameters, world)


def _drifted(state: State, world: World) -> State:
    """Features turn a little every round. In their frame it is the network's first layer that turns back."""
    if world.drift is None:
        return state
    return replace(state, parameters=world.network.turn(state.parameters, world.drift))
