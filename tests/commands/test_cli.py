"""The command: what it prints, what it leaves behind, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from commonweal.commands.cli import main
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.store import is_results
from commonweal.scenarios.schema.describe import fields
from commonweal.scenarios.schema.library import library_names

ROOT = Path(__file__).parents[2]
SMALL = ["--rounds", "4", "--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30",
         "--set", "population.count=6"]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_run_prints_a_table_and_keeps_results_and_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "commons", "--seeds", "2", *SMALL]) == 0
    printed = capsys.readouterr().out
    for measure in ("delegating", "free-riding", "poisoning", "test accuracy", "welfare", "Gini"):
        assert measure in printed
    assert "screened share" not in printed  # nothing is screened
    assert "2 seeds are few" in printed and "[" in printed
    assert "results/commons" in printed
    folder = Path("results/commons")
    assert len(pd.read_parquet(folder / "rounds.parquet")) == 2 * 4
    assert not (folder / "ledger.parquet").exists()
    figures = sorted(folder.glob("figures/*.png"))
    assert figures
    assert "figures  results/commons/figures/ (" in printed
    assert all(figure.name in printed for figure in figures)
    assert "skipped" not in printed
    assert "solvent" not in printed


@pytest.mark.usefixtures("pictures_unseen")
def test_fields_that_were_set_are_columns_of_the_runs() -> None:
    assert main(["run", "commons", *SMALL, "--set", "market.leak=0.25", "--out", "mine"]) == 0
    runs = pd.read_parquet("mine/runs.parquet")
    assert runs["market.leak"].tolist() == [0.25]
    assert runs["task.kind"].tolist() == ["wine"]
    assert "market.leak" in json.loads(Path("mine/about.json").read_text())["overridden"]


@pytest.mark.usefixtures("pictures_unseen")
def test_about_keeps_the_command_line() -> None:
    words = ["run", "commons", *SMALL, "--out", "mine"]
    main(words)
    assert json.loads(Path("mine/about.json").read_text())["command"] == words


def test_the_ledger_is_kept_when_asked_for() -> None:
    assert main(["run", "commons", *SMALL, "--ledger"]) == 0
    assert (pd.read_parquet("results/commons/ledger.parquet")["amount"] > 0).all()
    assert Path("results/commons/balances.parquet").exists()


@pytest.mark.usefixtures("pictures_unseen")
def test_sweep_compares_every_combination(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "commons", "--vary", "settlement.kind=equal,credit", "--vary", "market.leak=0.1,0.9",
                 "--seeds", "3,5", *SMALL, "--out", "mine"]) == 0  # fmt: skip
    runs = pd.read_parquet("mine/runs.parquet")
    points = runs[["settlement.kind", "market.leak", "seed"]].itertuples(index=False, name=None)
    assert list(points) == [(k, v, s) for k in ("equal", "credit") for v in (0.1, 0.9) for s in (3, 5)]
    assert sum(line.split()[:2] == ["credit", "0.9"] for line in capsys.readouterr().out.splitlines()) == 1


@pytest.mark.slow
def test_figures_are_drawn_again_from_stored_results(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "commons", *SMALL])
    drawn = set(Path("results/commons/figures").iterdir())
    for figure in drawn:
        figure.unlink()
    capsys.readouterr()
    assert main(["figures", "results/commons"]) == 0
    assert set(Path("results/commons/figures").iterdir()) == drawn
    printed = capsys.readouterr().out
    assert all(figure.name in printed for figure in drawn if figure.suffix == ".png")


def test_list_names_every_scenario_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == library_names()
    assert all(len(line.split()) > 3 for line in lines)


def test_describe_explains_a_field_a_section_or_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "market.leak"]) == 0
    assert capsys.readouterr().out.startswith("market.leak = 0.5  [per round]\n")
    assert main(["describe", "market"]) == 0
    assert capsys.readouterr().out.count("\nmarket.") == 16  # seventeen fields, the first at the very start
    assert main(["describe"]) == 0
    printed = capsys.readouterr().out
    assert all(f"{entry.path} = " in printed for entry in fields())


@pytest.mark.parametrize("words", [[], ["--help"], ["run", "--help"], ["sweep", "--help"], ["figures", "--help"]])
def test_help_is_there_and_gives_an_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert "commonweal" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [
    (["run", "commons", "--rounds", "x"], "--rounds = 'x': must be a whole number"),
    (["study", "staying", "commons", "--rounds", "2.5"], "--rounds = '2.5': must be a whole number"),
    (["figures", "results", "--figures-width", "wide"], "--figures-width = 'wide': must be a number"),
])  # fmt: skip
def test_what_is_no_number_is_repeated(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == f"commonweal: {said}\n"


def test_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("commonweal ")


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize(("given", "expected"), [(None, 1), ("2", 2)])
def test_one_thread_is_used_unless_the_user_says_otherwise(
    given: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert main(["run", "commons", *SMALL]) == 0
        assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)


@pytest.mark.usefixtures("pictures_unseen")
def test_interrupted_work_leaves_old_results_and_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", "commons", *SMALL])
    before = Path("results/commons/about.json").read_text()
    capsys.readouterr()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Ensemble, "step", interrupted)
    assert main(["run", "commons", *SMALL]) == 130
    assert main(["run", "commons", *SMALL, "--out", "new/place"]) == 130
    said = capsys.readouterr().err.splitlines()
    assert said == ["commonweal: interrupted; nothing half-written was left"] * 2
    assert Path("results/commons/about.json").read_text() == before
    assert [path.name for path in Path("results").iterdir()] == ["commons"]
    assert not Path("new").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("pictures_unseen")
def test_an_interrupted_comparison_goes_on_after_the_points_that_are_finished(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "commons", "--vary", "settlement.kind=equal,credit", "--seeds", "2", *SMALL]
    assert main([*words, "--out", "whole"]) == 0
    step, played = Ensemble.step, 0

    def impatient(ensemble: Ensemble) -> object:
        nonlocal played
        played += 1
        if played == 4 + 4 + 2:  # the first point, what it is measured against, and half of the second
            raise KeyboardInterrupt
        return step(ensemble)

    monkeypatch.setattr(Ensemble, "step", impatient)
    monkeypatch.setattr("commonweal.commands.run.unfaithful", lambda _: [])  # plays rounds of its own
    capsys.readouterr()
    assert main([*words, "--out", "stopped"]) == 130
    assert "the same command continues" in capsys.readouterr().err
    assert not Path("stopped").exists()
    assert main([*words, "--out", "stopped"]) == 0
    assert played == 4 + 4 + 2 + 4 + 4  # the second point, and again what it is measured against
    for table in ("runs", "rounds", "principals", "profiles"):
        whole, stopped = (pd.read_parquet(f"{place}/{table}.parquet") for place in ("whole", "stopped"))
        pd.testing.assert_frame_equal(whole, stopped, check_exact=True)
    assert sorted(path.name for path in Path().iterdir()) == ["stopped", "whole"]


@pytest.mark.slow
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_control_c_and_a_request_to_end_end_a_real_process_with_130(asked: signal.Signals, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "commonweal.commands.cli", "run", "commons", "--rounds", "1000000"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(asked, signal.SIG_DFL),  # a shell's background jobs ignore it
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert "rounds of commons" in process.stderr.readline()  # it plays, and is no longer importing
        process.send_signal(asked)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "commonweal: interrupted; nothing half-written was left"
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("pictures_unseen")
def test_results_may_be_overwritten_by_later_results() -> None:
    main(["run", "commons", *SMALL, "--seeds", "2"])
    assert main(["run", "commons", *SMALL, "--seeds", "1"]) == 2
    assert len(pd.read_parquet("results/commons/runs.parquet")) == 2
    main(["run", "commons", *SMALL, "--seeds", "1", "--force"])
    assert is_results(Path("results/commons"))
    assert len(pd.read_parquet("results/commons/runs.parquet")) == 1


def test_the_two_ginis_of_a_run_are_named_apart_and_each_is_what_its_name_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[str] = []

    def save(figure: Figure, file: Path, **_: object) -> None:
        drawn.extend(text.get_text() for text in figure.findobj(Text))
        Path(file).write_bytes(b"a picture")

    monkeypatch.setattr(Figure, "savefig", save)
    assert main(["run", "commons", "--rounds", "8", *SMALL[2:]]) == 0
    per_round = pd.read_parquet("results/commons/rounds.parquet")["gini"].to_numpy()
    assert abs(per_round[-2:].mean() - per_round[-1]) > 0.001
    told = [line for line in capsys.readouterr().out.splitlines() if "Gini" in line]
    assert len(told) == 1
    assert "Gini, last quarter" in told[0]
    assert f"{per_round[-2:].mean():.3f}".lstrip("0") in told[0]
    assert f"Gini index at the end\n{per_round[-1]:.2f}" in drawn


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (["--version"], ["numpy", "pydantic", "rich.console"]),
        (["--help"], ["numpy", "pydantic"]),
        (["list"], ["numpy", "rich.console"]),  # typer itself loads pydantic where a command has arguments
        (["list", "--sweeps"], ["numpy", "rich.console"]),
        (["contract", "solve"], ["numpy", "rich.console"]),
        (["describe", "settlement"], []),
        (["describe", "market.leek"], []),
    ],
    ids=" ".join,
)
def test_a_question_loads_no_library_that_it_does_not_need(
    words: list[str], without: list[str], tmp_path: Path
) -> None:
    """Importing them takes seconds; which are loaded does not depend on how busy the machine is."""
    heavy = {"torch", "scipy", "pandas", "mesa", "matplotlib", "networkx", "pyarrow", *without}
    asked = f"import sys; from commonweal.commands.cli import main; main({words})"
    code = f"{asked}; print('loaded', {heavy} & {{*sys.modules}})"
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "loaded set()", told.stdout
    assert len((told.stdout + told.stderr).splitlines()) > 1
