"""Formats, styles and widths of figures on the command line, and figures of stored results drawn again."""

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import commonweal
from commonweal.commands.cli import main

PLAY = ["run", "public-goods", "--rounds", "2", "--set", "population.count=8"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_a_run_draws_what_is_asked_for_and_again_in_another_style_without_playing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*PLAY, "--out", "r", "--figures", "svg", "--figures-style", "column"]) == 0
    drawn = {file.name for file in Path("r/figures").iterdir()}
    assert {Path(name).suffix for name in drawn} == {".svg", ".csv"}
    assert "and the data of each as CSV" in " ".join(capsys.readouterr().out.split())
    tables = {file.name: file.read_bytes() for file in Path("r").glob("*.parquet")}
    assert main(["figures", "r", "--figures", "png", "--figures-style", "slide", "--out", "slides"]) == 0
    assert Image.open("slides/overview.png").size[0] == 2000  # 10 inches at 200 dots
    assert {file.name: file.read_bytes() for file in Path("r").glob("*.parquet")} == tables
    assert pd.read_csv("slides/overview.csv").equals(pd.read_csv("r/figures/overview.csv"))
    assert commonweal.redraw("r", width=6.0, out="python")[0].is_file()
    assert Image.open("python/overview.png").size[0] == 1200
    assert main([*PLAY, "--out", "r"]) == 0  # the same results: figures of other formats do not stand in the way


def test_a_menu_is_drawn_again_beside_its_lines() -> None:
    assert main(["contract", "solve", "big-and-small", "--out", "m"]) == 0
    lines = Path("m/menu.csv").read_bytes()
    assert main(["figures", "m", "--figures", "pdf"]) == 0
    assert Path("m/menu.csv").read_bytes() == lines
    assert {"menu.pdf", "menu.png", "menu_figure.csv"} <= {file.name for file in Path("m").iterdir()}
    assert main(["contract", "solve", "big-and-small", "--out", "m"]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--figures", "gif"], "figures 'gif': must be of png, pdf, svg"),
        (["--figures-style", "poster"], "figures-style 'poster': must be one of column, page, slide"),
        (["--figures-width", "0.1"], "figures-width 0.1: must be 2.5 to 40 inches"),
    ],
)
def test_a_wrong_look_is_refused_in_one_line_before_anything_is_played(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*PLAY, "--out", "r", *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not Path("r").exists()


def test_a_folder_without_results_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main(["figures", "empty"]) == 2
    assert "holds no results of commonweal" in capsys.readouterr().err
