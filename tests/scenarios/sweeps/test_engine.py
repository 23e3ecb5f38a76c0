"""The engine of sweeps: the same tables whoever plays, and one bad run never costs another its result."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.commands.cli import main
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import TASKS
from commonweal.economy.world.terms import per_run_paths
from commonweal.scenarios.runs.tables import summarise
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.chunks import Chunk, chunk_size, form_chunks, may_differ, run_bytes
from commonweal.scenarios.sweeps.engine import Outcome, run_sweep
from commonweal.scenarios.sweeps.executors import engine_named
from commonweal.scenarios.sweeps.plan import Plan, plan_of
from commonweal.scenarios.sweeps.sweep import sweep
from tests.helpers.swept import TIMING

TINY = {"rounds": 8, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 6}
BASE = revise(load("commons"), TINY)
RULES = {"settlement.kind": ["equal", "credit"], "market.leak": [0.1, 0.3, 0.9]}
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="the extra 'cluster' is not installed")


def tables(folder: Path) -> tuple[pd.DataFrame, bytes]:
    """What must not depend on how a sweep was played."""
    return pd.read_parquet(folder / "runs.parquet").drop(columns=list(TIMING)), (folder / "rounds.parquet").read_bytes()


def played(plan: Plan, folder: Path, **options: Any) -> tuple[pd.DataFrame, bytes]:
    run_sweep(plan, folder, **({"engine": "serial"} | options))
    return tables(folder)


def assert_same(these: tuple[pd.DataFrame, bytes], those: tuple[pd.DataFrame, bytes]) -> None:
    assert these[0]["message"].dropna().tolist() == those[0]["message"].dropna().tolist()
    pd.testing.assert_frame_equal(these[0], those[0], check_exact=True)
    assert these[1] == those[1]


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The rules of ``poisonous``, for as long as a test runs."""
    for registry in (TASKS, POLICIES):
        monkeypatch.setattr(registry, "_plugs", dict(registry._plugs))
    sys.modules.pop("tests.helpers.poisonous", None)
    import_module("tests.helpers.poisonous")
    yield
    del sys.modules["tests.helpers.poisonous"]


# What a field needs beside it, in both runs, to have a value of its own.
BESIDE: dict[str, dict[str, Any]] = {
    "identity.cost": {"population.endowment": 1.0},
    "values.price_low": {"values.price_high": 0.5},
    "values.complicity_low": {"values.complicity_high": 0.5},
    "values.outcome_low": {"values.outcome_high": 0.5},
    "tolerance.budget": {
        "values.dimensions": [{"sense": "protect", "label": 1, "limit": 0.7}], "screening.mode": "project"},
}  # fmt: skip


