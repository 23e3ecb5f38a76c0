"""Malformed tables and modules: each is one line that names the file and the place, and status 2; nothing is kept."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from commonweal.commands.cli import main

ROWS = [f"{'north' if row % 3 else 'south'},{50 + row},{'fm'[row % 2]},{row % 2},1,{row}" for row in range(24)]
TABLE = "\n".join(["ward,age,sex,died,w,key", *ROWS])
USUAL = {"task.label": "died", "task.owner": "ward", "task.validation": 6, "task.test": 6}


def changed(row: int, column: int, value: str, rows: int = 1) -> str:
    """The table with another value in some rows, from the first after the header on."""
    lines = [line.split(",") for line in TABLE.split("\n")]
    for line in lines[row : row + rows]:
        line[column] = value
    return "\n".join(map(",".join, lines))


def with_column(name: str, values: list[Any]) -> str:
    """The table with one more column."""
    lines = TABLE.split("\n")
    return "\n".join(f"{line},{value}" for line, value in zip(lines, [name, *values], strict=True))


@pytest.mark.usefixtures("pictures_unseen")
def test_the_table_that_all_others_spoil_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status(tmp_path, monkeypatch, TABLE, {}) == 0


def status(
    folder: Path, monkeypatch: pytest.MonkeyPatch, table: str | bytes, fields: Mapping[str, Any], name: str = "t.csv"
) -> int:
    """Status of the command that plays a round with a table."""
    monkeypatch.chdir(folder)
    Path(name).write_bytes(table.encode() if isinstance(table, str) else table)
    kind = {"task.kind": f"{Path(name).suffix[1:]}:{name}"} | USUAL | dict(fields)
    sets = [text for path, value in kind.items() if value is not None for text in ("--set", f"{path}={value}")]
    return main(["run", "commons", "--set", "rounds=1", "--seeds", "1", "--out", "out", *sets])


SPLIT = ["train", "validation", "test"] * 8
TABLES: dict[str, tuple[str | bytes, dict[str, Any], str]] = {
    "an empty file": ("", {}, r"t\.csv: is empty; it must have a header"),
    "a header alone": ("ward,age,died\n", {}, r"t\.csv: has a header and no rows"),
    "no header": ("1,2\n3,4\n5,6", {"task.label": "'2'"}, r"t\.csv: has no header: row 1 holds the numbers '1', '2'"),
    "a column without a name": ("ward,,died\na,1,0", {}, r"t\.csv: column 2 has no name in the header"),
    "two columns of one name": ("ward,age,age,died\na,1,2,0", {}, r"columns 2 and 3 are both called 'age'"),
    "a row too long": (f"{TABLE}\nnorth,1,f,1,1,1,1", {}, r"t\.csv: row 26 has 7 values; it must have 6"),
    "a row too short": (f"{TABLE}\nnorth,1,f", {}, r"t\.csv: row 26 has 3 values; it must have 6"),
    "text that is not UTF-8": (TABLE.encode() + b"\nn\xe9,1,f,1,1,1", {}, r"t\.csv: line 26 is not UTF-8 text"),
    "semicolons": (TABLE.replace(",", ";"), {}, r"columns must be separated by commas, not ';'"),
    "no label named": (TABLE, {"task.label": "''"},
        r"task.label is missing: must be a column of t.csv, which has 'ward'"),
    "no such label": (TABLE, {"task.label": "dead"}, r"task.label = 'dead': must be a column of t.csv"),
    "no such owner": (TABLE, {"task.owner": "clinic"}, r"task.owner = 'clinic': must be a column of t.csv"),
    "one column in two roles": (TABLE, {"task.owner": "died"}, r"task.owner = 'died': is task.label already"),
    "the label among features": (TABLE, {"task.columns": "['age','died']"},
        r"task.columns names 'died', which is task.label"),
    "an owner missing": (changed(4, 0, "", 2), {},
        r"t\.csv: row 5 has no 'ward' \(task.owner\), nor have 1 others of 24 rows"),
    "a label missing": (changed(7, 3, ""), {}, r"t\.csv: row 8 has no 'died' \(task.label\)"),
    "one class only": (changed(1, 3, "1", 24), {},
        r"column 'died' \(task.label\) has 1 class, '1'; it must have 2 to 1000"),
    "one owner only": (changed(1, 0, "north", 24), {}, r"column 'ward' \(task.owner\) names one owner, 'north'"),
    "a column without values": (changed(1, 1, "", 24), {}, r"column 'age' has no value in any row"),
    "an infinite feature": (changed(3, 1, "inf"), {}, r"t\.csv: row 4 has an infinite 'age'"),
    "an infinite label": (changed(3, 3, "inf"), {}, r"t\.csv: row 4 has an infinite 'died' \(task.label\)"),
    "something missing that may not be": (changed(9, 1, ""), {"task.missing": "refuse"}, r"row 10 has no 'age'"),
    "something missing everywhere": (
        changed(1, 2, "", 24), {"task.missing": "drop"}, r"column 'sex' has no value in any row"),
    "something missing in every row": (
        with_column("x", [1, ""] * 12).replace(",f,", ",,"), {"task.missing": "drop"},
        r"something is missing in every row"),
    "a word among splits": (with_column("part", ["dev", *SPLIT[1:]]), {"task.split": "part"},
        r"row 2 has 'dev' in 'part'"),
    "no test rows": (
        with_column("part", ["train", "validation"] * 12), {"task.split": "part"}, r"no row has 'test' in 'part'"),
    "an owner without training rows": (
        with_column("part", ["test", "train", "validation"] * 8), {"task.split": "part"},
        r"owner 'south' has no training row"),
    "a negative weight": (changed(2, 4, "-1"), {"task.weight": "w"}, r"t\.csv: row 3 has weight -1 \('w'\)"),
    "weights that are words": (changed(2, 4, "much"), {"task.weight": "w"},
        r"column 'w' \(task.weight\) holds words, like '1'"),
    "weights that are all 0": (changed(1, 4, "0", 24), {"task.weight": "w"},
        r"column 'w' \(task.weight\) is 0 in every row"),
    "weights over a wire": (TABLE, {"task.weight": "w", "learning.wire": "cut"},
        r"learning.wire must be off where task.weight"),
    "text without words": (TABLE, {"task.text": "['sex']"}, r"column 'sex' \(task.text\) has no words"),
    "words for numbers": (TABLE, {"task.label": "sex", "task.target": "number"},
        r"task.target = 'number': column 'sex'"),
    "too many categories": (
        "\n".join(["ward,zip,died", *(f"{'ns'[row % 2]},z{row},{row % 2}" for row in range(1100))]), {},
        r"column 'zip' has 1100 categories; at most 1000 are allowed"),
    "too few rows to measure on": (TABLE, {"task.validation": 20}, r"task.validation = 20 \+ task.test = 6"),
    "another number of principals": (TABLE, {"population.count": 5},
        r"population.count = 5: must be 2, the owners in csv:t.csv"),
    "owners without a column": (TABLE, {"task.owner": None, "task.partition": "owner"},
        r"have no owners; name their column"),
    "a misspelt field": (TABLE, {"task.lable": "died"}, r"task.lable is not a field; did you mean task.label\?"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "fields", "line"), TABLES.values(), ids=TABLES)
def test_a_malformed_table_is_one_line(
    table: str | bytes, fields: dict[str, Any], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert status(tmp_path, monkeypatch, table, fields) == 2
    _told_once(capsys.readouterr().err, line, tmp_path)


def _told_once(error: str, line: str, folder: Path) -> None:
    """One line of an error, which says what is wrong; nothing is left behind."""
    assert len(error.strip().splitlines()) == 1, error
    assert re.search(line, error), error
    assert not (folder / "out").exists()


MODULES: dict[str, tuple[str, dict[str, Any], str]] = {
    "no such file": ("", {"task.kind": "torch:none.py:data"}, r"cannot read .*none.py: No such file"),
    "no such module": ("", {"task.kind": "torch:nowhere_at_all:data"}, r"there is no module 'nowhere_at_all'"),
    "no name": ("", {"task.kind": "torch:mine.py"}, r"task.kind = 'torch:mine.py'"),
    "no such name": ("data = 1", {"task.kind": "torch:mine.py:dato"}, r"mine.py has no 'dato'; did you mean 'data'\?"),
    "code that is none": ("def (", {}, r"mine.py cannot be imported: line 1: SyntaxError"),
    "code that raises": ("x = 1\n1 / 0", {}, r"mine.py cannot be imported: line 2: ZeroDivisionError"),
    "a function that raises": ("def data():\n    raise OSError('gone')", {}, r"data\(\) raises OSError: gone"),
    "no data set": ("data = 3", {}, r"data is no data set, but of type int: it must have __len__ and __getitem__"),
    "no length": (
        "class data:\n    def __getitem__(self, at): return 1, 2", {}, r"data is no data set, but of type data"),
    "a length that raises": (
        "class data:\n    def __len__(self): raise TypeError('endless')\n    def __getitem__(self, at): return 1",
        {}, r"data: has no length \(TypeError: endless\)"),
    "no items": ("data = []", {}, r"data: has no items"),
    "items of one thing": ("data = [1, 2, 3]", {}, r"data: item 0 is int; it must be \(x, label\)"),
    "items of four things": ("data = [(1, 2, 3, 4)]", {}, r"data: item 0 is 4 things"),
    "items that raise": (
        "class data:\n    def __len__(self): return 9\n    def __getitem__(self, at): return (at, 1 // (4 - at))", {},
        r"data: item 4 of 9 raises ZeroDivisionError"),
    "items of unlike shapes": (
        "data = [([1, 2], 0), ([1, 2, 3], 1)]", {}, r"data: 'x' of item 1 has shape \(3,\), and of item 0 \(2,\)"),
    "items of unlike keys": ("data = [{'x': 1, 'label': 0}, {'y': 1}]", {},
        r"data: item 1 holds y, and item 0 x, label"),
    "an item of a strange type": ("data = [(object(), 0)]", {}, r"data: 'x' of item 0 is of type object"),
    "several data sets": ("data = {'train': [], 'test': []}", {}, r"data holds several data sets, train, test"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "fields", "line"), MODULES.values(), ids=MODULES)
def test_a_malformed_module_is_one_line(
    code: str, fields: dict[str, Any], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    usual = {"task.kind": "torch:mine.py:data", "task.owner": None, "task.label": None}
    assert status(tmp_path, monkeypatch, code, usual | fields, "mine.py") == 2
    _told_once(capsys.readouterr().err, line, tmp_path)


def test_a_folder_a_missing_file_and_a_parquet_that_is_none_are_one_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    for kind, line in (
        ("csv:folder", r"folder: is a folder; it must be a csv file"),
        ("csv:none.csv", r"none.csv: cannot be read: No such file or directory"),
        ("parquet:t.csv", r"t.csv: is no parquet file"),
        ("csv:", r"task.kind = 'csv:': must be one of"),
    ):
        assert status(tmp_path, monkeypatch, TABLE, {"task.kind": kind}) == 2
        _told_once(capsys.readouterr().err, line, tmp_path)


PEOPLE: dict[str, tuple[str, str]] = {
    "no names": ("cost\n1", r"must be a column of people.csv, which has 'cost'"),
    "an unknown column": ("name,mood\nnorth,1",
        r"people.csv: column 'mood' says nothing of principals; allowed are name, cost"),
    "an unknown principal": ("name,cost\nwest,1",
        r"people.csv: row 2 is of 'west', who is no principal; there are 'north', 'south'"),
    "a principal twice": ("name,cost\nnorth,1\nnorth,1", r"people.csv: row 3 is of 'north' again"),
    "a negative cost": ("name,cost\nnorth,1\nsouth,-1", r"people.csv: row 3 has cost = -1; it must be a number from 0"),
    "a cost in words": ("name,cost\nnorth,high", r"people.csv: row 2 has cost = high; it must be a number from 0"),
    "an unknown policy": ("name,policy\nnorth,saint",
        r"row 2 has policy = 'saint'; it must be one of .*\(policy.mix\)"),
    "an action that is not allowed": ("name,action\nnorth,abstain",
        r"row 2 has action = 'abstain'; it must be one of defect"),
    "samples of some alone": ("name,samples\nnorth,2", r"people.csv: says no samples of 'south'"),
    "more samples than there are": ("name,samples\nnorth,2\nsouth,99", r"samples = 99 of 'south', who has"),
    "a limit of no dimension": ("name,limit_0\nnorth,1", r"column 'limit_0' says nothing of principals"),
}  # fmt: skip


@pytest.mark.parametrize(("people", "line"), PEOPLE.values(), ids=PEOPLE)
def test_a_malformed_table_of_principals_is_one_line(
    people: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "people.csv").write_text(people, encoding="utf-8")
    assert status(tmp_path, monkeypatch, TABLE, {"population.table": "people.csv"}) == 2
    _told_once(capsys.readouterr().err, line, tmp_path)
