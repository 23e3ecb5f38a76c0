"""``commonweal certify`` and ``refute``: a certificate is made, checked and attacked; mistakes cost one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from commonweal.commands.cli import main
from commonweal.scenarios.studies import pieces
from commonweal.scenarios.studies.attacks import read_certificate

FEW = ("horizon=3", "budget=4", "principals=2", "held_out=2", "workers=1")
GAME = ["public-goods", "--set", "population.count=4", "--set", "market.groups=all", "--set",
        "policy.mix={fixed = 1.0}", "--seeds", "2", *(word for option in FEW for word in ("-o", option))]  # fmt: skip
FILE = Path("results/public-goods.certificate.json")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def made() -> Path:
    assert main(["certify", *GAME]) == 0
    return FILE


def test_a_certificate_is_made_checked_and_attacked(capsys: pytest.CaptureFixture[str]) -> None:
    """It gains 1 − r/N to keep a unit, with r = 1.6 and N = 4."""
    assert main(["certify", *GAME]) == 0
    assert "epsilon = 0.6 money per round" in capsys.readouterr().out
    made = FILE
    assert [entry.name for entry in Path("results").iterdir()] == [FILE.name]
    assert main(["refute", str(made), "--attack", "windows", "--seeds", "4"]) == 0
    assert "it stands" in capsys.readouterr().out
    assert main(["certify", "--check", str(made)]) == 0
    printed = capsys.readouterr().out
    assert "verdict 1 (windows): it stands" in printed and "the same to the last digit" in printed
    assert len(read_certificate(made).verdicts) == 1


def test_a_certificate_that_falls_ends_the_command_with_1(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from commonweal.scenarios.studies.attacks import Certificate, write_certificate

    content = json.loads(json.dumps(read_certificate(made).content))
    content["epsilon"]["money"]["epsilon"] = 0.0
    content["epsilon"]["utility"]["epsilon"] = 0.0
    write_certificate(Certificate.of(content), made)
    assert main(["refute", str(made), "--attack", "catalogue", "--seeds", "4"]) == 1
    assert "it falls: free_ride" in capsys.readouterr().out
    assert main(["refute", str(made)]) == 2  # by the same code: a lie
    assert "played again it is another: epsilon.money.epsilon is" in capsys.readouterr().err


def test_after_ctrl_c_the_same_command_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played, count = pieces.played, 0

    def interrupted(*asked: Any) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt
        return played(*asked)

    monkeypatch.setattr(pieces, "played", interrupted)
    assert main(["certify", *GAME]) == 130
    assert "what is finished is kept, and goes on with: commonweal certify public-goods" in capsys.readouterr().err
    assert not FILE.exists()
    before, count = count, 10
    assert main(["certify", *GAME]) == 0
    all_over = count - 10
    FILE.unlink()
    count = 10
    assert main(["certify", *GAME]) == 0
    assert all_over == count - 10 - (before - 1)  # what was kept is not played again
    assert not list(Path("results").glob(".*"))


def test_without_a_scenario_it_lists_options_and_families(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify"]) == 0
    printed = capsys.readouterr().out
    assert "budget = 60" in printed and "mixed: " in printed and "held out" in printed


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["certify", "nowhere"], "nowhere"),
        (["certify", *GAME, "-o", "budgte=3"], "unknown option 'budgte'"),
        (["certify", *GAME, "-o", "families=['lottery']"], "unknown attack family 'lottery'"),
        (["certify", *GAME, "-o", "families=['mixed']"], "mixed is held out"),
        (["certify", *GAME, "--seeds", "1"], "certify needs at least 2"),
        (["certify", "commons", "--check", "c.json"], "leave commons out"),
        (["certify", "--check", "nothing.json"], "cannot read nothing.json"),
        (["refute", "nothing.json", "--attack", "mixed"], "cannot read nothing.json"),
        (["refute", "other.json", "--attack", "mixed"], "other.json: is no certificate of commonweal"),
        (["certify", *GAME, "--out", "."], "is a folder; --out must name a file"),
    ],
)
def test_mistakes_are_said_in_one_line(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.json").write_text("{}")
    assert main(words) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert reason in said[-1] and said[-1].startswith("commonweal: ")
    assert [entry.name for entry in Path().iterdir()] == ["other.json"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--attack", "lottery"], "unknown attack family 'lottery'"),
        (["--attack", "mine.json"], "cannot read mine.json"),
        (["--attack", "mixed", "--seeds", "3"], "must be at least 4"),
    ],
)
def test_bad_attempts_are_said_in_one_line_and_leave_the_certificate(
    made: Path, words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made.read_bytes()
    capsys.readouterr()
    assert main(["refute", str(made), *words]) == 2
    assert reason in capsys.readouterr().err.strip().splitlines()[-1]
    assert made.read_bytes() == before and [entry.name for entry in Path("results").iterdir()] == [made.name]


def test_a_certificate_that_is_there_is_not_replaced(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = made.read_bytes()
    assert main(["certify", *GAME]) == 2
    assert "is there already, with its verdicts" in capsys.readouterr().err
    assert made.read_bytes() == before
