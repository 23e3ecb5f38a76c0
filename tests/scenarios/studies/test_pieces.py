"""Pieces of studies: each is played once, kept, found again, and gives the same numbers however a study is played."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick, keeping, kept, plain

ROOT = Path(__file__).parents[3]
SMALL = {"population.count": 6, "rounds": 6, "task.kind": "wine", "task.validation": 30, "task.test": 30}
STUDIES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "best-deviation": ("commons", SMALL, {"horizon": 4, "budget": 6, "held_out": 2, "members": 1, "workers": 1}),
    "calibrate": ("public-goods", {}, {"data": ["herrmann-2008"], "fit": ["slope"], "generations": 1}),
    "compare": ("commons", SMALL, {"settlements": ["equal", "credit"], "horizon": 4, "principals": 1,
                                   "truth_rounds": 1, "budget": 20, "workers": 1}),
    "evolution": ("commons", SMALL, {"divisions": 1, "resamples": 50}),
    "fairness": ("commons", SMALL, {"principals": 3, "rounds": 2, "tasks": ["wine"], "partitions": ["equal", "power"]}),
    "free-riding": ("commons", SMALL, {"horizon": 4, "counts": [4, 6], "factors": [0.5, 2.0], "alphas": []}),
    "heterogeneity": ("exit-and-voice", {"learning.hidden": [6]},
                      {"tasks": ["wine"], "partitions": ["class"], "principals": 4, "members": 6, "rounds": 4,
                       "checks": 1, "modes": ["off", "project"], "scopes": ["all"], "workers": 1}),
    "incentives": ("commons", SMALL, {"horizon": 4, "principals": 2, "workers": 1}),
    "reciprocity": ("slander", {"population.count": 8, "rounds": 6},
                    {"horizon": 4, "mutants": ["AllD"], "judges": [1], "members": 1, "ahead": 4, "rivals": 1,
                     "workers": 1}),
    "sensitivity": ("commons", SMALL, {"size": 2, "fields": ["market.leak", "learning.rate"], "workers": 1}),
}  # fmt: skip
QUICK = ("evolution", "fairness", "free-riding", "incentives", "reciprocity")


@dataclass(frozen=True)
class Sums:
    """What a piece of these tests gives."""

    total: np.ndarray
    names: tuple[str, ...]
    parts: dict[str, list[float]]


PLAYED: list[Any] = []


def play(asked: tuple[int, np.ndarray], tick: Tick) -> Sums:
    PLAYED.append(asked[0])
    tick(1)
    return Sums(asked[0] + asked[1].T, ("a", "b"), {"x": [0.1, float("inf")]})


def pieces_of(*numbers: int) -> list[Piece]:
    return [Piece(play, (number, np.arange(6.0).reshape(2, 3)), 2, (Sums,)) for number in numbers]


def same(one: Any, other: Any) -> None:
    np.testing.assert_array_equal(one.total, other.total)
    assert one.total.flags.c_contiguous and other.total.flags.c_contiguous  # sums go through them in one order
    assert replace(one, total=other.total) == other


def test_what_is_kept_is_found_again_as_it_was_and_not_played_again(tmp_path: Path) -> None:
    PLAYED.clear()
    nowhere = Pieces().play("", pieces_of(1, 2))
    first = Pieces(folder=tmp_path).play("", pieces_of(1, 2))
    again = Pieces(folder=tmp_path).play("", pieces_of(2, 3, 1))
    assert PLAYED == [1, 2, 1, 2, 3]
    for one, *others in ((nowhere[0], first[0], again[2]), (nowhere[1], first[1], again[0])):
        for other in others:
            same(one, other)


def test_a_damaged_piece_is_played_again(tmp_path: Path) -> None:
    (before,) = Pieces(folder=tmp_path).play("", pieces_of(1))
    (file,) = tmp_path.iterdir()
    for damaged in (b"", file.read_bytes()[:-40]):
        file.write_bytes(damaged)
        PLAYED.clear()
        (after,) = Pieces(folder=tmp_path).play("", pieces_of(1))
        assert PLAYED == [1]
        same(before, after)


def test_progress_counts_rounds_done_of_those_that_are_known(tmp_path: Path) -> None:
    told: list[Any] = []
    pieces = Pieces("it", tmp_path, lambda *step: told.append(step))
    pieces.expect(10)
    pieces.play("first", pieces_of(1, 2))
    assert told[-1] == ("rounds of it", 4, 10, "first: 2 of 2")
    assert told[1] == ("rounds of it", 1, 10, "first: 0 of 2")  # in the middle of a piece
    pieces.play("second", pieces_of(1, 2, 3, 4))
    assert told[-1] == ("rounds of it", 12, 12, "second: 4 of 4")  # more than was known
    again = Pieces("it", tmp_path, lambda *step: told.append(step))
    again.play("all", pieces_of(1, 5))
    assert told[-3] == ("rounds of it", 2, 4, "all: 1 of 2")


def test_what_is_asked_decides_what_a_piece_is(tmp_path: Path) -> None:
    base = load("commons", SMALL)
    questions = [
        1, 1.5, "1", None, True, Action.ABSTAIN, [1], [1, 2], np.arange(3), np.arange(3.0), np.arange(3)[::-1],
        base, revise(base, {"market.leak": 0.3}), {"a": 1}, {"b": 1},
    ]  # fmt: skip
    assert len({Piece(play, asked, 1).identity for asked in questions}) == len(questions)
    assert Piece(play, [base] * 3, 1).identity == Piece(play, (base, load("commons", SMALL), base), 1).identity
    with pytest.raises(TypeError, match="asked about a object"):
        plain(object())
    edges = tmp_path / "edges.txt"
    edges.write_text("0 1\n")
    named = revise(base, {"population.graph": "file", "population.edges": str(edges)})
    before = Piece(play, named, 1).identity
    elsewhere = revise(named, {"population.edges": str(edges.rename(tmp_path / "moved.txt"))})
    assert Piece(play, elsewhere, 1).identity == before
    (tmp_path / "moved.txt").write_text("0 2\n")
    assert Piece(play, elsewhere, 1).identity != before


def test_two_processes_do_not_play_one_study_and_nothing_is_left_where_nothing_was_played(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    again = keeping(folder, "it", lambda *_: None)
    with (
        keeping(folder, "it", lambda *_: None),
        pytest.raises(InputError, match="another process is playing this"),
        again,
    ):
        pass
    assert not folder.exists()
    with keeping(folder, "it", lambda *_: None) as pieces:
        pieces.play("", pieces_of(1))
    assert kept(folder)


class Stop:
    """Ctrl-C once more than half of a study is done."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self.stops = True

    def __call__(self, what: str, done: int, of: int, *more: str) -> None:
        self.told.append((done, of))
        if self.stops and done > of / 2:
            raise KeyboardInterrupt


