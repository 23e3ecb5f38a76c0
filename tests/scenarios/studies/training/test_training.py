"""Training one principal of a scenario: what it learns, how it is judged, and what its file says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commonweal.commands.cli import main
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant
from commonweal.economy.learners.files import read_tactic
from commonweal.economy.learners.ppo import PPO
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies.training.judging import gains_of
from commonweal.scenarios.studies.training.training import (
    Training,
    constants,
    content_of,
    fresh_seeds,
    learning_curve,
    train,
)

MENU = Moves({"does": ("as before", "delegate", "abstain")})
# Everybody gives 1 in each round, of which it gets r / N = .4 back: whoever gives nothing gains .6
GIVING = {"policy.mix": {"fixed": 1.0}, "population.start_delegate": 1.0, "population.start_free_ride": 0.0}
GOOD = load("public-goods", {"population.count": 4, "rounds": 6, **GIVING})
SHORT = Training(horizon=6, runs=16, updates=3)


@pytest.mark.parametrize(
    ("method", "updates"),
    [("programmes", 4), ("networks", 8), pytest.param("ppo", 40, marks=pytest.mark.slow)],
)
def test_who_learns_in_a_public_good_stops_giving(method, updates) -> None:  # type: ignore[no-untyped-def]
    training = replace(SHORT, method=method, updates=updates, ppo=PPO(hidden=(8,)))
    trained = train(GOOD, training, 0)
    gains = gains_of(GOOD, training, [trained.as_deviation("learned", 0)], fresh_seeds(0, 3))
    assert gains == pytest.approx(0.6, rel=0.01)


def test_the_same_seed_learns_the_same_and_is_judged_on_seeds_of_its_own() -> None:
    one, same = (train(GOOD, SHORT, 3) for _ in range(2))
    assert one.tactic == same.tactic and np.array_equal(one.course, same.course)
    assert not set(fresh_seeds(3, 50)) & set(fresh_seeds(4, 50))


def test_a_constant_of_every_move_is_tried() -> None:
    tried = constants(MENU, 2)
    assert [each.name for each in tried] == ["as before", "delegate", "abstain"]
    assert all(each.members == (2,) and isinstance(each.tactic, Constant) for each in tried)


def test_a_curve_has_the_mean_and_the_interval_over_training_seeds() -> None:
    curve = learning_curve(np.array([[0.0, 1.0], [0.2, 1.2], [0.1, 1.1]]))
    assert curve["update"].tolist() == [1, 2]
    assert curve["reward"].tolist() == pytest.approx([0.1, 1.1])
    assert (curve["reward_low"] < curve["reward"]).all() and (curve["reward"] < curve["reward_high"]).all()


def test_the_content_of_a_scenario_is_all_that_decides_on_it() -> None:
    assert content_of(GOOD) == content_of(load("public-goods", GOOD.model_dump(mode="json", exclude_none=True)))
    assert content_of(GOOD) != content_of(GOOD.model_copy(update={"rounds": 7}))


def test_the_command_keeps_what_was_learned_for_scenarios_to_follow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.safetensors"
    size = [f"--set={path}" for path in ("population.count=4", "rounds=6")]
    asked = ["learn", "public-goods", str(file), *size, "-o", "horizon=6", "-o", "runs=8", "-o", "updates=3"]
    assert main([*asked, "--held-out", "2"]) == 0
    assert "seeds that it never saw" in capsys.readouterr().out
    training = read_tactic(file).training
    assert training["scenario"] == "public-goods" and training["method"] == "programmes"
    assert training["rounds"] > 3 * 6 * 8 and len(training["course"]) == 3
    followed = load("public-goods", {"population.count": 4, "policy.mix": {f"learned:{file}": 1.0}})
    assert list(followed.policy.mix) == [f"learned:{file}"]
    assert main(asked) == 2  # the file is there
    file.write_bytes(b"nothing")
    assert main(["run", "public-goods", "--set", f'policy.mix={{"learned:{file}" = 1.0}}']) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
