"""Economies as PettingZoo environments: the official tests of PettingZoo, and what an agent is told."""

import warnings

import numpy as np
import pytest
from gymnasium.spaces import Discrete, MultiDiscrete
from pettingzoo.test import parallel_api_test, parallel_seed_test

from commonweal import Arena, Moves, load, revise
from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.rl import CooperativeEnv, parallel_env
from commonweal.scenarios.schema.library import library_names

SMALL = revise(load("commons"), {"population.count": 8, "precision": "float64", "task.validation": 60})
MENU = Moves({"does": ("as before", "delegate", "free_ride"), "share": (1.0, 0.5)})
QUICK = ("commons", "value-conflict", "exit-and-voice", "leading-eight", "public-goods")
LIBRARY = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in library_names()]


def small(name: str):
    """A library scenario with few principals, or as few as it can have."""
    scenario = load(name)
    for count in (12, 36, 100):
        try:
            return revise(scenario, {"population.count": count})
        except InputError:
            continue
    return scenario


@pytest.mark.parametrize("name", LIBRARY)
class TestOfficial:
    def test_it_is_a_parallel_environment(self, name):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parallel_api_test(parallel_env(small(name), horizon=4), num_cycles=10)

    def test_the_same_seed_is_the_same_run(self, name):
        scenario = small(name)
        parallel_seed_test(lambda: parallel_env(scenario, horizon=4), num_cycles=10)


class TestOfficialWithMenusAndBackground:
    @staticmethod
    def env() -> CooperativeEnv:
        return parallel_env(SMALL, focal=[1, 4], moves=MENU, names=2, warm_up=1, horizon=4)

    def test_it_is_a_parallel_environment(self):
        parallel_api_test(self.env(), num_cycles=10)

    def test_the_same_seed_is_the_same_run(self):
        parallel_seed_test(self.env, num_cycles=10)

    def test_actions_have_a_place_for_each_factor(self):
        env = self.env()
        assert env.possible_agents == ["principal_1", "principal_4"]
        assert env.action_space("principal_1") == MultiDiscrete([3, 2])
        assert parallel_env(SMALL).action_space("principal_0") == Discrete(3)
        env.reset()
        with pytest.raises(InputError, match="a number for each factor: does, share"):
            env.step({"principal_1": 0, "principal_4": [0, 0]})
        with pytest.raises(InputError, match="principal_4 has no action"):
            env.step({"principal_1": [0, 0]})


class TestWhatAgentsAreTold:
    def test_an_episode_is_the_run_of_its_seed(self):
        env, ensemble = parallel_env(SMALL, horizon=3), Ensemble(SMALL, [7])
        env.reset(seed=7)
        available = ensemble.world.terms.available
        for played in range(3):
            choice = {agent: (place + played) % 3 for place, agent in enumerate(env.agents)}
            sights, rewards, terminated, truncated, infos = env.step(choice)
            record = ensemble.act(available[[list(choice.values())]])
            assert list(rewards.values()) == record.payday.payoffs[0].tolist()
            assert [each["payoff"] for each in infos.values()] == record.payday.payoffs[0].tolist()
            assert not any(terminated.values()) and all(truncated.values()) == (played == 2)
            assert sights["principal_3"] in env.observation_space("principal_3")
        assert env.agents == []

    def test_without_a_seed_episodes_go_on_and_differ(self):
        one, other = parallel_env(SMALL, seed=3, horizon=1), parallel_env(SMALL, seed=3, horizon=1)
        first = [env.reset()[0]["principal_0"] for env in (one, other)]
        second = [env.reset()[0]["principal_0"] for env in (one, other)]
        np.testing.assert_array_equal(*first)
        np.testing.assert_array_equal(*second)
        assert (first[0] != second[0]).any()
        np.testing.assert_array_equal(one.reset(seed=3)[0]["principal_0"], first[0])

    def test_the_state_is_what_everybody_sees(self):
        env = parallel_env(SMALL, focal=[2])
        sights, _ = env.reset()
        state = env.state()
        assert state in env.state_space
        np.testing.assert_array_equal(state.reshape(8, -1)[2], sights["principal_2"])

    def test_others_follow_their_policies(self):
        env, ensemble = parallel_env(SMALL, focal=[2], moves=MENU, horizon=5), Ensemble(SMALL, [0])
        env.reset(seed=0)
        for _ in range(5):
            _, rewards, *_ = env.step({"principal_2": np.array([0, 0])})
            assert rewards["principal_2"] == ensemble.step().payday.payoffs[0, 2]

    def test_one_environment_is_one_run(self):
        with pytest.raises(InputError, match="one run, not 2"):
            CooperativeEnv(Arena(SMALL, [0, 1]))

    def test_a_scenario_goes_by_name(self):
        assert parallel_env("public-goods", focal=[0]).arena.scenario == load("public-goods")
