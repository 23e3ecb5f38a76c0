"""``commonweal explain``: stored runs played again, checked and explained; cells of sweeps; and what it refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commonweal.commands.cli import main
from commonweal.economy.explaining.explanation import Explanation

SMALL = ["--rounds", "8", "--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30",
         "--set", "population.count=4", "--set", "learning.hidden=[8]"]  # fmt: skip
QUICK = ["-o", "profiles=16", "-o", "play=2", "-o", "last=1"]

pytestmark = pytest.mark.usefixtures("pictures_unseen")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stored() -> Path:
    """Two stored runs."""
    assert main(["run", "commons", "--seeds", "2,5", *SMALL, "--out", "mine"]) == 0
    return Path("mine")


@pytest.fixture
def grid() -> Path:
    """A comparison of two by two points."""
    assert main(["sweep", "commons", "--vary", "settlement.kind=equal,credit", "--vary", "market.leak=0.1,0.9",
                 "--seeds", "3", *SMALL, "--out", "grid"]) == 0  # fmt: skip
    return Path("grid")


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command prints that ends well."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_without_a_question_it_says_what_can_be_asked(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "explain", stored)
    for words in ("--principal 7 --round 40", "--outcome welfare", "--episodes 10", "seeds: 2, 5", "share_delegate"):
        assert words in printed
    assert not (stored / "explanations").exists()


def test_a_decision_is_told_kept_and_read_again(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "explain", stored, "--principal", 1, "--round", 5)
    assert "seed 2 of mine: Played again and the same" in printed
    assert "Principal 1 " in printed and " in round 5, which it did with probability " in printed
    assert max(map(len, printed.split("reason", 1)[1].split("\n\n")[0].splitlines())) <= 80
    why = Explanation.load(stored / "explanations" / "seed-2-principal-1-round-5-behaviour.json")
    assert why.target == "what principal 1 does in round 5" and np.abs(why.gap).max() < 1e-9
    assert list(why.frame()["reason"].unique()) == list(why.names)
    names = {file.name for file in (stored / "explanations").iterdir()}
    assert {"seed-2-principal-1-round-5-behaviour.png", "seed-2-principal-1-round-5-behaviour-course.json"} <= names


def test_actions_and_episodes_of_another_seed(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "explain", stored, "--seed", 5, "--outcome", "accuracy", *QUICK)
    assert "seed 5 of mine" in printed and "accuracy is " in printed and "for all abstain" in printed
    printed = said(capsys, "explain", stored, "--seed", 5, "--episodes", 2, "--strangers", 2, "--outcome", "accuracy",
                   "-o", "last=1")  # fmt: skip
    last = pd.read_parquet(stored / "rounds.parquet").query("seed == 5")["accuracy"].iloc[-1]
    assert f"The run ended with accuracy {last:.3g} (mean of rounds 7 to 7)" in printed
    kept = [file.name for file in (stored / "explanations").glob("*.json")]
    assert len(kept) == 2 and all(name.startswith("seed-5-") for name in kept)


@pytest.mark.slow
def test_other_questions_lie_in_other_files_and_the_same_in_the_same(stored: Path) -> None:
    for more in ([], ["-o", "play=3"], ["--baseline", "uniform"], ["--outcome", "accuracy"], []):
        assert main(["explain", "mine", "--outcome", "welfare", *QUICK, *more]) == 0
    assert len(list((stored / "explanations").glob("*.json"))) == 4


def test_a_run_that_is_not_the_stored_one_is_said_to_differ(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rounds = pd.read_parquet(stored / "rounds.parquet")
    rounds.assign(accuracy=rounds["accuracy"] + 0.1).to_parquet(stored / "rounds.parquet")
    assert "but for rounding until round 0" in said(capsys, "explain", stored, "--principal", 1)


@pytest.mark.slow
def test_explanations_stay_when_the_same_run_is_played_again(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "explain", stored, "--principal", 1, "--round", 5)
    kept = {file.name for file in (stored / "explanations").iterdir()}
    again = ["run", "commons", "--seeds", "2,5", *SMALL, "--out", "mine"]
    assert main(again) == 0
    assert {file.name for file in (stored / "explanations").iterdir()} == kept
    assert main(["run", "commons", "--seeds", "3", *SMALL, "--out", "mine"]) == 2  # another command's results
    assert main(["run", "commons", "--seeds", "3", *SMALL, "--out", "mine", "--force"]) == 0
    assert not (stored / "explanations").exists()


def test_a_file_of_ones_own_among_explanations_is_not_replaced(stored: Path) -> None:
    assert main(["explain", "mine", "--principal", "1"]) == 0
    (stored / "explanations" / "notes.txt").write_text("precious")
    assert main(["run", "commons", "--seeds", "2,5", *SMALL, "--out", "mine"]) == 2
    assert (stored / "explanations" / "notes.txt").read_text() == "precious"


def test_fields_of_a_sweep_have_the_values_of_two_players(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """φ_1(x) = ½ (E f(x_1, ·) − E f + f(x) − E f(·, x_2)), over all cells alike, seed by seed."""
    printed = said(capsys, "explain", grid, "--outcome", "welfare")
    assert "welfare is highest" in printed and "for the average of all cells" in printed
    why = Explanation.load(grid / "explanations" / "sweep-cells-welfare-uniform.json")
    runs = pd.read_parquet(grid / "runs.parquet")
    table = runs.groupby(["settlement.kind", "market.leak"], sort=False)["welfare"].mean().to_numpy().reshape(2, 2)
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    first = (rows - table.mean() + table - columns) / 2
    second = (columns - table.mean() + table - rows) / 2
    assert why.names == ("settlement.kind", "market.leak")
    np.testing.assert_allclose(why.values[:, 0, 0], first.ravel(), atol=1e-12)
    np.testing.assert_allclose(why.values[:, 1, 0], second.ravel(), atol=1e-12)
    assert why.standard_error is not None and why.provenance["seeds"] == "3"


def test_a_table_stands_under_each_of_several_outcomes(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "explain", grid, "--outcome", "welfare", "--outcome", "accuracy").splitlines()
    heads = [place for place, line in enumerate(printed) if line in ("welfare", "accuracy")]
    assert [printed[place] for place in heads] == ["welfare", "accuracy"]
    assert all(printed[place + 3].startswith("settlement.kind") for place in heads)


@pytest.mark.slow
def test_the_order_of_fields_does_not_matter(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "sweep", "commons", "--vary", "market.leak=0.1,0.9", "--vary", "settlement.kind=equal,credit",
         "--seeds", 3, *SMALL, "--out", "turned")  # fmt: skip
    for folder in (grid, "turned"):
        said(capsys, "explain", folder, "--outcome", "welfare")
    whys = [Explanation.load(Path(f, "explanations", "sweep-cells-welfare-uniform.json")) for f in (grid, "turned")]
    cells = np.array([0, 2, 1, 3])
    np.testing.assert_allclose(whys[1].values[:, ::-1], whys[0].values[cells], atol=1e-7)


def test_a_run_of_a_sweep_is_explained_by_its_number(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "explain", grid / "4", "--principal", 0)
    assert "seed 1 of grid: Played again and the same" in printed
    assert "commonweal explain grid --outcome welfare" in said(capsys, "explain", grid)
    assert "--episodes 10" in said(capsys, "explain", grid / "4")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nowhere"], "nowhere: is no folder; name a folder of commonweal run or sweep"),
        (["."], ".: holds no runs of commonweal"),
        (["mine", "--principal", "4", "--round", "5"], "principal 4: there are 0 to 3"),
        (["mine", "--principal", "-1"], "option principal = -1"),
        (["mine", "--principal", "1", "--round", "8"], "round 8: there are 0 to 7"),
        (["mine", "--principal", "1", "--round", "0"], "round 0: principal 1 did not choose by its policy in it"),
        (["mine", "--question", "why"], "option question = 'why': must be"),
        (["mine", "--outcome", "wealth"], "outcome 'wealth': must be one of share_abstain"),
        (["mine", "--episodes", "9"], "episodes = 9: must be from 1 to the 8 rounds of the run"),
        (["mine", "--episodes", "2", "--strangers", "1"], "option strangers = 1"),
        (["mine", "--seed", "3", "--principal", "1"], "--seed 3: must be one of 2, 5"),
        (["mine/7", "--principal", "1"], "--run 7: no run of that number"),
        (["mine/0", "--seed", "2", "--principal", "1"], "names a run already"),
        (["mine", "-o", "runs=2", "--episodes", "2"], "option runs: is of the study"),
        (["mine", "-o", "profile=9"], "did you mean 'profiles'"),
    ],
)
def test_bad_input_is_one_line_and_status_2_and_leaves_nothing(
    stored: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["explain", *words]) == 2
    printed = capsys.readouterr().err
    assert complaint in printed and printed.count("\n") == 1
    assert not (stored / "explanations").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--principal", "1"], "holds runs of 4 points; decisions and episodes are of one run: name it, like grid/0"),
        (["--outcome", "wealth"], "outcome 'wealth': must be one of"),
        (["--outcome", "welfare", "--baseline", "as-played"], "baseline as-played: is of runs"),
        (["--baseline", "uniform"], "holds a sweep: name what to explain, like --outcome"),
        (["--outcome", "welfare", "--seed", "1"], "there are 4 points; name a run as DIR/ID"),
    ],
)
def test_what_cannot_be_asked_of_a_sweep_is_one_line(
    grid: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["explain", "grid", *words]) == 2
    assert complaint in capsys.readouterr().err
    assert not (grid / "explanations").exists()


def test_the_folder_of_a_study_holds_no_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "explain", "commons", "--seeds", "1", *SMALL, "-o", "principal=1", "--out", "asked"]) == 0
    assert main(["explain", "asked", "--principal", "1"]) == 2
    assert "asked: holds no runs of commonweal" in capsys.readouterr().err


def test_an_interrupted_explanation_leaves_nothing(
    stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("commonweal.commands.explain.watch", interrupted)
    capsys.readouterr()
    assert main(["explain", "mine", "--principal", "1"]) == 130
    assert capsys.readouterr().err.count("\n") == 1
    assert not (stored / "explanations").exists()