class TestChunks:
    plan = plan_of(BASE, RULES, seeds=5)
    runs = tuple((point, seed) for point in range(6) for seed in range(5))

    def test_runs_that_differ_only_in_numbers_are_together_and_rules_are_apart(self) -> None:
        chunks = list(form_chunks(self.plan, self.runs))
        kinds = [{self.plan.points[point]["settlement.kind"] for point in chunk.points} for chunk in chunks]
        assert [len(kind) for kind in kinds] == [1] * len(chunks)
        assert any(len({self.plan.points[point]["market.leak"] for point in chunk.points}) > 1 for chunk in chunks)

    def test_every_run_is_in_one_chunk_in_the_plans_order_within_its_rules(self) -> None:
        chunks = list(form_chunks(self.plan, self.runs, first=7))
        assert [chunk.number for chunk in chunks] == list(range(7, 7 + len(chunks)))
        dealt = [run for chunk in chunks for run in zip(chunk.points, chunk.seeds, strict=True)]
        assert dealt == list(self.runs)  # the rule is the first factor

    def test_every_chunk_can_be_played_as_one_ensemble(self) -> None:
        numbers = {"values.dimensions[0].limit": [0.5, 0.9], "market.price": [0.01, 0.02], "settlement.horizon": [5, 9]}
        plan = plan_of(load("value-conflict", {**TINY, "task.kind": "wine", "values.dimensions": [
            {"sense": "protect", "label": 1, "limit": 0.7}]}), numbers, seeds=1)  # fmt: skip
        chunks = list(form_chunks(plan, [(point, 0) for point in range(8)]))
        assert len(chunks) == 2  # the two horizons
        for chunk in chunks:
            Ensemble([plan.scenario(point) for point in chunk.points], chunk.seeds).step()

    @pytest.mark.parametrize("path", sorted(per_run_paths()))
    def test_every_field_said_to_differ_between_runs_may(self, path: str) -> None:
        base = revise(BASE, BESIDE.get(path, {}))
        if path.startswith("population.start_"):
            changes: dict[str, Any] = {"population.start_delegate": 0.5, "population.start_free_ride": 0.3}
        elif path.startswith("population.cost"):
            changes = {"population.cost_low": 0.0001, "population.cost_high": 0.0009}
        elif path.startswith("policy.conditional."):
            changes = {path: 0.05}
        elif path.startswith("values.dimensions[]."):
            base = revise(BASE, {"values.dimensions": [{"sense": "protect", "label": 1, "limit": 0.7}]})
            changes = {path.replace("[]", "[0]"): 0.35}
        elif path == "values.camps[].share":
            base = revise(BASE, {"values.camps": [{"share": 0.5}, {"share": 0.5}]})
            changes = {"values.camps": [{"share": 0.35}, {"share": 0.65}]}
        else:
            whole = ("beliefs.most", "reciprocity.terms.out", "reciprocity.terms.stake")  # or from 1 on
            changes = {path: 3 if path in whole else 0.35}
        record = Ensemble([base, revise(base, changes)], [0, 0]).step()
        assert len(record.actions) == 2

    @pytest.mark.parametrize(
        "path", ["population.count", "settlement.kind", "rounds", "settlement.horizon", "policy.mix"]
    )
    def test_what_changes_shapes_or_rules_may_not_differ(self, path: str) -> None:
        assert not may_differ(path)

    @given(runs=st.integers(1, 3000), principals=st.integers(1, 100_000))
    def test_a_chunk_is_no_larger_than_memory_allows_and_never_empty(self, runs: int, principals: int) -> None:
        scenario = BASE.model_copy(update={"population": BASE.population.model_copy(update={"count": principals})})
        size = chunk_size(scenario, runs)
        assert 1 <= size <= 64
        assert size == 1 or size * run_bytes(scenario) <= 2**30

    def test_the_memory_estimate_of_a_large_economy_is_that_of_its_samples(self) -> None:
        # 100,000 principals with 8 samples of 64 features and 42 outputs: 4 bytes × 8e5 × 106 is 339 MB, some times.
        assert 2**28 < run_bytes(load("commons", {"population.count": 100_000})) < 2**33

    def test_a_sweep_of_many_runs_has_chunks_of_many(self) -> None:
        plan = plan_of(BASE, {"market.leak": [i / 100 for i in range(100)]}, seeds=10)
        chunks = list(form_chunks(plan, [(point, seed) for point in range(100) for seed in range(10)]))
        assert {len(chunk) for chunk in chunks} <= {31, 32}


