"""Runs over nodes: which fields that sets, and where the nodes are.

``--nodes`` alone starts processes of this machine behind pipes: no extra is needed, a round takes a fraction of the
time that it takes over Dask, and they end with the command however it ends. ``--scheduler`` uses Dask's workers, which
may be on other machines; ``--scheduler local`` starts such workers here.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.relevance import learns
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.executors import demand_dask, reach

if TYPE_CHECKING:
    from commonweal.economy.wire.channel import OpenNodes

LOCAL = "local"  # a scheduler that the command starts
_CHOSEN = ("cut", "cut-gradients")  # the first that the scenario's rules can do with
_FILES = "nodes"  # folder of the nodes' files, in that of unfinished results


@dataclass(frozen=True)
class Seats:
    """Where nodes are asked for; nowhere if neither is given."""

    nodes: int | None = None  # --nodes: how many
    scheduler: str | None = None  # --scheduler: address, or local

    @property
    def wanted(self) -> bool:
        """Whether the samples shall be on nodes outside of this process."""
        return self.nodes is not None or self.scheduler is not None


def load_over_nodes(scenario: str, changes: Mapping[str, Any], seats: Seats) -> tuple[Scenario, dict[str, Any], str]:
    """A scenario for a run over nodes.

    Args:
        scenario: library name or path.
        changes: fields that are set, by path.
        seats: where nodes are asked for.

    Returns:
        The scenario; all fields that are set; and what a person should be told of it, if anything.

    Raises:
        InputError: if it is not valid, nothing in it can be on nodes, or it says that nothing shall be.
    """
    base = load(scenario, changes)
    if not seats.wanted:
        return base, dict(changes), ""
    if not learns(base):
        raise InputError(f"--nodes: market.kind = {base.market.kind!r} learns nothing: no node has anything to do")
    if seats.nodes is not None and "learning.nodes" in changes:
        raise InputError("--nodes and --set learning.nodes say the same; leave one out")
    fields = {**changes, **({} if seats.nodes is None else {"learning.nodes": seats.nodes})}
    if base.learning.wire != "off":
        return load(scenario, fields), fields, ""
    if "learning.wire" in changes:
        raise InputError("--nodes: learning.wire = 'off' leaves all samples in one place; leave one of the two out")
    fields["learning.wire"] = _mode_for(scenario, fields, base)
    said = f"learning.wire = {fields['learning.wire']} is chosen, since the scenario does not say what leaves a node"
    return load(scenario, fields), fields, said


def _mode_for(scenario: str, fields: Mapping[str, Any], base: Scenario) -> str:
    """What leaves a node where nobody says it: as little as the scenario's rules can do with."""
    if base.learning.method == "federated":
        return "deltas"
    *others, last = _CHOSEN
    for mode in others:
        try:
            load(scenario, {**fields, "learning.wire": mode})
        except InputError:
            continue
        return mode
    return last


@contextmanager
def opened(seats: Seats, nodes: int, folder: Path) -> "Iterator[OpenNodes | None]":
    """What starts the nodes; all of them are ended, and their files deleted, when the block ends, however it ends.

    Args:
        seats: where nodes are asked for.
        nodes: how many there are.
        folder: of unfinished results; workers of a scheduler must see it under the same path.

    Raises:
        InputError: if the scheduler or a worker is missing.
    """
    if not seats.wanted:
        yield None
        return
    from commonweal.economy.wire.channel import closing

    with ExitStack() as until_done:
        where = until_done.enter_context(_place(seats, nodes, folder))
        yield until_done.enter_context(closing(where))


@contextmanager
def _place(seats: Seats, nodes: int, folder: Path) -> "Iterator[OpenNodes]":
    if seats.scheduler is None:
        from commonweal.economy.wire.pipes import Processes

        with TemporaryDirectory(prefix="commonweal-nodes-") as own:
            yield Processes(Path(own))
        return
    demand_dask("--scheduler")
    from commonweal.economy.wire.cluster import local_scheduler, workers_at

    files = folder / _FILES
    with ExitStack() as until_done:
        address = seats.scheduler
        if address == LOCAL:
            address = until_done.enter_context(local_scheduler(nodes))
        reach(address)
        files.mkdir(mode=0o700)
        until_done.callback(shutil.rmtree, files, ignore_errors=True)
        yield until_done.enter_context(workers_at(address, nodes, files))
