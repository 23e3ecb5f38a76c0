"""Rivals that only sample: REINFORCE with a baseline (Williams 1992) and PPO with a critic (Schulman et al. 2017).

They see what the reciprocity gradient sees of itself (own acts, verdicts, payoffs) and nothing of the chain between
them. All worlds of a batch learn at once, each by itself: its loss is a term of one sum, and Adam works by element.

An act is paid from its own step on, a verdict from the next one on, since a name counts only once it is given. The
baseline of REINFORCE is a mean over earlier updates, since the mean over a batch of one episode is that episode's own
return and would leave no advantage at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity.world import Budget, Episodes, World, play, with_learner

CELLS = torch.tensor([[x, y] for x in (-1.0, 1.0) for y in (-1.0, 1.0)], dtype=torch.float64)  # BB, BG, GB, GG
SIGNALS = torch.tensor([[x, y, a] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for a in (-1.0, 1.0)], dtype=torch.float64)
WIDTH = 16  # of two hidden layers
FEATURES = 6  # of the critic


@dataclass(frozen=True)
class Rival:
    """How a rival learns."""

    kind: Literal["reinforce", "ppo"]
    gamma: Floats  # (B,) discount of each round or event
    shape: Literal["network", "table"] = "network"  # cells share weights, or have a logit each
    rate: float = 0.01  # step of Adam
    smoothing: float = 0.95  # λ of generalised advantage estimation
    clip: float = 0.2  # of the ratio of probabilities
    epochs: int = 4  # of PPO with the same episodes
    memory: float = 0.9  # weight of earlier updates in baseline and critic


@dataclass(frozen=True)
class Learned:
    """What B learners came to do."""

    act: Floats  # (B, 2, 2) probability of meaning to give
    assess: Floats | None  # (B, 2, 2, 2) of calling good; None where verdicts are given


class Policy:
    """B functions from a cell to a logit: tables, or networks whose cells share weights.

    Args:
        cells: (C, D) inputs, one row per cell.
        stream: B generators for first weights; tables begin at 0.
        shape: network or table.
    """

    def __init__(self, cells: torch.Tensor, stream: Stream, shape: str) -> None:
        self.cells, worlds = cells, len(stream)
        if shape == "table":
            self.weights = [torch.zeros(worlds, len(cells), dtype=torch.float64, requires_grad=True)]
            return
        sizes = (cells.shape[1], WIDTH, WIDTH, 1)
        self.weights = []
        for before, after in pairwise(sizes):
            drawn = stream.normal(before + 1, after) / np.sqrt(before)
            drawn[:, before] = 0.0  # thresholds begin at 0
            if after == 1:
                drawn *= 0.1  # first policies are near one half
            self.weights.append(torch.tensor(drawn, requires_grad=True))

    def logits(self) -> torch.Tensor:
        """(B, C) of giving, or of calling good."""
        if len(self.weights) == 1:
            return self.weights[0]
        value = self.cells.expand(self.weights[0].shape[0], -1, -1)
        for place, layer in enumerate(self.weights):
            value = torch.baddbmm(layer[:, -1:], value, layer[:, :-1])
            value = torch.tanh(value) if place < len(self.weights) - 1 else value
        return value[..., 0]

    def logs(self) -> torch.Tensor:
        """(B, C, 2) logarithms of the probabilities of not doing it, and of doing it."""
        logits = self.logits()
        return torch.nn.functional.logsigmoid(torch.stack([-logits, logits], dim=-1))

    def table(self) -> Floats:
        """(B, C) probabilities."""
        with torch.no_grad():
            chances: Floats = torch.sigmoid(self.logits()).numpy()
        return chances


@dataclass(frozen=True)
class Advantages:
    """What acts and verdicts brought beyond what was expected."""

    acts: Floats  # (B, E, T)
    verdicts: Floats  # (B, E, T) of verdicts given in that step


class Baseline:
    """Mean return from each step on, over earlier updates; before the first update, over the other episodes.

    Args:
        rival: how it learns.
    """

    def __init__(self, rival: Rival) -> None:
        self.gamma, self.memory = rival.gamma[:, None], rival.memory
        self.total: Floats | None = None
        self.weight = 0.0

    def advantages(self, played: Episodes) -> Advantages:
        """Returns less the baseline, which is then brought up to date."""
        returns = discounted(played.reward, self.gamma)
        episodes, mean = returns.shape[1], returns.mean(axis=1, keepdims=True)
        if self.total is not None:
            baseline = self.total / self.weight
        elif episodes > 1:
            baseline = (episodes * mean - returns) / (episodes - 1)
        else:
            baseline = np.zeros_like(mean)
        self.total = mean + (0.0 if self.total is None else self.memory * self.total)
        self.weight = 1.0 + self.memory * self.weight
        beyond = returns - baseline
        return Advantages(beyond, self.gamma[..., None] * _next(beyond))


class Critic:
    """Value of a state, linear in its features, by ridge regression on the λ-returns of this and earlier updates.

    Least squares find at once what steps of a gradient would come to, so that no rival fails for want of a critic.

    Args:
        rival: how it learns.
    """

    def __init__(self, rival: Rival) -> None:
        self.rival, self.gamma = rival, rival.gamma[:, None]
        self.squares = np.zeros((len(rival.gamma), FEATURES, FEATURES))
        self.products = np.zeros((len(rival.gamma), FEATURES))
        self.weights: Floats | None = None  # (B, F)

    def advantages(self, played: Episodes) -> Advantages:
        """Generalised advantage estimates (Schulman et al. 2016); then the critic learns from the episodes."""
        seen = features(played)
        if self.weights is None:
            self._fit(seen, discounted(played.reward, self.gamma))
        assert self.weights is not None
        values = (seen @ self.weights[:, None, :, None])[..., 0]
        surprise = played.reward + self.gamma[..., None] * _next(values) - values
        beyond = discounted(surprise, self.gamma * self.rival.smoothing)
        self._fit(seen, beyond + values)
        return Advantages(beyond, beyond - played.reward)

    def _fit(self, seen: Floats, target: Floats) -> None:
        kept, rows = self.rival.memory, seen.reshape(len(seen), -1, FEATURES)
        across = rows.swapaxes(1, 2)
        self.squares = kept * self.squares + across @ rows
        self.products = kept * self.products + (across @ target.reshape(len(seen), -1, 1))[..., 0]
        ridge = 1e-3 * np.trace(self.squares, axis1=1, axis2=2)[:, None, None] / FEATURES * np.eye(FEATURES)
        self.weights = np.linalg.solve(self.squares + ridge, self.products[..., None])[..., 0]


def features(played: Episodes) -> Floats:
    """(B, E, T, 6) what the critic sees: the own name, how much of the episode is left, how many names are good."""
    length = played.reward.shape[2]
    left = np.broadcast_to(1 - np.arange(length) / length, played.reward.shape)
    image, good = played.image.astype(np.float64), played.good
    return np.stack([np.ones_like(left), image, left, image * left, good, good * left], axis=-1)


def discounted(values: Floats, gamma: Floats) -> Floats:
    """(B, E, T) sums of what follows each step, itself included, each step later worth gamma (B, 1) times as much."""
    result, after = np.empty_like(values), np.zeros(values.shape[:2])
    for t in range(values.shape[2] - 1, -1, -1):
        after = values[..., t] + gamma * after
        result[..., t] = after
    return result


def _next(values: Floats) -> Floats:
    """(B, E, T) of the next step; 0 after the last."""
    moved = np.zeros_like(values)
    moved[..., :-1] = values[..., 1:]
    return moved


@dataclass(frozen=True)
class _Sums:
    """Advantages summed by what was chosen: all that a loss needs, since a policy answers by cell."""

    above: torch.Tensor  # (B, C, 2) sum of those above 0
    below: torch.Tensor  # (B, C, 2) sum of those below


def _of_acts(played: Episodes, beyond: Floats) -> _Sums:
    acted = played.context >= 0
    beyond = _standardised(beyond, acted.astype(np.float64))
    chosen = (2 * played.context + played.gave)[acted]
    world = np.nonzero(acted)[0]
    return _sums(8 * world + chosen, beyond[acted], len(acted), 4)


def _of_verdicts(played: Episodes, beyond: Floats) -> _Sums:
    beyond = _standardised(beyond, played.judged.sum(axis=(3, 4)).astype(np.float64))
    times = played.judged.reshape(*beyond.shape, 16).astype(np.float64)
    sums = (np.einsum("bet,betc->bc", part, times) for part in (np.maximum(beyond, 0), np.minimum(beyond, 0)))
    return _Sums(*(torch.from_numpy(each.reshape(-1, 8, 2)) for each in sums))


def _sums(place: Ints, beyond: Floats, worlds: int, cells: int) -> _Sums:
    size = worlds * cells * 2
    parts = (np.bincount(place, part, minlength=size) for part in (np.maximum(beyond, 0), np.minimum(beyond, 0)))
    return _Sums(*(torch.from_numpy(part.reshape(worlds, cells, 2)) for part in parts))


def _standardised(beyond: Floats, weight: Floats) -> Floats:
    """Advantages (B, E, T) with mean 0 and spread 1 over the choices made, ``weight`` of them in each step."""
    total = np.maximum(weight.sum(axis=(1, 2), keepdims=True), 1.0)
    centred = beyond - (weight * beyond).sum(axis=(1, 2), keepdims=True) / total
    spread = np.sqrt((weight * centred**2).sum(axis=(1, 2), keepdims=True) / total)
    result: Floats = centred / np.maximum(spread, 1e-8) / total
    return result


def learn(world: World, rival: Rival, budget: Budget, stream: Stream, signals: bool = False) -> Learned:
    """Let a rival learn in each world, from one half on.

    Args:
        world: B of them; the learner is the first principal.
        rival: how it learns.
        budget: what is played.
        stream: B generators.
        signals: whether verdicts are learned too.
    """
    policies = [Policy(cells, stream, rival.shape) for cells in (CELLS, SIGNALS)[: 1 + signals]]
    judge = Critic(rival) if rival.kind == "ppo" else Baseline(rival)
    optimiser = torch.optim.Adam([weight for policy in policies for weight in policy.weights], lr=rival.rate)
    for _ in range(budget.updates):
        played = play(with_learner(world, *_tables(policies)), budget, stream)
        beyond = judge.advantages(played)
        sums = [_of_acts(played, beyond.acts)]
        if signals:
            sums.append(_of_verdicts(played, beyond.verdicts))
        for loss in _losses(policies, sums, rival):
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return Learned(*_tables(policies))


def _tables(policies: list[Policy]) -> tuple[Floats, Floats | None]:
    act = policies[0].table().reshape(-1, 2, 2)
    return act, policies[1].table().reshape(-1, 2, 2, 2) if len(policies) > 1 else None


def _losses(policies: list[Policy], sums: list[_Sums], rival: Rival) -> Iterator[torch.Tensor]:
    """The losses of one update, one after the other; each is that of the policy as it is by then."""
    if rival.kind == "reinforce":
        yield torch.stack([-(policy.logs() * (each.above + each.below)).sum()
                           for policy, each in zip(policies, sums, strict=True)]).sum()  # fmt: skip
        return
    with torch.no_grad():
        former = [policy.logs() for policy in policies]
    for _ in range(rival.epochs):
        yield torch.stack([_clipped(policy.logs() - old, each, rival.clip)
                           for policy, old, each in zip(policies, former, sums, strict=True)]).sum()  # fmt: skip


def _clipped(logs: torch.Tensor, sums: _Sums, clip: float) -> torch.Tensor:
    """PPO's loss: the ratio of a choice better than expected counts up to 1 + clip, that of others down to 1 − clip."""
    ratio = torch.exp(logs)
    return -(sums.above * ratio.clamp(max=1 + clip) + sums.below * ratio.clamp(min=1 - clip)).sum()
