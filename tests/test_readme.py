"""What a newcomer reads is true: names exist, code runs, files are there."""

import re
import runpy
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import matplotlib as mpl
import numpy as np
import pytest

from commonweal.commands.cli import app
from commonweal.economy.round.mechanism import MECHANISMS
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import PARTITIONS
from commonweal.scenarios.schema.describe import registries
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Actions, Market, Menu, Part, Population, Rewards, Screening, Values
from commonweal.scenarios.studies import STUDIES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PAGE, NAMES, RULES_PAGE, BROWSER = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("page", "what-there-is", "rules", "browser")
)
IN_README = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
BLOCKS = re.findall(r"```python\n(.*?)```", RULES_PAGE, re.DOTALL)
RULES = [block for block in BLOCKS if "@" in block and "@mechanism" not in block]
PLUG_POINTS = registries()
CHOICES: list[tuple[type[Part], str]] = [
    (Population, "graph"), (Actions, "free_ride"), (Actions, "defect"), (Screening, "mode"), (Screening, "scope"),
    (Screening, "budget"), (Values, "influence"), (Market, "kind"), (Menu, "offer"), (Rewards, "realise"),
]  # fmt: skip


def names() -> Iterator[str]:
    for registry in PLUG_POINTS.values():
        yield from registry
    for part, field in CHOICES:
        yield from get_args(part.model_fields[field].annotation)
    yield from Actions.model_fields["available"].default
    yield from PARTITIONS
    yield from STUDIES
    yield from library_names()
    yield from (command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands)


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for registry in (*PLUG_POINTS.values(), MECHANISMS):
        monkeypatch.setattr(registry, "_plugs", dict(registry._plugs))


@pytest.mark.parametrize("name", sorted(set(names())))
def test_a_page_names_everything_that_is_registered(name: str) -> None:
    assert f"`{name}`" in NAMES


def test_the_page_of_rules_shows_how_to_add_one_of_each_of_five_kinds_and_a_mechanism() -> None:
    decorators = {name for block in BLOCKS for name in re.findall(r"^@(\w+)\(", block, re.MULTILINE)} - {"dataclass"}
    assert decorators == {"settlement_rule", "reward_rule", "credit_rule", "policy", "task", "mechanism"}


def test_the_readme_shows_one_of_these_rules_and_no_other() -> None:
    assert [block for block in IN_README if "@" in block] == [BLOCKS[0]]


@pytest.mark.usefixtures("own_registries")
@pytest.mark.parametrize("block", RULES, ids=lambda block: block.split('"')[1])
def test_a_rule_of_the_page_plays_by_its_name(block: str) -> None:
    assert len(block.splitlines()) < 20
    before = {path: set(registry) for path, registry in PLUG_POINTS.items()}
    exec(compile(block, "rules.md", "exec"), {})
    ((path, name),) = [(p, name) for p, registry in PLUG_POINTS.items() for name in set(registry) - before[p]]
    value = {name: 1.0} if path == "policy.mix" else name
    results = Ensemble(load("commons", {"rounds": 3, path: value}), seeds=[0, 1]).run()
    assert results.rounds["round"].max() == 2
    assert np.isfinite(results.rounds["welfare"]).all()


@pytest.mark.usefixtures("own_registries")
def test_the_mechanism_of_the_page_plays_by_its_section() -> None:
    (block,) = [block for block in BLOCKS if "@mechanism" in block]
    assert len(block.splitlines()) < 40
    exec(compile(block, "rules.md", "exec"), {})
    ensemble = Ensemble(load("commons", {"rounds": 3, "mechanisms.tax.rate": 0.25}), seeds=[0, 1], keep_ledger=True)
    results = ensemble.run()
    taxed = ensemble.state.mechanisms["tax"].so_far
    assert (taxed.sum(axis=1) > 0).all()
    assert results.ledger is not None
    moved = results.ledger[results.ledger["reason"] == "redistribution"]
    principals = moved["source"] < taxed.shape[1]
    assert moved.loc[principals, "amount"].sum() == taxed.sum()
    assert taxed.sum() - 2 * 3 * taxed.shape[1] < moved.loc[~principals, "amount"].sum() <= taxed.sum()


def test_the_notebook_code_of_the_readme_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mpl.use("Agg")
    (block,) = [block for block in IN_README if "@" not in block]
    text, few = (ROOT / "scenarios" / "library" / "commons.toml").read_text(encoding="utf-8"), tmp_path / "commons.toml"
    few.write_text(text.replace("rounds = 200\n", "rounds = 20\n"), encoding="utf-8")
    assert '"commons"' in block and "play(200)" in block
    quick = block.replace('"commons"', repr(str(few))).replace("play(200)", "play(20)")
    exec(compile(quick, "README.md", "exec"), {})
    assert "price_of_anarchy" in capsys.readouterr().out


