"""``commonweal sweep`` with a sweep: what it prints, where it puts things, and how it ends."""

import sys
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from commonweal.agents.policies import POLICIES
from commonweal.commands.cli import main
from commonweal.economy.tasks import TASKS
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.schema.library import sweep_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.sweeps.estimates import estimate
from commonweal.scenarios.sweeps.plan import plan_of
from commonweal.scenarios.sweeps.telling import Scope, Tally
from commonweal.scenarios.sweeps.worker import Settled

SWEEP = """
scenario = "commons"
replications = 3
[set]
rounds = 4
task.kind = "wine"
task.validation = 30
task.test = 30
population.count = 5
[vary]
settlement.kind = ["equal", "credit"]
"""
SERIAL = ["sweep", "mine.toml", "--engine", "serial"]


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text(SWEEP)
    monkeypatch.chdir(tmp_path)


def test_a_sweep_file_is_played_shown_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "mine.toml", "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    assert "results/mine" in printed
    assert "6 runs, 6 of them played now" in printed
    assert len(pd.read_parquet("results/mine/runs.parquet")) == 6
    assert len(pd.read_parquet("results/mine/rounds.parquet")) == 24
    assert main(["sweep", "mine.toml", "--workers", "1"]) == 0
    assert "6 runs, 0 of them played now" in capsys.readouterr().out


def test_a_dry_run_says_what_would_be_played_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SERIAL, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "6 runs (2 points × 3 seeds, grid) in 2 chunks" in printed
    assert "seconds on 1 workers" in printed
    assert "equal" in printed and "credit" in printed
    assert not Path("results").exists()


def test_seeds_and_values_of_a_file_can_be_changed_on_the_command_line() -> None:
    assert main([*SERIAL, "--seeds", "2", "--vary", "market.leak=0.1,0.2", "--set", "rounds=2", "--out", "other"]) == 0
    runs = pd.read_parquet("other/runs.parquet")
    assert len(runs) == 2 * 2 * 2
    assert set(runs["rounds"]) == {2}


def test_a_scenario_with_an_engine_is_a_sweep_too() -> None:
    words = ["sweep", "commons", "--vary", "market.leak=0.1,0.2", "--seeds", "2", "--rounds", "2", "--engine", "serial"]
    assert main([*words, "--set", "population.count=5"]) == 0
    assert len(pd.read_parquet("results/commons/runs.parquet")) == 4


def test_points_are_added_with_extend(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SERIAL]) == 0
    capsys.readouterr()
    assert main([*SERIAL, "--seeds", "5"]) == 2
    assert "the sweep has 2 seeds that it had not when it was begun: add them with --extend" in capsys.readouterr().err
    assert main([*SERIAL, "--seeds", "5", "--extend"]) == 0
    assert len(pd.read_parquet("results/mine/runs.parquet")) == 10


def test_runs_that_failed_make_exit_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for registry in (TASKS, POLICIES):
        monkeypatch.setattr(registry, "_plugs", dict(registry._plugs))
    monkeypatch.delitem(sys.modules, "tests.helpers.poisonous", raising=False)
    import_module("tests.helpers.poisonous")
    try:
        assert main([*SERIAL, "--seeds", "3,4", "--set", "policy.mix={poisonous=1.0}"]) == 1
    finally:
        del sys.modules["tests.helpers.poisonous"]
    assert "4 runs, 4 of them played now" in (said := capsys.readouterr().out)
    assert "2 failed: --retry-failed plays them again" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sweep mine.toml --engine ray", "engine = 'ray': must be one of dask, processes, serial"),
        ("sweep mine.toml --workers 0", "workers = 0: must be a whole number of at least 1"),
        ("sweep commons --workers 0 --vary market.leak=0.1,0.2", "workers = 0"),
        ("sweep mine.toml --scheduler tcp://127.0.0.1:1", "only engine = dask has a scheduler"),
        ("sweep mine.toml --out mine.toml", "is a file; results need a folder"),
        ("sweep mine.toml --out .", "is not empty and holds no sweep"),
        ("sweep mine.toml --out mine.toml/inside", "cannot be written: Not a directory"),
        ("sweep none.toml", "none.toml"),
        ("sweep free-ridin", "did you mean 'free-riding'?"),
        ("sweep mine.toml --set market.lek=3", "market.lek is not a field"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.err.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["mine.toml"]


def test_run_does_not_replace_a_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SERIAL) == 0
    before = Path("results/mine/runs.parquet").read_bytes()
    capsys.readouterr()
    assert main(["run", "commons", "--rounds", "1", "--out", "results/mine"]) == 2
    assert "holds a sweep, which is not replaced" in capsys.readouterr().err
    assert Path("results/mine/runs.parquet").read_bytes() == before


def test_sweeps_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--sweeps"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == sweep_names()


def test_the_estimate_counts_runs_and_grows_with_rounds() -> None:
    base = revise(load("commons"), {"population.count": 5, "task.kind": "wine", "task.validation": 30, "task.test": 30})
    short, long = (estimate(plan_of(revise(base, {"rounds": n}), seeds=4)) for n in (10, 10_000))
    assert (short.runs, short.chunks) == (4, 1)
    assert long.bytes == 1000 * short.bytes
    assert long.core_seconds > 20 * short.core_seconds  # a run is set up only once
    assert long.seconds(8) == long.core_seconds  # one chunk cannot be shared


SCOPE = Scope("mine", runs=20, done=4, failed=1, metric="accuracy", describe=lambda point: f"point {point}")


def test_the_tally_counts_and_knows_the_best_and_the_worst_cell() -> None:
    tally = Tally(SCOPE)
    assert tally.extremes() == []
    tally.add(Settled(0, 4, 1, "broken", ((0, 1.8, 2), (1, 0.4, 1))))
    tally.add(Settled(1, 2, 0, "", ((1, 1.0, 1), (2, 0.5, 1))))
    assert (tally.done, tally.failed, tally.left) == (4 + 3 + 2, 2, 9)
    assert tally.extremes() == ["best accuracy 0.900: point 0", "worst accuracy 0.500: point 2"]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_says_what_is_done_failed_and_left(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonweal.scenarios.runs.progress._PATIENCE", 0.0)
    console = Console(force_terminal=terminal, width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with progress(console) as tell:
        Tally(SCOPE, tell).add(Settled(0, 4, 1, "broken", ((0, 1.8, 2), (1, 0.4, 1))))
        if terminal:
            tell._live.refresh()  # type: ignore[attr-defined]
    said = console.export_text()
    parts = "runs of mine", "7 done, 2 failed, 11 left", "runs per second", "best accuracy 0.900: point 0", "broken"
    for part in parts:
        assert part in said
