"""What lies in the folder of a sweep: shards that are whole or not there, tables that say what they hold."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonweal.agents.documents import differences
from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.scenarios.runs.progress import Progress
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.sweeps import compaction
from commonweal.scenarios.sweeps.compaction import compacted
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.manifest import code_version, read_design, read_manifest
from commonweal.scenarios.sweeps.plan import Plan, plan_of
from commonweal.scenarios.sweeps.shards import SHARDS, committed, shard_files
from tests.helpers.swept import TIMING

BASE = revise(
    load("commons"), {"rounds": 4, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 5}
)
PLAN = plan_of(BASE, {"settlement.kind": ["equal", "data", "credit"], "market.leak": [0.1, 0.2]}, seeds=4)


class Listener:
    """Remembers what it is told, and may stop everything after some chunks."""

    def __init__(self, chunks: int = -1, then: Callable[[], None] | None = None) -> None:
        self.told: list[tuple[int, int]] = []
        self.left, self.then = chunks, then

    def __call__(self, what: str, done: int, of: int, *more: str) -> None:
        told, self.told = self.told, [*self.told, (done, of)]
        if not told or done == told[-1][0]:
            return
        self.left -= 1
        if self.left == 0 and self.then is not None:
            self.then()
        elif self.left == 0:
            raise KeyboardInterrupt


def play(folder: Path, plan: Plan = PLAN, tell: Progress | None = None, **options: Any) -> Any:
    return run_sweep(plan, folder, engine="serial", tell=tell or Listener(), **options)


def interrupted(folder: Path, chunks: int = 2, plan: Plan = PLAN) -> None:
    with pytest.raises(KeyboardInterrupt):
        play(folder, plan, Listener(chunks))


def tables(folder: Path) -> tuple[pd.DataFrame, bytes]:
    return pd.read_parquet(folder / "runs.parquet").drop(columns=list(TIMING)), (folder / "rounds.parquet").read_bytes()


def assert_same(these: tuple[pd.DataFrame, bytes], those: tuple[pd.DataFrame, bytes]) -> None:
    pd.testing.assert_frame_equal(these[0], those[0], check_exact=True)
    assert these[1] == those[1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, bytes]:
    folder = tmp_path_factory.mktemp("whole") / "sweep"
    play(folder)
    return tables(folder)


def test_a_finished_sweep_is_two_tables_a_design_and_a_manifest(tmp_path: Path) -> None:
    play(tmp_path / "sweep")
    assert {file.name for file in (tmp_path / "sweep").iterdir()} == {
        "runs.parquet", "rounds.parquet", "design-0000.parquet", "manifest.json", ".lock",
    }  # fmt: skip
    manifest = json.loads((tmp_path / "sweep" / "manifest.json").read_text())
    assert manifest["schema"] == 1
    assert manifest["version"] == code_version()
    assert manifest["plan"] == PLAN.document()


def test_an_interrupted_sweep_keeps_its_finished_chunks_and_goes_on_with_the_rest(
    tmp_path: Path, whole: tuple[pd.DataFrame, bytes]
) -> None:
    folder = tmp_path / "sweep"
    interrupted(folder)
    before = committed(folder)
    assert before == [0, 1]
    listener = Listener()
    outcome = play(folder, tell=listener)
    assert listener.told[0][0] == 8 * len(before)  # a chunk is four seeds of two leaks
    assert outcome.played == 24 - 8 * len(before)
    assert_same(tables(folder), whole)


def test_interrupting_again_and_again_changes_nothing(tmp_path: Path, whole: tuple[pd.DataFrame, bytes]) -> None:
    for _ in range(2):
        interrupted(tmp_path / "sweep", 1)
    play(tmp_path / "sweep")
    assert_same(tables(tmp_path / "sweep"), whole)


def test_a_finished_sweep_is_not_played_again(tmp_path: Path) -> None:
    play(tmp_path / "sweep")
    before = tables(tmp_path / "sweep")
    outcome = play(tmp_path / "sweep")
    assert (outcome.played, outcome.runs, outcome.failed) == (0, 24, 0)
    assert_same(tables(tmp_path / "sweep"), before)


@pytest.mark.parametrize("which", ["runs", "rounds"])
@pytest.mark.parametrize("damage", ["cut off", "garbled", "emptied"])
def test_a_damaged_shard_is_played_again_with_a_notice(
    which: str, damage: str, tmp_path: Path, whole: tuple[pd.DataFrame, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "sweep"
    interrupted(folder)
    file = shard_files(folder, 0)[which == "rounds"]
    content = file.read_bytes()
    garbled = bytearray(content)
    garbled[40:60] = bytes(20)  # in the first page, whose checksum tells
    file.write_bytes({"cut off": content[: len(content) // 2], "garbled": bytes(garbled), "emptied": b""}[damage])
    play(folder)
    assert caplog.messages == ["chunk 0 is damaged on disk: its runs are played again"]
    assert_same(tables(folder), whole)


@pytest.mark.parametrize("name", ["runs.parquet", "rounds.parquet"])
def test_a_damaged_table_is_named_and_nothing_is_touched(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    play(folder)
    (folder / name).write_bytes(b"PAR1 not much of a table PAR1")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(InputError, match=r"runs.parquet or rounds.parquet is damaged .*; restore both, or remove both"):
        play(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    for table in ("runs.parquet", "rounds.parquet"):
        (folder / table).unlink()
    assert play(folder).played == 24


@pytest.mark.parametrize("place", range(1, 12))
def test_wherever_joining_the_shards_ends_the_tables_come_out_the_same(
    place: int, tmp_path: Path, whole: tuple[pd.DataFrame, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every change of a directory while tables are joined is a place to die at."""
    folder, changes = tmp_path / "sweep", 0

    def counted(function: Any) -> Any:
        def change(*args: Any, **options: Any) -> Any:
            nonlocal changes
            changes += 1
            if changes == place:
                raise KeyboardInterrupt
            return function(*args, **options)

        return change

    real_compact = compaction.compact

    def compact(*args: Any) -> None:
        with monkeypatch.context() as patched:
            for method in ("replace", "unlink", "rmdir"):
                patched.setattr(Path, method, counted(getattr(Path, method)))
            real_compact(*args)

    monkeypatch.setattr("commonweal.scenarios.sweeps.engine.compact", compact)
    try:
        play(folder)
    except KeyboardInterrupt:
        changes = -1000
        play(folder)
    else:
        assert changes < place
    assert_same(tables(folder), whole)
    assert not (folder / SHARDS).exists()


