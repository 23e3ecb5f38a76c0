"""Rounds over nodes: how long they take, how many bytes, and how exact they are.

    python benchmarks/wire.py                print all tables
    python benchmarks/wire.py time --write   put one into docs/wire.md

Everything is measured in one process on one thread, turn by turn, so that a busy machine slows all alike.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from results_page import main, markdown

from commonweal import Ensemble, load
from commonweal.economy.wire.channel import OpenNodes, closing, in_process
from commonweal.economy.wire.cluster import local_scheduler, workers_at
from commonweal.economy.wire.modes import FEDERATED, MODES
from commonweal.economy.wire.pipes import Processes
from commonweal.economy.wire.sizes import Sizes, federated_bytes, round_bytes
from commonweal.scenarios.schema.loading import revise

PAGE = Path(__file__).parents[1] / "docs" / "wire.md"
ROUNDS, WARM = 60, 5
EXACT = 10  # rounds in which errors are looked for
WIDTHS = (64, 32, 10)


def scenario(mode: str, nodes: int = 4, **fields: Any) -> Any:
    """The commons over nodes."""
    over = {"learning.wire": mode, "learning.nodes": nodes, "rounds": ROUNDS + WARM}
    method = {"learning.method": "federated"} if mode == FEDERATED else {}
    return load("commons", {**over, **method, **fields})


@contextmanager
def places(nodes: int) -> Iterator[dict[str, OpenNodes]]:
    """Where nodes can be."""
    with ExitStack() as until_done:
        folders = [Path(until_done.enter_context(TemporaryDirectory())) for _ in range(2)]
        address = until_done.enter_context(local_scheduler(nodes))
        workers = until_done.enter_context(workers_at(address, nodes, folders[0]))
        actors = until_done.enter_context(closing(workers))
        pipes = until_done.enter_context(closing(Processes(folders[1])))
        yield {"frames in this process": in_process, "processes behind pipes": pipes, "Dask actors": actors}


def timed(nodes: int) -> dict[str, tuple[float, float]]:
    """Best and median milliseconds of a round, by where the nodes are."""
    with places(nodes) as where:
        one_place = Ensemble(load("commons", {"rounds": ROUNDS + WARM}), [0])
        ensembles = {"one place, no wire": one_place}
        ensembles |= {name: Ensemble(scenario("cut", nodes), [0], open_nodes=each) for name, each in where.items()}
        times: dict[str, list[float]] = {name: [] for name in ensembles}
        for number in range(ROUNDS + WARM):
            for name, ensemble in ensembles.items():
                began = time.perf_counter()
                ensemble.step()
                if number >= WARM:
                    times[name].append(1000 * (time.perf_counter() - began))
    return {name: (min(values), statistics.median(values)) for name, values in times.items()}


def time_table() -> str:
    """Milliseconds of a round of the commons with learning.wire = cut, best and median of 60."""
    found = {nodes: timed(nodes) for nodes in (4, 8)}
    rows = [[name, *(f"{found[n][name][0]:.1f} / {found[n][name][1]:.1f}" for n in found)] for name in found[4]]
    return markdown(["ms a round, best / median", "4 nodes", "8 nodes"], rows)


def measured(mode: str) -> tuple[float, float, float]:
    """Bytes down and up of a round with as few questions as there are, and what the formula says."""
    ensemble = Ensemble(scenario(mode, **{"credit.kind": "first_order"}), [0])
    nodes = ensemble.world.nodes
    assert nodes is not None
    ensemble.step()
    rounds = []
    for _ in range(EXACT):
        nodes.taken()
        record = ensemble.step()
        taken, samples = nodes.taken(), int((record.taught.batch.owner >= 0).sum())
        sizes = Sizes(len(nodes.channels), len(nodes.roster.node), samples, nodes.network.widths)
        weighted = bool((record.taught.screened.weights[record.taught.active] != 1).any() or record.taught.gated.any())
        formula = round_bytes(mode, sizes, 1, weighted)
        rounds.append((int(taken.questions.max()), int(taken.down.sum()), int(taken.up.sum()), formula.total))
    fewest = min(rounds)
    return fewest[1] / 1000, fewest[2] / 1000, fewest[3] / 1000


def bytes_table() -> str:
    """Kilobytes of a round of the commons, beside the formula's payload and federated averaging."""
    rows = []
    for mode in [*MODES, FEDERATED]:
        down, up, formula = measured(mode)
        page = round_bytes(mode, Sizes(4, 40, 320, WIDTHS), 3).total / 1000
        more = f"{(down + up) / formula - 1:+.1%}"
        rows.append([mode, f"{down:.1f}", f"{up:.1f}", f"{formula:.1f}", more, f"{page:.1f}"])
    for name, each in (("FedAvg, a delta a node", False), ("FedAvg, a delta a principal", True)):
        page = federated_bytes(Sizes(4, 40, 320, WIDTHS), each=each).total / 1000
        rows.append([name, "", "", "", "", f"{page:.1f}"])
    heads = ["kB a round", "down", "up", "payload by formula", "measured beyond it", "formula, D = 3, S = 320"]
    return markdown(heads, rows)


def exact_table() -> str:
    """Largest differences from the run in one place over ten rounds in double precision."""
    rows = []
    for mode in [*MODES, FEDERATED]:
        over = scenario(mode, precision="float64")
        here, there = Ensemble(revise(over, {"learning.wire": "off"}), [0]), Ensemble(over, [0])
        parameters = credit = money = 0.0
        for _ in range(EXACT):
            ours, theirs = here.step(), there.step()
            pairs = zip(here.state.parameters, there.state.parameters, strict=True)
            parameters = max(parameters, *(float((a - b).abs().max()) for a, b in pairs))
            credit = max(credit, float(np.abs(ours.produce.credit - theirs.produce.credit).max()))
            balances = here.state.ledger.balances - there.state.ledger.balances
            money = max(money, float(np.abs(balances).max()))
        rows.append([mode, f"{parameters:.0e}", f"{credit:.0e}", f"{money:.0f}"])
    return markdown(["mode", "parameters", "credit", "balances (micro-units)"], rows)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(__doc__, {"time": time_table, "bytes": bytes_table, "exact": exact_table}, prefix="wire ", page=PAGE)
