"""The public door: what it lists is there, costs nothing before it is used, and is all that a reader is shown."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import commonweal
import commonweal.testing
from commonweal.agents.errors import InputError
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SMALL = {"task.kind": "wine", "task.validation": 40, "task.test": 40, "population.count": 8}


def told(code: str, folder: Path) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_importing_it_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"numpy", "torch", "pandas", "pydantic", "mesa", "scipy"}
    assert told(f"import sys, commonweal; print({heavy} & set(sys.modules))", tmp_path).strip() == "set()"


def test_a_star_brings_every_name_and_nothing_else() -> None:
    brought: dict[str, Any] = {}
    exec("from commonweal import *", brought)
    assert sorted(name for name in brought if not name.startswith("__")) == sorted(commonweal.__all__)


@pytest.mark.parametrize("name", commonweal.__all__)
def test_a_name_is_what_its_home_defines(name: str) -> None:
    home = import_module(f"commonweal.{commonweal._HOME_OF[name]}")
    assert getattr(commonweal, name) is getattr(home, name)
    assert name in dir(commonweal)


def test_editors_and_mypy_see_the_same_names_from_the_same_homes() -> None:
    tree = ast.parse(Path(commonweal.__file__).read_text(encoding="utf-8"))
    (typed,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    homes = {alias.name: node.module for node in typed.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert homes == {name: f"commonweal.{home}" for name, home in commonweal._HOME_OF.items()}
    assert sorted(homes) == sorted(commonweal.__all__)


def test_the_version_is_the_installed_one() -> None:
    assert commonweal.__version__ == version("commonweal")


def test_what_it_does_not_list_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match="module 'commonweal' has no attribute 'lode'"):
        commonweal.lode  # noqa: B018


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_imports_from_the_door_alone(page: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        assert not behind_the_door(block)


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "examples").glob("*.py")), ids=lambda file: file.name)
def test_an_example_imports_from_the_door_alone(file: Path) -> None:
    assert not behind_the_door(file.read_text(encoding="utf-8"))


def behind_the_door(code: str) -> list[str]:
    """Imports of modules of ours, and names that the door does not list."""
    wrong = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            wrong += [alias.name for alias in node.names if alias.name.startswith("commonweal.")]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "commonweal":
            open_to_all = {"commonweal": commonweal.__all__, "commonweal.testing": commonweal.testing.__all__,
                           "commonweal.mesa": listed_in("mesa"), "commonweal.rl": listed_in("rl"),
                           "commonweal.sb3": listed_in("sb3")}  # fmt: skip
            listed = open_to_all.get(str(node.module), ())
            wrong += [f"{node.module}.{alias.name}" for alias in node.names if alias.name not in listed]
    return wrong


def listed_in(door: str) -> list[str]:
    """The names of ``commonweal.mesa`` and the like, which cannot be imported without libraries of an extra."""
    for node in ast.parse((ROOT / "commonweal" / f"{door}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def test_a_run_is_the_ensemble_of_the_same_seeds() -> None:
    scenario = load("commons", SMALL)
    pd.testing.assert_frame_equal(commonweal.run(scenario, (3, 5), 4).rounds, Ensemble(scenario, (3, 5)).run(4).rounds)


def test_a_run_takes_a_name_and_how_many_seeds(tmp_path: Path) -> None:
    assert set(commonweal.run("public-goods", 2, 3).rounds["run"]) == {0, 1}
    with pytest.raises(InputError, match="seeds"):
        commonweal.run("public-goods", 0)


def test_an_ensemble_takes_its_seeds_from_an_array() -> None:
    scenario = load("commons", SMALL)
    given = Ensemble(scenario, np.arange(3))
    assert given.seeds == (0, 1, 2) and all(type(seed) is int for seed in given.seeds)
    pd.testing.assert_frame_equal(given.run(2).rounds, Ensemble(scenario, range(3)).run(2).rounds)
    assert commonweal.sweep(load("commons", {**SMALL, "rounds": 2}), seeds=np.arange(2)).seeds == (0, 1)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (8, "seeds = 8: must be a seed for each run, like range(8)"),
        (np.int64(8), "like range(8)"),
        (2.5, "seeds = 2.5: must be a seed for each run, like range(8)"),
        (None, "seeds = None: must be a seed for each run"),
        ([0.5], "seeds: 0.5 is no seed: must be a whole number from 0"),
        (np.array([0.0, 1.0]), "is no seed: must be a whole number from 0"),
        (np.zeros((2, 2), int), "seeds: array([0, 0]) is no seed"),
        ([3, -1], "seeds: -1 is no seed"),
        ("12", "seeds: '1' is no seed"),
        ([True], "seeds: True is no seed"),
        ([], "an ensemble needs a seed per run"),
    ],
)
def test_seeds_of_an_ensemble_that_are_no_seeds_are_one_line(seeds: Any, said: str) -> None:
    with pytest.raises(InputError) as told:
        Ensemble(load("commons", SMALL), seeds)
    assert said in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ({"settlement.kind": "equal"}, "vary: settlement.kind = 'equal': must be a list of values, or '*'"),
        ({"settlement.alpha": 0.5}, "vary: settlement.alpha = 0.5: must be a list of values, or '*'"),
        ([1, 1.0], "vary = [1, 1.0]: must be lists of values by path, like {'market.leak': [0, 1]}"),
        ("settlement.kind=equal", "must be lists of values by path"),
        ({3: [1]}, "must be lists of values by path"),
    ],
)
@pytest.mark.parametrize("source", ["commons", "free-riding-small"])
def test_what_a_sweep_cannot_vary_is_one_line(source: str, vary: Any, said: str) -> None:
    with pytest.raises(InputError) as told:
        commonweal.sweep(source, vary=vary, seeds=1)
    assert said in str(told.value)


def test_a_name_is_no_scenario_for_an_ensemble_and_says_how_it_becomes_one() -> None:
    with pytest.raises(InputError, match=r"^'commons' is no scenario: must be one that is loaded, like load"):
        Ensemble("commons", [0, 1])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: load(5), "5 is no scenario: must be a name of the library, or a path"),
        (lambda: load(None), "None is no scenario"),
        (lambda: load("commons", 5), "overrides = 5: must be values by path, like {'settlement.alpha': 2}"),
        (lambda: load("commons", [5]), "5 is not an assignment: write path=value"),
        (lambda: load("commons", {5: 3}), "5 is not the path of a field"),
        (lambda: commonweal.revise(5, {"rounds": 3}), "5 is no scenario: must be one that is loaded"),
        (lambda: commonweal.run(5, 1), "5 is no scenario: must be a name of the library, or a path"),
        (lambda: commonweal.run("commons", True), "seeds = True: must be a count of at least 1"),
        (lambda: commonweal.sweep(5, {"rounds": [1]}), "5 is no sweep or scenario: must be a name of the library"),
        (lambda: commonweal.ask(5, "commons"), "unknown study 5: there are"),
        (lambda: commonweal.ask("evolution", 5), "5 is no scenario"),
        (lambda: commonweal.ask("evolution", "commons", 1.5), "seeds = 1.5: must be a count"),
        (lambda: commonweal.solve(5), "5 is no menu problem: must be a MenuProblem"),
        (lambda: Ensemble(5, [0]), "5 is no scenario: must be one that is loaded, like load('commons')"),
        (lambda: Ensemble([load("commons"), None], [0, 1]), "None is no scenario"),
        (lambda: commonweal.Cooperative(5), "5 is no scenario: must be one that is loaded"),
    ],
)
def test_what_is_no_scenario_no_study_and_no_override_is_one_line(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InputError) as told:
        call()
    assert said in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        (np.ones(4, int), "actions: int64 of shape (4,): must be an action for each principal of each run"),
        (np.ones((3, 4), int), "int64 of shape (3, 4): must be an action for each principal of each run"),
        (np.ones((2, 5), int), "whole numbers (2, 4)"),
        ([[1, 1, 1, 1], [1]], "actions: [[1, 1, 1, 1], [1]]: must be an action"),
        (np.full((2, 4), 1.0), "actions: float64 of shape (2, 4): must be an action"),
        (np.full((2, 4), "delegate"), "whole numbers (2, 4)"),
        (None, "must be an action for each principal"),
        (np.full((2, 4), 7), "actions: 7 is no action: must be one of 0 abstain, 1 delegate, 2 free_ride, 3 defect"),
        (np.full((2, 4), -1), "actions: -1 is no action"),
    ],
)
def test_actions_that_are_none_for_each_principal_are_one_line(actions: Any, said: str) -> None:
    ensemble = Ensemble(load("commons", {**SMALL, "population.count": 4}), [0, 1])
    before = ensemble.state
    with pytest.raises(InputError) as told:
        ensemble.act(actions)
    assert said in str(told.value) and "\n" not in str(told.value)
    assert ensemble.state is before


def test_actions_are_taken_from_lists_too() -> None:
    ensemble = Ensemble(load("commons", {**SMALL, "population.count": 4}), [0, 1])
    told = [[1, 2, 3, 0], [0, 1, 2, 3]]
    assert ensemble.act(told).actions.tolist() == told


@pytest.mark.parametrize("part", ["initial", "traverse"])
@pytest.mark.parametrize("allocate", [np.empty, torch.empty])
def test_memory_that_a_network_does_not_get_is_said_in_one_line_by_everything_that_plays(
    allocate: Callable[[int], Any], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load("commons", {**SMALL, "rounds": 2})

    def refuse(*_: Any) -> None:
        allocate(2**52)  # more than any address space

    monkeypatch.setattr(MLP, part, refuse)
    for play in (
        lambda: Ensemble(scenario, [0, 1]).step(),
        lambda: commonweal.Cooperative(scenario).step(),
        lambda: commonweal.run(scenario, 2),
        lambda: commonweal.sweep(scenario, {"settlement.kind": ["equal"]}, 2),
        lambda: commonweal.ask("free-riding", scenario, 2),
    ):
        with pytest.raises(InputError, match=r"^memory is short: Unable to allocate .* (Pi|Gi)B.*take less$"):
            play()


def test_other_errors_of_torch_are_not_taken_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MLP, "traverse", lambda *_: torch.zeros(3) + torch.zeros(4))
    with pytest.raises(RuntimeError, match="must match the size"):
        Ensemble(load("commons", SMALL), [0]).step()


@pytest.mark.parametrize("rounds", [-1, 2.5, "2", True])
def test_rounds_are_a_whole_number(rounds: Any) -> None:
    with pytest.raises(InputError, match=f"^rounds = {rounds!r}: must be a whole number from 0$"):
        commonweal.run(load("commons", SMALL), 1, rounds)
