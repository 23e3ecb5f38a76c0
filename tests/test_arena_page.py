"""The page about economies as environments: its code runs, its examples learn, and Stable-Baselines3 plays along."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from commonweal import Arena, Constant, History, Moves, Net, load, revise
from commonweal.scenarios.runs.intervals import mean_interval

DOCS = Path(__file__).parents[1] / "docs"
MENU = Moves({"does": ("as before", "delegate", "free_ride"), "share": (1.0, 0.5)})
SMALL = revise(load("commons"), {"population.count": 6, "learning.hidden": [8], "task.validation": 60})


def test_the_code_of_the_page_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "arena.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "arena.md", "exec"), names)
    assert "junk, 50% of its samples" in capsys.readouterr().out
    assert not names["env"].agents  # type: ignore[attr-defined]


def test_the_example_answers_a_tactic_that_can_be_judged():
    example = runpy.run_path(str(DOCS / "examples" / "train_with_torch.py"))
    tactic = example["train"](episodes=1, runs=2)
    assert isinstance(tactic, Net)
    gains = example["judged"](tactic, range(100, 102))
    assert set(gains) == {"learned", "delegate", "defect"} and all(each.shape == (2,) for each in gains.values())


@pytest.mark.slow
def test_the_example_learns_what_pays_best():
    """Under equal pay who defects saves its cost; learned on other seeds than it is judged on."""
    example = runpy.run_path(str(DOCS / "examples" / "train_with_torch.py"))
    gains = example["judged"](example["train"]())
    assert mean_interval(gains["learned"]).low > 0
    assert mean_interval(gains["learned"] - gains["delegate"]).low > 0
    assert mean_interval(gains["learned"] - gains["defect"]).high > 0  # not surely worse than the best constant action


class TestStableBaselines:
    """Only where it is installed."""

    @pytest.fixture
    def sb3(self):
        pytest.importorskip("stable_baselines3")
        from commonweal import sb3

        return sb3

    @staticmethod
    def arena(horizon: int = 3) -> Arena:
        return Arena(SMALL, [0, 1], focal=[1, 4], moves=MENU, horizon=horizon)

    def test_its_rewards_are_those_of_the_arena(self, sb3):
        history = History(np.zeros(len(self.arena().sight_names)), np.ones(len(self.arena().sight_names)), MENU.sizes)
        env, arena = sb3.ArenaVecEnv(self.arena(), history), self.arena()
        env.seed(5)
        inputs, sights = env.reset(), arena.reset([5, 7])  # seeds of the first of two principals of each run
        width = sights.shape[2]
        for played in range(3):
            np.testing.assert_allclose(inputs[:, :width], sights.reshape(4, -1), rtol=1e-6)
            codes = np.array([[1, 0], [2, 0], [0, 1], [1, 1]])
            inputs, rewards, over, infos = env.step(codes)
            sights, expected, _, _ = arena.step(codes.reshape(2, 2, 2))
            np.testing.assert_allclose(rewards, expected.ravel(), rtol=1e-6)
            assert over.all() == (played == 2)
        last = np.stack([info["terminal_observation"] for info in infos])
        np.testing.assert_allclose(last[:, :width], sights.reshape(4, -1), rtol=1e-6)
        moved = [[0, 1, 0, 1, 0], [0, 0, 1, 1, 0], [1, 0, 0, 0, 1], [0, 1, 0, 0, 1]]  # the last move, 1 at its choices
        np.testing.assert_array_equal(last[:, width:], moved)
        assert (inputs[:, width:] == 0).all()  # the next episode has begun, nothing is remembered

    def test_what_it_learned_is_a_tactic_that_moves_alike(self, sb3):
        from stable_baselines3 import PPO

        arena = self.arena()
        history = History.fitted(arena.reset(), MENU.sizes, (0.3,))
        env = sb3.ArenaVecEnv(arena, history)
        model = PPO("MlpPolicy", env, n_steps=3, batch_size=12, seed=0, device="cpu", policy_kwargs={"net_arch": [8]})
        model.learn(12)
        tactic, inputs = sb3.net_of(model.policy, env), env.reset()
        for _ in range(3):
            chosen, _ = model.predict(inputs, deterministic=True)
            np.testing.assert_array_equal(tactic.outputs(inputs.astype(np.float64))[:, :3].argmax(axis=1), chosen[:, 0])
            inputs, *_ = env.step(chosen)
        assert arena.play(tactic).shape == (2, 2)
        assert arena.play(Constant(MENU, (0, 0))).shape == (2, 2)
