"""A log gives stages and owners; a bad one gets a line that says what is wrong, where, and what is allowed."""

import json
from pathlib import Path

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.scenarios.games.project_log import EXAMPLE, SUBSTITUTE, read_project

HEAD = "stage,owner,done,completed,effort,substitute\n"


def written(folder: Path, text: str, name: str = "log.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_has_the_completions_of_the_paper() -> None:
    project = read_project(EXAMPLE)
    assert project.owners == ("CEO", "CPO", "CTO", "Programmer", "Code Reviewer", "Counselor")
    assert project.stages == ("scope", "components", "files", "code", "review", "checks")
    assert project.completed.tolist() == [1, 4, 2, 45, 1, 2]
    # arXiv 2506.07388: raw shares of the calculator project
    assert np.round(100 * project.completions, 2).tolist() == [1.82, 7.27, 3.64, 81.82, 1.82, 3.64]
    assert project.members.tolist() == [0.9, 0.8, 0.7, 0.5, 0.7, 0.95]


def test_entries_of_a_stage_add_up_and_an_owner_may_have_several_stages(tmp_path: Path) -> None:
    rows = "design,Ada,drew,1,2,\nbuild,Bo,,5,1,.5\ndesign,Ada,drew again,2,.5,.9\ntest,Ada,,1,,\n"
    project = read_project(written(tmp_path, HEAD + rows))
    assert (project.stages, project.owners) == (("design", "build", "test"), ("Ada", "Bo"))
    assert project.owned.tolist() == [0, 1, 0]
    assert project.completed.tolist() == [3, 5, 1]
    assert project.efforts.tolist() == [2.5, 1, 0]
    assert project.substitutes.tolist() == [0.9, 0.5, SUBSTITUTE]
    assert project.members.tolist() == [0.9 * SUBSTITUTE, 0.5]
    assert project.work == ("drew; drew again", "", "")


def test_json_says_the_same_as_csv_and_a_byte_order_mark_is_no_part_of_either(tmp_path: Path) -> None:
    first, second = {"stage": "a", "owner": "x", "completed": 3}, {"stage": "b", "owner": "y", "completed": 1}
    entries = [first, second | {"effort": 2.5}]
    of_json = read_project(written(tmp_path, "\ufeff" + json.dumps(entries), "log.json"))
    of_csv = read_project(written(tmp_path, "\ufeffstage,owner,completed,effort\na,x,3,\n\nb,y,1,2.5\n"))
    for field, found in vars(of_json).items():
        assert np.array_equal(found, getattr(of_csv, field)), field


BAD = {
    "no rows": (HEAD, "has 0 stages; must have 1 to 12"),
    "an empty file": ("", "stage is missing: must have stage, owner, completed"),
    "no owner": ("stage,completed\na,1\n", "owner is missing"),
    "an unknown column": ("stage,owner,completed,hours\na,x,1,2\n", "unknown 'hours': must be one of stage, owner"),
    "a column twice": ("stage,owner,completed,owner\na,x,1,y\n", "names a column twice"),
    "too many cells": ("stage,owner,completed\na,x,1,2\n", "line 2: has more cells"),
    "words for a number": (HEAD + "a,x,,1,,\nb,y,,no,,\n", "line 3: completed = 'no': must be a number from 0 to 1"),
    "no number": (HEAD + "a,x,,,,\n", "line 2: completed is missing"),
    "less than nothing": (HEAD + "a,x,,1,-2,\n", "effort = '-2': must be a number from 0"),
    "infinity": (HEAD + "a,x,,inf,,\n", "completed = 'inf'"),
    "not a number": (HEAD + "a,x,,nan,,\n", "completed = 'nan'"),
    "better than the owner": (HEAD + "a,x,,1,,1.5\n", "substitute = '1.5': must be a number from 0 to 1"),
    "two qualities": (HEAD + "a,x,,1,,.5\na,x,,1,,.6\n", "line 3: substitute of 'a' = 0.6, and 0.5 before"),
    "two owners": (HEAD + "a,x,,1,,\na,y,,1,,\n", "line 3: 'a' is owned by 'y', and by 'x' before"),
    "a nameless stage": (HEAD + " ,x,,1,,\n", "line 2: stage = '': must be a name"),
    "a name that steers terminals": (HEAD + "a,\x1b[31mx,,1,,\n", "owner = .* must be a name"),
    "nothing completed": (HEAD + "a,x,,0,,\n", "completed sums to 0"),
    "an open quotation": (HEAD + 'a,"x,,1,,\n', "is not CSV"),
    "thirteen stages": (HEAD + "".join(f"s{i},x,,1,,\n" for i in range(13)), "has 13 stages; must have 1 to 12"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line"), BAD.values(), ids=BAD)
def test_a_bad_table_is_refused_in_a_line(text: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=line) as refused:
        read_project(written(tmp_path, text))
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "log.csv"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"stage": "a"}', "must be a list of objects"),
        ("[1]", "must be a list of objects"),
        ('[{"stage": "a", "owner": "x"}]', "entry 1: completed is missing"),
        ('[{"stage": 3, "owner": "x", "completed": 1}]', "stage = 3: must be a name"),
        ('[{"stage": "a", "owner": "x", "completed": true}]', "completed = True: must be a number"),
        ('[{"stage": "a", "owner": "x", "completed": [1]}]', "completed = .1.: must be a number"),
        ('[{"stage": "a", "owner": "x", "completed": 1' + "0" * 400 + "}]", "completed = .*: must be a number"),
    ],
)
def test_bad_json_is_refused_in_a_line(text: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=line) as refused:
        read_project(written(tmp_path, text, "log.json"))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_project(tmp_path / "none.csv")
    with pytest.raises(InputError, match="must be a .csv or a .json file"):
        read_project(written(tmp_path, HEAD, "log.txt"))
    (tmp_path / "latin.csv").write_bytes("stage,owner,completed\nPrüfung,x,1\n".encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_project(tmp_path / "latin.csv")
