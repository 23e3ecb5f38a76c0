"""An economy as a PettingZoo ``ParallelEnv``; it needs ``pip install 'commonweal[rl]'``.

One run with a dictionary for each round, as learners of other libraries want it. What plays many runs at once is
``commonweal.Arena``, to which this adds nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Space
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.arena.arena import Arena
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Tactic
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario

__all__ = ["CooperativeEnv", "parallel_env"]

Sight = NDArray[np.float32]
ByAgent = dict[str, Any]


class CooperativeEnv(ParallelEnv[str, Sight, Any]):
    """A data cooperative of which some principals are agents, ``principal_0`` and so on.

    Observation: (F,) what a principal sees, ``arena.sight_names`` says what. Action: the number of a choice, or one of
    each factor of the menu. Reward: what the round was worth to it, in utility or money. After the last round all are
    truncated; nobody is ever terminated.

    Args:
        arena: of one run.

    Raises:
        InputError: if the arena has more runs than one.
    """

    metadata: dict[str, Any] = {"name": "commonweal_v0", "render_modes": [], "is_parallelizable": True}  # noqa: RUF012
    render_mode = None

    def __init__(self, arena: Arena) -> None:
        if len(arena.seeds) != 1:
            raise InputError(f"a PettingZoo environment is one run, not {len(arena.seeds)}")
        self.arena = arena
        self.possible_agents: list[str] = [f"principal_{each}" for each in arena.focal]
        self.agents: list[str] = []
        self._factors = tuple(arena.moves.factors)
        sizes, sights = arena.moves.sizes, len(arena.sight_names)
        self.observation_spaces = {each: _anything(sights) for each in self.possible_agents}
        self.action_spaces: dict[str, Space[Any]] = {
            each: Discrete(int(sizes[0])) if len(sizes) == 1 else MultiDiscrete(sizes) for each in self.possible_agents
        }
        self.state_space = _anything(sights * arena.names.principals)

    def observation_space(self, agent: str) -> Space[Any]:
        """Numbers of any size."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """Codes of moves."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: ByAgent | None = None) -> tuple[dict[str, Sight], ByAgent]:
        """Begin an episode.

        Args:
            seed: of its run; later episodes follow from it. The next one if not given.
            options: none are known.

        Returns:
            What each agent sees, and an empty table for each.
        """
        sights = self.arena.reset(None if seed is None else [seed])
        self.agents = list(self.possible_agents)
        return self._told(sights), {agent: {} for agent in self.agents}

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Sight], dict[str, float], dict[str, bool], dict[str, bool], ByAgent]:
        """Play one round.

        Args:
            actions: of each agent.

        Returns:
            By agent: what it sees, its reward, False, whether the episode is over, and its ``payoff`` in money.

        Raises:
            InputError: if an agent has no action, or one that is not in its space.
        """
        if missing := [agent for agent in self.agents if agent not in actions]:
            raise InputError(f"{missing[0]} has no action")
        given = {agent: np.atleast_1d(actions[agent]) for agent in self.agents}
        if wrong := [agent for agent, code in given.items() if code.shape != (len(self._factors),)]:
            raise InputError(f"the action of {wrong[0]} must have a number for each factor: {', '.join(self._factors)}")
        sights, rewards, over, record = self.arena.step(np.array([list(given.values())]))
        played, paid = self.agents, self.arena.names.together(record.payday.payoffs)
        infos = {agent: {"payoff": float(paid[0, each])} for agent, each in zip(played, self.arena.focal, strict=True)}
        self.agents = [] if over else played
        return (
            self._told(sights, played),
            dict(zip(played, rewards[0].tolist(), strict=True)),
            dict.fromkeys(played, False),
            dict.fromkeys(played, over),
            infos,
        )

    def state(self) -> Sight:
        """(N F,) what all principals see, those of the background, too."""
        state: Sight = self.arena.state()[0].astype(np.float32)
        return state

    def _told(self, sights: Floats, agents: Sequence[str] | None = None) -> dict[str, Sight]:
        return dict(zip(agents or self.agents, sights[0].astype(np.float32), strict=True))


def parallel_env(
    scenario: Scenario | str | Path = "commons",
    *,
    seed: int = 0,
    focal: Sequence[int] | None = None,
    moves: Moves | None = None,
    background: Mapping[int, Tactic] | None = None,
    horizon: int | None = None,
    **otherwise: Any,
) -> CooperativeEnv:
    """A scenario as a PettingZoo environment.

    Args:
        scenario: loaded, or its name or file.
        seed: of the first episode where ``reset`` gets none.
        focal: principals that are agents; all if not given. The others follow their policies.
        moves: the agents' menu; the actions of the scenario if not given.
        background: tactics of others, by principal.
        horizon: rounds of an episode; as the scenario says if not given.
        otherwise: ``names``, ``warm_up`` and ``judge`` of ``Arena``.
    """
    loaded = scenario if isinstance(scenario, Scenario) else load(scenario)
    asked: dict[str, Any] = {"focal": focal, "moves": moves, "background": background, "horizon": horizon, **otherwise}
    return CooperativeEnv(Arena(loaded, [seed], **asked))


def _anything(size: int) -> Box:
    """Any so many numbers."""
    return Box(-np.inf, np.inf, (size,), np.float32)
