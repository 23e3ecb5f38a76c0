"""What files say and what rules from elsewhere are belongs to the identity of runs; where they lie does not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.economy.negotiation.transcripts import TRANSCRIPT
from commonweal.economy.runs import checkpoint
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies.asking import identity_of_answer
from commonweal.scenarios.studies.calibrate.study import CalibrateOptions
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import Plan, plan_of

ROOT = Path(__file__).parents[3]
RING, PATH, STAR = "0 1\n1 2\n2 3\n3 0\n", "0 1\n1 2\n2 3\n", "0 1\n0 2\n0 3\n"
SMALL: dict[str, Any] = {
    "rounds": 4, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 4,
    "learning.hidden": [4], "population.graph": "file",
}  # fmt: skip
RULE = """
from commonweal.economy.money.settlement import SETTLEMENTS
from kind_package.shares import share

def rule(*arguments):
    return SETTLEMENTS[share](*arguments)
"""


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    (tmp_path / "edges.txt").write_text(RING)
    return tmp_path / "edges.txt"


def plan(edges: Path, seeds: int = 2, **changes: Any) -> Plan:
    return plan_of(load("commons", SMALL | {"population.edges": str(edges)} | changes), {"market.leak": [0, 1]}, seeds)


def moved(file: Path) -> Path:
    (file.parent / "elsewhere").mkdir(exist_ok=True)
    return file.rename(file.parent / "elsewhere" / "renamed.txt")


def tables(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "runs.parquet").drop(columns=["start", "duration"])


@pytest.mark.parametrize("extend", [False, True])
def test_a_sweep_whose_edge_list_changed_is_refused_by_the_name_of_the_file(
    edges: Path, tmp_path: Path, extend: bool
) -> None:
    run_sweep(plan(edges), tmp_path / "sweep", engine="serial")
    edges.write_text(PATH)
    with pytest.raises(InputError, match=r"edges\.txt is not what it was when the sweep was begun") as refused:
        run_sweep(plan(edges, 2 + extend), tmp_path / "sweep", engine="serial", extend=extend)
    assert "\n" not in str(refused.value)
    edges.write_text(RING)
    assert run_sweep(plan(edges, 3), tmp_path / "sweep", engine="serial", extend=True).failed == 0


def test_a_sweep_whose_edge_list_lies_elsewhere_continues_to_the_same_tables(edges: Path, tmp_path: Path) -> None:
    run_sweep(plan(edges, 3), tmp_path / "whole", engine="serial")
    run_sweep(plan(edges, 2), tmp_path / "moved", engine="serial")
    elsewhere = moved(edges)
    assert run_sweep(plan(elsewhere, 3), tmp_path / "moved", engine="serial", extend=True).played == 2
    both = [tables(tmp_path / name).sort_values(["point", "seed"], ignore_index=True) for name in ("whole", "moved")]
    pd.testing.assert_frame_equal(*both, check_exact=True)
    elsewhere.write_text(STAR)
    with pytest.raises(InputError, match=r"population\.edges was .* and is now "):
        run_sweep(plan(elsewhere.rename(edges.with_name("third.txt")), 3), tmp_path / "moved", engine="serial")


def test_varied_edge_lists_are_known_by_what_they_say(edges: Path, tmp_path: Path) -> None:
    (tmp_path / "path.txt").write_text(PATH)

    def of(*files: Path) -> Plan:
        base = load("commons", SMALL | {"population.edges": str(edges)})
        return plan_of(base, {"population.edges": list(map(str, files))}, 2)

    run_sweep(of(edges, tmp_path / "path.txt"), tmp_path / "sweep", engine="serial")
    (tmp_path / "star.txt").write_text(STAR)
    elsewhere = moved(tmp_path / "path.txt")
    more = run_sweep(of(edges, elsewhere, tmp_path / "star.txt"), tmp_path / "sweep", engine="serial", extend=True)
    assert (more.runs, more.played) == (6, 2)
    named = tables(tmp_path / "sweep").groupby("point")["population.edges"].agg(["first", "nunique"])
    assert list(named["first"].map(lambda path: Path(path).name)) == ["edges.txt", "path.txt", "star.txt"]
    assert (named["nunique"] == 1).all()
    edges.write_text(RING + "0 2\n")
    with pytest.raises(InputError, match=r"edges\.txt is not what it was"):
        run_sweep(of(edges, elsewhere, tmp_path / "star.txt"), tmp_path / "sweep", engine="serial")
    elsewhere.with_name("twin.txt").write_text(PATH)
    with pytest.raises(InputError, match="points 0 and 1 are the same economy"):
        of(elsewhere, elsewhere.with_name("twin.txt"))


def test_a_file_that_changes_while_a_sweep_is_played_fails_the_runs_that_are_left(edges: Path, tmp_path: Path) -> None:
    planned = plan(edges)
    edges.write_text(PATH)
    assert run_sweep(planned, tmp_path / "sweep", engine="serial").failed == 4
    assert set(tables(tmp_path / "sweep")["message"]) == {f"{edges} is not what it was when the sweep was begun"}
    edges.write_text(RING)
    assert run_sweep(planned, tmp_path / "sweep", engine="serial", retry_failed=True).failed == 0


def test_an_edge_list_that_is_missing_is_named_before_anything_is_played(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"population\.edges: cannot read .*absent\.txt: No such file"):
        plan(tmp_path / "absent.txt")
    assert plan(tmp_path / "absent.txt", **{"population.graph": "ring", "population.degree": 2}).runs == 4


@pytest.mark.usefixtures("pictures_unseen")
def test_a_comparison_is_replaced_by_its_like_and_not_by_that_of_another_edge_list(
    edges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]

    def played(file: Path) -> int:
        return main(["run", "commons", *settings, "--set", f"population.edges={file}", "--out", "kept"])

    assert played(edges) == 0
    elsewhere = moved(edges)
    assert played(elsewhere) == 0
    elsewhere.write_text(PATH)
    capsys.readouterr()
    assert played(elsewhere) == 2
    assert "replace them with --force" in capsys.readouterr().err


def test_a_checkpoint_is_of_what_the_edge_list_says(edges: Path, tmp_path: Path) -> None:
    def ensemble(file: Path) -> Ensemble:
        return Ensemble(load("commons", SMALL | {"population.edges": str(file)}), [0])

    begun = ensemble(edges)
    begun.step()
    checkpoint.save(tmp_path / "kept.npz", begun)
    assert checkpoint.read_origin(tmp_path / "kept.npz")["scenarios"][0]["population"]["edges"] == str(edges)
    elsewhere = moved(edges)
    checkpoint.restore(tmp_path / "kept.npz", again := ensemble(elsewhere))
    assert again.state.round == 1
    elsewhere.write_text(PATH)
    with pytest.raises(InputError, match=r"another run \(population\.edges is 'contents \w+' there and 'contents \w+'"):
        checkpoint.restore(tmp_path / "kept.npz", ensemble(elsewhere))


def test_a_study_is_of_what_its_files_say(edges: Path, tmp_path: Path) -> None:
    data = tmp_path / "series.csv"
    data.write_text("period,contribution\n1,.5\n2,.4\n3,.3\n")

    def asked(file: Path, series: Path) -> str:
        scenario = load("commons", SMALL | {"population.edges": str(file)})
        return identity_of_answer("calibrate", scenario, (0, 1), CalibrateOptions(data=(str(series),)))

    first = asked(edges, data)
    (tmp_path / "other").mkdir()
    data = data.rename(tmp_path / "other" / "series.csv")
    elsewhere = moved(edges)
    assert asked(elsewhere, data) == first
    data.write_text("period,contribution\n1,.5\n2,.4\n3,.2\n")
    changed = asked(elsewhere, data)
    elsewhere.write_text(PATH)
    assert len({first, changed, asked(elsewhere, data)}) == 3


def test_a_transcript_that_is_replayed_decides_on_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript = tmp_path / "said.jsonl"
    monkeypatch.setenv(TRANSCRIPT, str(transcript))
    found = []
    for text in ("", "{}\n"):
        transcript.write_text(text)
        base = load("commons", {"negotiation.kind": "shapley_coop", "negotiation.negotiator": "replay"})
        found.append(plan_of(base, seeds=1).rules)
    assert [list(rules) for rules in found] == [["negotiator 'replay'"]] * 2
    assert found[0] != found[1]
    assert plan_of(load("commons"), seeds=1).sources == {}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a settlement rule that uses another of its modules, installed in ``tmp_path``."""
    (tmp_path / "kind_package").mkdir()
    (tmp_path / "kind_package" / "__init__.py").touch()
    (tmp_path / "kind_package" / "rules.py").write_text(RULE)
    (tmp_path / "kind_package" / "shares.py").write_text("share = 'equal'\n")
    info = tmp_path / "kind_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: kind_package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[commonweal.settlement]\nkind = kind_package.rules:rule\n")
    return tmp_path


