"""What tables of commands look like at widths that terminals have, on a terminal and in a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pandas as pd
import pytest

from commonweal.commands import console
from commonweal.commands.cli import main
from commonweal.commands.output import _spelt
from commonweal.scenarios.runs.intervals import SHARE, in_brief, mean_interval
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import plan_of

SMALL = {"rounds": 6, "task.kind": "wine", "task.validation": 30, "task.test": 30}
FACTORS = {
    "settlement.kind": ["equal", "data", "credit"],
    "population.count": [6, 8],
    "population.graph": ["complete", "ring"],
    "market.leak": [0.000125, 0.0005],
}  # 24 points
WIDTHS = (80, 120, 200)
INTERVAL = re.compile(r"-?\d*\.?\d+ \[-?\d*\.?\d+, -?\d*\.?\d+\]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("screens") / "sweep"
    run_sweep(plan_of(load("commons", SMALL), FACTORS, (0, 1)), place, engine="serial")
    return place


def on_a_terminal(words: list[str], width: int, height: int) -> str:
    """What the command prints on a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    free = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "commonweal.commands.cli", *words]
    process = subprocess.Popen(command, stdout=theirs, env=free | {"TERM": "xterm"})
    os.close(theirs)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        printed += piece
    os.close(ours)
    assert process.wait() == 0
    return printed.decode().replace("\r\n", "\n")


def check(printed: str, runs: pd.DataFrame, width: int) -> None:
    """Values stand whole on one line each, no line is too long, and columns without room are named."""
    lines = printed.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in printed.replace("… and ", "")
    heads = next(line.split() for line in lines if line.startswith("point "))
    assert heads[:5] == ["point", "kind", "count", "graph", "leak"]
    rows = [line for line in lines if re.match(r" *\d+  (equal|data|credit) ", line)]
    assert len({line.split()[0] for line in rows}) == 24
    found = {
        point: mean_interval(group.to_numpy(), within=SHARE) for point, group in runs.groupby("point")["share_delegate"]
    }
    means = []
    for row in rows[:24]:
        delegating = found[int(row.split()[0])]
        means.append(float(delegating.value))
        assert in_brief(*map(float, (delegating.value, delegating.low, delegating.high))) in row
        assert row.count("[") == row.count("]") == len(INTERVAL.findall(row))
    assert means == sorted(means, reverse=True)
    named = " ".join(printed.split()).partition("no room for ")[2]
    for measure in ("free-riding", "poisoning", "test accuracy", "Gini, last quarter"):
        assert (measure in " ".join(lines[:8])) != (measure in named.partition(": widen")[0])


@pytest.mark.parametrize("width", WIDTHS)
def test_every_number_of_a_sweep_of_24_points_can_be_read_in_a_pipe(
    width: int, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["results", str(folder)]) == 0
    check(capsys.readouterr().out, pd.read_parquet(folder / "runs.parquet"), width)


def test_without_columns_a_pipe_gets_every_column(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["results", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "no room for" not in printed
    assert "Δ delegating" in printed


@pytest.mark.parametrize("width", WIDTHS)
def test_every_number_of_a_sweep_of_24_points_can_be_read_on_a_terminal(
    width: int, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(console, "_size", lambda: (width, 24))
    assert main(["results", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 24
    assert re.search(r"… and \d+ more rows: --all shows them", printed)
    assert "Δ delegating" not in printed
    assert main(["results", str(folder), "--all"]) == 0
    everything = capsys.readouterr().out
    check(everything, pd.read_parquet(folder / "runs.parquet"), width)
    assert "Δ delegating" in everything


@pytest.mark.slow
def test_the_size_is_that_of_a_real_terminal(folder: Path) -> None:
    printed = on_a_terminal(["results", str(folder)], 90, 43)
    check(printed, pd.read_parquet(folder / "runs.parquet"), 90)
    assert max(map(len, printed.splitlines())) > 80
    assert len(printed.splitlines()) <= 43


@pytest.mark.parametrize("width", WIDTHS)
def test_answers_in_sql_are_whole_too(
    width: int, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["results", str(folder), "--all", "--sql", "SELECT * FROM runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    runs = pd.read_parquet(folder / "runs.parquet")
    assert max(map(len, lines)) <= width
    shown, named = lines[0].split(), " ".join(lines).partition("no room for ")[2].partition(": widen")[0].split("; ")
    assert len(shown) + len(named) == runs.shape[1]
    assert [line.split()[0] for line in lines[2 : 2 + len(runs)]] == [str(value) for value in runs.iloc[:, 0]]


def test_the_rule_under_headings_can_be_written_in_ascii() -> None:
    assert _spelt("─") == "-"
