"""A tab with a folder of results open: told as it is now, chosen in, and its runs played again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonweal.figures.browser.tab import sweeping
from commonweal.figures.browser.tab.opening import open_with
from commonweal.scenarios.sweeps.manifest import MANIFEST
from commonweal.scenarios.sweeps.plan import plan_of
from tests.helpers.swept import BASE, failing, swept
from tests.helpers.tabs import Tab, until

PLAN = plan_of(BASE, {"market.leak": [0.1, 0.2], "settlement.kind": ["equal", "credit"]}, seeds=2)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("played") / "sweep", PLAN)


@pytest.fixture
def results(tmp_path: Path, played: Path) -> Path:
    shutil.copytree(played, tmp_path / "results/one")
    return tmp_path / "results"


@pytest.fixture
def opened(opened: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens tabs that show a folder of results or a run stored in one."""

    def open_tab(place: Path | None, run: Path | None = None) -> Tab:
        return opened(opening=open_with(None if place is None else str(place), run))

    return open_tab


def told(tab: Tab, true: Callable[[dict[str, Any]], Any] = lambda document: True) -> dict[str, Any]:
    """The newest document of the sweep, once something is true of it."""
    until(lambda: "sweep" in tab.docs and true(tab.docs["sweep"]))
    return tab.docs["sweep"]


def test_a_server_that_was_given_a_sweep_shows_it_first(opened: Callable[..., Tab], results: Path) -> None:
    tab = opened(results / "one")
    document = told(tab)
    assert (document["place"], document["counted"]) == ((results / "one").as_posix(), "8 of 8 runs")
    assert tab.docs["turn"] == {"kind": "turn", "view": "sweeps"}
    until(lambda: "point" in tab.docs)
    assert tab.setup["principals"] == 5  # the scenario that it began from is set up beside it
    tab.docs.pop("turn")
    tab.say("hello")  # a browser that lost its connection stays where it was
    told(tab)
    assert "turn" not in tab.docs


def test_folders_are_listed_and_one_is_opened(opened: Callable[..., Tab], results: Path) -> None:
    tab = opened(results)
    tab.say("folders")
    until(lambda: "folders" in tab.docs)
    assert [folder["name"] for folder in tab.docs["folders"]["folders"]] == ["one"]
    assert "sweep" not in tab.docs
    tab.say("sweep", folder="one")
    assert told(tab)["view"]["measure"] == "share_delegate"


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "one/../..", "nothing"])
def test_a_folder_elsewhere_is_refused_and_nothing_changes(
    name: str, opened: Callable[..., Tab], results: Path
) -> None:
    tab = opened(results / "one")
    before = told(tab)
    tab.say("sweep", folder=name)
    until(lambda: tab.error)
    assert "folders of results by their names" in tab.error or "no folder of results of this server" in tab.error
    tab.say("sweep", measure="welfare")
    assert told(tab, lambda document: document["view"]["measure"] == "welfare")["place"] == before["place"]


def test_what_is_looked_at_is_chosen(opened: Callable[..., Tab], results: Path) -> None:
    tab = opened(results / "one")
    told(tab)
    tab.say("sweep", measure="accuracy", point=2, other=1, minus="across 0")
    document = told(tab, lambda document: document["view"]["minus"])
    assert (document["view"]["point"], document["view"]["other"]) == (2, 1)
    until(lambda: tab.docs["point"]["other"])
    tab.say("sweep", across="sideways")
    until(lambda: tab.error == "across: must be a whole number")
    for document, _ in tab.sent:
        json.dumps(document, allow_nan=False)