def test_the_example_shows_that_grudgers_give_up_under_equal_pay_only(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "docs" / "examples" / "grudger.py"), run_name="__main__")
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "5 of 5" in rows["equal"]
    assert "0 of 5" in rows["credit"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert all((page.parent / link).is_file() for link in links if "://" not in link)


def test_the_picture_is_small_enough_to_load_at_once() -> None:
    assert (ROOT / "docs" / "images" / "commons.png").stat().st_size < 300_000


def test_the_layout_of_the_architecture_page_is_that_of_the_tree() -> None:
    layout = runpy.run_path(str(ROOT / "docs" / "layout.py"))["layout"]()
    assert f"```\n{layout}\n```" in ARCHITECTURE, "run: make docs"


def test_every_name_that_the_architecture_page_gives_in_full_exists() -> None:
    dotted = set(re.findall(r"`((?:commonweal)(?:\.\w+)+)`", ARCHITECTURE))
    assert len(dotted) > 20
    for name in dotted:
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute) or find_spec(name), name  # a module may not be imported yet


def test_every_name_that_the_page_about_the_page_gives_in_full_exists() -> None:
    for name in set(re.findall(r"`((?:commonweal)(?:\.\w+)+)`", PAGE)):
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute) or find_spec(name), name


def test_the_page_about_the_page_names_every_order_and_every_kind_of_document() -> None:
    files = (ROOT / "figures" / "browser" / "drawing").glob("*.js")
    drawing = "".join(file.read_text(encoding="utf-8") for file in files)
    orders, kinds = set(re.findall(r'\bdo: "([a-z ]+)"', drawing)), set(re.findall(r"\bdocs\.(\w+)", drawing))
    assert min(len(orders), len(kinds)) > 10
    assert [name for name in sorted(orders | kinds) if f"`{name}`" not in PAGE] == []


def test_the_page_of_the_browser_shows_the_example_of_a_mesa_visualisation() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", BROWSER, re.DOTALL)
    example = (ROOT / "docs" / "examples" / "watch_cooperative.py").read_text(encoding="utf-8")
    assert example.endswith(f"\n{block}")


def test_the_reading_order_gives_the_length_of_files_to_a_fifth_and_takes_an_hour() -> None:
    rows = re.findall(r"^\| `([\w/]+\.py)` \| (\d+) \|", ARCHITECTURE, re.MULTILINE)
    assert len(rows) > 10
    for file, lines in rows:
        actual = len((ROOT / file).read_text(encoding="utf-8").splitlines())
        assert abs(int(lines) - actual) <= max(15, actual / 5), file
    assert sum(int(lines) for _, lines in rows) < 2500


def _without_numbers(lines: list[str]) -> list[str]:
    """Lines of any numbers: a table is as wide as its longest."""
    text = re.sub(r"-?\d*\.?\d+( \[[^]]*\])?", "#", "\n".join(lines))
    return re.sub(r"[ \n]+", " ", text).strip().split(". ")


def _end_of_make_run() -> list[str]:
    (block,) = re.findall(r"<!-- make run -->\n```text\n(.*?)```\n<!-- end make run -->", README, re.DOTALL)
    return block.splitlines()


def test_the_readme_shows_how_make_run_ends() -> None:
    shown = _end_of_make_run()
    assert len(shown) == 10
    text = " ".join(" ".join(shown).split())
    said, told = text.partition(" results results/commons/ (")[::2]
    assert "figures results/commons/figures/ (overview.png, " in told
    rules = r"((, | and )?(equal pay|pay by samples|pay by credit))+"
    amount = r"-?\d*\.?\d+( \[\S+, \S+\])?"
    kept = rf"{rules} (alike )?(keeps?|collapses? to|ends? with) {amount} delegating, accuracy {amount}(; |\.)"
    assert re.search(rf"({kept})+$", said, re.IGNORECASE), "run: python docs/make_run.py --write"
    heads = "test accuracy", "welfare (money per round)", "Gini, last quarter", "price of anarchy"
    assert all(any(line.startswith(head) for line in shown) for head in heads)


@pytest.mark.slow
def test_what_the_readme_shows_of_make_run_is_what_it_prints() -> None:
    printed = runpy.run_path(str(ROOT / "docs" / "make_run.py"))["last_lines"]()
    assert _without_numbers(printed) == _without_numbers(_end_of_make_run()), "run: python docs/make_run.py --write"
