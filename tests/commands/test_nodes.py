"""Runs over nodes from the command line: the same numbers, and nothing left behind however they end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from commonweal.commands.cli import main

SMALL = ["--rounds", "4", "--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30",
         "--set", "population.count=6"]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def nodes_files(folder: Path) -> list[Path]:
    return list(folder.rglob("*node*.npz"))


@pytest.mark.usefixtures("pictures_unseen")
def test_a_run_over_processes_is_that_over_nodes_in_one_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "commons", *SMALL, "--nodes", "2", "--out", "there"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "learning.wire = cut is chosen" in printed
    assert "wire = cut, 2 nodes: " in printed and "federated averaging: " in printed
    here = ["--set", "learning.wire=cut", "--set", "learning.nodes=2"]
    assert main(["run", "commons", *SMALL, *here, "--out", "here"]) == 0
    for table in ("rounds", "principals", "wire"):
        ours, theirs = (pd.read_parquet(f"{folder}/{table}.parquet") for folder in ("here", "there"))
        assert_frame_equal(ours, theirs)
    wire = pd.read_parquet("there/wire.parquet")
    assert list(wire["node"].unique()) == [0, 1] and wire["principals"].tolist() == [3] * 8
    about = [json.loads((tmp_path / folder / "about.json").read_text()) for folder in ("here", "there")]
    assert about[0]["identity"] == about[1]["identity"]
    assert not nodes_files(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["commons", "--nodes", "0"], "learning.nodes"),
        (["commons", "--nodes", "2", "--set", "learning.nodes=3"], "--nodes and --set learning.nodes say the same"),
        (["commons", "--nodes", "2", "--set", "learning.wire=off"], "learning.wire = 'off' leaves all samples in one"),
        (["public-goods", "--nodes", "2"], "learns nothing"),
        (["commons", "--nodes", "2", "--set", "credit.kind=neighbours"], "credit.kind"),
        (["commons", "--nodes", "2", "--scheduler", "tcp://127.0.0.1:1"], "cannot be reached"),
    ],
)
def test_what_cannot_be_played_over_nodes_is_refused_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if "--scheduler" in words:
        pytest.importorskip("distributed")
    assert main(["run", *words, "--out", "out"]) == 2
    refused = capsys.readouterr().err
    assert said in refused
    assert refused.count("\n") == 1 or refused.splitlines()[-1].startswith("commonweal:")
    assert not (tmp_path / "out").exists() and not nodes_files(tmp_path)


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize(
    ("fields", "mode"),
    [(["credit.kind=shapley"], "cut-gradients"), (["learning.method=federated"], "deltas")],
)
def test_what_leaves_a_node_is_as_little_as_the_rules_can_do_with(
    fields: list[str], mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word for field in fields for word in ("--set", field)]
    assert main(["run", "commons", *SMALL, *given, "--nodes", "2", "--out", "there"]) == 0
    assert f"learning.wire = {mode} is chosen" in " ".join(capsys.readouterr().out.split())
    assert pd.read_parquet("there/runs.parquet")["learning.wire"].tolist() == [mode]


def children(pid: int) -> list[int]:
    """Processes that a process has started, and those that they have."""
    found, parents = [], {pid}
    table = [(int(entry.name), entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    for own, entry in sorted(table):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent in parents:
            parents.add(own)
            found.append(own)
    return found


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("number", "ends_with"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
@pytest.mark.parametrize("where", [[], ["--scheduler", "local"]])
def test_no_process_and_no_sample_is_left_behind(
    number: int, ends_with: int, where: list[str], tmp_path: Path
) -> None:
    if where:
        pytest.importorskip("distributed")
    command_line = [sys.executable, "-m", "commonweal.commands.cli", "run", "commons", "--nodes", "2"]
    words = [*command_line, *SMALL[2:], "--rounds", "100000"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    log = (tmp_path / "err.txt").open("w")
    with log, subprocess.Popen([*words, *where], cwd=tmp_path, env=environment, stderr=log, stdout=log) as command:
        until = time.monotonic() + 120
        while "rounds of" not in (tmp_path / "err.txt").read_text() and time.monotonic() < until:
            time.sleep(0.2)
        assert nodes_files(tmp_path)
        time.sleep(0.5)
        started = children(command.pid)
        assert len(started) >= 3  # two nodes, and the server that they are forked from
        command.send_signal(number)
        assert command.wait(60) == ends_with
    until = time.monotonic() + 60
    while any(map(alive, started)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [pid for pid in started if alive(pid)]
    if number != signal.SIGKILL:  # which nothing can put away
        assert not nodes_files(tmp_path)
        assert not (tmp_path / "results").exists()
        assert "Traceback" not in (tmp_path / "err.txt").read_text()
