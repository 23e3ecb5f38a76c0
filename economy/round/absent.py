"""Who is on a node that falls silent: absent from the round, neither credited nor charged for what it meant to do."""

import time
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.round.record import Drawn, Moment
from commonweal.economy.tasks import Batch, PutIn
from commonweal.economy.tasks.batch import NOTHING
from commonweal.economy.wire.answers import Fault
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.world.world import World

PAUSE = 0.05  # seconds between two looks for nodes that come back


@dataclass(frozen=True)
class Absent:
    """Who could not be reached in a round."""

    lost: Bools  # (R, N)
    meant: Ints  # (R, N) what each meant to do
    wrong: tuple[Fault, ...] = ()  # nodes that answered, and wrongly


def reached(drawn: Drawn, world: World) -> Drawn:
    """What those put in who can be reached; while too few can, waits for lost nodes to come back.

    Args:
        drawn: what everybody puts in.
        world: whose nodes say who is present.

    Raises:
        InputError: if the quorum is not reached in the time that a node has to answer.
    """
    nodes = world.nodes
    assert nodes is not None
    put, until = drawn.put.total > 0, time.monotonic() + nodes.patience
    while nodes.too_few or _share_reached(put, world) < nodes.quorum:
        gone = set(np.flatnonzero(~nodes.present).tolist())
        if time.monotonic() > until or gone <= set(nodes.wrong):
            raise InputError(f"learning.quorum = {nodes.quorum:g}: too few can be reached; {_why(nodes)}")
        time.sleep(PAUSE)
        nodes.rejoin()
    if nodes.present.all():
        return drawn
    batch, counts = of_those_present(drawn.batch, drawn.put, world)
    return replace(drawn, batch=batch, put=counts)


def _why(nodes: Nodes) -> str:
    """Why nodes are lost."""
    silent = [node for node in np.flatnonzero(~nodes.present).tolist() if node not in nodes.wrong]
    named = f"nodes {', '.join(map(str, silent))} do not answer within {nodes.patience:g} seconds"
    wrong = [f"node {each.node} {each.reason}" for each in nodes.wrong.values()]
    return "; ".join([*([named] if silent else []), *wrong])


def _share_reached(put: Bools, world: World) -> float:
    """Least share, of any run, of those who put something in that can be reached; 1 where nobody does."""
    there, all_of_them = (put & ~_lost(world)).sum(axis=1), put.sum(axis=1)
    return float(np.min(there / np.maximum(all_of_them, 1) + (all_of_them == 0)))


def noted(moment: Moment, world: World) -> Moment:
    """The moment in which who cannot be reached abstains."""
    lost = _lost(world)
    before = moment.notes.get("wire")
    if before is None and not lost.any():
        return moment
    meant = moment.actions if before is None else before.meant
    assert world.nodes is not None
    absent = Absent(lost, meant, tuple(world.nodes.wrong.values()))
    actions = np.where(lost, np.int64(Action.ABSTAIN), meant)
    return replace(moment, actions=actions, notes={**moment.notes, "wire": absent})


def of_those_present(batch: Batch, put: PutIn, world: World) -> tuple[Batch, PutIn]:
    """A batch without samples at nodes that do not answer, and how much the others put in."""
    lost = _lost(world)
    real = batch.owner >= 0
    gone = real & lost[np.arange(len(lost))[:, None], batch.owner]
    form = None if put.form is None else np.where(lost, NOTHING, put.form)
    fewer = PutIn(np.where(lost, 0, put.total), np.where(lost, 0, put.delegated), form)
    return replace(batch, owner=np.where(gone, -1, batch.owner)), fewer


def _lost(world: World) -> Bools:
    """(R, N) whose node does not answer."""
    assert world.nodes is not None
    gone: Bools = np.broadcast_to(~world.nodes.present[world.nodes.roster.node], world.shape)
    return gone
