"""Retraining: what coalitions of principals learn on their own, the ground truth of data valuation.

v(S) is the performance of a model trained on the data of the coalition S alone (Ghorbani and Zou, "Data Shapley", ICML
2019, section 2).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.settings import own_settings
from commonweal.agents.streams import Streams
from commonweal.economy.learning.network import Parameters, descend, scaled, to_numpy, to_tensor
from commonweal.economy.round.quality import quality_of
from commonweal.economy.round.set_up import Economy
from commonweal.economy.round.visits import visit
from commonweal.economy.tasks import put_in
from commonweal.economy.world.replicas import pick_runs, pick_streams, pick_world
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Retrained:
    """How well C coalitions do in each of R runs."""

    accuracy: Floats  # (R, C) quality on the test set by task.metric
    loss: Floats  # (R, C) validation loss


@own_settings()
@torch.inference_mode()
def retrain(
    economy: Economy,
    coalitions: Bools,
    rounds: int,
    *,
    on_run: Callable[[], None] | None = None,
) -> Retrained:
    """Train every coalition from the present state of a run, all coalitions of a run as one ensemble.

    Members put in their own samples, in the order in which they would have put them in together; nobody else puts in
    anything. Nothing is gated or screened. Coalitions of a run start from the same network and draw the same numbers.

    Args:
        economy: R runs of N principals between two rounds; unchanged.
        coalitions: (C, N), the same for every run.
        rounds: steps of training.
        on_run: called after every run.
    """
    actions = np.where(coalitions, Action.DELEGATE, Action.ABSTAIN).astype(np.int64)
    learned = []
    world, state, streams = economy.world, economy.state, economy.streams
    for run in range(len(state.quality)):
        copies = np.full(len(coalitions), run)
        own = replace(pick_world(world, copies), probes=None)
        parameters = _train(own, pick_runs(state, copies), pick_streams(streams, copies), actions, rounds)
        levels = own.exam.levels(own.network.logits(parameters, own.exam.features))
        learned.append((quality_of(parameters, own), to_numpy(levels)[:, 0]))
        if on_run is not None:
            on_run()
    return Retrained(*map(np.stack, zip(*learned, strict=True)))


def _train(world: World, state: State, streams: Streams, actions: Ints, rounds: int) -> Parameters:
    """The network after rounds of drift, traversal and plain steps."""
    parameters, supply = state.parameters, state.supply
    everybody = to_tensor(np.ones(actions.shape), parameters[0])
    rate = to_tensor(world.terms.learning.rate[:, 0], parameters[0])
    for number in range(state.round, state.round + rounds):
        if world.drift is not None:
            parameters = world.network.turn(parameters, world.drift)
        batch, supply, _ = put_in(actions, world.holdings, supply, world.terms, streams.batch)
        step = visit(batch, parameters, world, number=number).weighted_sum(everybody)
        parameters = descend(parameters, scaled(step, rate))
    return parameters