class TestSameTables:
    plan = plan_of(BASE, RULES, seeds=4, stop="converged(accuracy, 4, 0.02)")

    @pytest.fixture(scope="class")
    @classmethod
    def serial(cls, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, bytes]:
        return played(cls.plan, tmp_path_factory.mktemp("serial") / "sweep")

    @pytest.mark.parametrize("workers", [1, 2, 4])
    def test_processes_give_the_tables_of_one_process(
        self, workers: int, serial: tuple[pd.DataFrame, bytes], tmp_path: Path
    ) -> None:
        assert_same(played(self.plan, tmp_path / "sweep", engine="processes", workers=workers), serial)

    @needs_dask
    @pytest.mark.slow
    def test_a_dask_cluster_on_this_machine_gives_them(
        self, serial: tuple[pd.DataFrame, bytes], tmp_path: Path
    ) -> None:
        assert_same(played(self.plan, tmp_path / "sweep", engine="dask", workers=2), serial)

    @needs_dask
    @pytest.mark.slow
    def test_a_dask_scheduler_with_two_workers_of_its_own_gives_them(
        self, serial: tuple[pd.DataFrame, bytes], tmp_path: Path
    ) -> None:
        file = tmp_path / "scheduler.json"
        words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        helpers = [subprocess.Popen([*words, "--no-dashboard", "--scheduler-file", str(file)])]
        try:
            words = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file)]
            helpers += [subprocess.Popen([*words, "--nthreads", "1", "--no-dashboard"]) for _ in range(2)]
            address = self.address(file)
            assert_same(played(self.plan, tmp_path / "sweep", engine="dask", scheduler=address), serial)
        finally:
            for helper in helpers:
                helper.terminate()
            for helper in helpers:
                helper.wait(timeout=20)

    @staticmethod
    def address(file: Path) -> str:
        import json
        import time

        for _ in range(300):
            if file.exists() and (text := file.read_text()):
                return str(json.loads(text)["address"])
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def test_threads_of_the_main_process_are_left_as_they_were(self, tmp_path: Path) -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            played(plan_of(BASE, seeds=1), tmp_path / "sweep")
            assert torch.get_num_threads() == 2
        finally:
            torch.set_num_threads(before)


