"""``commonweal contract solve``: what it prints and leaves behind, and what it says of bad contract files."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tomli_w
from PIL import Image

from commonweal.commands.cli import main
from commonweal.economy.menus import solve
from commonweal.figures.menus import draw_menu
from commonweal.scenarios.schema.contract_files import ContractFile, read_contract
from commonweal.scenarios.schema.library import CONTRACTS, LIBRARY, names_in

TWO = """parties = 4
[[type]]
cost = 0.2
share = 0.5
[[type]]
cost = 0.1
share = 0.5
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says of a contract file that it must refuse."""
    Path("mine.toml").write_text(text)
    assert main(["contract", "solve", "mine.toml"]) == 2
    assert not Path("results").exists()
    out, error = capsys.readouterr()
    assert out == ""
    (line,) = error.splitlines()
    return line


def test_a_contract_of_the_library_is_solved_shown_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "solve", "big-firms"]) == 0
    printed = capsys.readouterr().out
    for words in ("big-firms", "391.9094", "425.3931", "86.478276", "89.345152", "2.866876", "participation 0", "rent"):
        assert words in printed
    folder = Path("results/contract-big-firms")
    files = {"menu.csv", "menu.json", "menu.png", "menu_figure.csv", "about.json"}
    assert {file.name for file in folder.iterdir()} == files
    menu = solve(read_contract("big-firms").problem())
    lines = pd.read_csv(folder / "menu.csv")
    assert lines["samples"].to_numpy() == pytest.approx(menu.amounts, rel=1e-12)
    assert lines["ratio"].max() == pytest.approx(1)
    kept = json.loads((folder / "menu.json").read_text())
    assert kept["objective"] == menu.objective and kept["residuals"]["budget"] <= 1e-6
    assert kept["contract"]["reading"] == "published" and len(kept["lines"]) == 5
    assert json.loads((folder / "about.json").read_text())["command"] == ["contract", "solve", "big-firms"]


def test_the_three_cases_of_the_paper_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "solve"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == names_in(CONTRACTS)
    assert names_in(CONTRACTS) == ["big-and-small", "big-firms", "small-parties"]
    costs = {name: [party.cost for party in read_contract(name).type] for name in names_in(CONTRACTS)}
    assert costs["big-firms"] == [0.2, 0.16, 0.12, 0.08, 0.04]
    assert costs["small-parties"] == [1.0, 0.85, 0.7, 0.55, 0.4]
    assert costs["big-and-small"] == [0.5, 0.4, 0.03, 0.02, 0.001]


def test_a_contract_is_no_scenario_and_a_scenario_no_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(CONTRACTS / "big-firms.toml")]) == 2
    assert "big-firms.toml: " in capsys.readouterr().err
    assert main(["contract", "solve", str(LIBRARY / "commons.toml")]) == 2
    assert "commons.toml: rounds is not a field" in capsys.readouterr().err


def test_a_file_of_ones_own_is_solved_into_a_folder_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my firms.toml").write_text("description = 'costs [/bold] of [red] all'\n" + TWO)
    assert main(["contract", "solve", "my firms.toml", "--out", "here"]) == 0
    assert Path("here/menu.png").exists()
    assert capsys.readouterr().out.startswith("my_firms: costs [/bold] of [red] all\n")
    assert main(["contract", "solve", "my firms.toml", "--out", "here"]) == 0, "older results are replaced"
    Path("there").mkdir()
    Path("there/thesis.tex").touch()
    assert main(["contract", "solve", "my firms.toml", "--out", "there"]) == 2
    assert [file.name for file in Path("there").iterdir()] == ["thesis.tex"]


def test_a_curve_of_ones_own_and_sampled_outcomes_are_said_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text(
        "name = 'curve'\nparties = 40\nsamples = 500\nbudget = 0.9\naccuracy = {kind = 'power_law', optimum = 0.9, "
        "drop = 1.5, exponent = 0.4}\n"
        + "".join(f"[[type]]\ncost = {cost}\nshare = 0.2\n" for cost in (0.5, 0.2, 0.1, 0.05, 0.00001))
    )
    assert main(["contract", "solve", "mine.toml"]) == 0
    printed = capsys.readouterr().out
    assert "standard error over sampled outcomes" in printed
    assert "not served      type 5" in printed and "none" in printed
    kept = json.loads(Path("results/contract-curve/menu.json").read_text())
    assert kept["standard_error"] > 0 and kept["served"][4] is False


def test_the_page_on_contracts_shows_the_defaults_and_code_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    Path("two-firms.toml").write_text(example)
    shown, least = read_contract("two-firms.toml"), tomllib.loads(example)
    Path("two-firms.toml").write_text(tomli_w.dumps({key: least[key] for key in ("parties", "type")}))
    assert read_contract("two-firms.toml") == shown
    assert set(least) == set(ContractFile.model_fields)
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(code, "contracts.md", "exec"), {})
    assert "1236.8" in capsys.readouterr().out


def test_help_says_what_a_menu_is_and_what_a_file_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "solve", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in ("private", "menu.csv", "its cost and share", "contract solve big-firms"):
        assert words in text


MISTAKES = {
    "shares that do not sum to 1": (TWO.replace("0.5", "0.4", 1), "shares sum to 0.9: they must sum to 1"),
    "negative cost": (TWO.replace("0.1", "-0.1"), "type[1].cost = -0.1: must be a number above 0"),
    "costs not sorted": (TWO.replace("0.1", "0.3"), "costs must fall from type to type: 0.3 follows 0.2"),
    "equal costs": (TWO.replace("0.1", "0.2"), "costs must fall from type to type: 0.2 follows 0.2"),
    "budget of 0": ("budget = 0\n" + TWO, "budget = 0: must be a number above 0 up to 1"),
    "budget that serves nobody": ("budget = 0.01\n" + TWO, "no menu is feasible: with 0.01 of the model's accuracy"),
    "misspelt": ("budgt = 1\n" + TWO, "budgt is not a field; did you mean budget?"),
    "misspelt in a type": (TWO.replace("cost", "cots", 1), "type[0].cots is not a field; did you mean cost?"),
    "a scenario": ("rounds = 3\n" + TWO, "rounds is not a field; there are name, description, parties"),
    "no types": ("parties = 3", "type is missing: must be [[type]] tables, each with cost and share"),
    "types that are no tables": ("parties = 3\ntype = 3", "type = 3: must be [[type]] tables"),
    "no parties": (TWO[12:], "parties is missing: must be a whole number between 2 and 10_000"),
    "one party": (TWO.replace("4", "1", 1), "parties = 1: must be a whole number between 2 and 10_000"),
    "worthless model": ("value = 0\n" + TWO, "value = 0: must be a number above 0"),
    "unknown reading": ("reading = 'hopeful'\n" + TWO, "reading = 'hopeful': must be one of party, published"),
    "unknown curve": ("accuracy.kind = 'line'\n" + TWO, "accuracy.kind = 'line': must be one of bound, power_law"),
    "not a number": (TWO.replace("0.1", "nan"), "type[1].cost = nan: must be a number above 0"),
    "text for a number": (TWO.replace("0.1", "'low'"), "type[1].cost = 'low': must be a number above 0"),
    "broken": ("parties = = 3", "not valid TOML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_contract_file_is_refused_in_one_line(mistake: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, says = MISTAKES[mistake]
    line = refused(text, capsys)
    assert line.startswith("commonweal: " + ("" if "serves nobody" in mistake else "mine.toml: ") + says)


@pytest.mark.parametrize(("words", "says"), [
    (["contract", "solve", "big-farms"], "unknown contract 'big-farms': must be one of big-and-small, big-firms"),
    (["contract", "solve", "big-farms"], "did you mean 'big-firms'?"),
    (["contract", "solve", "nowhere.toml"], "nowhere.toml: no such contract file"),
    (["contract"], "Missing command"),
])  # fmt: skip
def test_a_contract_that_is_not_there_is_said_so(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("name", ["big-firms", "small-parties", "big-and-small"])
def test_the_figure_shows_samples_and_what_the_model_given_is_worth(name: str, tmp_path: Path) -> None:
    menu = solve(read_contract(name).problem())
    figure = draw_menu(name, menu)
    left, right = figure.axes
    drawn = np.concatenate([line.get_xdata() for line in left.lines])
    assert set(np.round(menu.amounts, 6)) <= set(np.round(drawn, 6))
    ends = [bar.get_x() + bar.get_width() for bar in right.patches]
    assert ends[-len(menu.values):] == pytest.approx(menu.values, abs=1e-6)  # cost, then alone, then rent
    figure.savefig(tmp_path / "menu.png")
    assert Image.open(tmp_path / "menu.png").size[0] >= 1400
