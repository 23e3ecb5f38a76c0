"""A transition model of courses: how channels move from round to round, and what is left, their innovations.

Channels move by a mean and a spread that depend on the state, their values and moving averages. What is left of a
change, standardised, is the innovation of the round: its luck.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from commonweal.agents.arrays import Floats

MEMORY = 0.8  # of the moving averages by which the past is summed up
_UNITS, _STEPS, _BATCH, _RATE = 48, 3000, 1024, 3e-3


def remembered(series: Floats, memory: float = MEMORY) -> Floats:
    """(R, T, 2 C) the state of a run in each round: its channels, and their moving averages until then."""
    averages = np.empty_like(series)
    averages[:, 0] = series[:, 0]
    for t in range(1, series.shape[1]):
        averages[:, t] = memory * averages[:, t - 1] + (1 - memory) * series[:, t]
    return np.concatenate([series, averages], axis=2)


class MomentNet(nn.Module):
    """Mean and logarithm of the spread of the next change, from a state."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Linear(2 * channels, _UNITS), nn.Tanh(), nn.Linear(_UNITS, _UNITS), nn.Tanh(),
            nn.Linear(_UNITS, 2 * channels),
        )  # fmt: skip

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Two of (M, C)."""
        mean, spread = self.look(state).chunk(2, dim=1)
        return mean, spread.clamp(-5.0, 2.0)


@dataclass(frozen=True)
class Transitions:
    """How channels move from round to round."""

    net: MomentNet
    centre: Floats  # (2 C,) of states
    width: Floats  # (2 C,)
    unit: Floats  # (C,) of changes
    low: Floats  # (C,) of channels, beyond which none goes
    top: Floats  # (C,)
    innovations: Floats  # (M, C) of the runs learned from

    def moments(self, states: Floats) -> tuple[Floats, Floats]:
        """Mean and spread (M, C) of the next change, in states (M, 2 C)."""
        with torch.no_grad():
            mean, spread = self.net(_scaled(states, self.centre, self.width))
        return mean.double().numpy() * self.unit, spread.exp().double().numpy() * self.unit

    def step(self, states: Floats, innovations: Floats) -> Floats:
        """States (M, 2 C) a round later, under innovations (M, C)."""
        now, averages = np.split(states, 2, axis=1)
        mean, spread = self.moments(states)
        later = np.clip(now + mean + spread * innovations, self.low, self.top)
        return np.concatenate([later, MEMORY * averages + (1 - MEMORY) * later], axis=1)

    def innovations_of(self, series: Floats) -> Floats:
        """(R, T − 1, C) of series (R, T, C)."""
        changes = np.diff(series, axis=1)
        mean, spread = self.moments(remembered(series)[:, :-1].reshape(-1, 2 * series.shape[2]))
        return (changes - mean.reshape(changes.shape)) / spread.reshape(changes.shape)


def fit_transitions(series: Floats, seed: int = 0, steps: int = _STEPS) -> Transitions:
    """Learn how channels move, by the likelihood of normal changes.

    Args:
        series: (R, T, C).
        seed: of weights and batches.
        steps: of Adam.
    """
    states = remembered(series)[:, :-1].reshape(-1, 2 * series.shape[2])
    changes = np.diff(series, axis=1).reshape(-1, series.shape[2])
    unit, centre, width = _spread(changes), states.mean(axis=0), _spread(states)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = MomentNet(series.shape[2])
        _descend(net, _scaled(states, centre, width), torch.as_tensor(changes / unit).float(), steps)
    ends = series.min(axis=(0, 1)), series.max(axis=(0, 1))
    bare = Transitions(net, centre, width, unit, *ends, innovations=np.empty((0, series.shape[2])))
    found = bare.innovations_of(series).reshape(-1, series.shape[2])
    return Transitions(net, centre, width, unit, *ends, innovations=found)


def _descend(net: MomentNet, states: Tensor, changes: Tensor, steps: int) -> None:
    optimiser = torch.optim.Adam(net.parameters(), lr=_RATE)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = torch.randint(0, len(states), (_BATCH,))
        mean, spread = net(states[rows])
        loss = (spread + 0.5 * ((changes[rows] - mean) / spread.exp()) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        slower.step()


def _scaled(states: Floats, centre: Floats, width: Floats) -> Tensor:
    return torch.as_tensor((states - centre) / width, dtype=torch.float32)


def _spread(columns: Floats) -> Floats:
    spread = columns.std(axis=0)
    return np.where(spread > 0, spread, 1.0)