def test_a_running_sweep_is_read_again_when_something_was_stored(
    opened: Callable[..., Tab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_PATIENCE", 0.05)
    monkeypatch.setattr(sweeping, "_REST", 0.0)
    folder = swept(tmp_path / "sweep", chunks=1)
    tab = opened(folder)
    assert told(tab)["counted"] != "18 of 18 runs"
    states = [cell["state"] for cell in told(tab)["map"]["cells"]]
    assert "waiting" in states
    tab.say("sweep", point=3)
    told(tab, lambda document: document["view"]["point"] == 3)
    swept(folder)
    document = told(tab, lambda document: document["counted"] == "18 of 18 runs")
    assert {cell["state"] for cell in document["map"]["cells"]} == {"played"}
    assert document["view"]["point"] == 3  # what was chosen stays chosen


def test_an_unchanged_folder_is_not_read_again(
    opened: Callable[..., Tab], results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []
    whole = sweeping.survey
    monkeypatch.setattr(sweeping, "survey", lambda folder: reads.append(folder) or whole(folder))
    monkeypatch.setattr(sweeping, "_PATIENCE", 0.01)
    tab = opened(results / "one")
    told(tab)
    for point in range(4):
        tab.say("sweep", point=point)
        told(tab, lambda document, point=point: document["view"]["point"] == point)
    assert len(reads) == 1


def test_a_seed_is_played_again_and_checked(opened: Callable[..., Tab], results: Path) -> None:
    tab = opened(results / "one")
    told(tab)
    until(lambda: "point" in tab.docs)
    tab.say("sweep", point=1)
    until(lambda: tab.docs["point"]["number"] == 1)
    run = tab.docs["point"]["seeds"][1]["run"]
    tab.say("open", run=run)
    until(lambda: tab.docs["state"]["stored"])
    stored = tab.docs["state"]["stored"]
    assert stored["name"] == f"commons, run {run[:8]}"
    assert stored["agreement"].startswith("Played again and the same")
    assert tab.session.stage.live is not None
    assert (tab.session.stage.live.scenario.settlement.kind, tab.session.stage.live.seed) == ("credit", 1)
    tab.say("resume", round=2)  # and can be gone on from
    until(lambda: not tab.docs["state"]["stored"] and tab.docs["state"]["round"] == 2)
    tab.say("step")
    until(lambda: tab.round == 3)
    assert tab.error == ""


@pytest.mark.parametrize("run", ["", "0", "../one", "zz", "a" * 400])
def test_a_run_that_is_not_of_the_folder_is_refused(run: str, opened: Callable[..., Tab], results: Path) -> None:
    tab = opened(results / "one")
    told(tab)
    shown = tab.session.stage.live
    tab.say("open", run=f"{run}!")
    until(lambda: "no run of that number" in tab.error)
    assert tab.session.stage.live is shown


def test_a_run_that_failed_is_refused_with_the_reason(opened: Callable[..., Tab], results: Path) -> None:
    failing(results / "one", [(0, 1)], "ValueError: a bad day")
    tab = opened(results / "one")
    until(lambda: "point" in tab.docs)
    tab.say("sweep", point=0)
    until(lambda: tab.docs["point"]["number"] == 0)
    seed = tab.docs["point"]["seeds"][1]
    assert (seed["run"], seed["why"]) == (None, "failed at round 2: ValueError: a bad day")
    runs = pd.read_parquet(results / "one" / "runs.parquet")
    lost = runs[runs["status"] == "failed"]["run_id"].iloc[0]
    tab.say("open", run=lost)
    until(lambda: tab.error == f"run {lost} failed at round 2: ValueError: a bad day")


def altered(file: Path, **columns: Any) -> None:
    """Put other columns into a table, which stays the same else."""
    table = pq.read_table(file)
    made = pa.Table.from_pandas(table.to_pandas().assign(**columns), table.schema, preserve_index=False)
    pq.write_table(made.replace_schema_metadata(table.schema.metadata), file)


def test_another_version_is_named_where_the_run_is_opened(opened: Callable[..., Tab], results: Path) -> None:
    altered(results / "one" / "runs.parquet", version="0.0.9+old")
    altered(results / "one" / "rounds.parquet", accuracy=lambda frame: frame["accuracy"] + 0.1)
    manifest = json.loads((results / "one" / MANIFEST).read_text())
    (results / "one" / MANIFEST).write_text(json.dumps({**manifest, "version": "0.0.9+old"}))
    tab = opened(results / "one")
    document = told(tab)
    assert document["changed"]
    assert "since then version 0.0.9 played it and this is " in document["context"]
    assert document["more"] is None
    until(lambda: "point" in tab.docs)
    tab.say("open", run=tab.docs["point"]["seeds"][0]["run"])
    until(lambda: tab.docs["state"]["stored"])
    agreement = tab.docs["state"]["stored"]["agreement"]
    assert agreement.startswith("Differs from what was stored, most in accuracy, by ")
    assert "version 0.0.9 played it" in agreement


def test_the_folder_of_a_stored_run_is_open_beside_it(opened: Callable[..., Tab], results: Path) -> None:
    run = pd.read_parquet(results / "one" / "runs.parquet")["run_id"][0]
    tab = opened(None, results / "one" / run)
    assert told(tab)["counted"] == "8 of 8 runs"
    assert "turn" not in tab.docs
    assert tab.docs["state"]["stored"]["name"] == f"commons, run {run[:8]}"
