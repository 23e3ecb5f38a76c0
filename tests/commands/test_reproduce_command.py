"""``commonweal reproduce``: lists, plays, prints the page, records, and takes an outsider's result from a file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonweal.commands.cli import main
from commonweal.commands.completion import results_of_the_field
from commonweal.scenarios.atlas import RESULTS
from commonweal.scenarios.atlas.recorded import read, recorded
from tests.helpers.own_rules import forgotten

PAGE = (Path(__file__).parents[2] / "docs" / "own-results.md").read_text(encoding="utf-8")
(LEDYARD,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ledyard.py").write_text(LEDYARD, encoding="utf-8")
    with forgotten():
        yield tmp_path


def test_results_are_listed_and_completed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{name} " in listed for name in RESULTS)
    assert results_of_the_field("") == list(RESULTS)
    assert "hauert-2002" in results_of_the_field("hau")


def test_one_result_says_the_verdict_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "hardt-2023", "--seeds", "1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("hardt-2023: theory met (formula only) (4 of 4 checks), 1 seeds, ")
    assert "0.024390" in said


def test_an_outsiders_result_is_short_and_plays_from_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(LEDYARD.strip().splitlines()) < 20
    assert main(["reproduce", "ledyard-1995", "--import", "ledyard.py", "--seeds", "2"]) == 0
    assert "theory met (2 of 2 checks)" in capsys.readouterr().out


def test_an_outsiders_result_that_differs_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("off.py").write_text(LEDYARD.replace("theirs, said = 1 -", "theirs, said = 2 -"), encoding="utf-8")
    assert main(["reproduce", "ledyard-1995", "--import", "off.py", "--seeds", "1"]) == 1
    said = capsys.readouterr().out
    assert "changed: ledyard-1995: r = 3: gain of keeping: differs, unexplained; nothing is recorded of it" in said


def test_the_page_of_one_result_is_printed_and_its_verdicts_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "zhang-2022", "--markdown", "--record", "mine.json"]) == 0
    assert "## zhang-2022" in capsys.readouterr().out
    assert read(Path("mine.json")) == {"zhang-2022": recorded()["zhang-2022"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hauert-2000"], "unknown result 'hauert-2000': there are "),
        (["hauert-2002", "--all"], "name one result, or ask for --all or --fast of them"),
        (["hardt-2023", "--seeds", "none"], "seeds = none: must be a count"),
        (["hardt-2023", "--record", "no/such/folder.json"], "no/such/folder.json: cannot be written"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and said in error
