"""Where results go: looked at before the first round, and never at the cost of what lies there."""

import os
from pathlib import Path

import pandas as pd
import pytest

from commonweal.commands.cli import main
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.store import is_results
from commonweal.scenarios.sweeps.folder import undertake
from commonweal.scenarios.sweeps.plan import Plan

SMALL = ["--rounds", "3", "--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30",
         "--set", "population.count=5"]  # fmt: skip
RUN = ["run", "commons", *SMALL, "--out", "here"]
COMPARE = ["sweep", "commons", *SMALL, "--vary", "settlement.kind=equal,credit", "--seeds", "2", "--out", "here"]
STUDY = ["study", "fairness", "commons", *SMALL, "--seeds", "2", "--out", "here"]
SOLVE = ["contract", "solve", "big-firms", "--out", "here"]
SWEEP = ["sweep", "free-riding-small", "--engine", "serial", "--out", "here"]
STORING = {"run": RUN, "comparison": COMPARE, "study": STUDY, "contract": SOLVE, "sweep": SWEEP}
A_STUDY = pytest.param("study", marks=pytest.mark.slow)


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

    @pytest.mark.slow
    def test_is_replaced_with_force_by_each_command(self) -> None:
        assert main(COMPARE) == 0
        assert main([*RUN, "--force"]) == 0
        assert len(pd.read_parquet("here/runs.parquet")) == 1
        assert main([*SOLVE, "--force"]) == 0
        files = {"about.json", "menu.csv", "menu.json", "menu.png", "menu_figure.csv"}
        assert {entry.name for entry in Path("here").iterdir()} == files
        assert main([*COMPARE, "--force"]) == 0
        assert len(pd.read_parquet("here/runs.parquet")) == 4

    @pytest.mark.parametrize("command", ["run", "comparison", "contract", A_STUDY])
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


@pytest.mark.slow
@pytest.mark.usefixtures("pictures_unseen")
def test_every_figure_of_a_run_is_known_to_be_of_commonweal() -> None:
    words = ["run", "value-conflict", "--rounds", "3", "--out", "here"]
    assert main(words) == 0
    assert {"probe_levels.png", "value_map.png"} <= {file.name for file in Path("here/figures").iterdir()}
    assert main(words) == 0


def _plays(*_: object, **__: object) -> None:
    raise AssertionError("a round was played, or a menu solved")


