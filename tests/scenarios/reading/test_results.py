"""What a sweep came to: means with intervals, paired differences, one run and how to repeat it, questions, exports."""

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from numpy.typing import NDArray
from scipy import stats

from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES, policy
from commonweal.commands.cli import main
from commonweal.scenarios.reading.cell_tables import failures
from commonweal.scenarios.reading.cells import compare
from commonweal.scenarios.reading.one_run import differences, find_run, repeat, scenario_of, sparkline
from commonweal.scenarios.reading.query import answer
from commonweal.scenarios.reading.stored import Stored, open_results
from commonweal.scenarios.runs.intervals import SHARE, in_brief, mean_interval
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import Plan, plan_of
from commonweal.scenarios.sweeps.shards import committed

SMALL = {"rounds": 9, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 6}
FACTORS = {"settlement.kind": ["equal", "credit"], "market.leak": [0.1, 0.5, 0.9]}
SEEDS = (3, 5, 8)


def economy(**changes: object) -> Scenario:
    return load("commons", SMALL | changes)


def plan(**options: object) -> Plan:
    return plan_of(economy(), FACTORS, SEEDS, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("results") / "sweep"
    run_sweep(plan(), place, engine="serial")
    return place


@pytest.fixture
def stored(folder: Path) -> Stored:
    return open_results(folder)


class Impatient:
    """Interrupts a sweep after some batches."""

    def __init__(self, batches: int) -> None:
        self.left, self.done = batches + 1, -1  # it is told once before the first

    def __call__(self, what: str, done: int, of: int, *more: str) -> None:
        self.left -= done > self.done
        self.done = done
        if not self.left:
            raise KeyboardInterrupt


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Means and differences


def frame(values: NDArray[np.float64]) -> pd.DataFrame:
    """Runs with (S, P) values of a metric; nan where a run failed."""
    seed, point = np.indices(values.shape).reshape(2, -1)
    status = np.where(np.isnan(values.ravel()), "failed", "ok")
    return pd.DataFrame({"point": point, "seed": seed, "status": status, "f": point * 10, "m": values.ravel()})


tables = nps.arrays(np.float64, st.tuples(st.integers(2, 5), st.integers(1, 4)), elements=st.floats(-10, 10))


@given(values=tables)
def test_means_and_differences_have_the_intervals_of_all_means_over_seeds(values: NDArray[np.float64]) -> None:
    cells = compare(frame(values), ["f"], ["m"])
    for found, expected in (
        (cells.means, mean_interval(values)), (cells.differences, mean_interval(values - values[:, :1])),
    ):  # fmt: skip
        np.testing.assert_array_equal([end[:, 0] for end in found.at(...)], expected.at(...))
    np.testing.assert_allclose(cells.error[:, 0], stats.sem(values), atol=1e-9)


def test_shares_and_their_differences_stay_in_range() -> None:
    runs = frame(np.array([[0.0, 0.9], [0.1, 1.0]])).rename(columns={"m": "share_delegate"})
    cells = compare(runs, ["f"], ["share_delegate"])
    assert (cells.means.low > 0).all() and (cells.means.high < 1).all()
    assert cells.differences.low[1, 0] > -1 and cells.differences.high[1, 0] < 1


def test_common_luck_widens_the_means_but_not_the_differences() -> None:
    luck = np.array([0.0, 5.0, 10.0, 20.0])[:, None]
    cells = compare(frame(luck + np.array([0.0, 1.0])), ["f"], ["m"])
    assert cells.means.reach.min() > 10
    assert cells.differences.value[1] == pytest.approx([1.0])
    assert cells.differences.reach[:, 1] == pytest.approx(np.zeros((2, 1)))


def test_a_failed_run_is_counted_and_leaves_its_pair_out() -> None:
    values = np.array([[1.0, 2.0], [np.nan, 9.0], [3.0, 5.0]])
    cells = compare(frame(values), ["f"], ["m"])
    assert cells.runs.tolist() == [2, 3]
    assert cells.failed.tolist() == [1, 0]
    assert cells.means.value[:, 0] == pytest.approx([2.0, 16 / 3])
    assert cells.differences.value[1] == pytest.approx([1.5])  # of seeds 0 and 2


def test_the_order_of_rows_does_not_matter() -> None:
    runs = frame(np.random.default_rng(0).random((4, 3)))
    shuffled = runs.sample(frac=1, random_state=1)
    for name in ("means", "differences"):
        one, other = (getattr(compare(table, ["f"], ["m"]), name).at(...) for table in (runs, shuffled))
        np.testing.assert_array_equal(one, other)


def test_the_command_prints_every_point_with_its_interval(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", str(folder)]) == 0
    printed = capsys.readouterr().out
    runs = pd.read_parquet(folder / "runs.parquet")
    for _, group in runs.groupby("point"):
        found = mean_interval(group["accuracy"].to_numpy(), within=SHARE)
        assert in_brief(*map(float, found.at(()))) in printed
    paired = runs.pivot(index="seed", columns="point", values="share_delegate")
    change = paired[5] - paired[0]
    found = mean_interval(change.to_numpy(), within=SHARE.of_differences)
    assert in_brief(*map(float, found.at(())), "+") in printed
    assert printed.startswith("commons: 6 points, last quarter of the rounds played, mean and 95 % interval over 3")
    assert "3 seeds are few" in printed
    assert "failed" not in printed
    assert "unfinished" not in printed


@pytest.fixture
def moody() -> Iterator[None]:
    """A policy that cannot decide where stakes.audit is 0.5."""

    @policy("moody")
    def _moody(observation, terms, stream):  # type: ignore[no-untyped-def]
        if terms.options["mood"] > 0:
            raise RuntimeError("in no\nmood")
        return observation.population.action

    yield
    del POLICIES._plugs["moody"]


@pytest.mark.usefixtures("moody")
def test_runs_that_failed_are_counted_with_stage_and_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = economy(**{"policy.mix": {"moody": 1.0}})
    sweep = plan_of(base, {"policy.options": [{"mood": 0.0}, {"mood": 1.0}]}, SEEDS)
    run_sweep(sweep, tmp_path / "sweep", engine="serial")
    assert main(["results", str(tmp_path / "sweep")]) == 0
    printed = capsys.readouterr().out
    assert "failed: 3 runs at round 1: RuntimeError: in no mood" in printed
    (bad,) = [line for line in printed.splitlines() if line.split()[:1] == ["1"]][:1]
    assert "–" in bad
    failed = open_results(tmp_path / "sweep").runs().query("status == 'failed'")
    assert main(["results", str(tmp_path / "sweep"), "--run", failed["run_id"].iloc[0]]) == 0
    assert "failed   at round 1: RuntimeError: in no mood" in capsys.readouterr().out


def test_reasons_of_failure_are_listed_the_most_frequent_first() -> None:
    rows = [("failed", "setup", "a"), ("failed", "round 3", "b"), ("failed", "round 3", "b"), ("ok", None, None)]
    runs = pd.DataFrame(rows, columns=["status", "stage", "message"]).assign(run_id=list("wxyz"))
    assert failures(runs) == [
        "failed: 2 runs at round 3: b (such as x)",
        "failed: 1 run at setup: a (such as w)",
    ]


# One run


@pytest.mark.slow
@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {}),
        ({}, {"every": 4}),
        ({"precision": "float64", "learning.sampling": "pool", "learning.batch": 30}, {}),
        ({}, {"stop": "budget(5)"}),
        ({"name": "mine", "description": "it's mine", "population.endowment": 1.0, "stakes.stake": 0.125}, {}),
        ({"policy.mix": {"learning": 0.5, "fixed": 0.5}}, {}),
    ],
    ids=["plain", "every fourth round", "float64 from pools", "stopped early", "not of the library", "a mix"],
)
def test_the_command_that_repeats_a_run_gives_the_same_numbers(
    changes: dict[str, object], options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    sweep = plan_of(economy(**changes), FACTORS, SEEDS, **options)  # type: ignore[arg-type]
    run_sweep(sweep, Path("sweep"), engine="serial")
    runs = pd.read_parquet("sweep/runs.parquet")
    row = runs.iloc[10]
    assert main(["results", "sweep", "--run", row["run_id"]]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("repeat ")]
    words = shlex.split(line.removeprefix("repeat "))
    assert words[0] == "commonweal"
    assert main([*words[1:], "--out", "again"]) == 0
    again = pd.read_parquet("again/rounds.parquet").set_index("round")
    kept = pd.read_parquet("sweep/rounds.parquet").query("run_id == @row.run_id").set_index("round")
    metrics = [name for name in kept.columns if name in again.columns and name != "seed" and name not in FACTORS]
    assert len(metrics) > 10
    assert len(again) == row["rounds"]
    # In an ensemble rows are padded to the longest, and sums round differently; float32 has 7 digits.
    np.testing.assert_allclose(again.loc[kept.index, metrics], kept[metrics], rtol=1e-4, atol=1e-5)
    actions = [name for name in metrics if name.startswith("share_")]
    np.testing.assert_array_equal(again.loc[kept.index, actions], kept[actions])  # everybody decided alike


def test_a_run_is_shown_with_its_place_its_course_and_its_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = pd.read_parquet(folder / "runs.parquet").iloc[7]
    assert main(["results", str(folder), "--run", row["run_id"]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"run      {row['run_id']} of {folder}"
    assert lines[1] == f"point    {row['point']}, settlement.kind = {row['settlement.kind']}, market.leak = 0.9"
    assert lines[2] == f"seed     {row['seed']}"
    assert lines[3] == "rounds   9"
    (accuracy,) = [line for line in lines if line.startswith("accuracy ")]
    course = pd.read_parquet(folder / "rounds.parquet").query("run_id == @row.run_id")["accuracy"]
    assert accuracy.split()[1:4] == [f"{value:.4g}" for value in (course.iloc[0], course.iloc[-1], row["accuracy"])]


def test_the_first_digits_of_a_run_are_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = pd.read_parquet(folder / "runs.parquet")["run_id"][0]
    assert main(["results", str(folder), "--run", name[:8]]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("wanted", ["nothing", "", "zzzz"])
def test_a_run_that_is_not_there_is_refused_in_one_line(
    wanted: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["results", str(folder), "--run", wanted]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "no run of that number; there are" in said


def test_every_run_knows_its_own_scenario(stored: Stored) -> None:
    for _, row in stored.runs().iterrows():
        scenario = scenario_of(stored, row)
        assert scenario.settlement.kind == row["settlement.kind"]
        assert scenario.market.leak == row["market.leak"]


def test_only_what_differs_from_the_library_is_set_again(stored: Stored) -> None:
    words = shlex.split(repeat(stored, stored.runs().iloc[0]))
    assigned = [word for before, word in pairwise(words) if before == "--set"]
    assert set(assigned) == {"rounds=9", "task.kind=wine", "task.validation=30", "task.test=30",
                             "population.count=6", "settlement.kind=equal", "market.leak=0.1"}  # fmt: skip


def test_a_mix_is_set_as_a_whole() -> None:
    one, other = economy(), economy(**{"policy.mix": {"fixed": 1.0}})
    assert dict(differences(one, other)) == {"policy.mix": {"fixed": 1.0}}
    assert list(differences(one, one)) == []


@given(course=nps.arrays(np.float64, st.integers(1, 200), elements=st.floats(-1e9, 1e9) | st.just(np.nan)))
def test_a_sparkline_reaches_from_its_lowest_to_its_highest_bar(course: NDArray[np.float64]) -> None:
    line = sparkline(course, 40)
    assert len(line) <= 40
    assert set(line) <= set(" ▁▂▃▄▅▆▇█")
    known = course[np.isfinite(course)]
    if len(course) <= 40 and len(known) and np.ptp(known):
        assert {"▁", "█"} <= set(line)
        assert line[int(np.nanargmax(course))] == "█"


# Questions


def test_a_question_is_answered_from_both_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = 'SELECT r."settlement.kind", count(*) FROM rounds JOIN runs r USING (run_id) GROUP BY 1 ORDER BY 1'
    assert main(["results", str(folder), "--sql", asked]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [rows[0][0], *rows[2:]] == ["kind", ["credit", "81"], ["equal", "81"]]


HOSTILE = [
    "COPY runs TO '{out}/stolen.csv'",
    "COPY (SELECT 1) TO '{folder}/runs.parquet'",
    "EXPORT DATABASE '{out}/stolen'",
    "ATTACH '{out}/other.db'",
    "SELECT * FROM '{folder}/manifest.json'",
    "SELECT * FROM read_parquet('{folder}/rounds.parquet')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM glob('/*')",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "SET lock_configuration = false; SELECT 1",
    "SET temp_directory = '{out}'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "INSERT INTO runs SELECT * FROM runs",
    "DELETE FROM rounds",
    "UPDATE runs SET seed = 1",
    "DROP TABLE runs",
    "SELECT * FROM stored",
    "SELECT * FROM connection",
]


@pytest.mark.parametrize("sql", HOSTILE)
def test_a_question_cannot_reach_beyond_the_two_tables(
    sql: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = files(folder)
    assert main(["results", str(folder), "--sql", sql.format(folder=folder, out=tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("commonweal: --sql: ")
    assert said.err.count("\n") == 1
    assert files(folder) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT", "SELECT nope FROM runs", "SELECT * FROM nope", "", ";", "-- hm"])
def test_a_question_that_makes_no_sense_is_refused_in_one_line(
    sql: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["results", str(folder), "--sql", sql]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("commonweal: --sql: ")


def test_a_dotted_column_without_quotes_gets_a_hint(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", str(folder), "--sql", "SELECT settlement.kind FROM runs"]) == 2
    assert 'need quotes, like "settlement.kind"' in capsys.readouterr().err


def test_an_answer_is_read_piece_by_piece(stored: Stored) -> None:
    with answer(stored, "SELECT a.seed FROM rounds a, rounds b, rounds c") as rows:  # 162 cubed is 4 251 528 rows
        first = next(iter(rows))
    assert 0 < first.num_rows < 1_000_000


def test_only_the_first_rows_of_a_long_answer_are_printed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["results", str(folder), "--sql", "SELECT round FROM rounds"]  # 162 rows
    assert main(asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 100
    assert lines[-1] == "… and 65 more rows: --all shows them; --csv FILE or --parquet FILE writes them"
    monkeypatch.setenv("LINES", "25")
    assert main(asked) == 0
    assert len(capsys.readouterr().out.splitlines()) < 25
    assert main([*asked, "--all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 + 162
    assert main([*asked[:-1], "SELECT a.round FROM rounds a, rounds b, rounds c"]) == 0  # 4 251 528 rows
    assert "… and at least " in capsys.readouterr().out


# Exports


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_table_of_runs_is_exported(
    kind: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"all.{kind}"
    assert main(["results", str(folder), f"--{kind}", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: 18 rows\n"
    back = pd.read_csv(file) if kind == "csv" else pd.read_parquet(file)
    runs = pd.read_parquet(folder / "runs.parquet")
    assert list(back.columns) == list(runs.columns)
    np.testing.assert_array_equal(back["accuracy"], runs["accuracy"])
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_the_answer_to_a_question_is_exported_to_both_kinds(folder: Path, tmp_path: Path) -> None:
    asked = ["--sql", "SELECT seed, max(gini) AS worst FROM rounds GROUP BY seed ORDER BY seed"]
    written = ["--csv", str(tmp_path / "a.csv"), "--parquet", str(tmp_path / "a.parquet")]
    assert main(["results", str(folder), *asked, *written]) == 0
    expected = pd.read_parquet(folder / "rounds.parquet").groupby("seed")["gini"].max()
    for back in (pd.read_csv(tmp_path / "a.csv"), pd.read_parquet(tmp_path / "a.parquet")):
        assert back["seed"].tolist() == list(SEEDS)
        np.testing.assert_array_equal(back["worst"], expected)


def test_a_file_that_exists_is_replaced_only_by_force(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("precious")
    assert main(["results", str(folder), "--csv", str(file)]) == 2
    assert capsys.readouterr().err == (
        f"commonweal: {file}: exists; name another file, or replace it with --force\n"
    )  # fmt: skip
    assert file.read_text() == "precious"
    assert main(["results", str(folder), "--csv", str(file), "--force"]) == 0
    assert len(pd.read_csv(file)) == 18


def test_the_tables_of_a_sweep_are_never_replaced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(folder)
    for name in ("runs.parquet", "rounds.parquet", "manifest.json"):
        assert main(["results", str(folder), "--parquet", str(folder / name), "--force"]) == 2
        assert "is part of the results themselves" in capsys.readouterr().err
    assert files(folder) == before


@pytest.mark.parametrize("sql", ["SELEC", "SELECT 1 / (CASE WHEN seed = 8 THEN error('late') ELSE 1 END) FROM runs"])
def test_an_export_that_fails_leaves_nothing(sql: str, folder: Path, tmp_path: Path) -> None:
    assert main(["results", str(folder), "--sql", sql, "--csv", str(tmp_path / "x.csv")]) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--csv", "no/such/place.csv"], "there is no folder"),
        (["--csv", "."], "is a folder"),
        (["--csv", 300 * "n"], "File name too long"),
        (["--parquet", 300 * "n"], "File name too long"),
        (["--run", "a", "--sql", "SELECT 1"], "--sql and --run: give one of them"),
        (["--run", "a", "--csv", "x.csv"], "--run shows a run"),
    ],
)
def test_what_cannot_be_written_or_shown_is_said_in_one_line(
    words: list[str], said: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["results", str(folder), *words]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# Folders that are not finished, not whole, or of another kind


def test_an_unfinished_sweep_shows_what_is_there_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "sweep"
    with pytest.raises(KeyboardInterrupt):
        run_sweep(plan(), place, engine="serial", tell=Impatient(1))
    there = sum(len(pq.read_table(file)) for file in place.glob("shards/*.runs.parquet"))
    assert 0 < there < 18
    assert main(["results", str(place)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"unfinished: {there} of 18 runs are stored; the same sweep command goes on"
    assert len(open_results(place).runs()) == there


def test_what_a_longer_sweep_added_is_seen_before_it_is_finished(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "sweep"
    run_sweep(plan(), place, engine="serial")
    longer = plan_of(economy(), FACTORS, (*SEEDS, *range(20, 60)))
    with pytest.raises(KeyboardInterrupt):
        run_sweep(longer, place, engine="serial", extend=True, tell=Impatient(1))
    partial = open_results(place)
    runs = partial.runs()
    assert 18 < len(runs) < 6 * 43
    assert runs["run_id"].is_unique
    assert "unfinished" in partial.notices[0]
    with answer(partial, "SELECT count(*), count(DISTINCT run_id) FROM rounds") as rows:
        ((count,), (distinct,)) = rows.read_all().to_pydict().values()
    assert (count, distinct) == (9 * len(runs), len(runs))


def test_rounds_that_a_killed_compaction_left_twice_are_seen_once(tmp_path: Path) -> None:
    place, longer = tmp_path / "sweep", plan_of(economy(), FACTORS, (*SEEDS, *range(20, 60)))
    run_sweep(plan(), place, engine="serial")
    with pytest.raises(KeyboardInterrupt):
        run_sweep(longer, place, engine="serial", extend=True, tell=Impatient(1))
    pieces = [place / "rounds.parquet", *sorted(place.glob("shards/*.rounds.parquet"))]
    joined = pd.concat([pd.read_parquet(piece) for piece in pieces])
    joined.to_parquet(place / "rounds.parquet")  # as when killed after the rounds were joined, before the runs were
    partial = open_results(place)
    with answer(partial, "SELECT count(*) FROM rounds") as rows:
        ((count,),) = rows.read_all().to_pydict().values()
    assert count == 9 * len(partial.runs())
    assert len(partial.rounds_of(partial.runs().query("seed >= 20")["run_id"].iloc[0])) == 9


def test_a_damaged_shard_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "sweep"
    with pytest.raises(KeyboardInterrupt):
        run_sweep(plan(), place, engine="serial", tell=Impatient(2))
    assert len(committed(place)) > 1
    shard = sorted(place.glob("shards/*.runs.parquet"))[0]
    shard.write_bytes(shard.read_bytes()[:-20])
    assert main(["results", str(place)]) == 0
    assert f"{shard}: is damaged and left out; the same sweep command plays it again" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["runs.parquet", "rounds.parquet", "manifest.json"])
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_damaged_table_or_manifest_is_one_line(
    name: str, share: float, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, content in files(folder).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    for words in ([], ["--sql", "SELECT * FROM rounds"]):
        assert main(["results", str(tmp_path), *words]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert "damaged" in said


def test_a_manifest_of_another_version_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(document | {"schema": 99}))
    assert main(["results", str(tmp_path)]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "schema 99" in said


@pytest.mark.parametrize("content", [{}, {"about.json": "{}"}, {"notes.txt": "mine"}])
def test_a_folder_without_results_is_refused(
    content: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    assert main(["results", str(tmp_path)]) == 2
    assert "holds no results of commonweal" in capsys.readouterr().err


@pytest.mark.usefixtures("pictures_unseen")
def test_the_results_of_a_single_command_are_shown_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    assert main(["sweep", "commons", "--vary", "market.leak=0.1,0.9", "--seeds", "3,5", "--out", "old", *settings]) == 0
    capsys.readouterr()
    assert main(["results", "old"]) == 0
    assert "commons: 2 points" in capsys.readouterr().out
    assert main(["results", "old", "--run", "3"]) == 0
    printed = capsys.readouterr().out
    assert "point    1, market.leak = 0.9" in printed
    assert "--seeds 5, " in printed
    assert main(["results", "old", "--sql", "SELECT count(*) AS n FROM rounds"]) == 0
    assert "36" in capsys.readouterr().out
    with pytest.raises(InputError, match="no run of that number"):
        find_run(open_results(Path("old")).runs(), "17")
