"""The results of the library: recorded verdicts, checks that notice, the page, and listing them without torch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from commonweal.agents.errors import InputError
from commonweal.scenarios.atlas import RESULTS, Verdict, replay, rows, unnoticed
from commonweal.scenarios.atlas.page import answer, page
from commonweal.scenarios.atlas.recorded import changed, read, recorded, write
from commonweal.scenarios.atlas.verdicts import HOLDS

ROOT = Path(__file__).parents[3]
HERE = [name for name, each in RESULTS.items() if each.replay.__module__.startswith(rows.__name__)]
QUICK = 1.0  # seconds


def by_time(name: str) -> object:
    return pytest.param(name, marks=[pytest.mark.slow] if RESULTS[name].seconds > QUICK else [])


@pytest.mark.parametrize("name", [by_time(name) for name in HERE])
def test_every_verdict_is_the_recorded_one_and_every_check_notices(name: str) -> None:
    played = replay(RESULTS[name])
    assert list(changed(played, recorded())) == []
    assert list(unnoticed(played)) == []
    assert Verdict.UNEXPLAINED not in [each.verdict for each in played.checks]


def test_what_is_recorded_is_what_there_is() -> None:
    assert sorted(recorded()) == sorted(HERE)


def test_listing_results_imports_nothing_heavy() -> None:
    heavy = {"torch", "pandas", "pydantic", "mesa", "matplotlib", "sklearn"}
    code = f"import sys, commonweal.scenarios.atlas as atlas; list(atlas.RESULTS); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", HERE)
def test_a_result_says_what_it_is(name: str) -> None:
    each = RESULTS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert each.paper and each.shows and each.about.endswith(".")
    assert not each.learns or each.learns.endswith(".")


def test_the_page_in_the_documentation_has_all_results_with_their_recorded_verdicts() -> None:
    text = (ROOT / "docs" / "atlas.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for name in HERE:
        assert f"| [{name}](#{name}) |" in text
        assert all(f"| {check} |" in sections[name] for check in recorded()[name])
        assert all(f"| {verdict} |" in sections[name] for verdict in recorded()[name].values())


def test_a_page_says_the_answer_first_and_every_check_beneath() -> None:
    played = [replay(RESULTS[name]) for name in ("hardt-2023", "zhang-2022")]
    text = page(played)
    assert answer(played) in text.split("## How to read it")[0]
    assert answer(played).startswith(
        "1 of the 1 results that can be checked offline hold. Of 2 results: 1 theory met, 1 not"
    )
    assert "theory met (formula only)" in text and "missing: the paper's formulas" in text
    assert "| 0.024390 | 0.024390 | theory met |" in text


def test_a_verdict_that_changes_is_told(tmp_path: Path) -> None:
    played, file = replay(RESULTS["hardt-2023"]), tmp_path / "recorded.json"
    write(file, [played])
    assert list(changed(played, read(file))) == []
    first = played.checks[0].check.name
    before = {"hardt-2023": {**read(file)["hardt-2023"], first: "reproduced", "gone": "differs"}}
    assert list(changed(played, before)) == [
        f"hardt-2023: {first}: theory met, recorded: reproduced",
        "hardt-2023: gone: not there any more, recorded: differs",
    ]
    assert list(changed(played, {})) == [] and all(each.verdict in HOLDS for each in played.checks)


@pytest.mark.parametrize("text", ["[", "[]", '{"a": 1}', '{"a": {"b": "fine"}}'])
def test_a_file_that_records_no_verdicts_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(InputError, match=r"bad\.json: "):
        read(tmp_path / "bad.json")
