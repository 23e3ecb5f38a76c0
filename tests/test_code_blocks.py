"""What pages show to be typed is true: their Python runs, their commands exist with these options and fields."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from code_blocks import ROOT, Block, Command, blocks_of, commands_of, pages
from typer.main import get_command

from commonweal.agents.registry import REGISTRIES
from commonweal.commands.cli import app, main
from commonweal.scenarios.schema.library import library_names, sweep_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.notation import parse_assignment, parse_variation
from commonweal.scenarios.studies import STUDIES
from commonweal.scenarios.studies.options import read_options
from tests.helpers.own_rules import forgotten

PYTHON = {page: [block for block in blocks_of(page) if block.language in ("python", "py")] for page in pages()}
PYTHON = {page: blocks for page, blocks in PYTHON.items() if blocks and page.parent.name != "tutorials"}
SLOW = {"README.md", "certificates.md", "explanations.md", "python.md", "studies.md"}
COMMANDS = sorted({command.text: command for page in pages() for command in commands_of(page)}.items())
QUICK = re.compile(
    r"commonweal (list( --sweeps)?|describe( \w+)?|study( [a-z-]+)?|certify|results --help|contract solve( big-firms)?"
    r"|sweep [a-z-]+ --dry-run|play [a-z-]+)"
)


def of_page(page: Path) -> Any:
    name = page.relative_to(ROOT).as_posix()
    return pytest.param(page, id=name, marks=[pytest.mark.slow] if page.name in SLOW else [])


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page registers is gone after it."""
    for registry in REGISTRIES:
        for held in ("_plugs", "_facts"):
            monkeypatch.setattr(registry, held, dict(getattr(registry, held)))


@pytest.mark.usefixtures("own_registries")
@pytest.mark.parametrize("page", [of_page(page) for page in PYTHON])
def test_the_python_of_a_page_runs_from_its_first_block_to_its_last(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mpl.use("Agg")
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    monkeypatch.chdir(tmp_path)
    if any('"results/commons"' in block.text for block in PYTHON[page]):
        assert main(["run", "commons", "--rounds", "3"]) == 0  # what a page takes to be there
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in PYTHON[page]:
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        if not block.reason:
            exec(code, names)


def all_blocks() -> Iterator[Block]:
    return (block for page in pages() for block in blocks_of(page))


def test_a_block_that_is_not_run_says_why_in_a_sentence() -> None:
    excused = [block for block in all_blocks() if block.reason]
    assert all(len(block.reason.split()) > 2 for block in excused)
    python = [block for blocks in PYTHON.values() for block in blocks]
    assert sum(bool(block.reason) for block in python) <= len(python) / 5


@pytest.mark.parametrize("command", [command for _, command in COMMANDS], ids=[text for text, _ in COMMANDS])
def test_a_command_of_a_page_is_one_that_there_is(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, *words = shlex.split(command.text)
    monkeypatch.chdir(tmp_path)
    for option, file in pairwise(words):
        if option == "--import":
            Path(file).touch()  # what is in it the page's own test knows, or the tutorial
    if tool == "commonweal":
        check_ours(words, named=command.named)
    elif tool == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert {word for word in words if "=" not in word} <= set(targets)
    elif tool == "python":
        assert (ROOT / words[0]).is_file() or words[0] in ("-m", "-c")
    elif tool in ("solara", "pytest"):
        files = [word for word in words if word.endswith(".py")]
        written = "commonweal new" in command.page.read_text(encoding="utf-8")
        assert all((ROOT / file).is_file() for file in files if not (written and file.startswith("test_my_")))


def check_ours(words: list[str], *, named: bool) -> None:
    """Options are those of the command; fields, values, studies and their options are those of the library."""
    command = get_command(app)
    typed = list(words)
    while typed and (found := getattr(command, "commands", {}).get(typed[0])):
        command = found
        typed.pop(0)
    if "--help" in typed or hasattr(command, "commands") or (named and not typed):
        assert not hasattr(command, "commands") or set(typed) <= {"--help", "--version"}, f"no command {words[0]}"
        return
    with forgotten():
        given = command.make_context(words[0], typed).params
    if "--import" in words:
        return
    name = given.get("scenario") or given.get("sweep")
    changes = dict(map(parse_assignment, given.get("set_") or given.get("set") or ()))
    if words[0] == "study" and given.get("name"):
        read_options(STUDIES[given["name"]], dict(map(parse_assignment, given.get("option") or ())))
    if name in library_names():
        from_files = {path: value for path, value in changes.items() if "learned:" not in str(value)}
        load(name, from_files | {path: values[0] for path, values in map(parse_variation, given.get("vary") or ())})
    elif name:
        assert name in sweep_names() or re.search(r"[./]|^results$", name), f"no scenario or sweep {name}"


@pytest.mark.parametrize("text", [text for text, _ in COMMANDS if QUICK.fullmatch(text)])
def test_a_quick_command_of_a_page_is_played(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(text)[1:]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out
