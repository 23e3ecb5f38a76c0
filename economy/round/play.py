"""One round of the economy as one pure function: agree, learn, pay, remember."""

import torch

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import within_memory
from commonweal.agents.population import Population
from commonweal.agents.settings import own_settings
from commonweal.agents.streams import Streams
from commonweal.economy.round.agree import agree
from commonweal.economy.round.pay import pay
from commonweal.economy.round.record import Record
from commonweal.economy.round.remember import remember
from commonweal.economy.world.world import State, World


@within_memory()
@own_settings()
@torch.inference_mode()  # gradients are pulled back by hand or by torch.func, which works in this mode
def play_round(
    state: State, people: Population, actions: Ints, world: World, streams: Streams
) -> tuple[State, Population, Record]:
    """Play one round.

    Args:
        state: of the cooperative before the round.
        people: before the round.
        actions: (R, N) what everybody means to do.
        world: what does not change.
        streams: the runs' random streams; they advance.

    Returns:
        Cooperative and people after the round, and the record of what happened.

    Raises:
        InputError: if a run's network diverges, or this machine has too little memory.
    """
    moment = agree(state, people, actions, world, streams)
    world = moment.in_world(world)
    moment, produce = world.market.produce(moment, world, streams)  # in the market of models: learn
    # Several cooperatives that share customers would divide moment.customers here, seeing the quality of each.
    moment, payday = pay(moment, produce, world, streams)
    after, people = remember(moment, produce, payday, world, streams)
    return after, people, Record(state.round, moment.actions, produce, payday, moment.notes, moment.people.limits)
