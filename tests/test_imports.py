"""Imports point one way, between folders and between files, and numerical kernels never load Mesa."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]

# From the ground up: what stands here imports only from what stands before it, in its own folder.
ORDER = {
    "": ("agents", "economy", "scenarios", "figures", "commands"),
    "economy": (
        "tasks", "learning", "wire", "leaking", "credit", "money", "screening", "rewards", "negotiation", "menus",
        "world", "round", "runs", "arena", "learners", "futures", "explaining",
    ),
    "scenarios": ("schema", "runs", "sweeps", "starting", "reading", "studies", "games", "atlas"),
    "figures": ("explained", "studies", "browser"),
    "figures/browser": ("drawing", "notes", "documents", "fields", "compared", "swept", "tab", "page"),
}  # fmt: skip
FILES = sorted(file.relative_to(ROOT) for package in ORDER[""] for file in (ROOT / package).rglob("*.py"))

# These are the Mesa shell: everything else must work without it.
SHELL = tuple(
    f"commonweal.{name}"
    for name in ("agents.principal", "commands", "economy.runs.cooperative", "figures.browser", "scenarios.games")
)


def name_of(file: Path) -> str:
    """The module that a file is."""
    return ".".join(("commonweal", *file.with_suffix("").parts)).removesuffix(".__init__")


MODULES = {name_of(file): file for file in FILES}


@cache
def statements(file: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """All imports of a file, anywhere in it."""
    walked = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return tuple(node for node in walked if isinstance(node, ast.Import | ast.ImportFrom))


def imported(file: Path) -> Iterator[str]:
    """Modules of ours that a file imports, anywhere in it; a package's face stands for itself."""
    for node in statements(ROOT / file):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            assert not node.level, f"{file}:{node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in names]
        yield from (name for name in names if name in MODULES)


@cache
def imports() -> dict[str, list[str]]:
    """What each module imports."""
    return {name: sorted(set(imported(file)) - {name}) for name, file in MODULES.items()}


@pytest.mark.slow
def test_everything_installed_goes_by_one_name() -> None:
    bare = []
    beside = [file for at in ("tests", "benchmarks", "docs", "commonweal") for file in (ROOT / at).rglob("*.py")]
    for file in (*FILES, *(file.relative_to(ROOT) for file in beside)):
        for node in statements(ROOT / file):
            found = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else found
            bare += [f"{file}:{name}" for name in found if name.partition(".")[0] in ORDER[""]]
    assert not bare


def test_tests_and_benchmarks_share_two_folders_and_nothing_else() -> None:
    scripts = {file.stem for file in (ROOT / "benchmarks").glob("*.py")} | {"benchmarks"}
    wrong = []
    for folder, closed in (("tests", scripts), ("benchmarks", {"tests"})):
        for file in (ROOT / folder).rglob("*.py"):
            for node in statements(file):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else names
                first = [name.partition(".")[0] for name in names]
                wrong += [f"{file}: {name}" for name in first if name in closed or name.startswith("test_")]
    assert not wrong, "\n".join(wrong)


def test_folders_import_one_way() -> None:
    wrong = []
    for folder, order in ORDER.items():
        prefix = f"commonweal.{folder.replace('/', '.')}.".replace("..", ".")
        for name, reached in imports().items():
            if not name.startswith(prefix) or (place := name.removeprefix(prefix).split(".")[0]) not in order:
                continue
            above = order[order.index(place) + 1 :]
            inside = [to for to in reached if to.startswith(prefix)]
            wrong += [f"{name} -> {to}" for to in inside if to.removeprefix(prefix).split(".")[0] in above]
    assert not wrong, "\n".join(wrong)


def test_every_folder_has_a_place_in_the_order() -> None:
    for folder, order in ORDER.items():
        there = {file.parent.name for file in (ROOT / folder).glob("*/__init__.py")} - {"commonweal", "tests"}
        assert there == set(order), folder


def test_no_files_import_each_other_in_a_circle() -> None:
    arrows: dict[str, list[str]] = defaultdict(list)
    for name, reached in imports().items():
        faces = {to for to in reached if MODULES[to].name == "__init__.py" and name.startswith(f"{to}.")}
        arrows[name] = [to for to in reached if to not in faces]
        assert not faces, f"{name} imports the face of its own package, {', '.join(faces)}"
    graph = nx.DiGraph([(name, to) for name, reached in arrows.items() for to in reached])
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert not circles


@pytest.mark.slow
def test_only_the_shell_loads_mesa() -> None:
    kernels = [name for name in MODULES if not name.startswith(SHELL)]
    assert {"commonweal.economy.round.play", "commonweal.economy.money.ledger"} <= set(kernels)
    code = f"import importlib, sys\nfor name in {kernels}: importlib.import_module(name)\nprint('mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_help_needs_no_heavy_library() -> None:
    heavy = {"torch", "pandas", "pydantic", "matplotlib"}
    code = f"import sys, commonweal.commands.cli; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
