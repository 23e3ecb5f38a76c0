"""One principal learns by PPO of Stable-Baselines3 what pays it among eleven others that imitate.

pip install 'commonweal[rl]'
python docs/examples/train_with_sb3.py
"""

import numpy as np
from stable_baselines3 import PPO

from commonweal import Arena, Deviation, Ensemble, History, Moves, Net, load, play_futures
from commonweal.sb3 import ArenaVecEnv, net_of

ROUNDS = 20
scenario = load("commons", {"settlement.kind": "equal", "population.count": 12, "learning.hidden": [16]})
moves = Moves({"does": ("as before", "delegate", "free_ride", "defect"), "share": (1.0, 0.5)})


def train(steps: int = 16_000, runs: int = 32) -> Net:
    """What principal 0 has learned after so many rounds in all runs together."""
    arena = Arena(scenario, range(runs), focal=[0], moves=moves, horizon=ROUNDS)
    arena.reset()
    nothing = np.zeros((runs, 1, 2), dtype=int)
    history = History.fitted(np.stack([arena.step(nothing)[0] for _ in range(ROUNDS)]), moves.sizes, (0.2,))
    env = ArenaVecEnv(arena, history)
    scale = {"learning_rate": 3e-3, "gamma": 0.9, "ent_coef": 0.001, "policy_kwargs": {"net_arch": [32]}}
    model = PPO("MlpPolicy", env, n_steps=ROUNDS, batch_size=runs * ROUNDS // 2, seed=0, device="cpu", **scale)
    model.learn(steps)
    return net_of(model.policy, env)


if __name__ == "__main__":
    tried = [Deviation("learned", (0,), tactic=train())]
    gains = play_futures(Ensemble(scenario, range(100, 132)).snapshot, tried, ROUNDS).gains[:, 0]
    print(f"gain {gains.mean():.5f} ± {1.96 * gains.std(ddof=1) / len(gains) ** 0.5:.5f} money per round")
