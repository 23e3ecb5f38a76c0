"""A scenario around a table of one's own: what is guessed, what is written, and what it is said to do."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commonweal import Ensemble, InputError, load, revise
from commonweal.commands.cli import main
from commonweal.economy.tasks.names import names_of
from commonweal.economy.tasks.tables.reading import read_table
from commonweal.economy.tasks.tables.table import Table
from commonweal.scenarios.starting import begin, check, guess_label, guess_owner
from commonweal.scenarios.starting.writing import HOSPITALS, bundled

GENERATOR = Path(__file__).parents[3] / "docs" / "examples" / "hospitals.py"


def table(folder: Path, **columns: list[object]) -> Table:
    file = folder / "table.csv"
    pd.DataFrame(columns).to_csv(file, index=False)
    return read_table("csv", file)


def test_the_bundled_table_is_what_its_generator_makes(tmp_path: Path) -> None:
    made = runpy.run_path(str(GENERATOR))["patients"]()
    made.to_csv(tmp_path / "made.csv", index=False)
    assert (tmp_path / "made.csv").read_bytes() == bundled().read_bytes()
    sizes = made["hospital"].value_counts()
    assert len(sizes) == 12
    assert sizes.max() == 100 * sizes.min()


@pytest.mark.parametrize(
    ("columns", "label", "owner"),
    [
        ({"hospital": list("aabbcc"), "age": [1, 2, 3, 4, 5, 6], "outcome": list("xyxyxy")}, "outcome", "hospital"),
        ({"y": [0, 1] * 3, "age": [1.5, 2, 3, 4, 5, 6], "bank_id": [1, 1, 2, 2, 1, 2]}, "y", "bank_id"),
        ({"age": [1, 2, 3, 4, 5, 6], "site": list("abcdef"), "grade": list("xyxyxy")}, "grade", ""),  # a row an owner
        ({"branch": list("aabbcc"), "age": [1, 2, 3, 4, 5, 6], "churned": list("xyxyxy")}, "churned", "branch"),
        ({"age": [1.0, 2, 3, 4, 5, 6], "height": [1, 2, 3, 4, 5, 6]}, "height", ""),
        ({"clinic_code": list("aabbcc"), "back": list("xyxyxy"), "wt": [2, 2, 3, 4, 5, 6]}, "back", "clinic_code"),
    ],
)
def test_label_and_owner_are_guessed_by_names_and_values(
    tmp_path: Path, columns: dict[str, list[object]], label: str, owner: str
) -> None:
    given = table(tmp_path, **columns)
    assert guess_label(given) == label
    assert guess_owner(given, label) == owner


def test_what_init_writes_is_a_scenario_whose_principals_are_the_owners(tmp_path: Path) -> None:
    begun = begin(tmp_path / "clinics", HOSPITALS)
    assert (begun.label, begun.owner, begun.owners) == ("outcome", "hospital", 12)
    scenario = load(begun.scenario)
    assert scenario.name == "clinics"
    assert scenario.population.count == 12
    assert names_of(scenario)[:3] == ("Alder", "Birch", "Cedar")
    principals = Ensemble(scenario, [0, 1]).run(2).principals
    assert principals["owner"].tolist()[12:15] == ["Alder", "Birch", "Cedar"]


def test_a_table_without_owners_is_spread_over_principals(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).standard_normal((200, 2)).round(3)
    pd.DataFrame({"a": numbers[:, 0], "b": numbers[:, 1], "side": np.where(numbers[:, 0] > 0, "up", "down")}).to_csv(
        tmp_path / "sides.csv", index=False
    )
    begun = begin(tmp_path / "sides", str(tmp_path / "sides.csv"))
    scenario = load(begun.scenario)
    assert begun.owner == ""
    assert scenario.population.count == 10
    assert "owner" not in Ensemble(scenario, [0]).run(1).principals


def test_the_scenario_says_where_the_table_lies_as_seen_from_its_folder(tmp_path: Path) -> None:
    begun = begin(tmp_path / "clinics", HOSPITALS)
    assert "kind = 'csv:hospitals.csv'" in begun.scenario.read_text()
    moved = tmp_path / "elsewhere"
    (tmp_path / "clinics").rename(moved)
    assert load(moved / "scenario.toml").population.count == 12


def test_a_scenario_that_lies_there_is_not_replaced(tmp_path: Path) -> None:
    begin(tmp_path, HOSPITALS)
    before = (tmp_path / "scenario.toml").read_bytes()
    with pytest.raises(InputError, match="is there already"):
        begin(tmp_path, HOSPITALS, label="department")
    assert (tmp_path / "scenario.toml").read_bytes() == before
    assert begin(tmp_path, HOSPITALS, label="department", force=True).label == "department"


@pytest.mark.parametrize(
    ("data", "label", "owner", "said"),
    [
        ("missing.csv", "", None, "cannot be read"),
        ("table.txt", "", None, "must end in .csv or .parquet"),
        (HOSPITALS, "outcom", None, "must be a column"),
        (HOSPITALS, "", "clinic", "must be a column"),
        (HOSPITALS, "outcome", "outcome", "is the column that is learned"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line_and_nothing_is_written(
    tmp_path: Path, data: str, label: str, owner: str | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        begin(tmp_path / "new", data, label, owner)
    assert not (tmp_path / "new" / "scenario.toml").exists()


@pytest.mark.parametrize(
    ("metric", "label", "baseline", "rate"),
    [("auto", "outcome", 0.35, 0.5), ("balanced_accuracy", "outcome", 0.25, 0.5), ("auc", "outcome", 0.5, 0.5),
     ("log_loss", "outcome", 0.0, 0.5), ("auto", "lactate", 0.0, 0.1)],
)  # fmt: skip
def test_the_scenario_asks_nothing_for_what_guessing_scores_by_the_metric(
    tmp_path: Path, metric: str, label: str, baseline: float, rate: float
) -> None:
    scenario = load(begin(tmp_path / "clinics", HOSPITALS, label, weight="age", metric=metric).scenario)
    assert (scenario.task.metric, scenario.task.weight, scenario.learning.rate) == (metric, "age", rate)
    assert scenario.market.baseline == pytest.approx(baseline, abs=0.01)
    assert "market.baseline" not in " ".join(check(scenario, 1).doubts)


def test_rows_without_what_is_learned_are_left_out(tmp_path: Path) -> None:
    begun = begin(tmp_path / "clinics", HOSPITALS, "lactate")
    assert "missing = 'drop'  # impute, refuse, or drop the row: 346 rows have no lactate" in begun.scenario.read_text()
    assert load(begun.scenario).task.missing == "drop"


def test_a_column_of_parts_says_which_rows_are_held_out(tmp_path: Path) -> None:
    parts = ["train", "train", "validation", "test"] * 30
    number = np.arange(120)
    frame = pd.DataFrame({"site": number % 3, "a": number % 7, "y": number % 2, "part": parts})
    frame.to_csv(tmp_path / "parts.csv", index=False)
    begun = begin(tmp_path / "parts", str(tmp_path / "parts.csv"), split="part")
    assert "\nvalidation = " not in begun.scenario.read_text()
    said = dict(check(load(begun.scenario), 1).said)
    assert "60 rows to train, 30 for validation, 30 for test" in said["data"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"weight": "outcome"}, "weight = 'outcome' is the column that is learned"),
        ({"weight": "hospital"}, "weight = 'hospital' is the column of owners"),
        ({"weight": "year", "split": "year"}, "split = 'year' is the column of weights"),
        ({"weight": "department"}, "it must hold numbers of at least 0"),
        ({"split": "department"}, "it must be train, validation or test"),
        ({"split": "part"}, "task.split = 'part': must be a column"),
        ({"metric": "r2"}, "is for numbers, and the labels of task hospitals.csv are classes"),
        ({"metric": "gini"}, "unknown metric 'gini'"),
    ],
)
def test_a_role_or_metric_that_does_not_fit_is_said_in_a_line(
    tmp_path: Path, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        begin(tmp_path / "new", HOSPITALS, **asked)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_a_check_says_who_holds_what_and_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load(begin(tmp_path / "clinics", HOSPITALS).scenario)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    found = check(scenario, seeds=2)
    said = dict(found.said)
    assert said["principals"].startswith("12, from Larch with ")
    assert "to Birch with " in said["principals"]
    assert "2885 rows to train, 300 for validation, 300 for test" in said["data"]
    assert said["quality"] == "accuracy"
    weighed = revise(scenario, {"task.metric": "balanced_accuracy", "task.weight": "age"})
    assert dict(check(weighed, seeds=1).said)["quality"] == "balanced accuracy; rows count by age"
    assert "readmitted 35%" in said["classes"]
    holdings = Ensemble(scenario, [0]).world.holdings
    assert found.owners["samples"].tolist() == sorted(holdings.count[0].tolist(), reverse=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_doubts_owners_with_few_rows_and_labels_that_are_nearly_all_alike(tmp_path: Path) -> None:
    number = np.arange(400)
    owners, labels = np.where(number < 390, "big", "small"), np.where(number % 20, "no", "yes")
    frame = pd.DataFrame({"owner": owners, "a": number % 7, "label": labels})
    frame.to_csv(tmp_path / "rare.csv", index=False)
    scenario = load(begin(tmp_path / "rare", str(tmp_path / "rare.csv")).scenario)
    doubts = " ".join(check(scenario, 1).doubts)
    assert "always guessing no is right in 9" in doubts
    assert "market.baseline" not in doubts  # init has set it
    balanced = " ".join(check(revise(scenario, {"task.metric": "balanced_accuracy"}), 1).doubts)
    assert "is right in" not in balanced
    assert "only guesses has balanced accuracy 0.50, and customers pay for all above market.baseline = 0.95" in balanced
    assert "fewer than 10 samples of yes" in doubts


def test_a_check_warns_of_a_rate_at_which_numbers_may_diverge() -> None:
    scenario = load("commons", {"task.kind": "diabetes", "task.validation": 100, "task.test": 100})
    assert "learning.rate = 0.5 is large for a target of numbers" in " ".join(check(scenario, 1).doubts)
    assert "learning.rate" not in " ".join(check(revise(scenario, {"learning.rate": 0.1}), 1).doubts)


def test_a_check_of_a_market_without_a_model_says_so() -> None:
    assert dict(check(load("public-goods"), 1).said)["data"] == "none: this market has no model to train"


def test_who_ends_the_input_is_told_what_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert main(["init", str(tmp_path / "new"), "--data", HOSPITALS]) == 2
    assert capsys.readouterr().err == "commonweal: nobody answers here: say --label COLUMN\n"
    assert not (tmp_path / "new").exists()


def test_the_commands_lead_from_a_table_to_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "clinics", "--data", HOSPITALS]) == 0
    assert "commonweal study staying clinics/scenario.toml" in capsys.readouterr().out
    assert main(["check", "clinics/scenario.toml"]) == 0
    assert "clinics can be played" in capsys.readouterr().out
    rules = ["-o", 'settlements=["equal", "credit"]', "--seeds", "2", "--rounds", "4"]
    assert main(["study", "staying", "clinics/scenario.toml", *rules]) == 0
    assert "of 12." in " ".join(capsys.readouterr().out.split())
    assert main(["init", "clinics", "--data", HOSPITALS]) == 2
