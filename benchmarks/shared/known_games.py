"""Games with known best responses, as environments for learners: R runs, one learner in each, arrays in and out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.learners.environment import drawn_seeds

DEFECT, COOPERATE = 0, 1
TEMPTATION, REWARD, PUNISHMENT, SUCKER = 5.0, 3.0, 1.0, 0.0  # Axelrod 1984


@dataclass
class Game:
    """A game of many rounds against others who follow a rule."""

    runs: int = 32
    horizon: int = 20
    sizes: tuple[int, ...] = (2,)
    round: int = field(default=0, init=False)
    next_seed: int = field(default=0, init=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """One learner in each run."""
        return self.runs, 1, 1 + self.sees

    def reset(self, seeds: Sequence[int] | None = None) -> Floats:
        """Begin anew."""
        if seeds is None:
            seeds = drawn_seeds(np.random.default_rng(self.next_seed), self.runs)
            self.next_seed += 1
        assert len(seeds) == self.runs
        self.round, drawn = 0, np.empty((self.runs, self.horizon + 1, self.luck))
        for row, seed in zip(drawn, seeds, strict=True):
            np.random.default_rng(seed).random(out=row)
        self.uniform = drawn  # (R, T + 1, luck)
        self.begin()
        return self.sights()

    def step(self, codes: Ints, /) -> tuple[Floats, Floats, bool, Any]:
        """One round."""
        assert codes.shape == (self.runs, 1, len(self.sizes))
        rewards = self.play(codes[:, 0])
        self.round += 1
        return self.sights(), rewards[:, None], self.round == self.horizon, None

    luck = 1  # uniform numbers of a round
    sees = 0  # things beside the time

    def begin(self) -> None:
        """Before the first round."""

    def play(self, codes: Ints) -> Floats:
        """(R,) rewards of codes (R, D)."""
        raise NotImplementedError

    def sights(self) -> Floats:
        """(R, 1, F) what the learner sees."""
        time = np.full((self.runs, 1), self.round / self.horizon)
        return np.concatenate([time, self.seen()], axis=1)[:, None]

    def seen(self) -> Floats:
        """(R, F − 1) beside the time."""
        return np.zeros((self.runs, 0))

    @property
    def best(self) -> float:
        """Mean reward per round of a best response."""
        raise NotImplementedError


@dataclass
class PrisonersDilemma(Game):
    """Against one who cooperates by chance, or who does what was done to it (tit for tat, Axelrod 1984)."""

    sees = 2
    answers: bool = False  # tit for tat
    chance: float = 0.5  # of cooperating where it does not answer

    def begin(self) -> None:
        """The other begins by cooperating, as far as it answers."""
        self.last = np.full(self.runs, COOPERATE)

    def play(self, codes: Ints) -> Floats:
        """Both move at once."""
        own = codes[:, 0]
        other = self.last if self.answers else (self.uniform[:, self.round, 0] < self.chance).astype(int)
        self.last = own
        return np.array([[PUNISHMENT, TEMPTATION], [SUCKER, REWARD]])[own, other]

    def seen(self) -> Floats:
        """What the other saw last, and how near the end is: 1 / rounds left."""
        left = np.full(self.runs, 1 / max(1, self.horizon - self.round))
        return np.stack([self.last.astype(float), left], axis=1)

    @property
    def best(self) -> float:
        """Defect; against tit for tat cooperate, and defect in the last round (T > R, 2 R > T + P)."""
        if self.answers:
            return ((self.horizon - 1) * REWARD + TEMPTATION) / self.horizon
        return self.chance * TEMPTATION + (1 - self.chance) * PUNISHMENT


@dataclass
class PublicGood(Game):
    """A linear public good of N players who hold one unit each; the others give by chance (Isaac and Walker 1988)."""

    sizes: tuple[int, ...] = (5,)  # 0, a quarter, ... of the unit
    players: int = 4
    factor: float = 1.6  # r

    def play(self, codes: Ints) -> Floats:
        """What is kept, and a share of what all gave."""
        gift = codes[:, 0] / (self.sizes[0] - 1)
        others = (self.players - 1) * self.uniform[:, self.round, 0]
        return 1 - gift + self.factor * (gift + others) / self.players

    @property
    def best(self) -> float:
        """Give nothing where r < N, everything where r > N."""
        return max(1.0, self.factor / self.players) + self.factor * (self.players - 1) / self.players / 2


@dataclass
class FirstPriceAuction(Game):
    """Two bidders, values uniform on [0, 1]; the other bids half of its own, and so should one (Vickrey 1961)."""

    sizes: tuple[int, ...] = (21,)  # bids 0, .05, ...
    luck, sees = 2, 1

    def play(self, codes: Ints) -> Floats:
        """The higher bid wins, and pays itself."""
        value, other = self.uniform[:, self.round].T
        bid = codes[:, 0] / (self.sizes[0] - 1)
        return np.where(bid > other / 2, value - bid, 0.0)

    def seen(self) -> Floats:
        """The own value."""
        return self.uniform[:, self.round, :1]

    def expected(self, value: Floats, code: Ints) -> Floats:
        """What a bid brings in the mean."""
        bid = code / (self.sizes[0] - 1)
        return np.minimum(2 * bid, 1.0) * (value - bid)

    @property
    def best(self) -> float:
        """With bids on the grid, values uniform."""
        value = (np.arange(2000) + 0.5) / 2000
        bids = np.arange(self.sizes[0])
        return float(self.expected(value[:, None], bids[None]).max(axis=1).mean())
