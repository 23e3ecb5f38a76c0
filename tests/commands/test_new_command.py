"""``commonweal new``: every template is written, imported, tested by its own test, and never overwrites."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from shlex import split
from typing import Any

import pytest

from commonweal.agents.rule_files import import_rules
from commonweal.commands.cli import main
from commonweal.commands.new import filled, kinds, taken, template
from tests.helpers.own_rules import forgotten

ROOT = Path(__file__).parents[2]
SLOW = ("policy", "network", "query")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with forgotten():
        yield tmp_path


def test_there_is_a_template_for_every_kind_that_has_a_check() -> None:
    expected = {"settlement", "reward", "credit", "policy", "norm", "task", "network", "probe", "attack", "study"}
    assert set(kinds()) >= expected | {"query", "vote", "negotiator"}


@pytest.mark.parametrize("kind", kinds())
def test_what_is_written_works_keeps_its_promises_and_says_what_comes_next(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", kind, "of_mine"]) == 0
    said = capsys.readouterr().out
    assert "wrote  of_mine.py" in said and "wrote  test_of_mine.py" in said
    assert said.splitlines()[-len(template(kind).next)].startswith("next   commonweal ")
    assert "of_mine" in taken(kind) or (import_rules("of_mine.py") and "of_mine" in taken(kind))
    for name, test in own_tests(Path("test_of_mine.py")).items():
        assert name.startswith("test_") and len(name) > 20
        test()


def own_tests(file: Path) -> dict[str, Any]:
    spec = spec_from_file_location("test_of_mine", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {name: value for name, value in vars(module).items() if name.startswith("test_")}
    assert found
    return found


def test_what_is_written_is_tidy() -> None:
    for kind in kinds():
        assert main(["new", kind, f"my_{kind}"]) == 0
    config = ["--line-length", "120", "--select", "E,F,W,I,B,UP,D", "--ignore", "D100,D103,D104"]
    more = ["lint.pydocstyle.convention='google'", "lint.isort.known-first-party=['commonweal']"]
    config += [word for each in more for word in ("--config", each)]
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", *config, "."], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.slow
def test_its_test_passes_with_pytest_alone() -> None:
    assert main(["new", "settlement", "of_mine", "--out", "rules"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "rules/test_of_mine.py"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("there", ["of_mine.py", "test_of_mine.py"])
def test_nothing_is_written_over(there: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(there).write_text("precious")
    assert main(["new", "vote", "of_mine"]) == 2
    assert capsys.readouterr().err == (
        f"commonweal: {there}: is there already, and nothing is written over it; take another name\n"
    )
    assert [each.name for each in Path().iterdir()] == [there] and Path(there).read_text() == "precious"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["settelment", "x"], "unknown kind of rule 'settelment': must be one of attack, closed_form, credit, "),
        (["settlement"], "Missing argument 'NAME': say what the settlement is to be called, like my_settlement"),
        (["settlement", "two words"], "'two words' is no name for a rule: must be small letters, digits and _"),
        (["settlement", "../up"], "'../up' is no name for a rule"),
        (["settlement", "class"], "'class' is no name for a rule"),
        (["settlement", "credit"], "credit is the name of a settlement rule already; take another one, like my_credit"),
        (["study", "fairness"], "fairness is the name of a study already"),
        (["probe", "rare"], "rare is the name of a probe already"),
    ],
)
def test_what_is_no_kind_or_no_name_is_refused_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and said in error
    assert not list(Path().iterdir())


def test_the_kinds_are_listed_with_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new"]) == 0
    lines = capsys.readouterr().out
    assert all(kind in lines for kind in kinds()) and "how the revenue of a round is divided" in lines


@pytest.mark.slow
@pytest.mark.parametrize("kind", kinds())
@pytest.mark.usefixtures("pictures_unseen")
def test_the_command_that_comes_next_can_be_given(kind: str) -> None:
    assert main(["new", kind, "of_mine"]) == 0
    words = split(filled(template(kind).next[0], "of_mine"))[1:]
    people = ["--set", "population.count=5"]
    short = {"run": ["--rounds", "2"], "study": ["--rounds", "2", "--seeds", "2", *people]}.get(words[0], [])
    assert main([*words, *short]) == 0
