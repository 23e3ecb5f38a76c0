"""Two machines, imitated by network namespaces: a scheduler and workers that are started by hand, and a run between."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

SMALL = ["--rounds", "4", "--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30",
         "--set", "population.count=6", "--set", "learning.wire=cut"]  # fmt: skip
HOST, OTHER = "10.77.0.1", "10.77.0.2"
PYTHON = [sys.executable, "-m"]


def ip(words: str) -> bool:
    """Whether a change of the network is allowed here, and done."""
    return subprocess.run(["ip", *words.split()], capture_output=True, check=False, timeout=20).returncode == 0


@pytest.fixture
def machines() -> Iterator[tuple[list[str], list[str]]]:
    """What to write before a command so that it runs on the one or the other of two machines with a cable between."""
    one, two = (f"commonweal-{os.getpid()}-{name}" for name in "ab")
    ends = f"cw{os.getpid() % 100_000}a", f"cw{os.getpid() % 100_000}b"
    steps = [
        f"netns add {one}", f"netns add {two}", f"link add {ends[0]} type veth peer name {ends[1]}",
        f"link set {ends[0]} netns {one}", f"link set {ends[1]} netns {two}",
        f"-n {one} addr add {HOST}/24 dev {ends[0]}", f"-n {two} addr add {OTHER}/24 dev {ends[1]}",
        f"-n {one} link set {ends[0]} up", f"-n {two} link set {ends[1]} up", f"-n {one} link set lo up",
        f"-n {two} link set lo up",
    ]  # fmt: skip
    try:
        if shutil.which("ip") is None or not all(map(ip, steps)):
            pytest.skip("this machine does not allow network namespaces")
        yield ["ip", "netns", "exec", one], ["ip", "netns", "exec", two]
    finally:
        if shutil.which("ip") is not None:
            ip(f"netns del {one}")
            ip(f"netns del {two}")


@pytest.mark.slow
def test_a_run_between_two_machines_is_that_on_one(machines: tuple[list[str], list[str]], tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    one, two = machines
    address = f"tcp://{HOST}:8786"
    scheduler = [*PYTHON, "distributed.cli.dask_scheduler", "--host", HOST, "--port", "8786", "--no-dashboard"]
    worker = [*PYTHON, "distributed.cli.dask_worker", address, "--host", OTHER, "--nthreads", "1", "--no-dashboard"]
    run = [*PYTHON, "commonweal.commands.cli", "run", "commons", *SMALL]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with ExitStack() as stack, (tmp_path / "log.txt").open("w") as log:
        workers = [(two, [*worker, "--name", name]) for name in ("node-0", "node-1")]
        for place, words in ((one, scheduler), *workers):
            started = subprocess.Popen([*place, *words], cwd=tmp_path, env=environment, stdout=log, stderr=log)
            stack.callback(started.wait, 30)
            stack.callback(started.terminate)
        for _ in range(60):  # until the workers are there
            there = [*one, *run, "--nodes", "2", "--scheduler", address, "--out", "there"]
            played = subprocess.run(there, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
            if "no worker" not in played.stderr and "cannot be reached" not in played.stderr:
                break
        assert played.returncode == 0, played.stderr
    here = [*run, "--set", "learning.nodes=2", "--out", "here"]
    assert subprocess.run(here, cwd=tmp_path, env=environment, capture_output=True, timeout=240).returncode == 0
    for table in ("rounds", "principals", "wire"):
        ours, theirs = (pd.read_parquet(tmp_path / folder / f"{table}.parquet") for folder in ("here", "there"))
        assert_frame_equal(ours, theirs)
