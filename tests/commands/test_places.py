"""Where results go: looked at before the first round, and never at the cost of what lies there."""

from pathlib import Path

import pandas as pd
import pytest

from commonweal.commands.cli import main
from commonweal.economy.runs.ensemble import Ensemble

SMALL = ["--rounds", "3", "--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30",
         "--set", "population.count=5"]  # fmt: skip
RUN = ["run", "commons", *SMALL, "--out", "here"]
COMPARE = ["sweep", "commons", *SMALL, "--vary", "settlement.kind=equal,credit", "--seeds", "2", "--out", "here"]
STUDY = ["study", "fairness", "commons", *SMALL, "--seeds", "2", "--out", "here"]
SOLVE = ["contract", "solve", "big-firms", "--out", "here"]
SWEEP = ["sweep", "free-riding-small", "--engine", "serial", "--out", "here"]
STORING = {"run": RUN, "comparison": COMPARE, "study": STUDY, "contract": SOLVE, "sweep": SWEEP}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refusal(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.usefixtures("pictures_unseen")
class TestWhatAnotherCommandWrote:
    """A comparison of many runs is not lost to ``commonweal run`` of the same scenario."""

    def test_is_refused_with_force_named_before_a_round_is_played(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert main(COMPARE) == 0
        before = contents(Path("here"))
        monkeypatch.setattr(Ensemble, "step", None)
        for words in (RUN, [*COMPARE, "--set", "market.leak=0.1"], [*COMPARE, "--seeds", "1"], STUDY, SOLVE):
            said = refusal(words, capsys)
            assert "here: holds results of 'commonweal sweep commons" in said
            assert "--force" in said
            assert "--out" in said
        assert contents(Path("here")) == before

    def test_is_replaced_with_force_by_each_command(self) -> None:
        assert main(COMPARE) == 0
        assert main([*RUN, "--force"]) == 0
        assert len(pd.read_parquet("here/runs.parquet")) == 1
        assert main([*SOLVE, "--force"]) == 0
        assert {entry.name for entry in Path("here").iterdir()} == {"about.json", "menu.csv", "menu.json", "menu.png"}
        assert main([*COMPARE, "--force"]) == 0
        assert len(pd.read_parquet("here/runs.parquet")) == 4

    @pytest.mark.parametrize("command", ["run", "comparison", "study", "contract"])
    def test_is_not_what_the_same_command_wrote_whatever_the_folder_is_called(self, command: str) -> None:
        assert main(STORING[command]) == 0
        Path("here").rename("there")
        assert main([*STORING[command][:-1], "there"]) == 0

    def test_and_results_of_unknown_origin_are_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(RUN) == 0
        about = Path("here/about.json")
        about.write_text('{"commonweal": "0.1", "command": ["run", "commons"]}')
        assert "--force" in refusal(RUN, capsys)

    def test_another_sweep_is_replaced_only_with_force(self, capsys: pytest.CaptureFixture[str]) -> None:
        small = ["--set", "rounds=3", "--out", "here", "--engine", "serial"]
        assert main(["sweep", "commons", *SMALL, "--vary", "market.leak=0.1,0.2", "--seeds", "1", *small]) == 0
        other = ["sweep", "commons", *SMALL, "--vary", "market.leak=0.1,0.3", "--seeds", "1", *small]
        refusal(other, capsys)
        Path("here/notes.txt").touch()
        assert "notes.txt, which is not of commonweal" in refusal([*other, "--force"], capsys)
        Path("here/notes.txt").unlink()
        assert main([*other, "--force"]) == 0
        assert pd.read_parquet("here/runs.parquet")["market.leak"].tolist() == [0.1, 0.3]


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize("foreign", ["notes.txt", "figures/mine.png", ".git", "menu.csv"])
@pytest.mark.parametrize("more", [[], ["--force"]])
def test_a_folder_with_anything_else_in_it_is_never_replaced(
    foreign: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(RUN) == 0
    Path("here", foreign).write_text("not of commonweal")
    before = contents(Path("here"))
    assert f"holds {foreign}, which is not of commonweal" in refusal([*RUN, *more], capsys)
    assert contents(Path("here")) == before


@pytest.mark.usefixtures("pictures_unseen")
def test_every_figure_of_a_run_is_known_to_be_of_commonweal() -> None:
    words = ["run", "value-conflict", "--rounds", "3", "--out", "here"]
    assert main(words) == 0
    assert {"probe_levels.png", "value_map.png"} <= {file.name for file in Path("here/figures").iterdir()}
    assert main(words) == 0
