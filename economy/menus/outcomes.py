"""Who might come, and the best contract if the cooperative saw every party's cost.

Outcomes n ~ Multi(N, p) are enumerated while there are few and sampled otherwise. With costs known, IR is all that
binds: party i puts in up to (budget · v a(X) − f_i) / c_i samples, X being all samples together. The best X is the
largest that is not more than what parties then put in.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import gammaln

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.accuracy import Accuracy

MOST_ENUMERATED = 20_000
_MOST_STEPS = 1000


@dataclass(frozen=True)
class Outcomes:
    """K possible outcomes of N parties of I types."""

    counts: Floats  # (K, I) parties of each type
    chances: Floats  # (K,) probability of the outcome
    expected: Floats  # (I, K) probability that a party of type i gives it
    sampled: bool


def outcomes(shares: Floats, parties: int, reading: str, samples: int, rng: np.random.Generator) -> Outcomes:
    """All outcomes if they are few, else ``samples`` of them, equally likely.

    Args:
        shares: (I,) probability of each type.
        parties: N.
        reading: "party": a party of type i expects itself and N − 1 others, P(n) n_i / E[n_i]; "published": that some
            party is of type i, P(n | n_i ≥ 1).
        samples: outcomes to draw.
        rng: for the draws.
    """
    if comb(parties + len(shares) - 1, len(shares) - 1) <= MOST_ENUMERATED:
        return _enumerated(tuple(shares.tolist()), parties, reading)
    counts = rng.multinomial(parties, shares, size=samples).astype(np.float64)
    counts, repeats = np.unique(counts, axis=0, return_counts=True)
    return _expected(counts, repeats / samples, reading, True)


@lru_cache(maxsize=64)
def _enumerated(shares: tuple[float, ...], parties: int, reading: str) -> Outcomes:
    """All outcomes; read by everybody, written by nobody."""
    counts = _all_counts(parties, len(shares))
    return _expected(counts, _chances(counts, np.array(shares)), reading, False)


def _expected(counts: Floats, chances: Floats, reading: str, sampled: bool) -> Outcomes:
    """Outcomes (K, I) of these chances (K,), with what each type expects."""
    weights = chances[:, None] * (counts if reading == "party" else counts >= 1)
    totals = weights.sum(axis=0)
    unseen = totals == 0  # a type too rare for the draws: as if it met what all expect
    expected = np.where(unseen, chances[:, None], weights) / np.where(unseen, 1.0, totals)
    return Outcomes(counts, chances, expected.T, sampled)


def _all_counts(parties: int, types: int) -> Floats:
    """Stars and bars: every way (K, I) to divide the parties among the types."""
    places = parties + types - 1
    bars = np.array(list(combinations(range(places), types - 1)), dtype=np.int64)  # (K, I − 1)
    fences = np.pad(bars, ((0, 0), (1, 1)), constant_values=(-1, places))
    return (np.diff(fences, axis=1) - 1).astype(np.float64)


def _chances(counts: Floats, shares: Floats) -> Floats:
    """Multinomial probabilities (K,)."""
    logs = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1) + counts @ np.log(shares)
    chances: Floats = np.exp(logs) / np.exp(logs).sum()
    return chances


def complete_information(
    accuracy: Accuracy, outcomes: Outcomes, costs: Floats, reservation: Floats, budget: float
) -> float:
    """Expected accuracy with every party's cost known; arguments as of ``best_totals``."""
    totals = best_totals(accuracy, outcomes.counts, costs, reservation, budget)
    return float(outcomes.chances @ accuracy(totals))


def best_totals(accuracy: Accuracy, counts: Floats, costs: Floats, reservation: Floats, budget: float) -> Floats:
    """The most samples (K,) that parties who see each other's costs put in, by outcome.

    Args:
        accuracy: accuracy by samples.
        counts: (K, I) parties of each type.
        costs: (I,) of a sample, in units of the value of a perfect model.
        reservation: (I,) f_i, in the same units.
        budget: share of the model's accuracy that may be given out.
    """
    total: Floats = counts @ (np.maximum(1.0 - reservation, 0.0) / costs)
    for _ in range(_MOST_STEPS):
        offered = _offered(accuracy, total, counts, costs, reservation, budget)
        willing = budget * accuracy(total)[:, None] > reservation
        slope = budget * accuracy.slope(total) * (counts * willing / costs).sum(axis=1)
        # Newton's step from above where it does not pass the solution, else the plain step, which never does.
        newton = total - (total - offered) / np.where(slope < 1, 1 - slope, 1.0)
        short = _offered(accuracy, newton, counts, costs, reservation, budget) > newton
        ahead = np.where((slope < 1) & ~short, newton, offered)
        if np.allclose(ahead, total, rtol=1e-12, atol=1e-9):
            break
        total = ahead
    return total


def _offered(
    accuracy: Accuracy, total: Floats, counts: Floats, costs: Floats, reservation: Floats, budget: float
) -> Floats:
    """Samples (K,) that parties would put in for a model that learnt from ``total`` (K,)."""
    given = budget * accuracy(np.maximum(total, 0.0))[:, None] - reservation
    offered: Floats = (counts * np.maximum(given, 0.0) / costs).sum(axis=1)
    return offered
