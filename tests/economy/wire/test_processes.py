"""Nodes in processes of their own: the same rounds, and rounds that go on while processes are killed and frozen."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from commonweal import Ensemble, InputError, load
from commonweal.agents.actions import Action
from commonweal.economy.credit import admissible_step
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners
from commonweal.economy.round.record import Record
from commonweal.economy.wire.channel import OpenNodes, closing
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.wire.pipes import Pipe, Processes

SMALL: dict[str, Any] = {
    "precision": "float64", "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 12,
    "learning.hidden": [8], "learning.wire": "cut", "learning.nodes": 4, "learning.patience": 0.5,
    "learning.quorum": 0.0, "task.drift": 0.0,
}  # fmt: skip
ROUNDS, EVERY, FROZEN = 200, 20, (50, 70)  # a process is killed every 20 rounds; another is frozen for 20

Pid = Callable[[int], int]  # process of a node, as it is now


@contextmanager
def piped(folder: Path) -> Iterator[tuple[OpenNodes, Callable[[Nodes], Pid]]]:
    def pid_of(nodes: Nodes) -> Pid:
        def pid(node: int) -> int:
            channel = nodes.channels[node]
            assert isinstance(channel, Pipe)
            return int(channel.process.pid)

        return pid

    with closing(Processes(folder)) as open_nodes:
        yield open_nodes, pid_of


@contextmanager
def on_dask(folder: Path) -> Iterator[tuple[OpenNodes, Callable[[Nodes], Pid]]]:
    pytest.importorskip("distributed")
    from commonweal.economy.wire.cluster import local_scheduler, workers_at

    with ExitStack() as until_done:
        address = until_done.enter_context(local_scheduler(4))
        workers = until_done.enter_context(workers_at(address, 4, folder))

        def pid_of(nodes: Nodes) -> Pid:
            def pid(node: int) -> int:
                while True:
                    told = workers.client.scheduler_info(n_workers=-1)["workers"]
                    found = [address for address, each in told.items() if each["name"] == f"node-{node}"]
                    if found:
                        return int(workers.client.run(os.getpid, workers=found)[found[0]])
                    time.sleep(0.1)

            return pid

        yield until_done.enter_context(closing(workers)), pid_of


def nodes_of(ensemble: Ensemble) -> Nodes:
    assert ensemble.world.nodes is not None
    return ensemble.world.nodes


def gone(pid: int) -> bool:
    """Whether a process has ended: it is not there, or waits to be taken note of."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def all_end(pids: list[int]) -> bool:
    until = time.monotonic() + 20
    while not all(map(gone, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return all(map(gone, pids))


def assert_whole_round(ensemble: Ensemble, before: Any, record: Record) -> None:
    """The step is that of those who were reached, the money adds up, and who was lost neither gains nor loses."""
    world, lesson = ensemble.world, record.taught
    batch, classes = lesson.batch, world.holdings.labels.max() + 1
    labels = (world.holdings.labels[np.arange(len(batch.sample))[:, None], batch.sample] + batch.label) % classes
    features = world.features.gather(batch.sample, batch.junk, batch.noise, batch.added)
    owners = Owners(torch.as_tensor(batch.owner), world.graph.principals)
    here = world.network.traverse(before.parameters, features, torch.as_tensor(labels), owners)
    weights, multipliers = lesson.screened.weights, lesson.screened.multipliers
    step = admissible_step(here, lesson.exam.probes, weights, multipliers)
    for one, other in zip(lesson.step, step, strict=True):
        assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=1e-12)
    assert ensemble.state.ledger.balances.sum() == before.ledger.balances.sum() == 0
    if (told := record.notes.get("wire")) is not None:
        assert (record.actions[told.lost] == Action.ABSTAIN).all()
        assert (record.produce.credit[told.lost] == 0).all()
        assert (record.produce.put.total[told.lost] == 0).all()
        abstaining = record.actions == Action.ABSTAIN
        moved = ensemble.state.ledger.principals - before.ledger.principals
        assert (moved[told.lost & abstaining] >= 0).all()  # dividends for earlier rounds may still come


def answering(nodes: Nodes, besides: int = -1) -> list[int]:
    """Nodes that answer; waits where a slow machine has started none of those again that were killed."""
    until = time.monotonic() + 120
    while not (found := [node for node in nodes.here.tolist() if node != besides]) and time.monotonic() < until:
        time.sleep(0.1)
        nodes.rejoin()
    return found


def soaked(ensemble: Ensemble, pid: Pid) -> tuple[list[int], list[int]]:
    """Play with a process killed at a random moment every 20 rounds, and one frozen.

    Returns:
        Who was killed; rounds in which some were lost.
    """
    luck, nodes = random.Random(0), nodes_of(ensemble)
    frozen, usual, killed, without = -1, 0.05, [], []
    for number in range(ROUNDS):
        timer = None
        if number % EVERY == EVERY - 1:
            victim = luck.choice(answering(nodes, besides=frozen))
            killed.append(process := pid(victim))
            timer = threading.Timer(luck.uniform(0, 1.5 * usual), os.kill, (process, signal.SIGKILL))
            timer.start()
        if number == FROZEN[0]:
            frozen = luck.choice(answering(nodes))
            os.kill(stopped := pid(frozen), signal.SIGSTOP)
        if number == FROZEN[1]:
            os.kill(stopped, signal.SIGCONT)
        before, began = ensemble.state, time.monotonic()
        record = ensemble.step()
        usual = min(usual, time.monotonic() - began)
        assert record.round == number
        assert_whole_round(ensemble, before, record)
        without += [number] * ("wire" in record.notes)
        if timer is not None:
            timer.join()
    return killed, without


@pytest.mark.slow
@pytest.mark.parametrize("where", [piped, on_dask])
def test_two_hundred_rounds_with_processes_killed_and_frozen(where: Any, tmp_path: Path) -> None:
    with where(tmp_path) as (open_nodes, pid_of):
        ensemble = Ensemble(load("commons", SMALL), [0], open_nodes=open_nodes)
        nodes, pid = nodes_of(ensemble), pid_of(nodes_of(ensemble))
        killed, without = soaked(ensemble, pid)
        assert len(set(killed)) == ROUNDS // EVERY
        assert set(range(*FROZEN)) <= set(without)
        assert len({number // EVERY for number in without}) >= 5  # most of those who were killed were missed
        assert all_end(killed)
        assert nodes.traffic.stale.sum() >= 1  # what the frozen one answered when it was no longer waited for
        until = time.monotonic() + 300  # a hang; a loaded machine may take a minute to start a worker again
        while "wire" in (record := ensemble.step()).notes and time.monotonic() < until:
            time.sleep(0.1)
        assert "wire" not in record.notes and nodes.present.all()  # everybody is back
        left = [pid(node) for node in range(4)]
    assert all_end(left)


@pytest.mark.slow
@pytest.mark.parametrize("where", [piped, on_dask])
def test_rounds_over_processes_are_those_of_one_place(where: Any, tmp_path: Path) -> None:
    with where(tmp_path) as (open_nodes, pid_of):
        there = Ensemble(load("commons", {**SMALL, "learning.patience": 30.0}), [0, 1], open_nodes=open_nodes)
        here = Ensemble(load("commons", {**SMALL, "learning.wire": "off"}), [0, 1])
        for _ in range(5):
            ours, theirs = here.step(), there.step()
            assert_array_equal(ours.actions, theirs.actions)
            assert_allclose(ours.produce.credit, theirs.produce.credit, rtol=0, atol=1e-12)
            assert_array_equal(here.state.ledger.balances, there.state.ledger.balances)
        pids = [pid_of(nodes_of(there))(node) for node in range(4)]
        assert len({os.getpid(), *pids}) == 5
    assert all_end(pids)


@pytest.mark.slow
def test_a_worker_killed_while_it_starts_its_node_is_followed_by_the_next(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    from commonweal.economy.wire.cluster import Worker, local_scheduler, workers_at

    holding = Holding(np.arange(1), np.zeros((2, 3)), np.zeros(2, dtype=np.int64))
    with local_scheduler(1) as address, workers_at(address, 1, tmp_path) as workers:
        (first,) = workers([holding], MLP((3, 2), "relu", torch.float64), "cut")
        assert isinstance(first, Worker)
        (pid,) = workers.client.run(os.getpid).values()
        os.kill(pid, signal.SIGSTOP)
        asked_when_frozen = Worker(workers.client, "node-0", first.post)
        time.sleep(0.5)  # until the scheduler has handed it on
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 120
        while not asked_when_frozen.rejoin():
            assert time.monotonic() < until
            time.sleep(0.1)
        asked_when_frozen.send(b"")
        assert b"refused" in asked_when_frozen.receive(120)


@pytest.mark.slow
def test_a_worker_that_is_missing_or_cannot_read_its_file_is_named(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    from commonweal.economy.wire.cluster import local_scheduler, workers_at

    with local_scheduler(1) as address:
        missing = pytest.raises(InputError, match="has no worker called node-1; start each with dask worker")
        with missing, workers_at(address, 2, tmp_path):
            pass
        with workers_at(address, 1, tmp_path / "nowhere") as workers:
            unwritten = type(workers)(workers.client, workers.names, workers.files, write=False)
            with pytest.raises(InputError, match=r"worker node-0: .*nowhere/node-0\.npz: must hold the samples"):
                Ensemble(load("commons", {**SMALL, "learning.nodes": 1}), [0], open_nodes=unwritten)
