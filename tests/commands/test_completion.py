"""What a shell completes is what there is, and is found without loading what is heavy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commonweal.commands.completion import assignments, fields, kinds, scenarios, studies, sweeps
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.studies import STUDIES

ROOT = Path(__file__).parents[2]


def test_names_are_those_that_there_are() -> None:
    assert scenarios("") == library_names() and scenarios("comm") == ["commons"]
    registered = {name for name in STUDIES if STUDIES[name].ask.__module__.startswith("commonweal.")}
    assert set(studies("")) == registered and studies("attack") == ["attacks"]
    assert "free-riding" in sweeps("free") and kinds("settle") == ["settlement"]
    assert "settlement.alpha=" in assignments("settlement.") and assignments("settlement.alpha=2") == []
    assert "settlement" in fields("sett") and "settlement.alpha" in fields("sett")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("run comm", "commons"), ("study calib", "calibrate"), ("describe market.lea", "market.leak")],
)
def test_a_shell_that_asks_is_answered(typed: str, completed: str) -> None:
    asked = {"_COMMONWEAL_COMPLETE": "complete_bash", "COMP_WORDS": f"commonweal {typed}", "COMP_CWORD": "2"}
    command = [sys.executable, "-m", "commonweal.commands.cli"]
    told = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=False, cwd=ROOT)
    assert told.stdout.split() == [completed], told.stderr


def test_completing_scenarios_and_studies_loads_nothing_heavy() -> None:
    code = (
        "import sys; from commonweal.commands.completion import scenarios, studies; scenarios(''); studies('');"
        "print([name for name in ('numpy', 'torch', 'pandas', 'pydantic') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.strip() == "[]"