class TestRows:
    def test_rows_carry_everything_about_their_run(self, tmp_path: Path) -> None:
        plan = plan_of(BASE, RULES, seeds=[3, 5])
        runs, _ = played(plan, tmp_path / "sweep")
        labels = list(runs[["point", "seed"]].itertuples(index=False, name=None))
        assert labels == [(point, seed) for point in range(6) for seed in (3, 5)]
        for row in runs.to_dict("records"):
            assert {path: row[path] for path in plan.factors} == plan.points[row["point"]]
        assert runs["run_id"].is_unique
        assert runs["run_id"].str.fullmatch("[0-9a-f]{16}").all()
        assert set(runs["status"]) == {"ok"}
        assert (runs["rounds"] == 8).all()
        rounds = pd.read_parquet(tmp_path / "sweep" / "rounds.parquet")
        assert len(rounds) == 12 * 8
        joined = rounds.merge(runs, on="run_id", suffixes=("", "_run"))
        assert (joined["market.leak"] == joined["market.leak_run"]).all()

    def test_a_run_of_a_sweep_is_the_run_of_an_ensemble(self, tmp_path: Path) -> None:
        plan = plan_of(BASE, RULES, seeds=4)
        runs, _ = played(plan, tmp_path / "sweep")
        rounds = pd.read_parquet(tmp_path / "sweep" / "rounds.parquet")
        alone = Ensemble(plan.scenario(4), [2]).run().rounds
        mine = rounds[(rounds["point"] == 4) & (rounds["seed"] == 2)].reset_index(drop=True)
        np.testing.assert_allclose(mine[alone.columns[1:]], alone.iloc[:, 1:], rtol=1e-4, atol=1e-5)
        means = summarise(alone.assign(seed=2)).drop(columns="total_welfare")
        row = runs[(runs["point"] == 4) & (runs["seed"] == 2)]
        np.testing.assert_allclose(row[means.columns], means, rtol=1e-4, atol=1e-5)

    def test_the_same_seed_draws_the_same_in_every_cell(self, tmp_path: Path) -> None:
        played(plan_of(BASE, {"stakes.slash": [0.1, 0.9]}, seeds=3), tmp_path / "sweep")  # nobody has a stake
        rounds = pd.read_parquet(tmp_path / "sweep" / "rounds.parquet").drop(columns=["run_id", "stakes.slash"])
        first, second = (rounds[rounds["point"] == point].drop(columns="point") for point in (0, 1))
        pd.testing.assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True), rtol=1e-6)

    def test_only_the_metrics_and_rounds_asked_for_are_kept(self, tmp_path: Path) -> None:
        runs, _ = played(plan_of(BASE, seeds=2, metrics=["accuracy", "gini"], every=3), tmp_path / "sweep")
        rounds = pd.read_parquet(tmp_path / "sweep" / "rounds.parquet")
        assert list(rounds.columns) == ["run_id", "point", "seed", "round", "accuracy", "gini"]
        assert list(rounds[rounds["seed"] == 0]["round"]) == [0, 3, 6, 7]
        whole = Ensemble(BASE, [0, 1]).run().rounds
        means = whole[whole["round"] >= 6].groupby("run")["accuracy"].mean()
        np.testing.assert_allclose(runs["accuracy"], means, rtol=1e-6)  # of all rounds, recorded or not

    def test_a_run_that_stopped_is_recorded_no_further_whoever_it_is_with(self, tmp_path: Path) -> None:
        stop = "converged(accuracy, 3, 0.04)"
        together, _ = played(plan_of(BASE, seeds=8, stop=stop), tmp_path / "together")
        assert 3 <= together["rounds"].min() < together["rounds"].max()
        rounds = pd.read_parquet(tmp_path / "together" / "rounds.parquet")
        assert dict(rounds.groupby("seed").size()) == dict(zip(together["seed"], together["rounds"], strict=True))
        assert set(together[together["rounds"] < 8]["stopped"]) == {stop}
        for seed in (0, 5):
            alone, _ = played(plan_of(BASE, seeds=[seed], stop=stop), tmp_path / f"alone{seed}")
            assert alone["rounds"][0] == together["rounds"][seed]
            np.testing.assert_allclose(alone["accuracy"][0], together["accuracy"][seed], rtol=1e-5)

    def test_a_factor_that_is_called_like_a_column_keeps_a_column_of_its_own(self, tmp_path: Path) -> None:
        runs, _ = played(plan_of(BASE, {"rounds": [2, 3]}, seeds=1), tmp_path / "sweep")
        assert list(runs["scenario.rounds"]) == list(runs["rounds"]) == [2, 3]

    def test_values_that_are_no_numbers_are_columns_as_they_are_written(self, tmp_path: Path) -> None:
        runs, _ = played(plan_of(BASE, {"learning.hidden": [[8], [4, 4]]}, seeds=1), tmp_path / "sweep")
        assert list(runs["learning.hidden"]) == ["[8]", "[4, 4]"]


