"""The public door: what it lists is there, costs nothing before it is used, and is all that a reader is shown."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

import commonweal
import commonweal.testing
from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SMALL = {"task.kind": "wine", "task.validation": 40, "task.test": 40, "population.count": 8}


def told(code: str, folder: Path) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_importing_it_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"numpy", "torch", "pandas", "pydantic", "mesa", "scipy"}
    assert told(f"import sys, commonweal; print({heavy} & set(sys.modules))", tmp_path).strip() == "set()"


def test_a_star_brings_every_name_and_nothing_else(tmp_path: Path) -> None:
    code = "from commonweal import *; print(*sorted(name for name in globals() if not name.startswith('__')))"
    assert told(code, tmp_path).split() == sorted(commonweal.__all__)


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
            open_to_all = {"commonweal": commonweal.__all__, "commonweal.testing": commonweal.testing.__all__}
            listed = open_to_all.get(str(node.module), ())
            wrong += [f"{node.module}.{alias.name}" for alias in node.names if alias.name not in listed]
    return wrong


def test_a_run_is_the_ensemble_of_the_same_seeds() -> None:
    scenario = load("commons", SMALL)
    pd.testing.assert_frame_equal(commonweal.run(scenario, (3, 5), 4).rounds, Ensemble(scenario, (3, 5)).run(4).rounds)


def test_a_run_takes_a_name_and_how_many_seeds(tmp_path: Path) -> None:
    assert set(commonweal.run("public-goods", 2, 3).rounds["run"]) == {0, 1}
    with pytest.raises(InputError, match="seeds"):
        commonweal.run("public-goods", 0)
