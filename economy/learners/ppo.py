"""Proximal policy optimisation (Schulman et al. 2017) of a network that sees its history, with paired episodes.

Every seed is played by several episodes of a batch. What the others earned in the same round of the same seed is
subtracted from each reward: it tells of the seed's luck and nothing of the move, so that gradients keep their mean and
lose most of their noise (leave-one-out, as Kool, van Hoof and Welling 2019). A factor's codes have a softmax of their
own, the factors are independent given what is seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.arena.history import History, Past
from commonweal.economy.learners.actor import Actor, Learned, seen_at_random
from commonweal.economy.learners.environment import Environment, Progress, drawn_seeds
from commonweal.economy.learners.layers import Layer, drawn_codes, scores_of


@dataclass(frozen=True)
class PPO:
    """How it learns."""

    updates: int = 60  # batches of episodes
    copies: int = 8  # episodes with the same seed
    hidden: tuple[int, ...] = (32, 32)  # units of actor and critic
    rate: float = 0.01  # step of Adam; falls to 0
    discount: float = 0.99  # of the next round
    smoothing: float = 0.95  # λ of generalised advantage estimation (Schulman et al. 2016)
    clip: float = 0.2  # of the ratio of probabilities
    entropy: float = 0.01  # bonus on a law's entropy; falls to 0
    epochs: int = 4  # times that a batch is gone over
    parts: int = 4  # of a batch, a step each


@dataclass(frozen=True)
class Batch:
    """Episodes as rows, B = T R M of them."""

    inputs: Floats  # (T, E, I) as shown to the network, in standard deviations; E = R M
    codes: Ints  # (T, E, D)
    rewards: Floats  # (T, E)
    paired: Floats  # (T, E) rewards less what the other episodes of the seed had


class Networks:
    """Actor and critic in torch.

    Args:
        inputs: I.
        sizes: codes of each factor.
        terms: units.
        generator: of first weights.
    """

    def __init__(self, inputs: int, sizes: tuple[int, ...], terms: PPO, generator: torch.Generator) -> None:
        self.sizes = sizes
        self.actor = _network((inputs, *terms.hidden, sum(sizes)), 0.01, generator)
        self.critic = _network((inputs, *terms.hidden, 1), 1.0, generator)

    @property
    def weights(self) -> list[Tensor]:
        """All that is learned."""
        return [*self.actor.parameters(), *self.critic.parameters()]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The actor's, as arrays."""
        linear = [each for each in self.actor if isinstance(each, nn.Linear)]
        arrays = [(each.weight.detach().numpy().T, each.bias.detach().numpy()[None]) for each in linear]
        return tuple((weights.copy(), offsets.copy()) for weights, offsets in arrays)

    def laws(self, inputs: Tensor) -> list[Tensor]:
        """Logarithms of probabilities (..., size) of each factor's codes."""
        return [part.log_softmax(dim=-1) for part in self.actor(inputs).split(self.sizes, dim=-1)]

    def values(self, inputs: Tensor) -> Tensor:
        """(...,) what the critic expects from there on."""
        expected: Tensor = self.critic(inputs)[..., 0]
        return expected


def _network(sizes: tuple[int, ...], last: float, generator: torch.Generator) -> nn.Sequential:
    parts: list[nn.Module] = []
    for place, (before, after) in enumerate(pairwise(sizes)):
        layer = nn.Linear(before, after, dtype=torch.float64)
        nn.init.orthogonal_(layer.weight, last if place == len(sizes) - 2 else 1.0, generator=generator)
        nn.init.zeros_(layer.bias)
        parts += [layer, nn.Tanh()]
    return nn.Sequential(*parts[:-1])


def by_gradient(
    environment: Environment, terms: PPO, rng: np.random.Generator, on_rounds: Progress | None = None
) -> Learned:
    """Learn to act, all members of all runs by one network.

    Args:
        environment: R runs of M members; R is divided by ``terms.copies`` seeds.
        terms: how.
        rng: seeds of runs, moves, first weights and the order of steps all come from it.
        on_rounds: is told of rounds played.
    """
    copies = max(c for c in range(1, terms.copies + 1) if environment.shape[0] % c == 0)
    history = seen_at_random(environment, _seeds(environment, copies, rng), rng)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    networks = Networks(history.width, tuple(history.sizes.tolist()), terms, generator)
    optimiser, course, unit = torch.optim.Adam(networks.weights, eps=1e-5), [], _Unit()
    for update in range(terms.updates):
        left = 1 - update / terms.updates
        for group in optimiser.param_groups:
            group["lr"] = terms.rate * left
        batch = _episodes(environment, networks, history, copies, rng, on_rounds)
        course.append(float(batch.rewards.mean()))
        inputs = torch.from_numpy(batch.inputs)
        unit.add(batch.paired)
        targets, beyond = _advantages(batch.paired / unit.size, networks, inputs, terms)
        goals = Goals(inputs, torch.from_numpy(batch.codes), targets, beyond)
        for loss in _losses(networks, goals, terms, terms.entropy * left, rng):
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(networks.weights, 0.5)
            optimiser.step()
    rounds = (1 + terms.updates) * environment.horizon * environment.shape[0]
    return Learned(Actor(history, networks.layers), np.array(course), rounds)