def assert_same(one: Answer, other: Answer) -> None:
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        if (one.study, name) != ("compare", "cost"):  # measured seconds
            pd.testing.assert_frame_equal(untimed(table), untimed(other.tables[name]), check_exact=True)


def untimed(table: pd.DataFrame) -> pd.DataFrame:
    """A table without what goes by measured seconds: the criterion cost, and the ranks over all criteria."""
    if "beats_less_beaten" in table:
        table = table.drop(columns=["cost", "rank", "beats_less_beaten"]).sort_values("mechanism", ignore_index=True)
    return table[table["criterion"] != "cost"] if "criterion" in table else table


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in STUDIES if name not in QUICK)]
)
def test_a_study_that_was_interrupted_goes_on_to_the_same_tables(name: str, tmp_path: Path) -> None:
    scenario, changes, options = STUDIES[name]
    base, folder, stop = load(scenario, changes), tmp_path / "kept", Stop()
    whole = ask(name, base, seeds=2, **options)
    with pytest.raises(KeyboardInterrupt):
        ask(name, base, seeds=2, tell=stop, folder=folder, **options)
    assert kept(folder)
    reached, stop.stops = stop.told[-1][0], False
    stop.told.clear()
    continued = ask(name, base, seeds=2, tell=stop, folder=folder, **options)
    assert_same(whole, continued)
    first = stop.told[int(name == "compare")]  # which begins by measuring seconds anew
    assert first[0] > 0 and stop.told[-1][0] >= reached
    stop.told.clear()
    assert_same(whole, ask(name, base, seeds=2, tell=stop, folder=folder, **options))


