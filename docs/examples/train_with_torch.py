"""One principal learns by REINFORCE (Williams 1992), with torch alone, what pays it among eleven others that imitate.

python docs/examples/train_with_torch.py
"""

import numpy as np
import torch

from commonweal import Action, Arena, Deviation, Ensemble, History, Moves, Net, load, play_futures

ROUNDS = 20
scenario = load("commons", {"settlement.kind": "equal", "population.count": 12, "learning.hidden": [16]})
moves = Moves({"does": ("as before", "delegate", "free_ride", "defect"), "share": (1.0, 0.5)})


def train(episodes: int = 20, runs: int = 32) -> Net:
    """What principal 0 has learned after some episodes, each of so many runs at once."""
    torch.manual_seed(0)
    arena = Arena(scenario, range(runs), focal=[0], moves=moves, horizon=ROUNDS)
    history = History.fitted(watched(arena), moves.sizes, recalls=False)
    layer = torch.nn.Linear(history.width, int(moves.sizes.sum()))
    torch.nn.init.zeros_(layer.weight)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(episodes):
        sights, chances, rewards = arena.reset(), [], []
        for _ in range(ROUNDS):
            inputs, _ = history.inputs(sights[:, 0], history.begin(runs))
            parts = layer(torch.as_tensor(inputs, dtype=torch.float32)).split(moves.sizes.tolist(), dim=1)
            laws = [torch.distributions.Categorical(logits=part) for part in parts]
            codes = torch.stack([law.sample() for law in laws], dim=1)
            chances.append(sum(law.log_prob(code) for law, code in zip(laws, codes.T, strict=True)))
            sights, reward, _, _ = arena.step(codes[:, None].numpy())
            rewards.append(torch.as_tensor(reward[:, 0]))
        ahead = torch.stack(rewards).flip(0).cumsum(0).flip(0)  # of each round, what it and all later ones bring
        better = (ahead - ahead.mean(dim=1, keepdim=True)) / ahead.std()
        optimiser.zero_grad()
        (-(torch.stack(chances) * better).mean()).backward()
        optimiser.step()
    weight, bias = (each.detach().double().numpy() for each in (layer.weight, layer.bias))
    return Net(moves, arena.sight_names, history, ((weight.T, bias),))


def watched(arena: Arena) -> np.ndarray:
    """What is seen in an episode in which everybody does as before."""
    seen = [arena.reset()]
    nothing = np.zeros((*arena.shape[:2], len(arena.moves.sizes)), dtype=int)
    seen += [arena.step(nothing)[0] for _ in range(ROUNDS)]
    return np.stack(seen)


def judged(tactic: Net, seeds: range = range(100, 132)) -> dict[str, np.ndarray]:
    """What it gains over its policy, money per round, on other seeds than it learned on; beside constant actions."""
    constant = [Deviation(action.name.lower(), (0,), action) for action in (Action.DELEGATE, Action.DEFECT)]
    tried = [Deviation("learned", (0,), tactic=tactic), *constant]
    gains = play_futures(Ensemble(scenario, seeds).snapshot, tried, ROUNDS).gains
    return {each.name: gains[:, place] for place, each in enumerate(tried)}


if __name__ == "__main__":
    for name, gains in judged(train()).items():
        spread = 1.96 * gains.std(ddof=1) / len(gains) ** 0.5
        print(f"{name:9} {gains.mean():.5f} ± {spread:.5f}")
