"""Scenarios around data of one's own: owners are the principals, files are what they say, and everything keeps them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal import Ensemble, load, revise, sweep
from commonweal.agents.errors import InputError
from commonweal.economy.runs import checkpoint
from commonweal.economy.tasks import names_of
from commonweal.scenarios.runs.store import read
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.sources import demand_files, files_of, rules_of
from commonweal.scenarios.schema.validation import validate
from commonweal.scenarios.studies.attacks.enclosed import enclose, opened
from commonweal.scenarios.studies.base import Question
from commonweal.scenarios.studies.fairness.study import FairnessOptions
from commonweal.scenarios.studies.owners import of_owners
from commonweal.scenarios.studies.pieces import plain
from commonweal.scenarios.sweeps.plan import plan_of, read_plan

SCENARIO = """
rounds = 4
precision = "float64"
[task]
kind = "csv:wards.csv"
label = "died"
owner = "ward"
validation = 20
test = 20
[policy]
mix = {imitation = 0.5, fixed = 0.5}
"""


def table(seed: int = 0) -> str:
    """Ninety patients of three wards."""
    draw, lines = np.random.default_rng(seed), ["ward,age,lactate,died,w"]
    for row in range(90):
        age, lactate = draw.normal(60, 10), draw.gamma(2)
        ward, died = ["north", "south", "east"][row % 7 // 3], int(age / 10 + lactate > 8)
        lines.append(f"{ward},{age:.1f},{lactate:.2f},{died},1")
    return "\n".join(lines)


@pytest.fixture
def wards(tmp_path: Path) -> Path:
    """A scenario beside its table."""
    (tmp_path / "wards.csv").write_text(table(), encoding="utf-8")
    (tmp_path / "wards.toml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path / "wards.toml"


def played(scenario: Scenario) -> Any:
    return Ensemble(scenario, [0, 1]).run().rounds


def test_owners_are_the_principals_unless_somebody_says_otherwise(wards: Path) -> None:
    scenario = load(wards)
    assert (scenario.task.partition, scenario.population.count) == ("owner", 3)
    assert names_of(scenario) == names_of(Ensemble(scenario, [0]).world) == ("east", "north", "south")
    drawn = load(wards, {"task.partition": "equal", "population.count": 5})
    assert (drawn.population.count, names_of(drawn)) == (5, ("0", "1", "2", "3", "4"))
    with pytest.raises(InputError, match=r"population.count = 5: must be 3, the owners in csv:wards.csv"):
        load(wards, {"population.count": 5})


def test_what_labels_are_is_guessed_anew_for_other_labels_unless_it_was_said_against_the_guess(wards: Path) -> None:
    scenario = load(wards)
    assert scenario.task.target == "class"
    numbers = revise(scenario, {"task.label": "lactate"})
    assert numbers.task.target == "number"
    assert revise(numbers, {"task.label": "died"}).task.target == "class"
    said = revise(scenario, {"task.label": "lactate", "task.target": "class"})
    assert revise(said, {"task.label": "age"}).task.target == "class"


def test_a_scenario_of_the_library_takes_up_a_table_by_changes_alone(
    wards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(wards.parent)
    scenario = load("commons", ["task.kind=csv:wards.csv", "task.label=died", "task.owner=ward"])
    assert (scenario.population.count, scenario.task.partition) == (3, "owner")
    assert scenario.task.kind == f"csv:{wards.parent / 'wards.csv'}"


def test_what_a_file_says_decides_and_not_where_it_lies(wards: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(wards.parent, moved, ignore=shutil.ignore_patterns("elsewhere"))
    here, there = load(wards), load(moved / "wards.toml")
    assert here != there  # paths differ
    assert list(files_of([here]).values()) == list(files_of([there]).values())
    assert rules_of([here]) == {}
    plans = [plan_of(each, {"task.partition": ["owner", "equal"]}, 2) for each in (here, there)]
    assert plans[0].contents() == plans[1].contents()
    assert plain(here) == plain(there)
    (moved / "wards.csv").write_text(table(seed=1), encoding="utf-8")
    assert plain(here) != plain(load(moved / "wards.toml"))


def test_a_data_set_of_torch_is_told_by_its_code_and_by_what_it_holds(tmp_path: Path) -> None:
    def scenario(folder: str, numbers: str) -> Scenario:
        place = tmp_path / folder
        place.mkdir()
        (place / "numbers.txt").write_text(numbers)
        (place / "mine.py").write_text(
            "from pathlib import Path\n"
            "def data():\n"
            "    read = Path(__file__).with_name('numbers.txt').read_text().split()\n"
            "    return [(float(x), at % 2, at % 3) for at, x in enumerate(read)]\n"
        )
        own = {"task.owner": "owner", "task.validation": 4, "task.test": 4}
        return load("commons", {"task.kind": f"torch:{place / 'mine.py'}:data", **own})

    one, same, other = (
        plain(scenario(f"data-{place}", " ".join(map(str, numbers))))
        for place, numbers in enumerate([range(20), range(20), range(1, 21)])
    )
    assert one == same
    assert one != other


def test_a_sweep_file_sees_tables_from_its_folder(wards: Path) -> None:
    (wards.parent / "other.csv").write_text(table(seed=1), encoding="utf-8")
    file = wards.parent / "sweep.toml"
    file.write_text('scenario = "wards.toml"\nseeds = [0]\n[vary]\n"task.kind" = ["csv:wards.csv", "csv:other.csv"]\n')
    plan = read_plan(file)
    assert [Path(plan.scenario(point).task.kind).name for point in (0, 1)] == ["wards.csv", "other.csv"]
    (wards.parent / "other.csv").write_text(table(), encoding="utf-8")
    with pytest.raises(InputError, match="points 0 and 1 are the same economy"):
        read_plan(file)


@pytest.mark.slow  # starts processes
def test_workers_play_owners_as_this_process_does(wards: Path, tmp_path: Path) -> None:
    (wards.parent / "mine.py").write_text("data = [([age, age % 7], age % 2, age % 3) for age in range(80)]\n")
    code = {"task.kind": f"torch:{wards.parent / 'mine.py'}:data", "task.label": "", "task.owner": "owner"}
    for number, scenario in enumerate((load(wards), load(wards, code))):
        vary = {"task.partition": ["owner", "equal"]}
        here = sweep(scenario, vary, 2)
        there = sweep(scenario, vary, 2, engine="processes", workers=2, folder=tmp_path / f"out-{number}")
        columns = ["task.partition", "seed", "accuracy", "welfare"]
        keys = columns[:2]
        one, other = (each.runs[columns].sort_values(keys).reset_index(drop=True) for each in (here, there))
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        assert len(one) == 4


def test_a_checkpoint_goes_on_after_its_table_has_moved_with_the_scenario(wards: Path, tmp_path: Path) -> None:
    first = Ensemble(load(wards), [0, 1])
    first.step()
    checkpoint.save(tmp_path / "kept.npz", first)
    moved = tmp_path / "elsewhere"
    shutil.copytree(wards.parent, moved, ignore=shutil.ignore_patterns("elsewhere"))
    again = Ensemble(load(moved / "wards.toml"), [0, 1])
    checkpoint.restore(tmp_path / "kept.npz", again)
    for each in (first, again):
        each.step()
    np.testing.assert_array_equal(first.state.quality, again.state.quality)
    assert checkpoint.load(tmp_path / "kept.npz", validate).state.round == 1
    (moved / "wards.csv").write_text(table(seed=1), encoding="utf-8")
    with pytest.raises(InputError, match="is the checkpoint of another run"):
        checkpoint.restore(tmp_path / "kept.npz", Ensemble(load(moved / "wards.toml"), [0, 1]))


def test_a_certificate_holds_the_table_and_never_code(wards: Path) -> None:
    scenario = load(wards)
    enclosed = json.loads(json.dumps(enclose(scenario)))
    wanted = played(scenario)
    (wards.parent / "wards.csv").unlink()
    with opened(enclosed) as found:
        np.testing.assert_array_equal(played(found)["accuracy"], wanted["accuracy"])
    enclosed["document"]["task"]["kind"] = "torch:os:abort"
    with pytest.raises(InputError, match="a certificate holds data, not code"), opened(enclosed):
        pass


def test_stored_results_are_read_without_their_data(
    wards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures_unseen: None
) -> None:
    from commonweal.commands.cli import main

    assert main(["run", str(wards), "--seeds", "1", "--out", str(tmp_path / "out")]) == 0
    (wards.parent / "wards.csv").unlink()
    stored = read(tmp_path / "out").scenario
    assert stored.population.count == 3
    with pytest.raises(InputError, match=r"wards.csv: cannot be read"):
        demand_files(stored)


@pytest.mark.parametrize("wire", ["paths", "cut", "secure"])
def test_owners_on_nodes_learn_what_they_learn_in_one_place(wards: Path, wire: str) -> None:
    apart = played(load(wards, {"learning.wire": wire, "learning.nodes": 2}))
    np.testing.assert_allclose(apart["accuracy"], played(load(wards))["accuracy"], atol=1e-9)


def test_rows_that_weigh_nothing_are_not_measured_and_equal_weights_change_nothing(wards: Path) -> None:
    columns = {"task.columns": ["age", "lactate"]}
    plainly, equally = played(load(wards, columns)), played(load(wards, columns | {"task.weight": "w"}))
    np.testing.assert_allclose(plainly["accuracy"], equally["accuracy"])
    ensemble = Ensemble(load(wards, {"task.weight": "age"}), [0])
    from commonweal.economy.round.quality import measured, test_scores

    scores, labels = test_scores(ensemble.state.parameters, ensemble.world), ensemble.world.test[1]
    right = (scores.argmax(2) == labels).numpy()
    age = ensemble.world.holdings.sample_weights
    assert age is not None
    weights = np.take_along_axis(age, ensemble.world.holdings.test, axis=1)
    np.testing.assert_allclose(measured(scores, ensemble.world), (right * weights).sum(1) / weights.sum(1))


def test_a_table_says_of_some_principals_what_is_drawn_for_all_others(wards: Path) -> None:
    people = wards.parent / "people.csv"
    people.write_text("name,cost,policy,action,endowment\nsouth,0.5,fixed,defect,2\neast,,,free_ride,1\n")
    usual, told = (Ensemble(load(wards, changes), [0, 1]) for changes in ({}, {"population.table": str(people)}))
    east, north, south = range(3)
    assert (told.people.cost[:, south] == 0.5).all()
    np.testing.assert_array_equal(told.people.cost[:, :south], usual.people.cost[:, :south])
    assert (told.people.action[:, [east, south]] == [2, 3]).all()
    np.testing.assert_array_equal(told.people.action[:, north], usual.people.action[:, north])
    assert (told.people.policy[:, south] == 0).all()  # fixed stands before imitation
    assert told.opening[0].amount[0].tolist() == [1_000_000, 0, 2_000_000]


def test_a_table_says_how_many_samples_owners_hold_and_what_they_limit(wards: Path) -> None:
    people = wards.parent / "people.csv"
    people.write_text("name,samples,limit_0\nsouth,2,\nnorth,9,0.25\neast,4,\n")
    probe = {"values.dimensions": [{"sense": "protect", "label": 0, "limit": 0.7}], "population.table": str(people)}
    ensemble = Ensemble(load(wards, probe), [0, 1])
    np.testing.assert_array_equal(ensemble.world.holdings.count, [[4, 9, 2]] * 2)
    np.testing.assert_array_equal(ensemble.people.limits[0, :, 0], [0.7, 0.25, 0.7])
    np.testing.assert_array_equal(ensemble.people.anchor, ensemble.people.limits)


def test_studies_that_choose_how_many_there_are_keep_owners(wards: Path) -> None:
    asked = of_owners(Question(load(wards), (0, 1), FairnessOptions(principals=6)), "principals")
    assert asked.options.principals == 3
    drawn = revise(load(wards), {"task.partition": "equal"})
    assert of_owners(Question(drawn, (0, 1), FairnessOptions(principals=6)), "principals").options.principals == 6
    with pytest.raises(InputError, match="population.count = 3: 2 owners at most"):
        of_owners(Question(load(wards), (0, 1), FairnessOptions()), "principals", most=2)