def _seeds(environment: Environment, copies: int, rng: np.random.Generator) -> list[int]:
    """Seeds of all runs: each is played by so many of them, one beside the other."""
    return [seed for seed in drawn_seeds(rng, environment.shape[0] // copies) for _ in range(copies)]


class _Unit:
    """The spread of discounted rewards so far, in which they are counted."""

    def __init__(self) -> None:
        self.square, self.weight = 0.0, 0.0

    def add(self, rewards: Floats) -> None:
        """More rewards (T, E)."""
        total = np.flip(np.cumsum(np.flip(rewards, 0), axis=0), 0) / np.sqrt(len(rewards))
        self.square, self.weight = 0.9 * self.square + float((total**2).mean()), 0.9 * self.weight + 1

    @property
    def size(self) -> float:
        """1 where nothing varies."""
        return float(np.sqrt(self.square / self.weight)) or 1.0


def _episodes(
    environment: Environment,
    networks: Networks,
    history: History,
    copies: int,
    rng: np.random.Generator,
    on_rounds: Progress | None,
) -> Batch:
    """A batch of episodes, played by drawing from the laws."""
    sights = environment.reset(_seeds(environment, copies, rng))
    (runs, members, _), layers, sizes = environment.shape, networks.layers, environment.sizes
    past = history.begin(runs * members)
    rows: list[tuple[Floats, Ints, Floats]] = []
    for _ in range(environment.horizon):
        inputs, means = history.inputs(sights.reshape(runs * members, -1), past)
        codes = drawn_codes(scores_of(layers, inputs), sizes, rng)
        past = Past(codes, means)
        sights, rewards, over, _ = environment.step(codes.reshape(runs, members, -1))
        rows.append((inputs, codes, rewards.reshape(-1)))
        if on_rounds is not None:
            on_rounds(runs)
        if over:
            break
    shown, chosen, gained = (np.stack(each) for each in zip(*rows, strict=True))
    return Batch(shown, chosen, gained, _less_others(gained, copies, members))


def _less_others(rewards: Floats, copies: int, members: int) -> Floats:
    """Rewards (T, E) less the mean of the same member in the other episodes of the same seed."""
    if copies == 1:
        return rewards
    by_seed = rewards.reshape(len(rewards), -1, copies, members)
    others = (by_seed.sum(axis=2, keepdims=True) - by_seed) / (copies - 1)
    paired: Floats = (by_seed - others).reshape(rewards.shape)
    return paired


def _advantages(rewards: Floats, networks: Networks, inputs: Tensor, terms: PPO) -> tuple[Tensor, Tensor]:
    """What the critic should have expected, and by how much moves were better than it did; both (T, E)."""
    with torch.no_grad():
        values = networks.values(inputs).numpy()
    beyond, after, ahead = np.empty_like(rewards), np.zeros(rewards.shape[1]), np.zeros(rewards.shape[1])
    for t in range(len(rewards) - 1, -1, -1):
        surprise = rewards[t] + terms.discount * ahead - values[t]
        after = surprise + terms.discount * terms.smoothing * after
        beyond[t], ahead = after, values[t]
    spread = beyond.std() or 1.0
    return torch.from_numpy(beyond + values), torch.from_numpy((beyond - beyond.mean()) / spread)


@dataclass(frozen=True)
class Goals:
    """What a batch is learned from."""

    inputs: Tensor  # (T, E, I)
    codes: Tensor  # (T, E, D)
    targets: Tensor  # (T, E) what the critic should have expected
    beyond: Tensor  # (T, E) by how much moves were better than expected, in standard deviations


def _losses(
    networks: Networks, goals: Goals, terms: PPO, entropy: float, rng: np.random.Generator
) -> Iterator[Tensor]:
    """The losses of one batch, part by part; each is that of the networks as they are by then."""
    rows, chosen = goals.inputs.flatten(0, 1), goals.codes.flatten(0, 1)
    targets, beyond = goals.targets.flatten(), goals.beyond.flatten()
    with torch.no_grad():
        former = _chances(networks.laws(rows), chosen)
    for _ in range(terms.epochs):
        for part in np.array_split(rng.permutation(len(rows)), terms.parts):
            some = torch.from_numpy(part)
            laws, better = networks.laws(rows[some]), beyond[some]
            ratio = (_chances(laws, chosen[some]) - former[some]).exp()
            gained = torch.minimum(ratio * better, ratio.clamp(1 - terms.clip, 1 + terms.clip) * better).mean()
            missed = ((networks.values(rows[some]) - targets[some]) ** 2).mean()
            unsure = torch.stack([-(law.exp() * law).sum(dim=-1).mean() for law in laws]).sum()
            yield -gained + 0.5 * missed - entropy * unsure


def _chances(laws: list[Tensor], codes: Tensor) -> Tensor:
    """(B,) logarithms of the probabilities of codes (B, D)."""
    return torch.stack([law.gather(1, codes[:, d, None])[:, 0] for d, law in enumerate(laws)]).sum(dim=0)