@pytest.mark.usefixtures("poison")
class TestPoison:
    def outcome(self, tmp_path: Path, changes: dict[str, Any], **options: Any) -> tuple[Outcome, pd.DataFrame]:
        plan = plan_of(revise(BASE, changes), {"market.leak": [0.1, 0.2]}, seeds=5)
        outcome = run_sweep(plan, tmp_path / "sweep", **({"engine": "serial"} | options))
        runs = pd.read_parquet(tmp_path / "sweep" / "runs.parquet")
        assert set(runs[runs["status"] == "failed"]["seed"]) == {3}
        assert (outcome.runs, outcome.failed, len(runs)) == (10, 2, 10)
        good, rounds = runs[runs["status"] == "ok"], pd.read_parquet(tmp_path / "sweep" / "rounds.parquet")
        assert len(rounds) == 8 * len(good)
        assert np.isfinite(good["accuracy"]).all()
        assert runs[runs["status"] == "failed"]["accuracy"].isna().all()
        return outcome, runs[runs["status"] == "failed"]

    def test_a_run_that_cannot_be_set_up_fails_alone(self, tmp_path: Path) -> None:
        _, failed = self.outcome(tmp_path, {"task.kind": "poisonous"})
        assert set(failed["stage"]) == {"setup"}
        assert set(failed["message"]) == {"ValueError: this wine is poisoned"}
        assert set(failed["rounds"]) == {0}

    @pytest.mark.parametrize("engine", ["serial", "processes"])
    def test_a_run_that_raises_in_a_round_fails_alone(self, engine: str, tmp_path: Path) -> None:
        _, failed = self.outcome(tmp_path, {"policy.mix": {"poisonous": 1.0}}, engine=engine, workers=2)
        assert set(failed["stage"]) == {"round 2"}
        assert set(failed["message"]) == {"RuntimeError: a principal fainted"}
        assert set(failed["rounds"]) == {2}

    @pytest.mark.slow
    def test_a_run_that_kills_its_worker_fails_alone(self, tmp_path: Path) -> None:
        _, failed = self.outcome(tmp_path, {"policy.mix": {"deadly": 1.0}}, engine="processes", workers=2)
        assert set(failed["stage"]) == {"worker"}
        assert set(failed["message"]) == {"the worker process died"}

    def test_failed_runs_are_played_again_when_asked_for(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = plan_of(revise(BASE, {"task.kind": "poisonous"}), {"market.leak": [0.1, 0.2]}, seeds=5)
        assert run_sweep(plan, tmp_path / "sweep", engine="serial").failed == 2
        assert run_sweep(plan, tmp_path / "sweep", engine="serial").played == 0
        monkeypatch.setattr(sys.modules["tests.helpers.poisonous"], "POISON", None)
        again = run_sweep(plan, tmp_path / "sweep", engine="serial", retry_failed=True)
        assert (again.played, again.failed, again.runs) == (2, 0, 10)
        runs, rounds = tables(tmp_path / "sweep")
        assert len(runs) == 10 and set(runs["status"]) == {"ok"}
        assert len(pd.read_parquet(tmp_path / "sweep" / "rounds.parquet")) == 80
        assert run_sweep(plan, tmp_path / "sweep", engine="serial", retry_failed=True).played == 0
        assert_same(tables(tmp_path / "sweep"), (runs, rounds))


class TestEngineOptions:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"name": "threads"}, "engine = 'threads': must be one of dask, processes, serial"),
            ({"name": "processes", "workers": 0}, "workers = 0: must be a whole number of at least 1"),
            ({"name": "serial", "scheduler": "tcp://a:1"}, "only engine = dask has a scheduler"),
        ],
    )
    def test_engines_that_cannot_be_are_refused(self, options: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            engine_named(**({"workers": None, "scheduler": None} | options))

    @needs_dask
    @pytest.mark.slow
    def test_a_scheduler_that_is_not_there_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("commonweal.scenarios.sweeps.executors._PATIENCE", 2.0)
        with pytest.raises(InputError, match=r"scheduler = tcp://127.0.0.1:9: cannot be reached"):
            run_sweep(plan_of(BASE, seeds=1), tmp_path / "sweep", engine="dask", scheduler="tcp://127.0.0.1:9")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.slow
    @needs_dask
    def test_a_scheduler_that_takes_the_connection_and_says_nothing_is_refused_in_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("commonweal.scenarios.sweeps.executors._PATIENCE", 1.0)
        (tmp_path / "mine.toml").write_text('scenario = "commons"\n[vary]\nmarket.leak = [0, 1]\n')
        swept = ["sweep", str(tmp_path / "mine.toml"), "--set", "rounds=2", "--seeds", "1"]
        place = ["--out", str(tmp_path / "results" / "sweep")]
        assert main([*swept, *place, "--engine", "serial"]) == 0
        kept = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        with socket.create_server(("127.0.0.1", 0)) as silent:  # connections wait in its backlog
            capsys.readouterr()
            dask = ["--engine", "dask", "--scheduler", f"tcp://127.0.0.1:{silent.getsockname()[1]}"]
            for words in ([*swept, *place, "--force"], [*swept, "--out", str(tmp_path / "other" / "sweep")]):
                began = time.monotonic()
                assert main([*words, "--set", "rounds=3", *dask]) == 2
                assert time.monotonic() - began < 20
                (said,) = capsys.readouterr().err.splitlines()
                assert "gives no answer within 1 seconds" in said
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == kept
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mine.toml", "results"]

    def test_a_sweep_that_is_refused_before_anything_is_stored_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise InputError("nobody plays")

        monkeypatch.setattr("commonweal.scenarios.sweeps.engine.play_all", refuse)
        for folder in (tmp_path / "a" / "b" / "sweep", tmp_path / "mine"):
            (tmp_path / "mine").mkdir(exist_ok=True)
            with pytest.raises(InputError, match="nobody plays"):
                run_sweep(plan_of(BASE, seeds=1), folder, engine="serial")
        assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]


