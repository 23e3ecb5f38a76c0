"""A run that was stopped and goes on from its checkpoint is, bit for bit, the run that never stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from commonweal.agents import files
from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.principal import Principal, View
from commonweal.commands.cli import main
from commonweal.economy.runs import archive
from commonweal.economy.runs.archive import Packer, Unpacker
from commonweal.economy.runs.checkpoint import load, play_on, read_origin, restore, save
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load as scenario_of
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate

ROOT = Path(__file__).parents[3]
SMALL = {"task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 6, "rounds": 12}
# Each moves something else from round to round: plans, drift, values, stakes, learned values, junk, counterfactuals.
ECONOMIES: dict[str, dict[str, Any]] = {
    "float32, each": {},
    "float64, each": {"precision": "float64"},
    "float32, pool": {"learning.sampling": "pool", "learning.batch": 20},
    "float64, pool, junk": {"precision": "float64", "learning.sampling": "pool", "learning.batch": 20,
                            "actions.free_ride": "junk"},
    "stale and leaking": {"actions.free_ride": "stale", "actions.defect": "leak"},
    "stakes and audits": {"population.endowment": 1.0, "stakes.stake": 0.1, "stakes.audit": 0.5},
    "screening and values that move": {
        "values.dimensions": [{"sense": "protect", "label": 0, "limit": 1.0, "spread": 0.5, "samples": 8}],
        "values.influence": "friedkin_johnsen", "values.experience": 0.1, "screening.mode": "project",
        "population.graph": "ring", "population.degree": 2},
    "learners and best responders": {"policy.mix": {"learning": 0.5, "best_response": 0.5}, "policy.revision": 0.5},
    "a network that learns who is worth a gift": {
        "policy.mix": {"q_network": 0.5, "norm:L6": 0.5}, "policy.revision": 0.5, "settlement.horizon": 1,
        "reciprocity.kind": "requests", "policy.q_network": {"memory": 3, "batch": 8}},
    "a short horizon": {"settlement.horizon": 3},
    "menus from a fitted curve, paid with earlier models": {
        "population.cost_types": [0.02, 0.005], "market.model_value": 1.0, "task.drift": 0.01,
        "menu": {"offer": "menu", "term": 4},
        "rewards": {"kind": "menu", "alone": True, "realise": "snapshot", "accuracy": {"kind": "fitted"}}},
    "amounts that are best responses": {
        "market.kind": "curve", "market.model_value": 100.0, "population.cost_low": 0.02, "population.cost_high": 0.1,
        "menu.offer": "amounts"},
    "credit that is estimated": {"credit.kind": "fedsv", "credit.budget": 12},
}  # fmt: skip
TABLES = ("rounds", "principals", "profiles", "ledger", "balances")


class StoppedError(Exception):
    pass


def economy(name: str) -> Scenario:
    return scenario_of("commons", SMALL | ECONOMIES[name])


def until(round: int) -> Callable[[], None]:
    """What to call after each round, to be stopped after one of them."""
    played = iter(range(1, round + 1))

    def on_round() -> None:
        if next(played) == round:
            raise StoppedError

    return on_round


def assert_same(one: Any, other: Any) -> None:
    """The same types, shapes and bits, all the way down."""
    assert type(one) is type(other)
    if is_dataclass(one):
        for part in fields(one):
            assert_same(getattr(one, part.name), getattr(other, part.name))
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_same(*pair)
    elif isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize("name", ECONOMIES)
def test_an_ensemble_goes_on_with_the_same_bits(name: str, tmp_path: Path) -> None:
    file, scenario = tmp_path / "run.npz", economy(name)
    whole = Ensemble(scenario, [3, 8])
    for round in range(12):
        if round == 5:
            save(file, whole)
        whole.step()
    resumed = load(file, validate)
    assert resumed.state.round == 5
    for _ in range(7):
        resumed.step()
    assert_same(resumed.state, whole.state)
    assert_same(resumed.streams.choice.uniform(3), whole.streams.choice.uniform(3))


@pytest.mark.parametrize("name", ECONOMIES)
def test_the_results_of_an_interrupted_run_are_those_of_an_uninterrupted_one(name: str, tmp_path: Path) -> None:
    file, scenario = tmp_path / "run.npz", economy(name)
    for stop in (5, 9):  # interrupted twice, between checkpoints
        with pytest.raises(StoppedError):
            play_on(Ensemble(scenario, [3, 8], keep_ledger=True), file, 2, until(stop))
    resumed = play_on(Ensemble(scenario, [3, 8], keep_ledger=True), file, 2)
    whole = Ensemble(scenario, [3, 8], keep_ledger=True).run()
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(resumed, table), getattr(whole, table), check_exact=True)


def test_a_finished_run_is_told_from_its_checkpoint_without_playing(tmp_path: Path) -> None:
    file, scenario, told = tmp_path / "run.npz", economy("float32, each"), []
    first = play_on(Ensemble(scenario, [1]), file, 4)
    again = Ensemble(scenario, [1])
    again.step = pytest.fail  # type: ignore[assignment]
    pd.testing.assert_frame_equal(play_on(again, file, 4, lambda: told.append(1)).rounds, first.rounds)
    assert len(told) == 12


@dataclass(frozen=True)
class Counted:
    """A program that plays with checkpoints, as another process would."""

    scenario: Path
    file: Path
    rounds: Path

    def start(self) -> subprocess.Popen[bytes]:
        code = (
            "import sys\nfrom pathlib import Path\nfrom commonweal import Ensemble\n"
            "from commonweal import load\nfrom commonweal.economy.runs.checkpoint import play_on\n"
            "scenario, file, rounds = sys.argv[1:]\n"
            "play_on(Ensemble(load(scenario), [5]), Path(file), 1).rounds.to_parquet(rounds)"
        )
        words = [sys.executable, "-c", code, str(self.scenario), str(self.file), str(self.rounds)]
        return subprocess.Popen(words, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"})


@pytest.mark.slow
def test_a_run_killed_while_it_writes_goes_on_in_another_process(tmp_path: Path) -> None:
    written = tmp_path / "economy.toml"
    written.write_text("rounds = 150\n[task]\nkind = 'wine'\nvalidation = 30\ntest = 30\n[population]\ncount = 6\n")
    program, moment = Counted(written, tmp_path / "run.npz", tmp_path / "rounds.parquet"), np.random.default_rng(7)
    reached = []
    for _ in range(2):
        before, process = _stamp(program.file), program.start()
        try:
            while process.poll() is None and _stamp(program.file) == before:
                time.sleep(0.002)
            time.sleep(moment.uniform(0, 0.15))  # it writes after every round, so this is often in the midst of it
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        reached.append(load(program.file, validate).state.round)  # whole, wherever it was killed
    assert reached == sorted(reached)
    assert program.start().wait(timeout=120) == 0
    whole = Ensemble(scenario_of(written), [5]).run().rounds
    pd.testing.assert_frame_equal(pd.read_parquet(program.rounds), whole, check_exact=True)


def _stamp(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def test_what_is_cut_off_while_writing_leaves_the_older_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, ensemble = tmp_path / "run.npz", Ensemble(economy("float32, each"), [1])
    save(file, ensemble)
    ensemble.step()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(InputError, match=r"run\.npz: cannot be written: No space left on device$"):
        save(file, ensemble)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    assert load(file, validate).state.round == 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_checkpoint_is_refused_in_one_line(share: float, tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    save(file, Ensemble(economy("float32, each"), [1]))
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(InputError, match=r"^[^\n]*run\.npz: is damaged or no checkpoint \([^\n]*$"):
        load(file, validate)


@settings(max_examples=25)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed_or_harmless(
    place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "flipped.npz"
    ensemble = Ensemble(economy("float32, each"), [1])
    save(file, ensemble)
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 1 << bit
    file.write_bytes(content)
    with suppress(InputError):  # unless the bit means nothing, such as one of a date
        assert_same(load(file, validate).state, ensemble.state)


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    np.savez(file, document=np.array([{"format": "commonweal checkpoint"}], dtype=object))
    with pytest.raises(InputError, match="is damaged or no checkpoint"):
        load(file, validate)


@pytest.mark.parametrize(("name", "value"), [("FORMAT", "something else"), ("VERSION", 4)])
def test_a_checkpoint_of_another_version_is_refused(
    name: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.npz"
    with monkeypatch.context() as other:
        other.setattr(archive, name, value)
        save(file, Ensemble(economy("float32, each"), [1]))
    with pytest.raises(InputError, match=rf"run\.npz: is a .*{value}.*; this version reads commonweal checkpoint 3 of"):
        load(file, validate)


def test_a_checkpoint_of_other_software_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "run.npz"
    with monkeypatch.context() as other:
        other.setattr(archive, "software_version", lambda: "9.9.9")
        save(file, Ensemble(economy("float32, each"), [1]))
    with pytest.raises(InputError, match=r"of version 9\.9\.9; this version reads"):
        load(file, validate)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.npz: there is no such checkpoint"):
        load(tmp_path / "none.npz", validate)


def test_the_checkpoint_of_another_run_is_refused_and_the_run_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    played = Ensemble(economy("float32, each"), [1])
    played.step()
    save(file, played)
    for scenario, seed, said in [
        (economy("a short horizon"), 1, r"settlement\.horizon is 50 there and 3 here"),
        (economy("float32, each"), 2, r"seeds\[0\] is 1 there and 2 here"),
    ]:
        other = Ensemble(scenario, [seed])
        with pytest.raises(InputError, match=rf"is the checkpoint of another run \({said}\)"):
            restore(file, other)
        assert other.state.round == 0


def test_a_checkpoint_without_notes_cannot_finish_a_table(tmp_path: Path) -> None:
    file, ensemble = tmp_path / "run.npz", Ensemble(economy("float32, each"), [1])
    save(file, ensemble)
    with pytest.raises(InputError, match="was kept without notes"):
        play_on(ensemble, file, 1)


@pytest.mark.parametrize("every", [0, -3])
def test_checkpoints_need_a_whole_number_of_rounds_between_them(every: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"rounds between checkpoints = {every}: must be at least 1"):
        play_on(Ensemble(economy("float32, each"), [1]), tmp_path / "run.npz", every)


class Moody(Principal):
    """Defects as often as the world was unkind; remembers and draws for itself."""

    moods: tuple[float, ...] = ()

    def choose(self, view: View) -> Action:
        self.moods = (*self.moods, self.model.random.random(), float(self.model.rng.random()))
        return Action.DEFECT if self.moods[-1] < self.moods[-2] else Action.DELEGATE


def test_a_mesa_model_goes_on_with_principals_of_ones_own(tmp_path: Path) -> None:
    file, scenario = tmp_path / "model.npz", economy("float64, each")
    whole = Cooperative(scenario, rng=4, principals={2: Moody})
    for round in range(10):
        if round == 6:
            save(file, whole)
        whole.step()
    told = read_origin(file)
    resumed = Cooperative(validate(told["scenarios"][0]), rng=told["seeds"][0], principals={2: Moody})
    restore(file, resumed)
    assert resumed.metrics["welfare"] == pytest.approx(resumed.metrics["welfare"])  # told again, not nan
    for _ in range(4):
        resumed.step()
    assert_same(resumed.state, whole.state)
    assert resumed.principals[2].moods == whole.principals[2].moods  # type: ignore[attr-defined]
    assert resumed.metrics == whole.metrics
    if hasattr(whole, "steps"):  # Mesa 4 has none
        assert resumed.steps == whole.steps


def test_what_a_principal_remembers_must_be_plain_data(tmp_path: Path) -> None:
    model = Cooperative(economy("float32, each"), rng=4)
    model.principals[1].friend = model.principals[0]  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"principals.*\.friend is a Principal; a checkpoint keeps numbers"):
        save(tmp_path / "model.npz", model)
    assert not list(tmp_path.iterdir())


kinds = st.sampled_from([np.float32, np.float64, np.int64, np.int8, np.bool_, "U5"])
arrays = nps.arrays(kinds, nps.array_shapes(max_dims=3, max_side=3))
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | arrays
plain = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    | st.lists(inner, max_size=3).map(tuple) | st.lists(st.fixed_dictionaries({"a": arrays, "b": inner}), max_size=3),
)  # fmt: skip


@given(value=plain)
def test_plain_data_comes_back_as_it_went(value: Any) -> None:
    packer = Packer()
    tree = packer.pack(value, "value")
    back = Unpacker.of(packer.arrays, (), torch.device("cpu")).unpack(tree)
    _assert_equal(back, value)


def _assert_equal(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
        assert one.dtype.kind == other.dtype.kind
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            _assert_equal(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            _assert_equal(*pair)
    else:
        assert one == other


# The command


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    settings = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    return ["run", "commons", "--seeds", "2", *settings]


@pytest.mark.usefixtures("pictures_unseen")
def test_an_interrupted_command_goes_on_where_it_was(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step, played = Ensemble.step, []

    def impatient(ensemble: Ensemble) -> Any:
        played.append(ensemble.state.round)
        if len(played) == 8:
            raise KeyboardInterrupt
        return step(ensemble)

    monkeypatch.setattr(Ensemble, "step", impatient)
    kept = [*command, "--checkpoint-every", "3", "--out", "kept"]
    assert main(kept) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    assert not Path("kept").exists()
    assert main(kept) == 0
    assert played[8] == 6  # rounds 0 to 5 were in the checkpoint
    assert main([*command, "--out", "whole"]) == 0
    for table in ("runs", "rounds", "principals"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(f"kept/{table}.parquet"), pd.read_parquet(f"whole/{table}.parquet"), check_exact=True
        )
    assert sorted(path.name for path in Path().iterdir()) == ["kept", "whole"]  # no checkpoint is left


def test_checkpoints_of_other_settings_are_refused_in_one_line(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as once:
        once.setattr("commonweal.scenarios.sweeps.worker.tabulate", _interrupt)
        assert main([*command, "--checkpoint-every", "5"]) == 130
    capsys.readouterr()
    assert main([*command, "--checkpoint-every", "5", "--set", "settlement.alpha=2"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "is the checkpoint of another run (settlement.alpha is 1.0 there and 2.0 here)" in said


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