@pytest.mark.slow
def test_a_sweep_is_continued_by_the_code_of_rules_from_elsewhere_that_began_it(package: Path) -> None:
    def swept(*options: str) -> subprocess.CompletedProcess[str]:
        ring = SMALL | {"population.graph": "ring", "population.degree": 2}
        settings = [word for path, value in ring.items() for word in ("--set", f"{path}={value}")]
        words = ["sweep", "commons", *settings, "--vary", "settlement.kind=data,kind", "--engine", "serial"]
        return subprocess.run(
            [sys.executable, "-m", "commonweal.commands.cli", *words, "--out", "swept", *options],
            cwd=package,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{package}", "MPLBACKEND": "agg"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (first := swept("--seeds", "1")).returncode == 0, first.stderr
    (package / "kind_package" / "shares.py").write_text("share = 'data'\n")
    refused = swept("--seeds", "2", "--extend")
    assert refused.returncode == 2
    assert "settlement rule 'kind' is not what it was when the sweep was begun" in refused.stderr
    (package / "kind_package" / "shares.py").write_text("share = 'equal'\n")
    assert (more := swept("--seeds", "2", "--extend")).returncode == 0, more.stderr
    assert list(json.loads((package / "swept" / "manifest.json").read_text())["sources"]) == ["settlement rule 'kind'"]
