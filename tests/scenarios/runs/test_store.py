"""Results on disk: complete, readable again, and never half-written."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.store import is_results, read, save, writing
from commonweal.scenarios.runs.tables import SweepResults
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Dimension, Scenario, Values
from commonweal.scenarios.sweeps.sweep import sweep

TINY = {"rounds": 3, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 5}


@pytest.fixture(scope="module")
def results() -> SweepResults:
    return sweep(revise(load("commons"), TINY), {"settlement.kind": ["equal", "credit"]}, seeds=2, keep_ledger=True)


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_results_read_back_as_they_were_saved(results: SweepResults, tmp_path: Path) -> None:
    save(results, tmp_path, {"command": ["sweep"]})
    again = read(tmp_path)
    assert (again.scenario, again.varied, again.seeds) == (results.scenario, results.varied, results.seeds)
    assert list(again.tables()) == ["runs", "rounds", "principals", "profiles", "ledger", "balances"]
    for name, table in again.tables().items():
        pd.testing.assert_frame_equal(table, results.tables()[name], check_dtype=False)


def test_about_says_where_results_come_from(results: SweepResults, tmp_path: Path) -> None:
    save(results, tmp_path, {"command": ["sweep", "commons"]})
    about = json.loads((tmp_path / "about.json").read_text())
    assert about["varied"] == ["settlement.kind"]
    assert about["seeds"] == [0, 1]
    assert about["command"] == ["sweep", "commons"]
    assert {"commonweal", "scenario", "platform"} <= set(about)


def test_an_ensemble_of_stored_runs_can_be_played_again_from_the_stored_scenario(
    results: SweepResults, tmp_path: Path
) -> None:
    save(results, tmp_path)
    again = sweep(tmp_path / "scenario.toml", {"settlement.kind": ["equal", "credit"]}, seeds=2)
    pd.testing.assert_frame_equal(again.rounds, results.rounds)


@pytest.mark.parametrize("name", library_names())
def test_a_stored_scenario_is_the_same_when_loaded_again(name: str, results: SweepResults, tmp_path: Path) -> None:
    stored = SweepResults(load(name), (), (0,), *[pd.DataFrame()] * 4)
    save(stored, tmp_path)
    assert load(tmp_path / "scenario.toml") == load(name)


@given(
    limits=st.lists(st.floats(0, 1), max_size=3),
    description=st.text(max_size=20),
    alpha=st.floats(0, 100, allow_subnormal=False),
    edges=st.none() | st.just("a folder/friends.txt"),
)
@settings(max_examples=30)
def test_any_scenario_survives_being_written_as_toml(
    tmp_path_factory: pytest.TempPathFactory, limits: list[float], description: str, alpha: float, edges: str | None
) -> None:
    dimensions = tuple(Dimension(sense="protect", label=1, limit=limit) for limit in limits)
    base = Scenario(description=description, values=Values(dimensions=dimensions))
    scenario = revise(base, {"settlement.alpha": alpha} | ({"population.edges": edges} if edges else {}))
    folder = tmp_path_factory.mktemp("stored")
    save(SweepResults(scenario, (), (0,), *[pd.DataFrame()] * 4), folder)
    assert load(folder / "scenario.toml") == scenario


def test_new_results_take_the_place_of_old_ones_at_once(results: SweepResults, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "results"
    for leftover in ("ledger.parquet", "balances.parquet"):
        with writing(folder) as partial:
            assert not (folder / "balances.parquet").exists()
            save(results, partial)
            for table in ("ledger", "balances"):
                (partial / f"{table}.parquet").unlink()
            (partial / leftover).touch()
    assert not (folder / "ledger.parquet").exists()
    assert (folder / "balances.parquet").exists()
    assert contents(folder.parent) == {"results", *(f"results/{name}" for name in contents(folder))}


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError, InputError])
def test_whatever_goes_wrong_leaves_nothing_new_and_nothing_lost(
    failure: type[BaseException], results: SweepResults, tmp_path: Path
) -> None:
    with pytest.raises(failure), writing(tmp_path / "new" / "results") as partial:
        (partial / "half").touch()
        raise failure
    assert contents(tmp_path) == set()
    with writing(tmp_path / "old") as partial:
        save(results, partial)
    before = contents(tmp_path)
    with pytest.raises(failure), writing(tmp_path / "old") as partial:
        raise failure
    assert contents(tmp_path) == before


def test_old_results_come_back_when_new_ones_cannot_be_put_in_place(
    results: SweepResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(tmp_path / "results") as partial:
        save(results, partial)
    before = contents(tmp_path)
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.parent.suffix == ".partial" and self.name == "runs.parquet":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    refused = pytest.raises(InputError, match="cannot be written: No space left on device")
    with refused, writing(tmp_path / "results") as partial:
        save(results, partial)
    assert is_results(tmp_path / "results")
    assert contents(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"results"}


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="is not empty and holds no results"), writing(tmp_path):
        raise AssertionError("the block must not start")
    assert contents(tmp_path) == {"thesis.tex"}


def test_an_empty_folder_is_as_good_as_none(results: SweepResults, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with writing(folder) as partial:
        save(results, partial)
    assert is_results(folder)


def test_a_missing_table_is_named(results: SweepResults, tmp_path: Path) -> None:
    save(results, tmp_path)
    (tmp_path / "rounds.parquet").unlink()
    with pytest.raises(InputError, match=r"rounds\.parquet is missing"):
        read(tmp_path)
