"""One round of the economy as one pure function: state in, state and record out.

Actions → samples → passage → screening → step → credit → revenue → payments → payoffs → memory and values.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.actions import DEFECT
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies import remember
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.agents.values import move_limits
from commonweal.economy.learning.network import Parameters, to_tensor
from commonweal.economy.money.market import rival_after
from commonweal.economy.rewards.copies import retested
from commonweal.economy.round.agree import agreed, delivered
from commonweal.economy.round.counterfactual import foregone_payoffs
from commonweal.economy.round.curve import add_up
from commonweal.economy.round.deals import DataDeals
from commonweal.economy.round.hand_over import snapshots_after
from commonweal.economy.round.learn import Lesson, accuracy, learn
from commonweal.economy.round.menu import observed, offered
from commonweal.economy.round.pay import Payday, settle
from commonweal.economy.round.public_goods import contribute
from commonweal.economy.tasks import Supply
from commonweal.economy.world.world import State, World


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
    state = offered(state, world, streams)
    state, actions, agreements = agreed(state, actions, world)
    state = _drifted(state, actions, world)
    lesson, supply, quality = _lesson(state, world, streams)
    state, agreements = delivered(state, agreements, lesson.sale, world)
    payday, history, ledger = settle(state, lesson, quality, agreements, world, streams)
    counterfactual = foregone_payoffs(state, lesson, payday, world, streams)
    population = adapt(state, lesson, payday, counterfactual, world)
    leaking = (actions == DEFECT).sum(axis=1) / actions.shape[1] * (world.terms.actions.defect == "leak")
    after = State(
        round=state.round + 1,
        parameters=lesson.parameters,
        population=population,
        supply=supply,
        history=history,
        ledger=ledger,
        rival=rival_after(state.rival, quality, leaking, world.terms.market),
        quality=quality,
        entered=state.entered,
        membership=payday.membership,
        tariff=state.tariff,
        snapshots=snapshots_after(state, lesson, quality, world),
        offers=lesson.offers,
        change=_changed(state.parameters, lesson.parameters, world),
    )
    return observed(after, world), Record(state.round, actions, lesson, payday, agreements.deals)


def adapt(
    state: State, lesson: Lesson, payday: Payday, foregone: Floats | None, world: World
) -> Population:
    """Principals remember what they got, and their values move."""
    population = state.population
    first = state.round == 0
    gain = np.zeros_like(payday.payoffs) if first else payday.payoffs - population.payoff
    harm = np.maximum(-(lesson.levels - lesson.exam.levels) * world.senses, 0.0)
    limits = move_limits(population.limits, population.anchor, world.graph, harm, gain, world.terms.values)
    policy = world.terms.policy
    return remember(population, payday.payoffs, lesson.credit, foregone, policy, first=first, limits=limits)


def _lesson(state: State, world: World, streams: Streams) -> tuple[Lesson, Supply, Floats]:
    """What is learned of what principals put in, and how good (R,) the result is."""
    if world.terms.market.public:
        lesson, share = contribute(state, world)
        return lesson, state.supply, share
    if not world.terms.learns:
        lesson, quality = add_up(state, world)
        return lesson, state.supply, quality
    lesson, supply = learn(state, world, streams)
    return lesson, supply, accuracy(lesson.parameters, world)


def _drifted(state: State, actions: Ints, world: World) -> State:
    """The state in which principals act: features have turned a little.

    In their own frame it is the network's first layer that turns back, and so do the copies of it that are kept.
    """
    population = replace(state.population, action=actions)
    if world.drift is None:
        return replace(state, population=population)
    change = world.network.turn(state.change, world.drift) if state.change else ()
    snapshots = retested(state.snapshots, world.network, world.test, world.drift)
    parameters = world.network.turn(state.parameters, world.drift)
    return replace(state, population=population, parameters=parameters, change=change, snapshots=snapshots)


def _changed(before: Parameters, after: Parameters, world: World) -> Parameters:
    """The step just taken per unit of rate, where it may be sent back; empty where paths are sent and no deltas."""
    learning = world.terms.learning
    if learning.method != "federated":
        return ()
    rate = to_tensor(learning.rate[:, 0], before[0])
    return tuple((old - new) / rate.view(-1, *[1] * (old.dim() - 1)) for old, new in zip(before, after, strict=True))