def test_from_python_a_sweep_gives_tidy_frames() -> None:
    frames = sweep(plan_of(BASE, RULES, seeds=2))
    assert len(frames.runs) == 12
    assert len(frames.rounds) == 12 * 8
    assert {"settlement.kind", "market.leak", "accuracy"} <= set(frames.runs) & set(frames.rounds)


@pytest.mark.slow
def test_a_sweep_keeps_what_a_comparison_keeps_where_it_is_told_to(tmp_path: Path) -> None:
    keep = ("principals", "profiles", "ledger", "price_of_anarchy")
    swept = sweep(plan_of(BASE, RULES, seeds=2, keep=keep), folder=tmp_path / "swept", engine="processes", workers=1)
    compared = sweep(BASE, RULES, seeds=2, keep_ledger=True)
    assert list(swept.tables()) == list(compared.tables())
    np.testing.assert_allclose(swept.runs["price_of_anarchy"], compared.runs["price_of_anarchy"])
    for name in ("rounds", "principals", "ledger", "balances"):
        ours, theirs = swept.tables()[name], compared.tables()[name]
        assert len(ours) == len(theirs)
        np.testing.assert_allclose(ours.select_dtypes("number").sum()[-3:], theirs.select_dtypes("number").sum()[-3:])
    with pytest.raises(InputError, match="keep: 'wealth': must be among principals"):
        plan_of(BASE, seeds=1, keep=["wealth"])
    with pytest.raises(InputError, match="leave out stop"):
        plan_of(BASE, seeds=1, keep=["principals"], stop="budget(3)")


def test_from_python_a_scenario_is_kept_as_a_sweep_when_a_folder_is_named(tmp_path: Path) -> None:
    short = [f"{path}={value}" for path, value in TINY.items()]
    (tmp_path / "short.toml").write_text("\n".join(line.replace("=wine", "='wine'") for line in short))
    frames = sweep(tmp_path / "short.toml", {"market.leak": [0.1, 0.2]}, seeds=2, folder=tmp_path / "kept")
    assert len(frames.runs) == 4
    assert (tmp_path / "kept" / "manifest.json").exists()


def test_a_scenario_object_reaches_workers_whole() -> None:
    import pickle

    order = Scenario.model_validate({"name": "x"})
    assert pickle.loads(pickle.dumps(order)) == order
    assert len(Chunk(0, (1, 2), (3, 4))) == 2


SCRIPT = """
from pathlib import Path
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.sweep import comparison

def main():
    tiny = load("commons", {"rounds": 2, "task.kind": "wine", "population.count": 4})
    plan = comparison(tiny, {}, "2")
    print(run_sweep(plan, Path("out"), engine="processes", workers=1).played)
"""


@pytest.mark.slow
def test_a_script_that_processes_would_start_anew_is_told_so_in_one_line(tmp_path: Path) -> None:
    """Its processes import it; without a main guard each would start processes of its own."""
    (tmp_path / "mine.py").write_text(f"{SCRIPT}\nmain()\n")
    ended = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "InputError: mine.py, line 12: starts processes" in ended.stderr
    assert ended.stderr.count("Traceback") == 1 and ended.stderr.strip().endswith("or ask for one worker")
    assert not (tmp_path / "out").exists()