@pytest.mark.parametrize("command", STORING)
class TestEveryCommandThatStoresLooksFirst:
    """What cannot be written to is said in one line before anything is played, and nothing is left behind."""

    @pytest.fixture(autouse=True)
    def _nothing_plays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Ensemble, "step", _plays)
        monkeypatch.setattr("commonweal.commands.contract.solve", _plays)
        monkeypatch.setattr("commonweal.commands.study.ask", _plays)
        monkeypatch.setattr("commonweal.commands.sweep.run_sweep", _plays_after_a_look)

    def test_at_a_file(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("here").write_text("mine")
        assert "here: is a file; results need a folder" in refusal(STORING[command], capsys)
        assert Path("here").read_text() == "mine"

    def test_at_a_device(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("here").symlink_to("/dev/null")
        assert "here: is a file; results need a folder" in refusal(STORING[command], capsys)

    def test_at_a_link_to_nothing(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("here").symlink_to("nowhere")
        assert "here: is a link to nothing" in refusal(STORING[command], capsys)
        assert [entry.name for entry in Path().iterdir()] == ["here"]

    def test_at_a_link_to_itself(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("here").symlink_to("here")
        assert "here: is a link to nothing" in refusal(STORING[command], capsys)

    def test_at_a_name_that_is_too_long(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        words = [*STORING[command][:-1], "n" * 300]
        assert "cannot be written: File name too long" in refusal(words, capsys)

    def test_below_a_file(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("file").touch()
        assert "cannot be written: Not a directory" in refusal([*STORING[command][:-1], "file/a/b"], capsys)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux has /proc")
    def test_below_a_folder_in_which_nothing_can_be_made(
        self, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "here: cannot be written: " in refusal([*STORING[command][:-1], "/proc/self/here"], capsys)

    @pytest.mark.parametrize("there", [True, False])
    def test_at_a_read_only_place(
        self, command: str, there: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = Path("fixed/here" if there else "fixed")
        folder.mkdir(parents=True)
        mkdir, opened = os.mkdir, os.open

        def refuses(path: object, *more: object, **others: object) -> None:
            if "fixed" in Path(str(path)).absolute().parts:
                raise OSError(30, "Read-only file system")  # chmod would not keep root out
            mkdir(path, *more, **others)  # type: ignore[arg-type]

        def opens(path: object, flags: int, *more: object, **others: object) -> int:
            if "fixed" in Path(str(path)).absolute().parts and flags & os.O_CREAT:
                raise OSError(30, "Read-only file system")
            return opened(path, flags, *more, **others)  # type: ignore[arg-type]

        monkeypatch.setattr(os, "mkdir", refuses)
        monkeypatch.setattr(os, "open", opens)
        said = refusal([*STORING[command][:-1], "fixed/here"], capsys)
        assert "here: cannot be written: Read-only file system" in said


def _plays_after_a_look(plan: Plan, folder: Path, **_: object) -> None:
    with undertake(plan, folder.absolute()):
        _plays()


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize("command", ["run", "comparison", "contract", A_STUDY])
class TestContentsAreWrittenIntoTheFolder:
    """A folder that is a link, a mount point or the current folder stays what it is."""

    def test_that_a_link_leads_to(self, command: str) -> None:
        Path("disk").mkdir()
        Path("here").symlink_to("disk")
        for _ in range(2):
            assert main(STORING[command]) == 0
            assert Path("here").is_symlink()
            assert is_results(Path("disk"))
        assert {entry.name for entry in Path().iterdir()} == {"disk", "here"}
        assert not [entry for entry in Path("disk").iterdir() if entry.name.startswith(".")]

    def test_that_is_a_mount_point(self, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing can be moved into or out of a mount point, nor can it be renamed."""
        volume = Path("here").absolute()
        volume.mkdir()
        number, rename = volume.stat().st_ino, os.rename

        def refuses(source: object, target: object, **_: object) -> None:
            ends = [Path(str(end)).absolute() for end in (source, target)]
            if volume in ends:
                raise OSError(16, "Device or resource busy")
            if len({volume in end.parents for end in ends}) > 1:
                raise OSError(18, "Invalid cross-device link")
            rename(*ends)

        monkeypatch.setattr(os, "rename", refuses)
        for _ in range(2):
            assert main(STORING[command]) == 0
            assert is_results(volume)
        assert volume.stat().st_ino == number
        assert [entry.name for entry in volume.parent.iterdir()] == ["here"]

    def test_that_is_the_current_one(self, command: str) -> None:
        assert main([*STORING[command][:-1], "."]) == 0
        assert is_results(Path())


@pytest.mark.usefixtures("pictures_unseen")
def test_an_interrupted_comparison_in_a_mounted_folder_goes_on_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("here").mkdir()
    step, played = Ensemble.step, 0

    def impatient(ensemble: Ensemble) -> object:
        nonlocal played
        played += 1
        if played == 3 + 3 + 2:  # the first point, what it is measured against, and a part of the second
            raise KeyboardInterrupt
        return step(ensemble)

    monkeypatch.setattr(Ensemble, "step", impatient)
    assert main(COMPARE) == 130
    assert "the same command continues" in capsys.readouterr().err
    assert [entry.name for entry in Path().iterdir()] == ["here"]
    assert main(COMPARE) == 0
    assert played == 3 + 3 + 2 + (3 + 3) + 3  # the second point, its benchmark, and whether credit is faithful
    assert not [entry for entry in Path("here").iterdir() if entry.name.startswith(".")]


@pytest.mark.usefixtures("pictures_unseen")
def test_what_was_played_is_kept_where_another_command_took_the_folder_meanwhile(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Ensemble.step

    def steps(ensemble: Ensemble) -> object:
        Path("here").mkdir(exist_ok=True)
        Path("here/thesis.tex").write_text("mine")
        return step(ensemble)

    monkeypatch.setattr(Ensemble, "step", steps)
    said = refusal(RUN, capsys)
    assert "what was played lies in" in said
    assert is_results(Path(said.rpartition("lies in ")[2].strip()))
    assert {entry.name for entry in Path("here").iterdir()} == {"thesis.tex"}
