"""Files of tactics, and principals who follow one in a scenario."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.registry import rules_from_elsewhere
from commonweal.economy.arena.history import History
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant, Net, Programme, Tactic
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.learners.files import read_tactic, write_tactic
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario

MENU = Moves({"does": ("as before", "delegate", "free_ride", "stale"), "share": (1.0, 0.5)})
PLAN = Programme(MENU, ((0, (1, 1)), (2, (2, 0)), (4, (3, 0))))


def net(names: tuple[str, ...] = ("time", "own payoff")) -> Net:
    rng = np.random.default_rng(0)
    history = History(np.zeros(len(names)), np.ones(len(names)), MENU.sizes, (0.5,))
    layers = ((rng.normal(size=(history.width, 3)), rng.normal(size=3)), (rng.normal(size=(3, 6)), rng.normal(size=6)))
    return Net(MENU, names, history, layers)


def small(mix: dict[str, float], **changes: object) -> Scenario:
    usual = {"population.count": 5, "rounds": 6, "policy.revision": 1.0, "policy.mutation": 0.0}
    return load("commons", usual | {"policy.mix": mix} | changes)


@pytest.mark.parametrize("tactic", [net(), PLAN, Constant(MENU, (2, 1))])
def test_a_file_gives_back_the_tactic_and_how_it_came_about(tactic: Tactic, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    write_tactic(file, tactic, {"method": "ppo", "rounds": 3})
    saved = read_tactic(file)
    assert saved.tactic == tactic and saved.tactic.identity == tactic.identity
    assert saved.training == {"method": "ppo", "rounds": 3}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("spoil", [
    lambda whole: b"", lambda whole: b"x" * 99, lambda whole: whole[:-1], lambda whole: whole[:50],
    lambda whole: safetensors.numpy.save({"a": np.zeros(2)}),
    lambda whole: whole.replace(b"commonweal tactic", b"something else!!!"),
    lambda whole: whole.replace(b"own payoff", b"own payof\\\""),
    lambda whole: whole[:-8] + np.array([np.nan]).tobytes(),
])  # fmt: skip
def test_a_bad_file_is_refused_in_one_line(spoil, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "a.safetensors"
    write_tactic(file, net())
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(InputError, match="a.safetensors") as refused:
        small({f"learned:{file}": 1.0})
    assert "\n" not in str(refused.value)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read .*none.safetensors"):
        small({f"learned:{tmp_path / 'none.safetensors'}": 1.0})


def test_followers_make_the_moves_of_the_tactic(tmp_path: Path) -> None:
    file = tmp_path / "plan.safetensors"
    write_tactic(file, PLAN)
    ensemble = Ensemble(small({f"learned:{file}": 1.0}), [0, 1])
    records = [ensemble.step() for _ in range(6)]
    did = [Action.DELEGATE] * 2 + [Action.FREE_RIDE] * 2 + [Action.DELEGATE] * 2
    assert [int(record.actions[0, 0]) for record in records] == did
    assert all((r.actions == r.actions[0, 0]).all() for r in records)
    assert records[0].produce.put.total.tolist() == [[4] * 5] * 2  # half of 8 samples
    assert records[4].produce.put.total.tolist() == [[8] * 5] * 2
    assert (records[4].produce.put.delegated == 0).all()  # stale data cost nothing


@pytest.mark.parametrize("tactic", [net(), PLAN])
def test_one_follower_does_what_the_tactic_does_as_a_deviation(tactic: Tactic, tmp_path: Path) -> None:
    """Who goes by the file as its policy, and who deviates by the tactic instead, earn the same to the bit."""
    file = tmp_path / "a.safetensors"
    write_tactic(file, tactic)
    ensemble = Ensemble(small({f"learned:{file}": 1.0}), [3])
    futures = play_futures(ensemble.snapshot, [Deviation("same", (0,), tactic=tactic)], 6)
    assert np.array_equal(futures.payoffs[:, 0], futures.payoffs[:, 1])
    assert np.array_equal(futures.actions[:, 0], futures.actions[:, 1])


def test_a_sight_that_nobody_has_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    write_tactic(file, net(("time", "own name")))
    with pytest.raises(InputError, match="looks at 'own name', which nobody sees here"):
        Ensemble(small({f"learned:{file}": 1.0}), [0])


def test_an_action_that_is_not_available_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    write_tactic(file, PLAN)
    available = {"actions.available": ["abstain", "delegate"], "population.start_free_ride": 0.0}
    available |= {"population.start_delegate": 1.0, "population.start_defect": 0.0}
    with pytest.raises(InputError, match=r"may free_ride, which actions\.available does not hold"):
        Ensemble(small({f"learned:{file}": 1.0}, **available), [0])


def test_what_a_file_says_is_part_of_what_a_run_is(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    found = []
    for tactic in (PLAN, net(), PLAN):
        write_tactic(file, tactic)
        found.append(rules_from_elsewhere(small({f"learned:{file}": 1.0}).model_dump()))
    assert found[0] == found[2] != found[1]
    assert list(found[0]) == ["policy 'learned:a.safetensors'"]  # wherever it lies


def test_half_of_a_population_may_follow_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    write_tactic(file, PLAN)
    ensemble = Ensemble(small({f"learned:{file}": 0.5, "fixed": 0.5}, **{"population.count": 6}), [0])
    name = ensemble.world.terms.policy.names.index(f"learned:{file}")
    follows = ensemble.people.policy[0] == name
    assert follows.sum() == 3
    put = ensemble.step().produce.put.total[0]
    assert (put[follows] == 4).all() and np.isin(put[~follows], (0, 8)).all()


def test_a_scenario_file_names_what_was_learned_from_where_it_lies(tmp_path: Path) -> None:
    write_tactic(tmp_path / "a.safetensors", PLAN)
    scenario = tmp_path / "mine.toml"
    scenario.write_text('[policy]\nmix = {"learned:a.safetensors" = 1.0}\n', encoding="utf-8")
    assert list(load(scenario).policy.mix) == [f"learned:{tmp_path / 'a.safetensors'}"]
