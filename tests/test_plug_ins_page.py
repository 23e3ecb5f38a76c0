"""The page for authors of plug-ins: its code runs, its tests pass, and it names every check."""

import re
from pathlib import Path

import commonweal.testing
from commonweal.agents.beliefs import QUERIES
from commonweal.economy.money.settlement import SETTLEMENTS

PAGE = (Path(__file__).parents[1] / "docs" / "plug-ins.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs_and_its_tests_pass() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    try:
        exec(compile(block, "plug-ins.md", "exec"), names)
        tests = [value for name, value in names.items() if name.startswith("test_")]
        assert len(tests) == 3
        for test in tests:
            test()  # type: ignore[operator]
    finally:
        SETTLEMENTS._plugs.pop("reputation_and_claims", None)
        QUERIES._plugs.pop("careful", None)


def test_it_names_every_check() -> None:
    checks = {name for name in commonweal.testing.__all__ if name.startswith("check_")}
    assert set(re.findall(r"^\| `(check_\w+)", PAGE, re.MULTILINE)) == checks
