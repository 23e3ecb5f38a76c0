"""Plans: what a sweep file, a scenario and the command line's options come to."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.credit import CREDITS
from commonweal.economy.credit.exact import MOST_PLAYERS
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.library import library_names, sweep_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.sweeps.design_tables import SAMPLES
from commonweal.scenarios.sweeps.plan import Plan, plan_of, read_plan
from commonweal.scenarios.sweeps.rows import Measured
from commonweal.scenarios.sweeps.stop_text import CONDITIONS
from commonweal.scenarios.sweeps.stopping import Budget, Collapsed, Converged
from commonweal.scenarios.sweeps.sweep_files import KEYS

SMALL = {"rounds": 2, "task.kind": "wine", "task.validation": 30, "task.test": 30}
WHOLE = """
name = "whole"
description = "Everything a sweep file can say."
scenario = "commons"
seeds = [3, 1]
metrics = ["accuracy", "share_delegate"]
every = 10
stop = "converged(accuracy, 20, 0.01) | collapsed(share_delegate, 0.05, 20) & budget(50)"

[set]
rounds = 80
policy.imitation.reach = "neighbours"
values.dimensions = [{ sense = "protect", label = 1 }]

[vary]
settlement.kind = ["credit", "equal"]
"values.dimensions[0].limit" = [1.0, 2.0]

[range]
market.leak = { low = 0.01, high = 1.0, scale = "log", levels = 3 }

[[zip]]
population.cost_low = [0.0001, 0.0002]
population.cost_high = [0.0003, 0.0004]