@pytest.mark.slow
def test_a_study_played_in_processes_has_the_tables_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, changes, options = STUDIES["incentives"]
    one = ask("incentives", load(scenario, changes), seeds=2, **options)
    monkeypatch.setattr("commonweal.scenarios.studies.pieces.SMALL", 0)
    several = ask("incentives", load(scenario, changes), seeds=2, folder=tmp_path / "kept", **options | {"workers": 2})
    assert_same(one, several)
    monkeypatch.setattr(Ensemble, "__init__", None)  # nothing is played any more
    assert_same(one, ask("incentives", load(scenario, changes), seeds=2, folder=tmp_path / "kept", **options))


def test_all_points_are_checked_before_the_first_is_played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Ensemble, "__init__", None)  # would raise another error
    with pytest.raises(InputError, match=r"population\.count must be a multiple of market\.group_size"):
        ask("free-riding", "public-goods", counts=[10, 20, 40], folder=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_usual_points_that_a_scenario_does_not_allow_are_left_out_and_named() -> None:
    base = load("public-goods", {"rounds": 4})
    answer = ask("free-riding", base, seeds=2, horizon=4, factors=[0.5, 1.0], cuts=2, focal=1)
    assert sorted(set(answer.tables["surface_count"]["population.count"])) == [20, 40]
    assert any(note.startswith("population.count = 10: not allowed here") for note in answer.notes)


WORDS = ["study", "evolution", "commons", "--seeds", "2", "--option", "divisions=1", "--option", "resamples=50"]
WORDS += [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]


@pytest.mark.slow
def test_ctrl_c_names_the_command_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    advance, played = Pieces._advance, []

    def impatient(pieces: Pieces, part: Any, rounds: int, finished: int = 0) -> None:
        advance(pieces, part, rounds, finished)
        played.append(finished)
        if sum(played) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(Pieces, "_advance", impatient)
        assert main([*WORDS, "--out", "my study"]) == 130
    (said,) = capsys.readouterr().err.splitlines()
    assert said.endswith("goes on with: commonweal " + " ".join([*WORDS, "--out", "'my study'"]))
    assert not Path("my study").exists() and len(list(tmp_path.glob(".my study.*.unfinished/*.npz"))) == 2
    assert main([*WORDS, "--out", "my study"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["my study"]
    assert main([*WORDS, "--out", "whole"]) == 0
    for file in Path("whole").glob("*.parquet"):
        both = [pd.read_parquet(folder / file.name) for folder in (Path("my study"), Path("whole"))]
        pd.testing.assert_frame_equal(*both, check_exact=True)


@pytest.mark.slow
def test_a_study_that_is_killed_goes_on_by_the_same_command(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "commonweal.commands.cli", *WORDS, "--set", "rounds=300", "--out", "out"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    for ending, code in ((signal.SIGKILL, -9), (signal.SIGTERM, 130)):
        process = subprocess.Popen(words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        before = len(list(tmp_path.glob(".out.*.unfinished/*.npz")))
        for _ in range(3000):
            if len(list(tmp_path.glob(".out.*.unfinished/*.npz"))) > before or process.poll() is not None:
                break
            time.sleep(0.02)
        process.send_signal(ending)
        assert process.wait(timeout=60) == code
    assert subprocess.run(words, cwd=tmp_path, env=environment, check=False).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir() if "partial" not in path.name) == ["out"]
