"""The page on rules of one's own: its file imports, its five rules keep their promises, and its scenario plays."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonweal import Ensemble, import_rules, load, revise
from commonweal.commands.cli import app
from commonweal.testing import check_attack, check_credit_rule, check_policy, check_probe, check_settlement_rule
from tests.helpers.own_rules import SMALL, forgotten

PAGE = (Path(__file__).parents[1] / "docs" / "own-rules.md").read_text(encoding="utf-8")
(MINE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(SCENARIO,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(SCENARIO, encoding="utf-8")
    with forgotten():
        yield tmp_path


def test_the_five_rules_of_the_page_are_short_and_keep_their_promises(mine: Path) -> None:
    rules = re.split(r"^@", MINE, flags=re.MULTILINE)[1:]
    assert len(rules) == 5 and max(len(rule.strip().splitlines()) for rule in rules) < 20
    import_rules(mine / "mine.py")
    check_settlement_rule("root_credit")
    check_credit_rule("mild")
    check_policy("steady")
    check_probe("between")
    check_attack("sleeper")


def test_the_scenario_of_the_page_imports_them_and_plays(mine: Path) -> None:
    assert tomllib.loads(SCENARIO)["import"] == ["mine.py"]
    scenario = load(mine / "mine.toml")
    assert scenario.settlement.kind == "root_credit" and scenario.values.dimensions[0].probe == "between"
    rounds = Ensemble(revise(scenario, SMALL), [0, 1]).run().rounds
    assert len(rounds) == 2 * SMALL["rounds"]


def test_every_command_of_the_page_exists() -> None:
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    named = re.findall(r"^    commonweal (\w+)", PAGE, re.MULTILINE)
    assert len(named) > 8 and set(named) <= commands