[[exclude]]
settlement.kind = "equal"
"values.dimensions[0].limit" = 1.0
"""


def planned(folder: Path, text: str, name: str = "own.toml", **options: object) -> Plan:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_plan(file, **options)  # type: ignore[arg-type]


def test_a_sweep_file_says_everything_a_plan_has(tmp_path: Path) -> None:
    plan = planned(tmp_path, WHOLE)
    assert plan.name == "whole" and plan.description == "Everything a sweep file can say."
    assert plan.factors == (
        "settlement.kind", "values.dimensions[0].limit", "population.cost_low", "population.cost_high", "market.leak",
    )  # fmt: skip
    assert len(plan.points) == 2 * 2 * 2 * 3 - 2 * 3 and plan.runs == 2 * 18
    assert list(plan.points[1].values()) == ["credit", 1.0, 0.0001, 0.0003, 0.1]
    assert plan.seeds == (3, 1) and plan.metrics == ("accuracy", "share_delegate") and plan.every == 10
    assert plan.stop == Converged("accuracy", 20, 0.01) | Collapsed("share_delegate", 0.05, 20) & Budget(50)
    assert plan.design == "grid"


def test_the_scenario_of_a_point_is_the_base_with_its_values(tmp_path: Path) -> None:
    plan = planned(tmp_path, WHOLE)
    for number, point in enumerate(plan.points):
        assert plan.scenario(number) == revise(plan.base, point)
    assert plan.base.rounds == 80 and plan.base.policy.imitation.reach == "neighbours"
    assert plan.scenario(0).values.dimensions[0].limit == 1.0


def test_a_plan_is_the_same_document_whenever_it_is_read(tmp_path: Path) -> None:
    document = planned(tmp_path, WHOLE).document()
    assert json.loads(json.dumps(document)) == document == planned(tmp_path, WHOLE).document()
    assert planned(tmp_path, WHOLE.replace("seeds = [3, 1]", "seeds = [3, 2]")).document() != document


def test_numbers_of_array_libraries_are_plain_numbers_in_the_document() -> None:
    plan = plan_of("commons", {"market.leak": np.linspace(0, 1, 3)}, seeds=1)  # type: ignore[dict-item]
    assert [type(point["market.leak"]) for point in plan.points] == [float] * 3
    assert plan.document()["points"] == [[0.0], [0.5], [1.0]]


def test_the_document_of_a_sample_has_the_rows_that_an_analysis_needs(tmp_path: Path) -> None:
    text = """
    scenario = "commons"
    replications = 2
    design = { kind = "KIND", size = 4, seed = 7 }
    vary.settlement.kind = ["credit", "equal"]
    range.settlement.alpha = { low = 0.5, high = 4.0 }
    range.settlement.horizon = { low = 1, high = 3 }
    range.settlement.clip = { values = "*" }
    """
    for kind, rows in (("sobol", 4 * 5), ("latin", 4), ("morris", 4 * 4)):
        plan = planned(tmp_path, text.replace("KIND", kind))
        design = plan.document()["design"]
        assert (design["kind"], design["size"], design["seed"]) == (kind, 4, 7)
        assert design["sampled"] == ["settlement.alpha", "settlement.horizon", "settlement.clip"]
        assert [len(block) for block in design["rows"]] == [rows, rows]
        assert {number for block in design["rows"] for number in block} == set(range(len(plan.points)))
        assert {point["settlement.horizon"] for point in plan.points} <= {1, 2, 3}
        assert {point["settlement.clip"] for point in plan.points} == {"net", "gross"}
    assert np.shape(design["units"]) == (4 * 4, 3)


def test_a_list_design_has_the_points_that_are_listed(tmp_path: Path) -> None:
    text = """
    scenario = "commons"
    [[point]]
    settlement.kind = "equal"
    market.leak = 0.1
    [[point]]
    market.leak = 0.2
    settlement.kind = "data"
    """
    plan = planned(tmp_path, text)
    assert plan.design == "list" and plan.factors == ("settlement.kind", "market.leak")
    assert [(point["settlement.kind"], point["market.leak"]) for point in plan.points] == [
        ("equal", 0.1),
        ("data", 0.2),
    ]
    assert plan.document()["points"] == [["equal", 0.1], ["data", 0.2]]


def test_a_star_stands_for_every_value_that_has_a_name() -> None:
    plan = plan_of("commons", {"settlement.kind": "*", "screening.gate": ["*"], "actions.free_ride": "*"}, seeds=1)
    assert {point["settlement.kind"] for point in plan.points} == set(SETTLEMENTS)
    assert len(plan.points) == len(list(SETTLEMENTS)) * 2 * 5


def test_everybody_follows_each_policy_in_turn_under_a_star() -> None:
    mixes = [point["policy.mix"] for point in plan_of("commons", {"policy.mix": "*"}, seeds=1).points]
    assert {"imitation": 1.0} in mixes and all(list(mix.values()) == [1.0] for mix in mixes)
    assert {"norm:L6": 1.0} not in mixes  # who goes by names needs an economy that has them


def test_paths_are_seen_from_the_folder_of_the_sweep_file(tmp_path: Path) -> None:
    (tmp_path / "economies").mkdir()
    (tmp_path / "economies" / "mine.toml").write_text("population.count = 3", encoding="utf-8")
    (tmp_path / "edges.txt").write_text("0 1\n1 2\n", encoding="utf-8")
    text = 'scenario = "economies/mine.toml"\nset.population.graph = "file"\nset.population.edges = "edges.txt"'
    plan = planned(tmp_path, text, "sweep.toml")
    assert plan.base.name == "mine" and plan.base.population.edges == tmp_path / "edges.txt"
    assert plan.name == "sweep" and plan.points == ({},)


def test_a_plain_scenario_is_a_sweep_of_what_the_caller_varies(tmp_path: Path) -> None:
    plan = read_plan("commons", vary={"market.leak": [0.1, 0.2]}, seeds="2", changes=["rounds=5"])
    assert plan == plan_of(load("commons", {"rounds": 5}), {"market.leak": [0.1, 0.2]}, seeds=2)
    assert planned(tmp_path, "rounds = 7").points == ({},)
    assert read_plan("commons").seeds == tuple(range(8))


def test_what_the_caller_says_wins_over_the_sweep_file(tmp_path: Path) -> None:
    plan = planned(
        tmp_path, WHOLE, vary={"market.leak": [0.5], "market.rivalry": [0, 1]}, seeds=1, changes={"rounds": 60}
    )
    assert {point["market.leak"] for point in plan.points} == {0.5}
    assert {point["market.rivalry"] for point in plan.points} == {0, 1}
    assert plan.seeds == (0,) and plan.base.rounds == 60


def test_one_and_one_point_zero_are_the_same_economy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="settlement.alpha varies over 1 and 1.0, which are equal"):
        plan_of("commons", {"settlement.alpha": [1, 1.0]}, seeds=1)
    points = "[[point]]\nsettlement.alpha = 1\n[[point]]\nsettlement.alpha = 1.0\n"
    with pytest.raises(InputError, match="points 0 and 1 are the same economy: settlement.alpha = 1.0"):
        planned(tmp_path, 'scenario = "commons"\n' + points)


def test_known_metrics_are_those_that_a_run_records() -> None:
    camps = {"rounds": 1, "values.camps": [{"share": 0.5}, {"share": 0.5}]}
    valued = (load("value-conflict", {"rounds": 1}), load("value-conflict", camps))
    for scenario in (load("commons", SMALL), *valued, load("reciprocity", {"rounds": 1})):
        recorded = Ensemble(scenario, [0]).run(1).rounds.columns
        assert tuple(recorded.drop(["run", "round"])) == Measured.of(scenario).metrics


def test_the_library_has_the_sweeps_that_papers_need() -> None:
    assert {"free-riding", "free-riding-small", "settlement-tuning", "value-strictness", "mechanism-league"} <= set(
        sweep_names()
    )
    assert not set(sweep_names()) & set(library_names())


LARGE = ("mechanism-league",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in sweep_names()]
)
def test_every_sweep_of_the_library_plays_a_round_under_each_of_its_rules(name: str) -> None:
    plan = read_plan(name, changes={"rounds": 1})
    assert plan.name == name and plan.description
    rules = {str([value for value in p.values() if isinstance(value, str)]): i for i, p in enumerate(plan.points)}
    for point in rules.values():
        rounds = Ensemble(revise(plan.scenario(point), {"population.count": 8}), [0]).run().rounds
        assert np.isfinite(rounds[list(plan.metrics or rounds.columns)]).all(axis=None)


@pytest.mark.slow
def test_the_league_has_every_rule_against_every_attack_and_few_enough_principals_for_shapley() -> None:
    plan = read_plan("mechanism-league")
    met = {tuple(point.values()) for point in plan.points}
    attacks = [(idle, leak) for idle in ("idle", "junk", "stale") for leak in ("poison", "leak")]
    assert met == {(s, c, *attack) for s in SETTLEMENTS for c in CREDITS for attack in attacks}
    assert plan.base.population.count <= MOST_PLAYERS


@pytest.mark.slow
def test_five_thousand_points_are_checked_within_seconds() -> None:
    alpha, leak = np.linspace(0, 4, 100).tolist(), np.linspace(0, 1, 50).tolist()
    assert len(plan_of("commons", {"settlement.alpha": alpha, "market.leak": leak}, seeds=1).points) == 5000


@pytest.mark.slow
def test_every_sweep_file_of_the_page_on_sweeps_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "sweeps.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    runs = [planned(tmp_path, block).runs for block in blocks]
    assert runs[0] == 3 * 2 * 2 * 8 and len(runs) == 3
    for name in sweep_names():
        plan = read_plan(name)
        assert re.search(rf"\| `{name}` \|.*\| {len(plan.points)} × {len(plan.seeds)} \|", page)


def test_the_page_on_sweeps_names_every_key_design_and_condition() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sweeps.md").read_text(encoding="utf-8")
    for word in (*KEYS, *SAMPLES, *CONDITIONS, "grid", "list"):
        assert re.search(rf"`\[*{word}\]*[`(]", page), word
