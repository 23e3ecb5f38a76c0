"""A survey of results knows every point, what was played of it and what was not, and how to go on."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.scenarios.reading.continuing import begun_by, more_seeds
from commonweal.scenarios.reading.survey import holds_results, stamp, survey
from commonweal.scenarios.runs.store import save, writing
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.sweeps.manifest import MANIFEST
from commonweal.scenarios.sweeps.plan import plan_of, read_plan
from commonweal.scenarios.sweeps.sweep import comparison, sweep
from tests.helpers.swept import BASE, PLAN, failing, swept


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("whole") / "sweep")


def test_a_finished_sweep_is_all_there(whole: Path) -> None:
    found = survey(whole)
    assert found.points == PLAN.points
    assert (found.seeds, found.wanted, found.failed, found.unfinished) == ((0, 1, 2), 18, 0, False)
    assert (found.rounds, found.words.result) == (4, "right on test samples")
    assert found.changes() == []
    table = pd.read_parquet(whole / "runs.parquet")
    values = found.values("accuracy")
    for _, run in table.iterrows():
        assert values[run["seed"], run["point"]] == run["accuracy"]


def test_courses_are_the_recorded_rounds(whole: Path) -> None:
    courses = survey(whole).courses(2, ["accuracy"])
    rounds = pd.read_parquet(whole / "rounds.parquet")
    assert list(courses) == [0, 1, 2]
    for seed, rows in courses.items():
        kept = rounds[(rounds["point"] == 2) & (rounds["seed"] == seed)]
        np.testing.assert_array_equal(rows["accuracy"], kept["accuracy"])
        assert rows["round"].tolist() == [0, 1, 2, 3]


def test_a_stopped_sweep_knows_the_points_it_has_not_played(tmp_path: Path) -> None:
    found = survey(swept(tmp_path / "sweep", chunks=1))
    assert found.unfinished
    assert 0 < len(found.runs) < found.wanted == 18
    assert len(found.points) == 6
    assert np.isnan(found.values("accuracy")).any()
    assert np.isfinite(found.values("accuracy")).any()


def test_a_sweep_without_a_finished_run_has_its_points(tmp_path: Path) -> None:
    folder = swept(tmp_path / "sweep", chunks=1)
    for file in (folder / "shards").iterdir():
        file.unlink()
    found = survey(folder)
    assert (len(found.points), len(found.runs), found.measures, found.stored) == (6, 0, (), None)
    assert found.courses(0, []) == {}


def test_something_stored_changes_the_stamp(tmp_path: Path) -> None:
    folder = swept(tmp_path / "sweep", chunks=1)
    before = stamp(folder)
    assert stamp(folder) == before
    swept(folder)
    assert stamp(folder) != before


def test_failed_runs_are_counted_and_have_no_numbers(tmp_path: Path) -> None:
    found = survey(failing(swept(tmp_path / "sweep"), [(0, 0), (0, 1), (3, 2)]))
    assert found.failed == 3
    assert np.isnan(found.values("accuracy")[[0, 1, 2], [0, 0, 3]]).all()
    assert list(found.courses(0, ["accuracy"])) == [2]


def test_another_version_is_named_and_what_changed(tmp_path: Path) -> None:
    folder = swept(tmp_path / "sweep", plan_of(BASE, {"market.leak": [0.1]}, seeds=1))
    document = json.loads((folder / MANIFEST).read_text())
    document["version"] = "0.0.9+abc"
    del document["plan"]["base"]["market"]["leak"]
    (folder / MANIFEST).write_text(json.dumps(document))
    (folder / "runs.parquet").unlink()
    (folder / "rounds.parquet").unlink()
    version, code, fields = survey(folder).changes()
    assert version.startswith("version 0.0.9 played it and this is ")
    assert code.startswith("the code of agents and economy has changed (abc to ")
    assert fields == "fields came since: market.leak"


def test_a_comparison_is_surveyed_as_a_sweep_is(tmp_path: Path) -> None:
    results = sweep(comparison(BASE, {"settlement.kind": ["equal", "credit"]}, "2"))
    with writing(tmp_path / "run") as folder:
        save(results, folder)
    found = survey(tmp_path / "run")
    assert [point["settlement.kind"] for point in found.points] == ["equal", "credit"]
    assert (found.seeds, found.wanted, found.unfinished) == ((0, 1), 4, False)
    assert found.courses(1, ["accuracy"])[0]["round"].tolist() == [0, 1, 2, 3]
    assert holds_results(tmp_path / "run")
    assert more_seeds(found, "run") is None


def test_what_holds_no_results_is_refused(tmp_path: Path) -> None:
    assert not holds_results(tmp_path)
    with pytest.raises(InputError, match="holds no results"):
        survey(tmp_path)


def test_the_command_for_more_seeds_plays_them(tmp_path: Path, pictures_unseen: None) -> None:
    base = revise(BASE, {"settlement.floor": 0.2})
    folder = swept(tmp_path / "two words", plan_of(base, {"market.leak": [0.1, 0.25]}, seeds=2))
    more = more_seeds(survey(folder), str(folder))
    assert more is not None
    assert more["seeds"] == 14
    assert more["seconds"] > 0
    _, *words = shlex.split(more["command"])
    assert main([*words, "--engine", "serial"]) == 0
    after = survey(folder)
    assert (after.seeds, len(after.runs), after.failed) == (tuple(range(16)), 32, 0)
    assert more_seeds(after, str(folder)) is None


def test_a_sweep_of_the_library_is_widened_by_its_name(tmp_path: Path) -> None:
    plan = read_plan("free-riding-small")
    folder = swept(tmp_path / "sweep", plan, chunks=0)
    found = survey(folder)
    assert not len(found.runs)
    assert begun_by(found) == ["commonweal", "sweep", "free-riding-small"]


def test_no_command_is_made_up_for_a_sweep_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('scenario = "commons"\nevery = 2\nreplications = 2\n[vary]\nmarket.leak = [0.1, 0.2]\n')
    assert begun_by(survey(swept(tmp_path / "sweep", read_plan(file), chunks=0))) is None
