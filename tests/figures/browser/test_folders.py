"""The page opens folders of results that lie where the server was told, and nothing beyond."""

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.figures.browser.tab.folders import Folders
from commonweal.figures.browser.tab.opening import open_with
from commonweal.scenarios.sweeps.plan import plan_of
from tests.helpers.swept import BASE, swept


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("played") / "sweep", plan_of(BASE, {"market.leak": [0.1, 0.2]}, seeds=1))


@pytest.fixture
def results(tmp_path: Path, played: Path) -> Path:
    """A folder of results with two sweeps in it, and one beside it."""
    for name in ("results/one", "results/deep/two", "elsewhere"):
        shutil.copytree(played, tmp_path / name)
    return tmp_path / "results"


def test_folders_of_results_are_listed_newest_first(results: Path) -> None:
    os.utime(results / "one" / "manifest.json", (2e9, 2e9))
    document = Folders(results).document()
    assert [folder["name"] for folder in document["folders"]] == ["one", "deep/two"]
    assert document["folders"][0]["what"] == "sweep of commons"
    assert document["folders"][1]["place"] == (results / "deep/two").as_posix()
    assert document["how"].startswith("commonweal sweep leaky ")


def test_nothing_is_listed_where_there_is_nothing(tmp_path: Path) -> None:
    assert Folders(tmp_path / "results").document()["folders"] == []


@pytest.mark.parametrize(
    "name", ["../elsewhere", "one/../../elsewhere", "", "/etc", "~", "one/..", "a\0b", "..\\one", "no"]
)
def test_a_name_that_leads_elsewhere_is_refused(results: Path, name: str) -> None:
    with pytest.raises(InputError):
        Folders(results).find(name)


def test_an_absolute_path_to_a_folder_that_is_there_is_refused(results: Path) -> None:
    with pytest.raises(InputError, match="by their names in the list only"):
        Folders(results).find(str(results / "one"))


def test_a_link_out_is_neither_listed_nor_followed(results: Path) -> None:
    (results / "out").symlink_to(results.parent / "elsewhere")
    (results / "ring").symlink_to(results / "ring")
    assert set(Folders(results).names()) == {"one", "deep/two"}
    for name in ("out", "ring"):
        with pytest.raises(InputError, match="no folder of results of this server"):
            Folders(results).find(name)


@pytest.mark.parametrize("file", ["runs.parquet", "rounds.parquet", "design-0000.parquet", "manifest.json", "shards"])
def test_a_file_that_is_a_link_out_is_not_read(results: Path, file: str) -> None:
    target = results.parent / "elsewhere" / file
    target.exists() or target.mkdir()
    (results / "one" / file).unlink(missing_ok=True)
    (results / "one" / file).symlink_to(target)
    with pytest.raises(InputError, match="is a link out of the folder that was opened"):
        Folders(results).find("one")
    assert [folder["name"] for folder in Folders(results).document()["folders"]] == ["deep/two"]


def test_a_link_inside_is_followed(results: Path) -> None:
    (results / "again").symlink_to(results / "one")
    assert Folders(results).find("again") == results / "again"


def test_a_manifest_that_names_a_design_elsewhere_is_not_believed(results: Path) -> None:
    document = json.loads((results / "one" / "manifest.json").read_text())
    document["design"] = "../deep/two/design-0000.parquet"
    (results / "one" / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="names a design that lies elsewhere"):
        Folders(results).find("one")


def test_a_server_opens_a_folder_of_results_with_its_scenario(results: Path) -> None:
    opening = open_with(str(results / "one"), None)
    assert (opening.results, opening.folders.root) == (".", results / "one")
    assert opening.scenarios[opening.begin].population.count == 5
    assert open_with(str(results), None).results == ""
    assert open_with(str(results), None).folders.root == results


def test_a_server_with_a_stored_run_has_its_folder_open(results: Path) -> None:
    runs = pd.read_parquet(results / "one" / "runs.parquet")
    opening = open_with(None, results / "one" / runs["run_id"][0])
    assert (opening.results, opening.folders.root) == (".", results / "one")


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no results of commonweal, nor does a folder in it"):
        open_with(str(tmp_path), None)


def test_by_itself_a_server_opens_what_lies_under_results() -> None:
    assert open_with(None, None).folders.root == Path("results")
