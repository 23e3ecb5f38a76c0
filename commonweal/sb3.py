"""Many runs of an economy as a vectorised environment of Stable-Baselines3; the extra ``rl``.

Raffin et al. (2021), "Stable-Baselines3: Reliable Reinforcement Learning Implementations". Every focal principal of
every run is one environment, so that all share one network. What it learned is a tactic (``net_of``), which deviations,
arenas and files take.
"""

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, MultiDiscrete
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv

from commonweal.agents.arrays import AnyArray, Floats
from commonweal.economy.arena.arena import Arena
from commonweal.economy.arena.history import History, Past
from commonweal.economy.arena.tactics import Net

__all__ = ["ArenaVecEnv", "net_of"]

Inputs = NDArray[np.float32]


class ArenaVecEnv(VecEnv):
    """R M environments: the M focal principals of R runs, run by run.

    Args:
        arena: of R runs.
        history: what observations are made of: standardised sights, their moving means and the last move.
    """

    def __init__(self, arena: Arena, history: History) -> None:
        runs, members, _ = arena.shape
        self.arena, self.history = arena, history
        space = Box(-np.inf, np.inf, (history.width,), np.float32)
        super().__init__(runs * members, space, MultiDiscrete(arena.moves.sizes))
        self._past = history.begin(self.num_envs)
        self._means: Floats = self._past.means

    def reset(self) -> Inputs:
        """Begin an episode, by the seeds that were set with ``seed`` if any were."""
        members = len(self.arena.focal)
        given = [seed for seed in self._seeds[::members] if seed is not None]
        self._reset_seeds()
        return self._begun(self.arena.reset(given or None))

    def step_async(self, actions: AnyArray) -> None:
        """Take the moves (R M, D) of a round."""
        self._codes = np.asarray(actions, dtype=np.int64)

    def step_wait(self) -> tuple[Inputs, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Play it; when an episode is over the next one begins at once."""
        runs, members, _ = self.arena.shape
        self._past = Past(self._codes, self._means)
        sights, rewards, over, _ = self.arena.step(self._codes.reshape(runs, members, -1))
        inputs: Inputs = self._seen(sights)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if over:
            infos = [{"terminal_observation": each, "TimeLimit.truncated": True} for each in inputs]
            inputs = self._begun(self.arena.reset())
        return inputs, rewards.ravel().astype(np.float32), np.full(self.num_envs, over), infos

    def close(self) -> None:
        """Nothing is open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the arena, once for each environment; None where it has none."""
        return [getattr(self.arena, attr_name, None)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: environments have nothing of their own."""
        raise AttributeError(f"{attr_name}: environments of an arena have nothing of their own")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **named: Any) -> list[Any]:
        """Refused: environments have nothing of their own."""
        raise AttributeError(f"{method_name}: environments of an arena have nothing of their own")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """No environment is."""
        return [False] * len(list(self._get_indices(indices)))

    def _begun(self, sights: Floats) -> Inputs:
        self._past = self.history.begin(self.num_envs)
        return self._seen(sights)

    def _seen(self, sights: Floats) -> Inputs:
        inputs, self._means = self.history.inputs(sights.reshape(self.num_envs, -1), self._past)
        return inputs.astype(np.float32)


def net_of(policy: ActorCriticPolicy, env: ArenaVecEnv) -> Net:
    """What a policy with hidden layers of tanh, the default ``MlpPolicy``, does when it takes its likeliest moves.

    Args:
        policy: of a model that learned.
        env: in which it did.
    """
    hidden = [each for each in policy.mlp_extractor.policy_net if isinstance(each, torch.nn.Linear)]
    layers = [(_array(each.weight).T, _array(each.bias)) for each in (*hidden, policy.action_net)]
    return Net(env.arena.moves, env.arena.sight_names, env.history, tuple(layers))


def _array(values: Any) -> Floats:
    array: Floats = values.detach().cpu().numpy().astype(np.float64)
    return array
