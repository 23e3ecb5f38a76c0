"""Rules of one's own from a file, on the command line and in files: run, sweep with workers, study, page."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from commonweal import load
from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.figures.browser.tab.opening import open_with
from commonweal.scenarios.studies import pieces
from commonweal.scenarios.sweeps.sweep import sweep
from tests.helpers.own_rules import OWN, SETTLEMENT, SMALL, forgotten

FIELDS = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
USES = {
    "settlement": "settlement.kind = 'own_root'",
    "credit": "credit.kind = 'own_helpful'",
    "policy": "policy.mix = {own_steady = 1.0}",
    "probe": "values.dimensions = [{sense = 'protect', probe = 'own_tail', limit = 2.0}]\nscreening.mode = 'project'",
}
pytestmark = pytest.mark.usefixtures("pictures_unseen")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    for name, text in OWN.items():
        (tmp_path / f"{name}.py").write_text(text)
    with forgotten():
        yield tmp_path


def scenario(text: str, *imports: str) -> str:
    named = f"import = {list(imports)!r}\n" if imports else ""
    fields = "\n".join(f"{path} = {value!r}" for path, value in SMALL.items())
    Path("economy.toml").write_text(f"{named}{fields}\n{text}\n")
    return "economy.toml"


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1, error
    return error[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", USES)
def test_a_rule_of_ones_own_is_at_most_twenty_lines_and_plays(name: str) -> None:
    assert len(OWN[name].strip().splitlines()) <= 20
    file = scenario(USES[name])
    assert main(["run", file, "--import", f"{name}.py", "--out", "there"]) == 0
    with forgotten():
        assert main(["run", scenario(USES[name], f"{name}.py"), "--out", "here"]) == 0
    one, other = (pd.read_parquet(f"{folder}/rounds.parquet") for folder in ("there", "here"))
    pd.testing.assert_frame_equal(one, other)


def test_a_scenario_that_is_loaded_from_python_imports_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "settlement.py").rename(tmp_path / "elsewhere" / "rules.py")
    file = Path(scenario(USES["settlement"], "rules.py")).rename("elsewhere/economy.toml")
    assert load(file).settlement.kind == "own_root"
    assert "import" not in load(file).model_dump()


def test_a_sweep_file_imports_too_and_its_workers_know_the_rules(tmp_path: Path) -> None:
    scenario("", "policy.py")
    text = "import = ['settlement.py']\nscenario = 'economy.toml'\nreplications = 2\n"
    Path("own.toml").write_text(
        text + "set.'policy.mix' = {own_steady = 1.0}\n[vary]\n'settlement.kind' = ['own_root', 'equal']\n"
    )
    assert main(["sweep", "own.toml", "--workers", "2", "--out", "swept"]) == 0
    runs = pd.read_parquet("swept/runs.parquet")
    assert set(runs["status"]) == {"ok"} and len(runs) == 4
    serial = sweep("own.toml", engine="serial").runs
    assert list(serial["run_id"]) == list(runs["run_id"])


def test_what_a_rule_says_belongs_to_a_runs_name_and_where_it_lies_does_not(tmp_path: Path) -> None:
    names = []
    for folder, text in (("a", SETTLEMENT), ("b", SETTLEMENT), ("c", SETTLEMENT + "# another\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rules.py").write_text(text)
        with forgotten():
            words = ["sweep", "commons", *FIELDS, "--vary", "settlement.kind=own_root", "--seeds", "1"]
            more = ["--engine", "serial", "--import", f"{folder}/rules.py", "--out", f"{folder}/out"]
            assert main([*words, *more]) == 0
        names.append(pd.read_parquet(tmp_path / folder / "out" / "runs.parquet")["run_id"].iloc[0])
    assert names[0] == names[1] != names[2]


def test_a_sweep_whose_rule_has_changed_is_not_continued(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "commons", *FIELDS, "--vary", "settlement.kind=own_root", "--engine", "serial", "--out", "swept"]
    with forgotten():
        assert main([*words, "--seeds", "1", "--import", "settlement.py"]) == 0
    Path("settlement.py").write_text(SETTLEMENT + "# a remark\n")
    capsys.readouterr()
    with forgotten():
        line = refused(capsys, *words, "--seeds", "2", "--extend", "--import", "settlement.py")
    assert "settlement rule 'own_root' is not what it was when the sweep was begun" in line
    Path("settlement.py").write_text(SETTLEMENT)
    Path("other.py").write_text("'of no use here'\n")
    with forgotten():  # what is imported and not used decides on nothing
        more = ["--import", "settlement.py", "--import", "other.py"]
        assert main([*words, "--seeds", "2", "--extend", *more]) == 0


def test_a_study_of_ones_own_and_the_processes_of_a_study_know_the_rules(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SMALL", 0)
    words = ["study", "own_question", scenario(USES["settlement"], "settlement.py"), "--seeds", "2"]
    assert main([*words, "--import", "study.py", "-o", "workers=2", "--out", "asked"]) == 0
    assert "shares of credit" in capsys.readouterr().out
    assert pd.read_parquet("asked/wealth.parquet")["worker"].all()


BROKEN = SETTLEMENT.replace("np.sqrt(", "np.nothing(")


@pytest.mark.parametrize("words", [
    ["run"], ["check"], ["study", "staying", "-o", "settlements=['own_root', 'equal']", "-o", "workers=1"],
    ["study", "staying", "-o", "settlements=['own_root', 'equal']", "-o", "workers=2"],
    ["study", "incentives", "-o", "principals=1", "-o", "horizon=2", "-o", "workers=1"],
], ids=lambda words: " ".join(words[:2]) + words[-1][-1:])
def test_a_rule_that_raises_while_it_is_used_is_told_with_its_file_and_line(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SMALL", 0)
    Path("settlement.py").write_text(BROKEN)
    file = scenario(USES["settlement"], "settlement.py")
    assert main([*words[:2], file, *words[2:], "--seeds", "2"] if words[0] == "study" else [words[0], file]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    line = next(n for n, text in enumerate(BROKEN.splitlines(), start=1) if "np.nothing" in text)
    assert f"settlement.py, line {line}: AttributeError: module 'numpy' has no attribute 'nothing'" in said
    assert not list(Path().glob("results/[!.]*"))  # what another worker finished is kept aside


def test_the_page_plays_a_scenario_with_the_rule_that_it_names() -> None:
    opening = open_with(scenario(USES["settlement"], "settlement.py"), None)
    assert opening.own is not None and opening.own.settlement.kind == "own_root"


def test_families_of_attacks_from_a_file_certify_and_refute(capsys: pytest.CaptureFixture[str]) -> None:
    file = scenario(USES["settlement"], "settlement.py")
    options = ["families=['own_lazy']", "search=none", "principals=1", "horizon=2", "held_out=2", "workers=1"]
    asked = [word for option in options for word in ("-o", option)]
    words = ["certify", file, "--import", "attack.py", *asked, "--seeds", "2", "--out", "c.json"]
    assert main(words) == 0
    assert "half of the time" in capsys.readouterr().out
    assert main(["certify", "--check", "c.json", "--import", "settlement.py", "--import", "attack.py"]) == 0
    Path("more.py").write_text(OWN["attack"].replace("own_lazy", "own_other"))
    capsys.readouterr()
    assert main(["refute", "c.json", "--attack", "own_other", "--seeds", "4", "--import", "more.py"]) in (0, 1)
    assert "verdict 1 in c.json" in capsys.readouterr().out and "own_other" in Path("c.json").read_text()


def test_without_its_file_a_rule_is_refused_and_the_refusal_says_what_is_needed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = refused(capsys, "run", "commons", "--set", "credit.kind=zzz")
    assert line.endswith("; a rule of your own needs --import FILE.py")


WRONG = {
    "absent": ("import = ['absent.py']", "economy.toml: absent.py cannot be imported: No such file or directory"),
    "no list": ("import = 'settlement.py'", "economy.toml: import = 'settlement.py': must be a list of Python files"),
    "no text": ("import = [3]", "economy.toml: import = [3]: must be a list of Python files, like ['rules.py']"),
    "raises": ("import = ['bad.py']", "economy.toml: bad.py, line 2: ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_scenario_whose_file_cannot_be_imported_is_refused_in_one_line(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = WRONG[case]
    Path("bad.py").write_text("\n1 / 0\n")
    Path("economy.toml").write_text(f"{text}\nrounds = 2\n")
    assert said in refused(capsys, "run", "economy.toml").replace(str(Path.cwd()) + "/", "")
    assert not Path("results").exists()


@pytest.mark.parametrize("command", ["run", "describe", "list", "serve", "play", "study"])
def test_every_command_refuses_a_wrong_file_before_it_does_anything(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.py").write_text("\n1 / 0\n")
    assert refused(capsys, command, "--import", "bad.py", *(["commons"] * (command == "run"))) == (
        "commonweal: bad.py, line 2: ZeroDivisionError: division by zero"
    )


def test_what_arrives_as_a_document_cannot_import(tmp_path: Path) -> None:
    from commonweal.scenarios.schema.validation import validate

    Path("mark.py").write_text("import pathlib\npathlib.Path('run').touch()\n")
    with pytest.raises(InputError, match="import is not a field"):
        validate({"import": ["mark.py"]})
    assert not Path("run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_workers_of_every_engine_know_rules_from_files(engine: str) -> None:
    words = ["sweep", "commons", *FIELDS, "--vary", "settlement.kind=own_root,credit", "--seeds", "2"]
    more = ["--import", "settlement.py", "--engine", engine, "--workers", "2", "--out", engine]
    assert main([*words, *more]) == 0
    assert set(pd.read_parquet(f"{engine}/runs.parquet")["status"]) == {"ok"}


@pytest.mark.slow
def test_a_run_over_nodes_knows_rules_from_files() -> None:
    fields = [*FIELDS, "--set", "settlement.kind=own_root", "--import", "settlement.py"]
    assert main(["run", "commons", *fields, "--nodes", "2", "--out", "over"]) == 0
    assert main(["run", "commons", *fields, "--out", "here"]) == 0
    one, other = (pd.read_parquet(f"{folder}/rounds.parquet")["accuracy"] for folder in ("over", "here"))
    assert list(one) == list(other)
