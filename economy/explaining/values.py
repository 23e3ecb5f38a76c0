"""Shapley values of many games over the same players, whose coalitions are evaluated together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame, Estimate
from commonweal.economy.credit.exact import all_coalitions, exact_value
from commonweal.economy.credit.probabilistic import shapley


@dataclass(frozen=True)
class Effort:
    """What a game may cost, and how it is valued where that does not allow every coalition.

    Raises:
        InputError: if the estimator is unknown, or the budget is below 4.
    """

    budget: int = 1024  # coalitions
    estimator: str = "adjusted"  # one of ESTIMATORS
    seed: int = 0  # of the coalitions that are drawn
    together: int = 4096  # runs computed at once, at most

    def __post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise InputError(f"estimator = {self.estimator!r}: must be one of {', '.join(ESTIMATORS)}")
        if min(self.budget, self.together) < 4:
            raise InputError(f"budget = {self.budget}, together = {self.together}: must be at least 4")

    def is_exact(self, players: int) -> bool:
        """Whether it allows every coalition."""
        return 2.0**players <= self.budget

    def words(self, players: int) -> str:
        """Which coalitions of so many players are played."""
        return "every coalition" if self.is_exact(players) else f"{self.budget} coalitions, {self.estimator}"


@dataclass(frozen=True)
class Values:
    """Values of n players in M games."""

    base: Floats  # (M,) of the empty coalition
    whole: Floats  # (M,) of all players
    values: Floats  # (M, n) Shapley values
    standard_error: Floats  # (M, n) for the coalitions that were not evaluated; 0 where exact, nan where unknown
    evaluations: int  # coalitions
    pairs: Floats | None = None  # (M, n, n) dividends of pairs, 0 on the diagonal; None where not exact


def value_games(players: int, play: Callable[[Bools], Floats], effort: Effort) -> Values:
    """Shapley values of M games: exact where the budget allows every coalition, else estimated.

    Args:
        players: n.
        play: (C, n) coalitions → (C, M) their worth in each game.
        effort: budget and estimator.
    """
    if effort.is_exact(players):
        worth = play(all_coalitions(players)).T
        values = exact_value(np.ascontiguousarray(worth), shapley(players))
        return Values(worth[:, 0], worth[:, -1], values, np.zeros_like(values), worth.shape[1], pairs_of(worth))
    known = _Known(play)
    games = known.of(np.array([[False] * players, [True] * players]))
    found = [_estimated(players, known, game, effort) for game in range(games.shape[1])]
    values, errors = (np.stack([getattr(each, name) for each in found]) for name in ("values", "standard_error"))
    return Values(games[0], games[1], values, errors, len(known.worth))


def pairs_of(worth: Floats) -> Floats:
    """Dividends of pairs, v(ij) − v(i) − v(j) + v(∅): what two bring together beyond what each brings alone.

    Args:
        worth: (M, 2^n) of every coalition, numbered as in ``all_coalitions``.

    Returns:
        (M, n, n), symmetric, 0 on the diagonal (Harsanyi 1963).
    """
    single = 2 ** np.arange(worth.shape[1].bit_length() - 1)
    alone = worth[:, single]
    found: Floats = worth[:, single[:, None] | single] - (alone[:, :, None] + alone[:, None]) + worth[:, :1, None]
    found[:, np.arange(len(single)), np.arange(len(single))] = 0.0
    return found


def _estimated(players: int, known: "_Known", game: int, effort: Effort) -> Estimate:
    own = CoalitionGame(players, lambda chosen: known.of(chosen)[:, game], effort.budget)
    return ESTIMATORS[effort.estimator](own, shapley(players), np.random.default_rng(effort.seed))


class _Known:
    """Worth of coalitions in all games, each evaluated once: every game draws the same coalitions."""

    def __init__(self, play: Callable[[Bools], Floats]) -> None:
        self.play = play
        self.worth: dict[bytes, Floats] = {}

    def of(self, coalitions: Bools) -> Floats:
        """(C, M)."""
        keys = [row.tobytes() for row in coalitions]
        new = {key: row for key, row in zip(keys, coalitions, strict=True) if key not in self.worth}
        if new:
            self.worth.update(zip(new, self.play(np.array(list(new.values()))), strict=True))
        return np.stack([self.worth[key] for key in keys])
