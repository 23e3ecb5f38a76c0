"""Imports point one way, figures → scenarios → economy → agents, and numerical kernels never load Mesa."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("agents", "economy", "scenarios", "figures")
MODULES = sorted(file.relative_to(ROOT) for package in ORDER for file in (ROOT / package).rglob("*.py"))

# The command is the outermost shell and draws figures when results are stored.
REACHES_UP = {("scenarios/conduct.py", "figures")}

# These are the Mesa shell: everything else must work without it.
SHELL = ("agents.principal", "economy.model", "figures.browser", "scenarios.games")


def imported_packages(file: Path) -> Iterator[str]:
    """Top-level names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0] if not node.level else file.parts[0]


def test_every_package_is_looked_at() -> None:
    assert {file.parts[0] for file in MODULES} == set(ORDER)


@pytest.mark.parametrize("file", MODULES, ids=str)
def test_a_module_imports_only_from_its_own_package_and_those_below(file: Path) -> None:
    above = ORDER[ORDER.index(file.parts[0]) + 1 :]
    reached = {(str(file), package) for package in imported_packages(file) if package in above}
    assert reached <= REACHES_UP


def test_only_the_shell_loads_mesa() -> None:
    names = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in MODULES]
    kernels = [name for name in names if not name.startswith(SHELL)]
    assert {"economy.round", "economy.ensemble", "economy.screening", "economy.ledger"} <= set(kernels)
    code = f"import importlib, sys\nfor name in {kernels}: importlib.import_module(name)\nprint('mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_help_needs_no_heavy_library() -> None:
    code = "import sys, scenarios.cli; print({'torch', 'pandas', 'pydantic', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