def test_points_and_seeds_can_be_added(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    small = plan_of(BASE, {"market.leak": [0.2, 0.3]}, seeds=2)
    play(folder, small)
    before = pd.read_parquet(folder / "runs.parquet")
    large = plan_of(BASE, {"market.leak": [0.1, 0.2, 0.3]}, seeds=3)
    with pytest.raises(InputError, match="the sweep has 1 point and 1 seed that it had not .*: add them with --extend"):
        play(folder, large)
    outcome = play(folder, large, extend=True)
    assert (outcome.played, outcome.runs) == (9 - 4, 9)
    after = pd.read_parquet(folder / "runs.parquet")
    assert after["run_id"].is_unique
    cells = set(after[["market.leak", "seed"]].itertuples(index=False, name=None))
    assert cells == {(leak, seed) for leak in (0.1, 0.2, 0.3) for seed in range(3)}
    kept = after[after["run_id"].isin(before["run_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before, check_exact=True)  # points keep their numbers, rows their times
    assert len(pd.read_parquet(folder / "rounds.parquet")) == 9 * 4
    assert play(folder, large).played == 0  # now it is the sweep of the folder


def test_an_extension_that_is_interrupted_goes_on(tmp_path: Path) -> None:
    kinds = (["equal"], ["equal", "data", "credit"])
    small, large = (plan_of(BASE, {"settlement.kind": names}, seeds=9) for names in kinds)
    for folder, stops in ((tmp_path / "a", False), (tmp_path / "b", True)):
        interrupted(folder, 1, small) if stops else play(folder, small)
        if stops:
            with pytest.raises(KeyboardInterrupt):
                play(folder, large, Listener(1), extend=True)
            play(folder, large)
        else:
            play(folder, large, extend=True)
    assert_same(tables(tmp_path / "a"), tables(tmp_path / "b"))


def test_an_extension_that_turns_numbers_into_names_is_refused(tmp_path: Path) -> None:
    play(tmp_path / "sweep", plan_of(BASE, {"task.samples": [100]}, seeds=1))
    design = read_design(tmp_path / "sweep", read_manifest(tmp_path / "sweep"))
    assert design.cells == ('{"task.samples": 100}',)
    other = Plan("commons", BASE, ("task.samples",), ({"task.samples": 100}, {"task.samples": "many"}), (0,))
    with pytest.raises(InputError, match="task.samples has values of kind integer there"):
        play(tmp_path / "sweep", other, extend=True)


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ({}, {"price": 0.5}, "holds another sweep: scenario.market.price was 0.01 and is now 0.5; replace it with "
                             "--force or name another folder"),
        ({}, {"every": 2}, "every was 1 and is now 2"),
        ({}, {"stop": "budget(2)"}, r"stop was nothing and is now .budget\(2\)"),
        ({"market.leak": [0.1]}, {}, r"holds a sweep with point \{.market.leak.: 0.2\}, which this one has not"),
        ({}, {"seeds": 1}, "holds a sweep with seed 1, which this one has not"),
        ({"market.price": [0.1]}, {}, "scenario.market.price was .* and is now nothing .and 1 more difference"),
    ],
)
def test_another_sweep_in_the_folder_is_refused_naming_the_difference(
    values: dict[str, Any], options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    varied = {"market.leak": [0.1, 0.2]}
    play(tmp_path / "sweep", plan_of(BASE, varied, seeds=2))
    base = revise(BASE, {"market.price": options.pop("price")} if "price" in options else {})
    plan = plan_of(base, varied | values, **({"seeds": 2} | options))
    before = {file.name: file.read_bytes() for file in (tmp_path / "sweep").iterdir()}
    for extend in (False, True):
        with pytest.raises(InputError, match=said):
            play(tmp_path / "sweep", plan, extend=extend)
    assert {file.name: file.read_bytes() for file in (tmp_path / "sweep").iterdir()} == before


def test_another_version_of_the_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(tmp_path / "sweep")
    monkeypatch.setattr("commonweal.scenarios.sweeps.folder.code_version", lambda: "9.9+0")
    with pytest.raises(InputError, match=r"was begun with code version .* and this is 9\.9\+0; continue it with"):
        play(tmp_path / "sweep")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"schema": 99}', "is of schema 99 and this version of commonweal writes schema 1"),
        ('{"schema": 1}', "is damaged"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_line_and_status_2(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    play(tmp_path / "sweep")
    (tmp_path / "sweep" / "manifest.json").write_text(text)
    before = {file.name: file.read_bytes() for file in (tmp_path / "sweep").iterdir()}
    command = ["sweep", "commons", "--vary", "market.leak=0.1,0.2", "--engine", "serial", "--out", "sweep"]
    assert main(command) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.err.count("\n") == 1
    assert {file.name: file.read_bytes() for file in (tmp_path / "sweep").iterdir()} == before


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="is not empty and holds no sweep"):
        play(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_two_processes_cannot_play_the_same_sweep(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"

    def again() -> None:
        with pytest.raises(InputError, match="another process is playing this"):
            play(folder)

    play(folder, tell=Listener(1, again))


def test_leftovers_of_interrupted_writers_vanish(tmp_path: Path, whole: tuple[pd.DataFrame, bytes]) -> None:
    interrupted(tmp_path / "sweep")
    leftover = tmp_path / "sweep" / SHARDS / ".000004.rounds.parquet.123.tmp"
    leftover.write_bytes(b"half")
    play(tmp_path / "sweep")
    assert not leftover.exists()
    assert_same(tables(tmp_path / "sweep"), whole)


@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_a_disk_that_fills_up_is_said_in_one_line_and_the_sweep_goes_on_later(
    after: int, tmp_path: Path, whole: tuple[pd.DataFrame, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, written = tmp_path / "sweep", 0
    real = pq.write_table

    def full(table: pa.Table, file: Path, **options: Any) -> None:
        nonlocal written
        if (written := written + 1) > after:
            file.write_bytes(b"half of")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(table, file, **options)

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(InputError, match=r"sweep: cannot be written: No space left on device"):
        play(folder)
    assert not list(folder.rglob("*.tmp"))
    monkeypatch.undo()
    play(folder)
    assert_same(tables(folder), whole)


def test_differences_are_named_by_path() -> None:
    kept, given = {"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3, "e": None}, "d": [1, 2]}
    assert list(differences(kept, given)) == [("a.c", 2, 3), ("d", [1], [1, 2])]


def test_the_tables_say_which_chunks_they_hold(tmp_path: Path) -> None:
    play(tmp_path / "sweep")
    manifest = read_manifest(tmp_path / "sweep")
    assert compacted(tmp_path / "sweep") == list(range(read_design(tmp_path / "sweep", manifest).chunks))
